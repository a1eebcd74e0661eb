/**
 * The payloads of messages that may have to be sent again. They are kept where they stand, each in a slot; one slot is
 * a few numbers, and no object is made for a message.
 */
export class KeptPayloads {
  readonly #sources: (Buffer | undefined)[];
  readonly #from: Float64Array;
  readonly #to: Float64Array;
  readonly #free: Uint32Array;
  #freeCount: number;
  /** Bytes of all payloads that are kept. */
  bytes = 0;

  /** @param size slots. */
  constructor(size: number) {
    this.#sources = new Array(size).fill(undefined);
    this.#from = new Float64Array(size);
    this.#to = new Float64Array(size);
    this.#free = new Uint32Array(size);
    for (let slot = 0; slot < size; slot += 1) this.#free[slot] = slot;
    this.#freeCount = size;
  }

  /** Returns the slot. To be called while a slot is free. `source` must stay as it is. */
  keep(source: Buffer, from: number, to: number): number {
    this.#freeCount -= 1;
    const slot = this.#free[this.#freeCount] ?? 0;
    this.#sources[slot] = source;
    this.#from[slot] = from;
    this.#to[slot] = to;
    this.bytes += to - from;
    return slot;
  }

  get(slot: number): Buffer {
    return (this.#sources[slot] as Buffer).subarray(this.#from[slot], this.#to[slot]);
  }

  drop(slot: number): void {
    this.bytes -= (this.#to[slot] ?? 0) - (this.#from[slot] ?? 0);
    this.#sources[slot] = undefined;
    this.#free[this.#freeCount] = slot;
    this.#freeCount += 1;
  }
}
