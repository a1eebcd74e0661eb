/** Messages as text: payload, or topic and payload, as mosquitto_sub prints them. */
import { isUtf8 } from 'node:buffer';
import type { ReceivedMessage } from '../mqtt/session.ts';
import { escapeControls, escapeControlsKeepingLayout } from './escape.ts';
import type { Formatter } from './formatter.ts';
import type { Gathered } from './gathered.ts';
import { formatBytes } from './units.ts';

export interface TextOptions {
  /** Topic before the payload. */
  readonly verbose: boolean;
  /** A newline after the payload. */
  readonly newline: boolean;
}

const NEWLINE = Buffer.from('\n');
const NOTHING = Buffer.alloc(0);
const SPACE = 0x20;
const LF = 0x0a;

/** Byte for byte: for a pipe, a file, and `--raw`. */
export class RawText implements Formatter {
  readonly isTimeless = true;
  readonly #options: TextOptions;

  constructor(options: TextOptions) {
    this.#options = options;
  }

  format({ topic, payload }: ReceivedMessage): Buffer | undefined {
    const { verbose, newline } = this.#options;
    if (payload.length === 0 && !(verbose && newline)) return undefined;
    const head = verbose ? Buffer.from(`${topic} `) : NOTHING;
    const body = payload.length === 0 ? Buffer.from('(null)') : payload;
    return Buffer.concat([head, body, newline ? NEWLINE : NOTHING]);
  }

  append({ topic, payload }: ReceivedMessage, _receivedMs: number, gathered: Gathered): void {
    const { verbose, newline } = this.#options;
    const isEmpty = payload.length === 0;
    if (isEmpty && !(verbose && newline)) return;
    if (verbose) {
      gathered.addText(topic);
      gathered.addByte(SPACE);
    }
    if (isEmpty) gathered.addText('(null)');
    else gathered.add(payload);
    if (newline) gathered.addByte(LF);
  }
}

export interface TerminalTextOptions extends TextOptions {
  /** Line ends of a payload are shown as escapes too. */
  readonly singleLine?: boolean;
}

/** How many bytes of a binary payload a terminal is shown. */
const SHOWN_BYTES = 16;

/** For a terminal: no byte of topic or payload can act on it, and binary payloads are shown by size and first bytes. */
export class TerminalText implements Formatter {
  readonly isTimeless = true;
  readonly #options: TerminalTextOptions;

  constructor(options: TerminalTextOptions) {
    this.#options = options;
  }

  format({ topic, payload }: ReceivedMessage): Buffer | undefined {
    const { verbose, newline, singleLine } = this.#options;
    if (payload.length === 0 && !(verbose && newline)) return undefined;
    const head = verbose ? `${escapeControls(topic)} ` : '';
    const body = payload.length === 0 ? '(null)' : showPayload(payload, singleLine === true);
    return Buffer.from(`${head}${body}${newline ? '\n' : ''}`);
  }
}

function showPayload(payload: Buffer, singleLine: boolean): string {
  if (isUtf8(payload) && !payload.includes(0)) {
    return singleLine ? escapeControls(payload.toString()) : escapeControlsKeepingLayout(payload.toString());
  }
  const shown = payload
    .subarray(0, SHOWN_BYTES)
    .toString('hex')
    .replace(/..(?!$)/g, '$& ');
  const more = payload.length > SHOWN_BYTES ? ' ...' : '';
  return `<binary, ${formatBytes(payload.length)}> ${shown}${more}`;
}
