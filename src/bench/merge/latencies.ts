import { JsHistogram } from 'hdr-histogram-js';
import { decodeHistogram } from '../result/histogram.ts';
import { type BenchResult, LATENCIES, type Latency } from '../result/result.ts';
import { summarizeLatency } from '../result/summarize.ts';

/** Adds up distributions: exact but for the mean, which is as exact as those it is made of, to 0.1 us. */
export function mergeLatency(latencies: readonly Latency[]): Latency {
  const some = latencies.filter(({ count }) => count > 0);
  const count = some.reduce((sum, latency) => sum + latency.count, 0);
  return summarizeLatency({
    count,
    minUs: Math.min(...some.map(({ min }) => min ?? 0)),
    maxUs: Math.max(...some.map(({ max }) => max ?? 0)),
    meanUs: some.reduce((sum, latency) => sum + (latency.mean ?? 0) * (latency.count / count), 0),
    eachBucket(visit) {
      // Sums in any order come to the same, so the histogram that is made of them is the same, byte for byte.
      const buckets = new Map<number, number>();
      for (const latency of some) {
        for (const [lowestUs, inBucket] of bucketsOf(latency)) {
          buckets.set(lowestUs, (buckets.get(lowestUs) ?? 0) + inBucket);
        }
      }
      for (const [lowestUs, inBucket] of [...buckets].sort(([a], [b]) => a - b)) visit(lowestUs, inBucket);
    },
  });
}

/** Each distribution of a result with its namesakes of the others. */
export function mergeLatencies(all: readonly BenchResult['latency'][]): BenchResult['latency'] {
  const entries = LATENCIES.map((name) => [name, mergeLatency(all.map((latency) => latency[name]))]);
  return Object.fromEntries(entries) as BenchResult['latency'];
}

function* bucketsOf(latency: Latency): Generator<readonly [lowestUs: number, count: number]> {
  const histogram = decodeHistogram(latency);
  // What decoding makes always is one; the library's type leaves room for its WebAssembly form, which cannot be read.
  if (!(histogram instanceof JsHistogram)) return;
  for (let index = 0; index < histogram.countsArrayLength; index += 1) {
    const count = histogram.getCountAtIndex(index);
    if (count > 0) yield [histogram.valueFromIndex(index), count];
  }
}
