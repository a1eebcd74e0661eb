/**
 * Formats of `-F`, mosquitto's: `%[-][0][width][.precision][separator]letter`, `@letter` for the time, backslash
 * escapes. A format is parsed once into pieces, and each message is put through the pieces.
 */
import type { ReceivedMessage } from '../mqtt/session.ts';
import type { Formatter } from './formatter.ts';
import { formatTime, type Moment, momentOf } from './strftime.ts';
import { FIELDS, type FieldOptions } from './template-fields.ts';

/** A format that cannot be used. */
export class TemplateError extends Error {
  /** Where in the format, from 1. */
  readonly position: number;

  constructor(reason: string, position: number) {
    super(`${reason} at position ${position}`);
    this.name = 'TemplateError';
    this.position = position;
  }
}

type Piece = (message: ReceivedMessage, moment: Moment) => Buffer;

const ESCAPES: Readonly<Record<string, string>> = {
  '\\': '\\',
  '0': '\0',
  a: '\x07',
  e: '\x1b',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
};

/** Of a width and a precision: what is more is a slip, and would take the memory of a whole message for one field. */
const MAX_WIDTH = 1_000_000;

const SPECIFIER = /(-?)(0?)(\d*)(?:(\.)(\d*))?([!"#$&'()*+,\-./:;<=>?@[\\\]^_`{|}~ ]?)([A-Za-z%])/y;

export interface TemplateOptions {
  /** `--pretty`, for `%j` and `%J`. */
  readonly pretty: boolean;
  /** A newline after each message. */
  readonly newline: boolean;
  /** Told when a field cannot show a message: a payload that is no JSON, no number. */
  readonly onFault: (text: string) => void;
  /** Makes harmless what a message brings; what the format itself holds stays as it is. */
  readonly protect?: (bytes: Buffer) => Buffer;
}

export class Template implements Formatter {
  readonly #pieces: readonly Piece[];

  /** Throws TemplateError. */
  constructor(format: string, options: TemplateOptions) {
    const pieces = parsePieces(format, options);
    this.#pieces = options.newline ? [...pieces, literal('\n')] : pieces;
  }

  format(message: ReceivedMessage, receivedMs: number): Buffer {
    const moment = momentOf(receivedMs);
    return Buffer.concat(this.#pieces.map((piece) => piece(message, moment)));
  }
}

function literal(text: string): Piece {
  const bytes = Buffer.from(text);
  return () => bytes;
}

function parsePieces(format: string, options: TemplateOptions): Piece[] {
  const pieces: Piece[] = [];
  let text = '';
  const flush = (): void => {
    if (text !== '') pieces.push(literal(text));
    text = '';
  };
  let at = 0;
  while (at < format.length) {
    const character = format[at] ?? '';
    if (character === '\\') {
      text += parseEscape(format, at);
      at += 2;
    } else if (character === '@') {
      const letter = format[at + 1];
      if (letter === undefined) throw new TemplateError('incomplete time specifier', at + 1);
      flush();
      pieces.push(timePiece(letter));
      at += 2;
    } else if (character === '%') {
      const { piece, end } = parseSpecifier(format, at, options);
      flush();
      pieces.push(piece);
      at = end;
    } else {
      text += character;
      at += 1;
    }
  }
  flush();
  return pieces;
}

function parseEscape(format: string, at: number): string {
  const letter = format[at + 1];
  if (letter === undefined) throw new TemplateError('incomplete escape', at + 1);
  const meant = Object.hasOwn(ESCAPES, letter) ? ESCAPES[letter] : undefined;
  if (meant === undefined) throw new TemplateError(`unknown escape \\${letter}`, at + 1);
  return meant;
}

function timePiece(letter: string): Piece {
  if (letter === '@') return literal('@');
  if (letter === 'N') return (_message, { nanoseconds }) => Buffer.from(String(nanoseconds).padStart(9, '0'));
  return (_message, moment) => Buffer.from(formatTime(letter, moment));
}

function parseSpecifier(format: string, at: number, options: TemplateOptions): { piece: Piece; end: number } {
  SPECIFIER.lastIndex = at + 1;
  const match = SPECIFIER.exec(format);
  if (match === null) throw new TemplateError('incomplete format specifier', at + 1);
  const [whole, left, zero, width, dot, precision, separator, letter = ''] = match;
  if (letter === '%') return { piece: literal('%'), end: at + 1 + whole.length };
  const field = Object.hasOwn(FIELDS, letter) ? FIELDS[letter] : undefined;
  if (field === undefined) throw new TemplateError(`unknown format specifier %${letter}`, at + 1);
  if (Number(width) > MAX_WIDTH || Number(precision ?? 0) > MAX_WIDTH) {
    throw new TemplateError(`width and precision of %${letter} can be at most ${MAX_WIDTH}`, at + 1);
  }
  const fieldOptions: FieldOptions = {
    left: left === '-',
    zero: zero === '0',
    width: width === '' ? 0 : Number(width),
    precision: dot === undefined ? undefined : Number(precision),
    separator: separator || ' ',
    pretty: options.pretty,
    onFault: options.onFault,
  };
  const { protect } = options;
  const piece: Piece = protect
    ? (message, moment) => protect(field(message, moment, fieldOptions))
    : (message, moment) => field(message, moment, fieldOptions);
  return { piece, end: at + 1 + whole.length };
}
