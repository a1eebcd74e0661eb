import { build, encodeIntoCompressedBase64 } from 'hdr-histogram-js';
import type { LatencyCounts } from '../record/latency.ts';
import type { Latency } from './result.ts';

/** What a summary is made of: counts by bucket, and the figures that are exact. */
export type Counted = Pick<LatencyCounts, 'count' | 'minUs' | 'maxUs' | 'meanUs' | 'eachBucket'>;

/** Percentiles by HdrHistogram, three significant digits. Loads the library: call it when the load is over. */
export function summarizeLatency(counts: Counted): Latency {
  if (counts.count === 0) {
    return {
      unit: 'us',
      count: 0,
      min: null,
      mean: null,
      p50: null,
      p90: null,
      p99: null,
      p999: null,
      max: null,
      hdr: null,
    };
  }
  // 64 bits, that no bucket overflows; the range grows by itself.
  const histogram = build({ bitBucketSize: 64, numberOfSignificantValueDigits: 3 });
  counts.eachBucket((lowestUs, count) => histogram.recordValueWithCount(lowestUs, count));
  // A percentile is the highest value of its bucket, which may be above every value that was recorded.
  const at = (percentile: number): number => Math.min(histogram.getValueAtPercentile(percentile), counts.maxUs);
  return {
    unit: 'us',
    count: counts.count,
    min: counts.minUs,
    mean: Math.round(counts.meanUs * 10) / 10,
    p50: at(50),
    p90: at(90),
    p99: at(99),
    p999: at(99.9),
    max: counts.maxUs,
    hdr: encodeIntoCompressedBase64(histogram),
  };
}
