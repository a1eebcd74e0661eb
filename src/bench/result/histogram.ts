import { decodeFromCompressedBase64, type Histogram } from 'hdr-histogram-js';
import type { Latency } from './result.ts';

/**
 * The whole distribution of a latency, in microseconds; undefined where nothing was recorded. Throws Error when `hdr`
 * is damaged, or does not hold as many values as `count` says.
 */
export function decodeHistogram({ count, hdr }: Latency): Histogram | undefined {
  if (count === 0 && hdr === null) return undefined;
  if (hdr === null) throw new Error('hdr is missing');
  let histogram: Histogram;
  try {
    histogram = decodeFromCompressedBase64(hdr, 64);
  } catch {
    throw new Error('hdr is no histogram');
  }
  if (histogram.totalCount !== count) throw new Error(`count is ${count}, and hdr holds ${histogram.totalCount}`);
  return histogram;
}
