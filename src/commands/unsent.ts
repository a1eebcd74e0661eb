/** `--unsent FILE`: the lines that the broker did not accept, to be sent another time. */
import { closeSync, openSync, writeSync } from 'node:fs';
import { access, constants, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Context } from '../cli/context.ts';
import { OutputError, UsageError } from '../errors.ts';
import type { QoS } from '../mqtt/session.ts';
import { describeCreationError } from '../options/files.ts';
import { unsentOption } from '../options/message.ts';
import type { OptionValues } from '../options/option-values.ts';
import { quote } from '../output/escape.ts';
import { formatQuantity } from '../output/units.ts';
import type { LineFeed } from './line-feed.ts';
import type { Publishing } from './publishing.ts';

/** What is still to come from standard input is waited for as long as it comes, but not for ever. */
const QUIET_MS = 1000;
const LONGEST_MS = 10_000;
/** After a signal the command is to end soon. */
const AFTER_SIGNAL_MS = 500;

const BUFFERED_BYTES = 65_536;
const LF = 0x0a;
const NEWLINE = Buffer.from([LF]);

/** Throws UsageError where lines could not be told apart, or the file could not be made. */
export async function resolveUnsent(values: OptionValues, isLines: boolean, qos: QoS): Promise<Unsent> {
  const path = values.get(unsentOption) ?? '';
  const spelled = values.spelled(unsentOption);
  if (!isLines) throw new UsageError(`${spelled} is for lines`, 'Give -l.');
  if (qos === 0) {
    throw new UsageError(`${spelled} needs an answer to each line, and at QoS 0 there is none`, 'Give -q 1 or -q 2.');
  }
  await checkUnsent(spelled, path);
  return new Unsent(path);
}

async function checkUnsent(spelled: string, path: string): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  // Lines that were not accepted before, or the very input of this run.
  if (found !== undefined) throw new UsageError(`${spelled} ${quote(path)}: there is one already`, 'Name a new file.');
  try {
    await access(dirname(path), constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new UsageError(`${spelled} ${quote(path)}: ${describeCreationError(error)}`);
  }
}

/** The file comes into being with the first line. Throws OutputError when it cannot be written. */
export class Unsent {
  readonly #path: string;
  #file: number | undefined;
  #pending: Buffer[] = [];
  #pendingBytes = 0;
  #lines = 0;
  #endsWithLine = true;

  constructor(path: string) {
    this.#path = path;
  }

  /** A line, without its LF. */
  add(line: Buffer): void {
    this.#write(line);
    this.#write(NEWLINE);
  }

  /**
   * Adds what has no answer, what was read and not sent, and what else comes from standard input. Returns what is to be
   * said of it; undefined: there is nothing.
   */
  async conclude(publishing: Publishing, feed: LineFeed, context: Context): Promise<string | undefined> {
    for (const line of publishing.unanswered()) this.add(line);
    this.#write(feed.takeRest());
    const isComplete = await this.#readRest(context);
    this.#flush();
    if (this.#file === undefined) return undefined;
    closeSync(this.#file);
    const lines = formatQuantity(this.#endsWithLine ? this.#lines : this.#lines + 1, 'line');
    const rest = isComplete ? '' : '; standard input was not read to its end';
    return `${lines} not accepted: see ${quote(this.#path)}${rest}`;
  }

  /** Returns whether standard input came to its end. */
  #readRest({ stdin, clock, stop }: Context): Promise<boolean> {
    if (stdin.readableEnded) return Promise.resolve(true);
    if (stdin.destroyed) return Promise.resolve(false);
    return new Promise((resolve, reject) => {
      const finish = (isComplete: boolean): void => {
        stdin.off('data', onData).off('end', onEnd).off('close', onClose);
        stop.removeEventListener('abort', onStop);
        clock.clearTimer(quiet);
        clock.clearTimer(longest);
        resolve(isComplete);
      };
      const giveUp = (): void => finish(false);
      const onStop = (): void => {
        clock.clearTimer(longest);
        longest = clock.setTimer(giveUp, AFTER_SIGNAL_MS);
      };
      const onData = (chunk: Buffer | string): void => {
        clock.clearTimer(quiet);
        quiet = clock.setTimer(giveUp, QUIET_MS);
        try {
          this.#write(Buffer.from(chunk as Buffer));
        } catch (error) {
          finish(false);
          reject(error as Error);
        }
      };
      const onEnd = (): void => finish(true);
      const onClose = (): void => finish(stdin.readableEnded);
      let quiet = clock.setTimer(giveUp, QUIET_MS);
      let longest = clock.setTimer(giveUp, stop.aborted ? AFTER_SIGNAL_MS : LONGEST_MS);
      stop.addEventListener('abort', onStop);
      stdin.on('data', onData).on('end', onEnd).on('close', onClose);
      stdin.resume();
    });
  }

  #write(bytes: Buffer): void {
    if (bytes.length === 0) return;
    for (let at = bytes.indexOf(LF); at >= 0; at = bytes.indexOf(LF, at + 1)) this.#lines += 1;
    this.#endsWithLine = bytes.at(-1) === LF;
    this.#pending.push(bytes);
    this.#pendingBytes += bytes.length;
    if (this.#pendingBytes >= BUFFERED_BYTES) this.#flush();
  }

  #flush(): void {
    if (this.#pendingBytes === 0) return;
    try {
      // Not over a file that somebody has made meanwhile.
      this.#file ??= openSync(this.#path, 'wx', 0o600);
      for (const bytes of this.#pending) writeAll(this.#file, bytes);
    } catch (error) {
      const reason = describeCreationError(error);
      throw new OutputError(`cannot write ${quote(this.#path)}: ${reason}`, undefined, { cause: error });
    } finally {
      this.#pending = [];
      this.#pendingBytes = 0;
    }
  }
}

function writeAll(file: number, bytes: Buffer): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
}
