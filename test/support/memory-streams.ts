import { Readable, Writable } from 'node:stream';
import { Transcript } from './transcript.ts';

/** An output in memory. It can be a terminal, be slow, and fail. */
export class MemoryOutput extends Writable {
  readonly isTTY: boolean;
  readonly columns: number;
  readonly transcript = new Transcript();
  #isHeld = false;
  #pending: (() => void) | undefined;
  #failure: Error | undefined;

  constructor({ isTTY = false, columns = 80, highWaterMark = 16_384 } = {}) {
    super({ highWaterMark });
    this.isTTY = isTTY;
    this.columns = columns;
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    const write = (): void => {
      if (this.#failure === undefined) this.transcript.append(chunk);
      done(this.#failure);
    };
    if (this.#isHeld) this.#pending = write;
    else write();
  }

  /** The reader stops reading: writes are not completed until {@link release}. */
  hold(): void {
    this.#isHeld = true;
  }

  release(): void {
    this.#isHeld = false;
    this.#pending?.();
    this.#pending = undefined;
  }

  /** Every write from now on fails with this system error, such as `EPIPE` or `ENOSPC`. */
  failWith(code: string): void {
    this.#failure = Object.assign(new Error(`${code}: write`), { code, syscall: 'write' });
  }

  get text(): string {
    return this.transcript.text;
  }
}

/** An input in memory, which a test feeds by hand. */
export class MemoryInput extends Readable {
  readonly isTTY: boolean;

  constructor({ isTTY = false } = {}) {
    super();
    this.isTTY = isTTY;
  }

  override _read(): void {
    // Fed by `push`.
  }

  feed(chunk: string | Uint8Array): void {
    this.push(chunk);
  }

  finish(): void {
    this.push(null);
  }
}
