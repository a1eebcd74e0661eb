/**
 * Formats of `-F`, mosquitto's: `%[-][0][width][.precision][separator]letter`, `@letter` for the time, backslash
 * escapes. A format is parsed once into pieces, and each message is put through the pieces.
 */
import type { ReceivedMessage } from '../mqtt/session.ts';
import { escapeControls, escapeControlsInSpreadJson, escapeControlsKeepingLayout } from './escape.ts';
import type { Formatter } from './formatter.ts';
import type { Gathered } from './gathered.ts';
import { formatIsoLocal, formatTime, type Moment, momentOf } from './strftime.ts';
import { FIELDS, type FieldOptions } from './template-fields.ts';

/** A format that cannot be used. */
export class TemplateError extends Error {
  /** Which character of the format, from 1. */
  readonly position: number;

  /** `at`: the index in `format`. */
  constructor(reason: string, format: string, at: number) {
    const position = [...format.slice(0, at)].length + 1;
    super(`${reason} at position ${position}`);
    this.name = 'TemplateError';
    this.position = position;
  }
}

type Print = (message: ReceivedMessage, moment: Moment) => Buffer;
type Append = (message: ReceivedMessage, moment: Moment, gathered: Gathered) => void;

/** `append` is set where that is faster than what `print` gives. */
interface Piece {
  readonly print: Print;
  readonly append?: Append;
}

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
  /** Set for a terminal: what a message brings is made harmless; what the format itself holds stays as it is. */
  readonly terminal?: {
    /** Line ends of a payload are shown as escapes too. */
    readonly singleLine: boolean;
  };
}

export class Template implements Formatter {
  readonly #pieces: readonly Piece[];
  readonly #appenders: readonly Append[];

  /** Throws TemplateError. */
  constructor(format: string, options: TemplateOptions) {
    const pieces = parsePieces(format, options);
    this.#pieces = options.newline ? [...pieces, literal('\n')] : pieces;
    this.#appenders = this.#pieces.map((piece) => piece.append ?? appendWhole(piece));
  }

  format(message: ReceivedMessage, receivedMs: number): Buffer {
    const moment = momentOf(receivedMs);
    return Buffer.concat(this.#pieces.map((piece) => piece.print(message, moment)));
  }

  append(message: ReceivedMessage, receivedMs: number, gathered: Gathered): void {
    const moment = momentOf(receivedMs);
    for (const append of this.#appenders) append(message, moment, gathered);
  }
}

function literal(text: string): Piece {
  const bytes = Buffer.from(text);
  return { print: () => bytes };
}

function appendWhole({ print }: Piece): Append {
  return (message, moment, gathered) => gathered.add(print(message, moment));
}

/** Fields that are printed as they are, by their letter. */
const APPENDERS: Readonly<Record<string, () => Append>> = {
  I: appendIsoLocal,
  p: () => (message, _moment, gathered) => gathered.add(message.payload),
  t: () => (message, _moment, gathered) => gathered.addText(message.topic),
};

/** It is the same for a second. */
function appendIsoLocal(): Append {
  let of = Number.NaN;
  let text = '';
  return (_message, moment, gathered) => {
    const at = moment.date.getTime();
    if (at !== of) {
      of = at;
      text = formatIsoLocal(moment);
    }
    gathered.addText(text);
  };
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
      const letter = characterAt(format, at + 1);
      if (letter === '') throw new TemplateError('incomplete time specifier', format, at);
      flush();
      pieces.push(timePiece(letter));
      at += 1 + letter.length;
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

/** A whole character, which may be two units of UTF-16; empty at the end. */
function characterAt(text: string, at: number): string {
  const [character = ''] = text.slice(at, at + 2);
  return character;
}

function parseEscape(format: string, at: number): string {
  const letter = characterAt(format, at + 1);
  if (letter === '') throw new TemplateError('incomplete escape', format, at);
  const meant = Object.hasOwn(ESCAPES, letter) ? ESCAPES[letter] : undefined;
  if (meant === undefined) throw new TemplateError(`unknown escape \\${letter}`, format, at);
  return meant;
}

function timePiece(letter: string): Piece {
  if (letter === '@') return literal('@');
  if (letter === 'N') {
    return { print: (_message, { nanoseconds }) => Buffer.from(String(nanoseconds).padStart(9, '0')) };
  }
  return { print: (_message, moment) => Buffer.from(formatTime(letter, moment)) };
}

function parseSpecifier(format: string, at: number, options: TemplateOptions): { piece: Piece; end: number } {
  SPECIFIER.lastIndex = at + 1;
  const match = SPECIFIER.exec(format);
  if (match === null) throw new TemplateError('incomplete format specifier', format, at);
  const [whole, left, zero, width, dot, precision, separator, letter = ''] = match;
  if (letter === '%') return { piece: literal('%'), end: at + 1 + whole.length };
  const field = Object.hasOwn(FIELDS, letter) ? FIELDS[letter] : undefined;
  if (field === undefined) throw new TemplateError(`unknown format specifier %${letter}`, format, at);
  if (Number(width) > MAX_WIDTH || Number(precision ?? 0) > MAX_WIDTH) {
    throw new TemplateError(`width and precision of %${letter} can be at most ${MAX_WIDTH}`, format, at);
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
  const end = at + 1 + whole.length;
  const print: Print = (message, moment) => field(message, moment, fieldOptions);
  if (options.terminal) return { piece: { print: protect(print, letter, options.terminal) }, end };
  const append = whole === letter && Object.hasOwn(APPENDERS, letter) ? APPENDERS[letter]?.() : undefined;
  return { piece: append === undefined ? { print } : { print, append }, end };
}

function protect(print: Print, letter: string, { singleLine }: { readonly singleLine: boolean }): Print {
  const harmless = (text: string): string => {
    if (letter === 'j' || letter === 'J') return escapeControlsInSpreadJson(text);
    // Only a payload may have lines: a topic with a line end would look like two messages.
    return letter === 'p' && !singleLine ? escapeControlsKeepingLayout(text) : escapeControls(text);
  };
  return (message, moment) => Buffer.from(harmless(print(message, moment).toString()));
}
