/** Values below it have a bucket each; above, buckets are at most 0.1 % wide: three significant digits. */
const EXACT_BELOW = 2048;
const HALF = EXACT_BELOW / 2;
/** 2^31 - 1 us, 35 minutes: a longer latency is counted as this one, but is still seen in `maxUs`. */
const HIGHEST_US = 0x7fff_ffff;

/** A distribution as plain data, that another thread can be handed. */
export interface LatencyState {
  /** Bucket and count, one after the other, of each bucket that holds any. */
  readonly buckets: Float64Array;
  readonly sumUs: number;
  readonly count: number;
  readonly minUs: number;
  readonly maxUs: number;
}

/**
 * Counts latencies, cheaply enough to do so for every message: the buckets of an HdrHistogram with three digits, found
 * with two shifts where the library takes logarithms (150 ns, measured). `eachBucket` hands them to the real one.
 */
export class LatencyCounts {
  readonly #counts = new Float64Array(bucketOf(HIGHEST_US) + 1);
  #sumUs = 0;
  count = 0;
  /** Exact; 0 when nothing was recorded. */
  minUs = 0;
  /** Exact; 0 when nothing was recorded. */
  maxUs = 0;

  /** Fractions are dropped; a negative value, which a clock that is stepped can give, counts as 0. */
  record(latencyUs: number): void {
    const us = latencyUs > 0 ? Math.floor(latencyUs) : 0;
    const bucket = bucketOf(Math.min(us, HIGHEST_US));
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    this.#sumUs += us;
    if (us > this.maxUs) this.maxUs = us;
    if (this.count === 0 || us < this.minUs) this.minUs = us;
    this.count += 1;
  }

  /** How many were recorded of each bucket: no copy. */
  get buckets(): Float64Array {
    return this.#counts;
  }

  toState(): LatencyState {
    const found: number[] = [];
    for (const [bucket, count] of this.#counts.entries()) if (count > 0) found.push(bucket, count);
    const { count, maxUs, minUs } = this;
    return { buckets: Float64Array.from(found), sumUs: this.#sumUs, count, minUs, maxUs };
  }

  /** Adds what another one has counted. */
  absorb({ buckets, count, maxUs, minUs, sumUs }: LatencyState): void {
    if (count === 0) return;
    for (let at = 0; at < buckets.length; at += 2) {
      const bucket = buckets[at] ?? 0;
      this.#counts[bucket] = (this.#counts[bucket] ?? 0) + (buckets[at + 1] ?? 0);
    }
    this.minUs = this.count === 0 ? minUs : Math.min(this.minUs, minUs);
    this.maxUs = Math.max(this.maxUs, maxUs);
    this.#sumUs += sumUs;
    this.count += count;
  }

  /** What was counted since it was as `before`, which it was at some time; smallest and largest are those of all. */
  since(before: LatencyCounts): LatencyState {
    const found: number[] = [];
    for (const [bucket, count] of this.#counts.entries()) {
      const added = count - (before.#counts[bucket] ?? 0);
      if (added > 0) found.push(bucket, added);
    }
    const { maxUs, minUs } = this;
    const count = this.count - before.count;
    return { buckets: Float64Array.from(found), sumUs: this.#sumUs - before.#sumUs, count, minUs, maxUs };
  }

  get meanUs(): number {
    return this.count === 0 ? 0 : this.#sumUs / this.count;
  }

  /** Calls `visit` with the lowest value and the count of each bucket that holds any, in rising order. */
  eachBucket(visit: (lowestUs: number, count: number) => void): void {
    for (const [bucket, count] of this.#counts.entries()) {
      if (count > 0) visit(lowestOf(bucket), count);
    }
  }

  /** How many recorded values lie from `fromUs` up to, not including, `belowUs`. */
  countBetween(fromUs: number, belowUs: number): number {
    let total = 0;
    this.eachBucket((lowestUs, count) => {
      if (lowestUs >= fromUs && lowestUs < belowUs) total += count;
    });
    return total;
  }
}

/** Bucket of a whole number from 0 to {@link HIGHEST_US}. */
function bucketOf(us: number): number {
  if (us < EXACT_BELOW) return us;
  // Brings the value to 1024..2047: its first eleven bits.
  const shift = 21 - Math.clz32(us);
  return shift * HALF + (us >>> shift);
}

function lowestOf(bucket: number): number {
  if (bucket < EXACT_BELOW) return bucket;
  const shift = Math.floor(bucket / HALF) - 1;
  return (bucket - shift * HALF) * 2 ** shift;
}

/** The highest value that is counted in a bucket. */
export function highestOfBucket(bucket: number): number {
  return lowestOf(bucket + 1) - 1;
}
