import type { Wire } from '../wire.ts';

/** Written to the connection at a time, about: more gains nothing, less costs system calls. */
const RUN_BYTES = 65_536;
/** Taken from memory at a time: many small runs share one. */
const SLAB_BYTES = 262_144;

/** Gathers packets and writes them to a connection in long runs. A run is of whole packets alone. */
export class PacketWriter {
  readonly #wire: Wire;
  /** Where `reserve` made room. Bytes before `at` may be on their way: they must not be written to any more. */
  slab: Buffer = Buffer.alloc(0);
  #from = 0;
  #to = 0;
  #isFull = false;

  constructor(wire: Wire) {
    this.#wire = wire;
  }

  /** Whether the connection has more to send than it should hold, and `drain` follows; or has ended. */
  get isFull(): boolean {
    // It gets full by a write of ours, or of the client's, which is rare and small.
    if (this.#isFull) this.#isFull = this.#wire.destroyed || this.#wire.writableNeedDrain;
    return this.#isFull;
  }

  /** Makes room for one packet. Returns where in `slab` it goes; it is to be filled before the next call. */
  reserve(bytes: number): number {
    if (this.#to - this.#from >= RUN_BYTES) this.flush();
    if (this.#to + bytes > this.slab.length) {
      this.flush();
      // Not from Node's pool: a run may be held by the system for long.
      this.slab = Buffer.allocUnsafeSlow(Math.max(bytes, SLAB_BYTES));
      this.#from = 0;
      this.#to = 0;
    }
    const at = this.#to;
    this.#to += bytes;
    return at;
  }

  /** Writes `bytes` after what was gathered, without a copy: they must stay as they are. */
  pass(bytes: Buffer): void {
    this.flush();
    this.#write(bytes);
  }

  /** Writes what was gathered. */
  flush(): void {
    if (this.#to === this.#from) return;
    const run = this.slab.subarray(this.#from, this.#to);
    this.#from = this.#to;
    this.#write(run);
  }

  #write(bytes: Buffer): void {
    if (!this.#wire.write(bytes) || this.#wire.destroyed) this.#isFull = true;
  }
}
