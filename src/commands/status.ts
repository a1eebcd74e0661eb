import type { Context } from '../cli/context.ts';
import type { SessionHandlers, SessionInfo } from '../mqtt/session.ts';
import { debugOption, quietOption } from '../options/connection.ts';
import type { OptionValues } from '../options/option-values.ts';
import { escapeControls } from '../output/escape.ts';
import { endTypedLine } from '../output/typed-line.ts';

/** Bytes of one write or read that `-dd` shows. */
const SHOWN_BYTES = 256;

/** The trace of `-d`, packets on stderr, and of `-dd`, their bytes too. */
export function makeTrace(
  name: string,
  values: OptionValues,
  context: Context,
): Pick<SessionHandlers, 'onTrace' | 'onBytes'> {
  const level = values.get(debugOption);
  if (level === 0 || values.get(quietOption)) return {};
  const print = (line: string): void => {
    context.stderr.write(`${name}: ${escapeControls(line)}\n`);
  };
  return {
    onTrace: print,
    ...(level > 1 && { onBytes: (direction, bytes) => print(`${direction} ${formatBytesInHex(bytes)}`) }),
  };
}

function formatBytesInHex(bytes: Buffer): string {
  const shown = bytes
    .subarray(0, SHOWN_BYTES)
    .toString('hex')
    .replace(/..(?!$)/g, '$& ');
  return bytes.length > SHOWN_BYTES ? `${shown} ... (${bytes.length} bytes)` : shown;
}

/** Such as `MQTT 3.1.1`. */
export function describeVersion({ version }: Pick<SessionInfo, 'version'>): string {
  return { 3: 'MQTT 3.1', 4: 'MQTT 3.1.1', 5: 'MQTT 5' }[version];
}

/** Says which of these options, as they were typed, have no effect because the connection speaks no MQTT 5. */
export function warnBefore5(status: Status, onlyVersion5: readonly string[], info: SessionInfo): void {
  if (info.version === 5 || onlyVersion5.length === 0) return;
  const need = onlyVersion5.length === 1 ? 'needs' : 'need';
  status.warn(`${onlyVersion5.join(' and ')} ${need} MQTT 5, and this connection speaks ${describeVersion(info)}`);
}

/** What a command says on stderr while it runs. */
export class Status {
  readonly #name: string;
  readonly #context: Context;
  readonly #quiet: boolean;

  constructor(name: string, context: Context, quiet: boolean) {
    this.#name = name;
    this.#context = context;
    this.#quiet = quiet;
  }

  /** For somebody who watches: shown on a terminal only. */
  progress(text: string): void {
    if (this.#quiet || !this.#context.stderr.isTTY) return;
    endTypedLine(this.#context);
    this.#context.stderr.write(`${escapeControls(text)}\n`);
  }

  /** What a log should hold too. */
  warn(text: string): void {
    if (this.#quiet) return;
    endTypedLine(this.#context);
    this.#context.stderr.write(`${this.#name}: ${escapeControls(text)}\n`);
  }
}
