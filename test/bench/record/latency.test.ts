import fc from 'fast-check';
import { build } from 'hdr-histogram-js';
import { describe, expect, it } from 'vitest';
import { LatencyCounts } from '../../../src/bench/record/latency.ts';
import { decodeHistogram } from '../../../src/bench/result/histogram.ts';
import { summarizeLatency } from '../../../src/bench/result/summarize.ts';

const latencyUs = fc.oneof(fc.nat(5000), fc.nat(200_000), fc.nat(2 ** 31 - 1));

function countsOf(values: readonly number[]): LatencyCounts {
  const counts = new LatencyCounts();
  for (const value of values) counts.record(value);
  return counts;
}

describe('LatencyCounts', () => {
  it('puts each value into a bucket that begins at most 0.1 % below it', () => {
    fc.assert(
      fc.property(latencyUs, (us) => {
        countsOf([us]).eachBucket((lowestUs, count) => {
          expect(count).toBe(1);
          expect(lowestUs).toBeLessThanOrEqual(us);
          expect(us - lowestUs).toBeLessThanOrEqual(us / 1000);
        });
      }),
    );
  });

  it('keeps count, least, greatest and mean exactly', () => {
    fc.assert(
      fc.property(fc.array(latencyUs, { minLength: 1, maxLength: 200 }), (values) => {
        const counts = countsOf(values);
        expect(counts.count).toBe(values.length);
        expect(counts.minUs).toBe(Math.min(...values));
        expect(counts.maxUs).toBe(Math.max(...values));
        expect(counts.meanUs).toBeCloseTo(values.reduce((sum, value) => sum + value, 0) / values.length, 6);
      }),
    );
  });

  it('drops fractions, and takes a clock that was stepped back for 0', () => {
    const counts = countsOf([12.9, -5]);
    expect([counts.minUs, counts.maxUs, counts.count]).toEqual([0, 12, 2]);
  });

  it('keeps a latency of hours as the greatest', () => {
    const counts = countsOf([7_200_000_000]);
    expect(counts.maxUs).toBe(7_200_000_000);
    expect(counts.countBetween(0, 2 ** 31)).toBe(1);
  });

  it('counts between two values', () => {
    expect(countsOf([10, 20, 30, 40]).countBetween(20, 40)).toBe(2);
  });
});

describe('summarizeLatency', () => {
  it('gives the percentiles that HdrHistogram gives when it records the values itself', () => {
    fc.assert(
      fc.property(fc.array(latencyUs, { minLength: 1, maxLength: 300 }), (values) => {
        const histogram = build({ bitBucketSize: 64, numberOfSignificantValueDigits: 3 });
        for (const value of values) histogram.recordValue(value);
        const greatest = Math.max(...values);
        const { p50, p90, p99, p999 } = summarizeLatency(countsOf(values));
        const expected = [50, 90, 99, 99.9].map((at) => Math.min(histogram.getValueAtPercentile(at), greatest));
        expect([p50, p90, p99, p999]).toEqual(expected);
      }),
    );
  });

  it('of 1 to 1000 us', () => {
    expect(summarizeLatency(countsOf(Array.from({ length: 1000 }, (_, index) => index + 1)))).toEqual({
      unit: 'us',
      count: 1000,
      min: 1,
      mean: 500.5,
      p50: 500,
      p90: 900,
      p99: 990,
      p999: 999,
      max: 1000,
      hdr: expect.any(String),
    });
  });

  it('holds every bucket in its HdrHistogram', () => {
    fc.assert(
      fc.property(fc.array(latencyUs, { minLength: 1, maxLength: 100 }), (values) => {
        const counts = countsOf(values);
        const histogram = decodeHistogram(summarizeLatency(counts));
        expect(histogram?.totalCount).toBe(values.length);
        const recorded = build({ bitBucketSize: 64, numberOfSignificantValueDigits: 3 });
        for (const value of values) recorded.recordValue(value);
        for (let percentile = 1; percentile <= 100; percentile += 1) {
          expect(histogram?.getValueAtPercentile(percentile)).toBe(recorded.getValueAtPercentile(percentile));
        }
      }),
      { numRuns: 50 },
    );
  });

  it('of nothing has a count and no values', () => {
    expect(summarizeLatency(new LatencyCounts())).toEqual({
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
    });
  });
});
