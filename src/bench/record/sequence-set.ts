const CHUNK_BITS = 4096;
const CHUNK_SHIFT = 12;
const WORDS = CHUNK_BITS / 32;

/** Stands for a chunk that holds every number, so that a run without loss keeps no bitmap at all. */
const FULL: Uint32Array = new Uint32Array(0);

/** A set as plain data, that another thread can be handed: null for a chunk that holds nothing, `full` for all. */
export type SequenceState = readonly (Uint32Array | 'full' | null)[];

/** A set of sequence numbers from 0 to 2^32 - 1: a bit each, in chunks that are let go when they are full. */
export class SequenceSet {
  readonly #chunks: (Uint32Array | undefined)[] = [];
  /** Numbers held, for each chunk. */
  readonly #counts: number[] = [];

  /** False when it was there already. */
  add(sequence: number): boolean {
    const index = sequence >>> CHUNK_SHIFT;
    const chunk = this.#chunks[index] ?? this.#makeChunk(index);
    if (chunk === FULL) return false;
    const at = (sequence >>> 5) & (WORDS - 1);
    const word = chunk[at] ?? 0;
    const bit = 1 << (sequence & 31);
    if ((word & bit) !== 0) return false;
    chunk[at] = word | bit;
    const count = (this.#counts[index] ?? 0) + 1;
    this.#counts[index] = count;
    if (count === CHUNK_BITS) this.#chunks[index] = FULL;
    return true;
  }

  /** Adds every number below `end`. */
  addBelow(end: number): void {
    const whole = end >>> CHUNK_SHIFT;
    for (let index = 0; index < whole; index += 1) this.#fill(index);
    for (let sequence = whole * CHUNK_BITS; sequence < end; sequence += 1) this.add(sequence);
  }

  /** How many numbers are in this set and not in `other`. */
  countOutside(other: SequenceSet): number {
    let count = 0;
    for (const [index, chunk] of this.#chunks.entries()) {
      const others = other.#chunks[index];
      if (chunk === undefined || others === FULL) continue;
      for (let at = 0; at < WORDS; at += 1) {
        const word = chunk === FULL ? 0xffffffff : (chunk[at] ?? 0);
        count += countBits(word & ~(others?.[at] ?? 0));
      }
    }
    return count;
  }

  /** How many numbers from `start` on are in it. */
  countFrom(start: number): number {
    let count = 0;
    for (let index = start >>> CHUNK_SHIFT; index < this.#chunks.length; index += 1) {
      const isWhole = index > start >>> CHUNK_SHIFT || (start & (CHUNK_BITS - 1)) === 0;
      if (isWhole) count += this.#counts[index] ?? 0;
      else for (let at = start & (CHUNK_BITS - 1); at < CHUNK_BITS; at += 1) count += this.#has(index, at) ? 1 : 0;
    }
    return count;
  }

  toState(): SequenceState {
    return this.#chunks.map((chunk) => (chunk === FULL ? 'full' : (chunk ?? null)));
  }

  /** Adds every number of another set that is below `end`. */
  absorb(state: SequenceState, end = Number.POSITIVE_INFINITY): void {
    for (const [index, chunk] of state.entries()) {
      const from = index * CHUNK_BITS;
      if (chunk === 'full' && from + CHUNK_BITS <= end) this.#fill(index);
      else if (chunk !== null) {
        for (let at = 0; at < CHUNK_BITS && from + at < end; at += 1) {
          const isIn = chunk === 'full' || (((chunk[at >>> 5] ?? 0) >>> (at & 31)) & 1) === 1;
          if (isIn) this.add(from + at);
        }
      }
    }
  }

  #has(index: number, at: number): boolean {
    const chunk = this.#chunks[index];
    return chunk === FULL || (((chunk?.[at >>> 5] ?? 0) >>> (at & 31)) & 1) === 1;
  }

  #fill(index: number): void {
    this.#makeRoom(index);
    this.#chunks[index] = FULL;
    this.#counts[index] = CHUNK_BITS;
  }

  /** Without holes the arrays stay fast. */
  #makeRoom(index: number): void {
    while (this.#chunks.length <= index) {
      this.#chunks.push(undefined);
      this.#counts.push(0);
    }
  }

  #makeChunk(index: number): Uint32Array {
    this.#makeRoom(index);
    const chunk = new Uint32Array(WORDS);
    this.#chunks[index] = chunk;
    return chunk;
  }
}

function countBits(word: number): number {
  let bits = word - ((word >>> 1) & 0x55555555);
  bits = (bits & 0x33333333) + ((bits >>> 2) & 0x33333333);
  return Math.imul((bits + (bits >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
