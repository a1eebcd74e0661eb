import { type OnReadOpts, Socket, type SocketConstructorOpts } from 'node:net';

/** Where what is read goes most of the time, bytes. */
const SLAB_BYTES = 65_536;
/** With less of it left, the next read gets a new one. */
const LEAST_BYTES = 16_384;

/**
 * A socket that can be told where its next bytes are to go: those of a large message go to their place at once, instead
 * of into memory of their own first. It is paused until somebody resumes it.
 */
export class DirectSocket extends Socket {
  #slab: Buffer;
  #target: Buffer | undefined;

  constructor() {
    const reader: { socket?: DirectSocket } = {};
    const slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
    const onread: OnReadOpts = {
      buffer: () => reader.socket?.nextBuffer() ?? slab,
      callback: (count, buffer) => {
        reader.socket?.onRead(count, buffer as Buffer);
        return true;
      },
    };
    super({ onread } as SocketConstructorOpts);
    this.#slab = slab;
    reader.socket = this;
    this.pause();
  }

  /** The bytes that come next go here until it is full; `data` then has parts of it. To be called while `data` is told. */
  readInto(target: Buffer): void {
    this.#target = target;
  }

  /** What was read stays as it is, for whoever keeps it: the next read goes behind it. */
  private nextBuffer(): Buffer {
    if (this.#target !== undefined) return this.#target;
    if (this.#slab.length < LEAST_BYTES) this.#slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
    return this.#slab;
  }

  private onRead(count: number, buffer: Buffer): void {
    const bytes = buffer.subarray(0, count);
    const rest = buffer.subarray(count);
    if (buffer === this.#target) this.#target = rest.length > 0 ? rest : undefined;
    else this.#slab = rest;
    this.emit('data', bytes);
  }
}
