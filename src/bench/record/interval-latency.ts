import type { Sample } from '../result/result.ts';
import { highestOfBucket, LatencyCounts } from './latency.ts';

/**
 * The latencies of one interval after the other, as the difference that each made to one growing histogram. Whoever
 * counts a message does nothing for it; an interval costs less than 0.1 ms, measured.
 */
export class IntervalLatency {
  #source: LatencyCounts | undefined;
  readonly #before = new LatencyCounts().buckets;
  #count = 0;
  #maxUs = 0;

  /** Of what was recorded since the last call; null when nothing was. Values are 0.1 % too high at most. */
  take(latency: LatencyCounts): Sample['latency'] {
    // One that was emptied, or put in its place, at the end of a warm-up.
    if (latency !== this.#source || latency.count < this.#count) this.#startAgain(latency);
    const total = latency.count - this.#count;
    if (total === 0) return null;
    const { buckets, count, maxUs } = latency;
    const before = this.#before;
    let seen = 0;
    let p50 = -1;
    let p99 = -1;
    let top = 0;
    for (let bucket = 0; bucket < buckets.length; bucket += 1) {
      const now = buckets[bucket] ?? 0;
      const added = now - (before[bucket] ?? 0);
      if (added === 0) continue;
      before[bucket] = now;
      seen += added;
      top = bucket;
      if (p50 < 0 && seen >= total * 0.5) p50 = highestOfBucket(bucket);
      if (p99 < 0 && seen >= total * 0.99) p99 = highestOfBucket(bucket);
    }
    // A new highest value of all is known exactly.
    const max = maxUs > this.#maxUs ? maxUs : Math.min(highestOfBucket(top), maxUs);
    this.#count = count;
    this.#maxUs = maxUs;
    return { p50: Math.min(p50, max), p99: Math.min(p99, max), max };
  }

  #startAgain(latency: LatencyCounts): void {
    this.#source = latency;
    this.#before.fill(0);
    this.#count = 0;
    this.#maxUs = 0;
  }
}
