import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Schedule } from '../../../src/bench/plan/schedule.ts';

describe('a schedule', () => {
  it('has a message due every so often, from the start on', () => {
    const schedule = new Schedule(200, 0);
    expect([0, 1, 2, 1000].map((index) => schedule.dueMs(index))).toEqual([0, 5, 10, 5000]);
    expect(schedule.countBefore(10_000)).toBe(2000);
    expect(schedule.countBefore(0)).toBe(0);
    expect(new Schedule(0.1, 0).countBefore(10_000)).toBe(1);
  });

  it('rises to the rate evenly: half as many messages while it does', () => {
    const schedule = new Schedule(1000, 4000);
    expect(schedule.countBefore(4000)).toBe(2000);
    expect(schedule.countBefore(2000)).toBe(500);
    expect(schedule.countBefore(10_000)).toBe(8000);
    expect(schedule.dueMs(2000)).toBeCloseTo(4000);
    expect(schedule.dueMs(500)).toBeCloseTo(2000);
    expect(schedule.dueMs(3000)).toBeCloseTo(5000);
  });

  it('never goes backwards, and counts the messages that are due', () => {
    const rates = fc.double({ min: 0.01, max: 100_000, noNaN: true });
    const ramps = fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 60_000 }));
    fc.assert(
      fc.property(rates, ramps, fc.integer({ min: 0, max: 1_000_000 }), (rate, rampMs, index) => {
        const schedule = new Schedule(rate, rampMs);
        const dueMs = schedule.dueMs(index);
        expect(schedule.dueMs(index + 1)).toBeGreaterThan(dueMs);
        // A moment later, for the error of binary fractions.
        expect(schedule.countBefore(dueMs * (1 + 1e-9) + 1e-6)).toBeGreaterThan(index);
        expect(schedule.countBefore(dueMs * (1 - 1e-9))).toBeLessThanOrEqual(index + 1);
      }),
    );
  });
});
