import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Backoff } from '../../src/mqtt/backoff.ts';

const STEPS = [100, 200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000];
/** The largest that a random number can be. */
const ALMOST_ONE = 1 - 2 ** -53;

describe('the delays between attempts', () => {
  it('double from 100 ms to 30 s at most', () => {
    const backoff = new Backoff(() => ALMOST_ONE);
    for (const step of STEPS) expect(backoff.nextMs()).toBeCloseTo(step, 6);
  });

  it('are half as long at least', () => {
    const backoff = new Backoff(() => 0);
    expect(STEPS.map(() => backoff.nextMs())).toEqual(STEPS.map((step) => step / 2));
  });

  it('start over when a connection stood', () => {
    const backoff = new Backoff(() => 0);
    for (const _ of STEPS) backoff.nextMs();
    backoff.reset();
    expect([backoff.nextMs(), backoff.nextMs()]).toEqual([50, 100]);
  });

  it('stay within 30 s however long it takes', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 3000 }),
        fc.double({ min: 0, max: ALMOST_ONE, noNaN: true }),
        (attempts, random) => {
          const backoff = new Backoff(() => random);
          let delayMs = 0;
          for (let attempt = 0; attempt < attempts; attempt += 1) delayMs = backoff.nextMs();
          expect(delayMs).toBeGreaterThanOrEqual(50);
          expect(delayMs).toBeLessThanOrEqual(30_000);
        },
      ),
      { numRuns: 30 },
    );
  });

  it('differ from client to client', () => {
    expect(new Backoff().nextMs()).not.toBe(new Backoff().nextMs());
  });
});
