import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Attempt,
  DEFAULT_LIMITS,
  findMaximum,
  type SearchLimits,
} from '../../../src/bench/search/find-maximum.ts';

/** Searches a broker that bears what `holds` says, and keeps the rates tried. */
async function search(
  holds: (rate: number, attempt: number) => boolean | Attempt,
  limits: Partial<SearchLimits> = {},
): Promise<{ readonly found: number | undefined; readonly tried: readonly number[] }> {
  const tried: number[] = [];
  const found = await findMaximum(
    async (rate) => {
      tried.push(rate);
      const answer = holds(rate, tried.length);
      return typeof answer === 'boolean' ? { held: answer } : answer;
    },
    { ...DEFAULT_LIMITS, ...limits },
  );
  return { found, tried };
}

describe('the search for the highest rate', () => {
  it('doubles, then bisects, and tries once more what did not hold', async () => {
    const { found, tried } = await search((rate) => rate <= 5300);
    expect(tried).toEqual([1000, 2000, 4000, 8000, 8000, 5660, 5660, 4760, 5190, 5420, 5420]);
    expect(found).toBe(5190);
  });

  it('halves when the first rate does not hold', async () => {
    const { found, tried } = await search((rate) => rate <= 130);
    expect(tried.slice(0, 6)).toEqual([1000, 1000, 500, 500, 250, 250]);
    expect(found).toBeGreaterThan(130 / 1.05 - 1);
    expect(found).toBeLessThanOrEqual(130);
  });

  it('finds any limit to 5 %, in few runs, wherever it begins', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.double({ min: Math.log(1), max: Math.log(9e6), noNaN: true }).map(Math.exp),
        fc.double({ min: Math.log(1), max: Math.log(9e6), noNaN: true }).map(Math.exp),
        async (limit, startRate) => {
          const { found, tried } = await search((rate) => rate <= limit, { startRate });
          expect(found).toBeLessThanOrEqual(limit);
          // Half a percent of rounding to three digits.
          expect(found ?? 0).toBeGreaterThanOrEqual((limit / 1.05) * 0.994);
          expect(tried.length).toBeLessThanOrEqual(2 * (Math.abs(Math.log2(limit / startRate)) + 8));
        },
      ),
    );
  });

  it('is not misled by a hiccup', async () => {
    const { found } = await search((rate, attempt) => rate <= 20_000 && attempt !== 3 && attempt !== 8);
    expect(found).toBeGreaterThan(19_000);
  });

  it('comes near the limit of a noisy broker', async () => {
    await fc.assert(
      fc.asyncProperty(fc.infiniteStream(fc.double({ min: 0.9, max: 1.1, noNaN: true })), async (noise) => {
        const limit = 10_000;
        const { found } = await search((rate) => rate <= limit * (noise.next().value as number));
        expect(found).toBeGreaterThanOrEqual((limit * 0.9) / 1.06);
        expect(found).toBeLessThanOrEqual(limit * 1.1);
      }),
    );
  });

  it('gives up at the lowest rate, and ends at the highest', async () => {
    const none = await search(() => false);
    expect(none.found).toBeUndefined();
    expect(none.tried.at(-1)).toBe(DEFAULT_LIMITS.lowestRate);
    expect((await search(() => true)).found).toBe(DEFAULT_LIMITS.highestRate);
  });

  it('ends at once when it is told to, with what held so far', async () => {
    const stopped = await search((_, attempt) => ({ held: attempt < 3, isLast: attempt === 3 }));
    expect(stopped).toEqual({ found: 2000, tried: [1000, 2000, 4000] });
    const last = await search((_, attempt) => ({ held: true, isLast: attempt === 2 }));
    expect(last).toEqual({ found: 2000, tried: [1000, 2000] });
  });

  it('is the same for a broker whose limit is not sharp, every time', async () => {
    // Above 3000 only every other run holds: the second try saves those.
    const { found } = await search((rate, attempt) => rate <= 3000 || (rate <= 4000 && attempt % 2 === 0));
    expect(found).toBeGreaterThanOrEqual(2900);
    expect(found).toBeLessThanOrEqual(4000);
  });
});
