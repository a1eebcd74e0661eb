import { describe, expect, it } from 'vitest';
import {
  formatBytes,
  formatCount,
  formatDurationMs,
  formatLatencyUs,
  formatPerSecond,
  formatQuantity,
} from '../../src/output/units.ts';

describe('units', () => {
  it.each([
    [0, '0'],
    [999, '999'],
    [1000, '1,000'],
    [25_865, '25,865'],
    [1_234_567_890, '1,234,567,890'],
  ])('a count of %d is %s', (count, text) => {
    expect(formatCount(count)).toBe(text);
  });

  it.each([
    [999.987, '1,000'],
    [0, '0'],
    [0.5, '0.50'],
    [1.518, '1.52'],
    [9.99, '9.99'],
    [9.996, '10.0'],
    [50.44, '50.4'],
    [99.96, '100'],
    [247.3, '247'],
    [999.4, '999'],
    [4991.2, '4,990'],
    [9996, '10,000'],
    [48_213, '48,200'],
    [1_234_567, '1,230,000'],
  ])('a rate of %d a second is %s', (rate, text) => {
    expect(formatPerSecond(rate)).toBe(text);
  });

  it.each([
    [0, '0.00 ms'],
    [7, '0.007 ms'],
    [85, '0.085 ms'],
    [99.6, '0.10 ms'],
    [412, '0.41 ms'],
    [996, '1.0 ms'],
    [3249, '3.2 ms'],
    [99_949, '99.9 ms'],
    [99_960, '100 ms'],
    [1_234_000, '1,234 ms'],
    [9_999_400, '9,999 ms'],
    [9_999_600, '10.0 s'],
    [123_456_789, '123.5 s'],
    [7_200_000_000, '7,200.0 s'],
  ])('a latency of %d us is %s', (us, text) => {
    expect(formatLatencyUs(us)).toBe(text);
  });

  it.each([
    [1, '1 ms'],
    [500, '500 ms'],
    [1000, '1 s'],
    [1500, '1.5 s'],
    [10_000, '10 s'],
    [119_000, '119 s'],
    [120_000, '2 min'],
    [5_400_000, '90 min'],
  ])('a duration of %d ms is %s', (ms, text) => {
    expect(formatDurationMs(ms)).toBe(text);
  });

  it.each([
    [0, '0 B'],
    [64, '64 B'],
    [999, '999 B'],
    [1000, '1 kB'],
    [1500, '1.5 kB'],
    [10_000, '10 kB'],
    [999_960, '1 MB'],
    [268_000_000, '268 MB'],
    [5e15, '5000 TB'],
  ])('a size of %d bytes is %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });

  it('a quantity has its noun in the singular for one alone', () => {
    expect(formatQuantity(0, 'message')).toBe('0 messages');
    expect(formatQuantity(1, 'message')).toBe('1 message');
    expect(formatQuantity(2000, 'message')).toBe('2,000 messages');
    expect(formatQuantity(2, 'delivery', 'deliveries')).toBe('2 deliveries');
  });
});
