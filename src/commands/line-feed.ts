import type { Input } from '../cli/context.ts';
import { LineSplitter } from '../input/lines.ts';
import { describeInputError } from '../input/standard-input.ts';
import type { Publishing } from './publishing.ts';

const LF = Buffer.from('\n');

export interface LineFeedOptions {
  /** Of one line. */
  readonly maxBytes: number;
  /** Leave out empty lines. */
  readonly skipEmpty: boolean;
}

/**
 * Publishes the lines of an input as they come, and as fast as the broker takes them: whenever there is room and there
 * are lines, all that fit go out at once. The input is held up meanwhile, so that memory stays as it is.
 */
export class LineFeed {
  readonly #publishing: Publishing;
  readonly #input: Input;
  readonly #splitter: LineSplitter;
  readonly #skipEmpty: boolean;
  #hasEnded = false;
  #finish: ((error?: Error) => void) | undefined;
  /** The line that could not be published, with its LF. */
  #rejected: Buffer = Buffer.alloc(0);
  /** Empty lines that were left out. */
  skipped = 0;

  constructor(publishing: Publishing, input: Input, { maxBytes, skipEmpty }: LineFeedOptions) {
    this.#publishing = publishing;
    this.#input = input;
    this.#splitter = new LineSplitter(maxBytes);
    this.#skipEmpty = skipEmpty;
  }

  /**
   * Resolves when all lines are on their way, or nothing more can be sent. Throws InputError when the input cannot be
   * read to its end, UndecodableError for a line that is too long, PublishRefusedError for one that the broker does not
   * take; the lines before it are on their way.
   */
  run(): Promise<void> {
    const input = this.#input;
    const onData = (chunk: Buffer | string): void => {
      this.#splitter.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk);
      this.#pump();
    };
    const onEnd = (): void => {
      this.#hasEnded = true;
      this.#splitter.end();
      this.#pump();
    };
    const onError = (error: Error): void => this.#finish?.(describeInputError(error));
    const onClose = (): void => {
      if (!this.#hasEnded) this.#finish?.(describeInputError(new Error('it was closed')));
    };
    return new Promise<void>((resolve, reject) => {
      this.#finish = (error) => {
        this.#finish = undefined;
        this.#publishing.onChange = undefined;
        input.pause();
        input.off('data', onData).off('end', onEnd).off('close', onClose);
        if (error === undefined) resolve();
        else reject(error);
      };
      this.#publishing.onChange = () => this.#pump();
      // Its listener stays: an error that comes late has nobody else.
      input.on('data', onData).on('end', onEnd).on('error', onError).on('close', onClose);
      if (input.errored) onError(input.errored);
      else if (input.readableEnded) onEnd();
      else this.#pump();
    });
  }

  /** Bytes that were read and not published; to be called once. */
  takeRest(): Buffer {
    return Buffer.concat([this.#rejected, this.#splitter.takeRest()]);
  }

  #pump(): void {
    if (this.#finish === undefined) return;
    const publishing = this.#publishing;
    if (publishing.hasFailed) return this.#finish();
    try {
      const isDry = this.#fill();
      publishing.flush();
      if (!isDry) this.#input.pause();
      else if (this.#hasEnded) this.#finish();
      else this.#input.resume();
    } catch (error) {
      publishing.flush();
      this.#finish(error as Error);
    }
  }

  /** Returns whether there was no whole line left. */
  #fill(): boolean {
    const publishing = this.#publishing;
    const splitter = this.#splitter;
    while (publishing.hasRoom) {
      if (!splitter.next()) return true;
      if (splitter.from === splitter.to && this.#skipEmpty) this.skipped += 1;
      else this.#put(splitter);
    }
    return false;
  }

  #put({ source, from, to }: LineSplitter): void {
    try {
      this.#publishing.put(source, from, to);
    } catch (error) {
      this.#rejected = Buffer.concat([source.subarray(from, to), LF]);
      throw error;
    }
  }
}
