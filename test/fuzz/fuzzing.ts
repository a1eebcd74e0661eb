import fc from 'fast-check';
import { it } from 'vitest';

/** Cases of all properties together. Few where every change is tested; `npm run fuzz` asks for a million and more. */
const CASES = Number(process.env['FUZZ_CASES'] ?? 4000);
/** Of 1,000 shares; the shares of all properties are as many. */
const SHARES = 1000;

/** A test of as many cases as its share of all. What is printed is counted by scripts/fuzz.mjs. */
export function fuzz<T>(
  title: string,
  share: number,
  arbitrary: fc.Arbitrary<T>,
  check: (value: T) => Promise<void> | void,
): void {
  const numRuns = Math.ceil((CASES * share) / SHARES);
  it(title, async () => {
    let cases = 0;
    const property = fc.asyncProperty(arbitrary, async (value) => {
      cases += 1;
      await check(value);
    });
    await fc.assert(property, { numRuns });
    if (process.env['FUZZ_CASES'] !== undefined) console.log(`fuzzed ${cases} cases: ${title}`);
  }, 3_600_000);
}
