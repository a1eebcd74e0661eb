import { Duplex } from 'node:stream';

/** The stream under a {@link Wire}, with the other side in the hands of a test. */
export class FakeTransport extends Duplex {
  /** What was written, write by write. */
  readonly writes: Buffer[] = [];
  /** Whether our side has ended. */
  hasEnded = false;
  #isHeld = false;
  #pending: (() => void) | undefined;

  constructor({ highWaterMark = 16_384 } = {}) {
    // As a socket: what was read ends, what is written goes on until it is ended too.
    super({ allowHalfOpen: true, highWaterMark });
  }

  override _read(): void {
    // Fed by `deliver`.
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.writes.push(chunk);
    if (this.#isHeld) this.#pending = done;
    else done();
  }

  override _final(done: () => void): void {
    this.hasEnded = true;
    done();
  }

  /** The other side reads nothing until {@link release}. */
  hold(): void {
    this.#isHeld = true;
  }

  release(): void {
    this.#isHeld = false;
    this.#pending?.();
    this.#pending = undefined;
  }

  /** The other side sends. */
  deliver(bytes: Uint8Array | string): void {
    this.push(Buffer.from(bytes as Uint8Array));
  }

  /** The other side ends. */
  finish(): void {
    this.push(null);
  }

  /** The connection breaks. */
  breakWith(code: string): void {
    this.destroy(Object.assign(new Error(`read ${code}`), { code }));
  }

  get written(): string {
    return Buffer.concat(this.writes).toString();
  }
}
