import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareResults, type Wishes } from '../../../src/bench/compare/compare.ts';
import type { Comparison } from '../../../src/bench/compare/comparison.ts';
import { geometricMean, ratioInterval, studentQuantile } from '../../../src/bench/compare/statistics.ts';
import { formatComparison } from '../../../src/bench/compare/text.ts';
import { MEASURES } from '../../../src/bench/result/measures.ts';
import type { BenchResult, Repeat } from '../../../src/bench/result/result.ts';
import { UsageError } from '../../../src/errors.ts';
import { readStored } from '../support/stored.ts';

const stored = readStored('lossless');

/** A result of which each run delivered so many messages a second, at so many microseconds. */
function resultWith(perSecond: readonly number[], p99: readonly number[] = perSecond.map(() => 1000)): BenchResult {
  const runs: Repeat[] = perSecond.map((rate, index) => ({
    startedAt: stored.startedAt,
    outcome: stored.outcome,
    ledger: stored.ledger,
    durations: stored.durations,
    rates: { sentPerSecond: rate, acceptedPerSecond: rate, deliveredPerSecond: rate },
    latency: { ...stored.latency, endToEnd: { ...stored.latency.endToEnd, p99: p99[index] ?? 0 } },
  }));
  const [first] = runs;
  return {
    ...stored,
    rates: first?.rates ?? stored.rates,
    latency: first?.latency ?? stored.latency,
    repeats: runs.length > 1 ? runs : [],
  };
}

function compare(base: BenchResult, other: BenchResult, wishes: Partial<Wishes> = {}): Comparison {
  const all = { measures: [], tolerance: undefined, ...wishes };
  return compareResults({ name: 'base.json', result: base }, [{ name: 'new.json', result: other }], all);
}

function measureOf(comparison: Comparison, name: string) {
  const found = comparison.others[0]?.measures.find(({ measure }) => measure === name);
  if (found === undefined) throw new Error(`${name} was not compared`);
  return found;
}

describe("Student's t", () => {
  it.each([
    [0.975, 1, 12.7062],
    [0.975, 2, 4.30265],
    [0.975, 4, 2.77645],
    [0.975, 10, 2.22814],
    [0.975, 100, 1.98397],
    [0.975, 1e6, 1.95997],
    [0.95, 4, 2.13185],
    [0.995, 4, 4.60409],
    [0.975, 3.5, 2.94009],
  ])('has its quantile %d of %d degrees of freedom at %d', (probability, degrees, expected) => {
    expect(studentQuantile(probability, degrees)).toBeCloseTo(expected, 4);
  });
});

describe('the interval of a ratio', () => {
  it('is that of Welch, of the logarithms', () => {
    // Worked by hand: means ln 100.0 and ln 110.0 of each three, variances of 0.0001 and 0.0004.
    const at = (mean: number, deviation: number): number[] =>
      [-1, 0, 1].map((side) => Math.exp(Math.log(mean) + side * deviation));
    const interval = ratioInterval(at(100, 0.01), at(110, 0.02));
    const error = Math.sqrt((0.0001 + 0.0004) / 3);
    const degrees = (0.0005 / 3) ** 2 / ((0.0001 / 3) ** 2 / 2 + (0.0004 / 3) ** 2 / 2);
    expect(degrees).toBeCloseTo(2.941, 3);
    expect(interval?.low).toBeCloseTo(1.1 * Math.exp(-studentQuantile(0.975, degrees) * error), 10);
    expect(interval?.high).toBeCloseTo(1.1 * Math.exp(studentQuantile(0.975, degrees) * error), 10);
  });

  it('needs two runs of each, and is a point where no run differs', () => {
    expect(ratioInterval([1], [2, 3])).toBeUndefined();
    expect(ratioInterval([1, 2], [3])).toBeUndefined();
    expect(ratioInterval([2, 2], [3, 3])).toEqual({ low: expect.closeTo(1.5, 12), high: expect.closeTo(1.5, 12) });
  });

  it('holds the ratio, does not depend on the unit, and is turned round when the two are', () => {
    const values = fc.array(fc.double({ min: 0.001, max: 1e6, noNaN: true }), { minLength: 2, maxLength: 8 });
    fc.assert(
      fc.property(values, values, fc.double({ min: 0.01, max: 100, noNaN: true }), (a, b, factor) => {
        const interval = ratioInterval(a, b);
        const ratio = geometricMean(b) / geometricMean(a);
        if (interval === undefined) throw new Error('no interval');
        expect(interval.low).toBeLessThanOrEqual(ratio * (1 + 1e-9));
        expect(interval.high).toBeGreaterThanOrEqual(ratio * (1 - 1e-9));
        const turned = ratioInterval(b, a);
        expect(Math.log(turned?.low ?? 0) + Math.log(interval.high)).toBeCloseTo(0, 6);
        const scaled = ratioInterval(
          a.map((value) => value * factor),
          b.map((value) => value * factor),
        );
        expect(Math.log(scaled?.low ?? 0)).toBeCloseTo(Math.log(interval.low), 6);
      }),
    );
  });

  it('holds the true ratio in about 95 of 100 series', () => {
    // Numbers of a fixed series, that look like chance: sums of twelve are nearly normal.
    let state = 1;
    const uniform = (): number => {
      state = (state * 48_271) % 2_147_483_647;
      return state / 2_147_483_647;
    };
    const normal = (): number => Array.from({ length: 12 }, uniform).reduce((sum, value) => sum + value, -6);
    const runs = (mean: number, spread: number): number[] =>
      Array.from({ length: 5 }, () => mean * Math.exp(spread * normal()));
    const series = 2000;
    let held = 0;
    for (let index = 0; index < series; index += 1) {
      const interval = ratioInterval(runs(100, 0.02), runs(104, 0.06));
      if (interval !== undefined && interval.low <= 1.04 && interval.high >= 1.04) held += 1;
    }
    expect(held / series).toBeGreaterThan(0.935);
    expect(held / series).toBeLessThan(0.97);
  });
});

describe('comparing', () => {
  const steady = resultWith([1000, 1010, 990, 1005, 995]);

  it('tells faster from slower, for rates and latencies alike, and from what may be chance', () => {
    const fast = resultWith([2000, 2010, 1990], [500, 505, 495]);
    const before = resultWith([1000, 1010, 990], [1000, 1010, 990]);
    expect(measureOf(compare(before, fast), 'delivered/s')).toMatchObject({ verdict: 'faster', unit: 'perSecond' });
    expect(measureOf(compare(before, fast), 'p99')).toMatchObject({ verdict: 'faster', unit: 'us' });
    expect(measureOf(compare(fast, before), 'delivered/s').verdict).toBe('slower');
    expect(measureOf(compare(fast, before), 'p99').verdict).toBe('slower');
    expect(measureOf(compare(fast, before), 'p99').ratio).toBeCloseTo(2, 3);
    const noisy = resultWith([900, 1100, 1050]);
    expect(measureOf(compare(steady, noisy), 'delivered/s').verdict).toBe('no-difference');
  });

  it('says that single runs have no interval', () => {
    const comparison = compare(resultWith([1000]), resultWith([900]), { tolerance: 0.05 });
    expect(measureOf(comparison, 'delivered/s')).toMatchObject({
      ratio: expect.closeTo(0.9, 12),
      interval: null,
      verdict: 'unknown',
      beyondTolerance: true,
    });
    expect(formatComparison(comparison)).toContain('no interval, for a single run');
    expect(measureOf(compare(steady, resultWith([900])), 'delivered/s').interval).toBeNull();
  });

  it('is beyond the tolerance only when the near end of the interval is', () => {
    const slower = resultWith([900, 910, 890, 905, 895]);
    const ratio = measureOf(compare(steady, slower), 'delivered/s');
    expect(ratio.interval?.low).toBeGreaterThan(0.88);
    expect(ratio.interval?.high).toBeLessThan(0.92);
    const beyond = (tolerance: number): boolean =>
      measureOf(compare(steady, slower, { tolerance }), 'delivered/s').beyondTolerance;
    expect(beyond(0.05)).toBe(true);
    // 10 % slower, give or take one: 10 % is not shown to be exceeded.
    expect(beyond(0.1)).toBe(false);
    expect(beyond(0.15)).toBe(false);
    expect(ratio.beyondTolerance).toBe(false);
  });

  it('takes higher latencies for slower, and lower ones for no fault', () => {
    const late = resultWith([1000, 1000, 1000], [1200, 1210, 1190]);
    const early = resultWith([1000, 1000, 1000], [1000, 1010, 990]);
    expect(measureOf(compare(early, late, { tolerance: 0.1 }), 'p99').beyondTolerance).toBe(true);
    expect(measureOf(compare(early, late, { tolerance: 0.25 }), 'p99').beyondTolerance).toBe(false);
    expect(measureOf(compare(late, early, { tolerance: 0.01 }), 'p99').beyondTolerance).toBe(false);
  });

  it('compares the measures that are asked for', () => {
    const measures = ['puback.p99', 'max'].flatMap((name) => MEASURES.get(name) ?? []);
    const comparison = compare(steady, steady, { measures });
    expect(comparison.others[0]?.measures.map(({ measure }) => measure)).toEqual(['puback.p99', 'max']);
    const tls = ['tls.p99'].flatMap((name) => MEASURES.get(name) ?? []);
    expect(() => compare(steady, steady, { measures: tls })).toThrow(
      'cannot compare base.json and new.json: none of tls.p99 was measured in both',
    );
  });

  it('names what else differs, and what was lost', () => {
    const other: BenchResult = {
      ...resultWith([1000, 1000]),
      config: { ...stored.config, qos: 0, filter: 'another/+' },
      broker: { ...stored.broker, version: '2.0.18' },
      environment: { ...stored.environment, cpus: 64 },
      ledger: { ...stored.ledger, delivered: stored.ledger.delivered - 3, lost: 3 },
    };
    const [compared] = compare(steady, other).others;
    expect(compared?.differences).toEqual([
      { field: 'config.qos', base: 1, value: 0 },
      { field: 'broker.version', base: stored.broker.version, value: '2.0.18' },
      { field: 'environment.cpus', base: stored.environment.cpus, value: 64 },
    ]);
    expect(compared?.faults).toEqual(['3 of 1,000 messages lost']);
    expect(compare(steady, steady).others[0]?.differences).toEqual([]);
  });

  it('refuses another scenario', () => {
    const other: BenchResult = { ...steady, config: { ...steady.config, scenario: 'rr' } };
    expect(() => compare(steady, other)).toThrow(UsageError);
    expect(() => compare(steady, other)).toThrow('one is of pubsub, the other of rr');
  });

  it('is printed in columns', () => {
    const slower = resultWith([900, 910, 890, 905, 895]);
    const wishes = { tolerance: 0.05, measures: ['delivered/s', 'p99'].flatMap((name) => MEASURES.get(name) ?? []) };
    expect(formatComparison(compare(steady, slower, wishes))).toBe(`\
base         base.json   5 runs
compared     new.json   5 runs
delivered/s  1,000 -> 900       0.900 (0.889 to 0.911)   slower, beyond the tolerance
p99          1.0 ms -> 1.0 ms   1.000 (1.000 to 1.000)   no difference that the repeats can show
interval     95 % confidence: Welch's t on the logarithms of the runs
tolerance    5 %   missed by delivered/s
`);
  });

  it('is as its schema says', () => {
    const schema = JSON.parse(
      readFileSync(new URL('../../../docs/json/bench-comparison.schema.json', import.meta.url), 'utf8'),
    );
    const validate = new Ajv2020({
      allErrors: true,
      strict: true,
      allowUnionTypes: true,
      strictRequired: false,
    }).compile(schema);
    const other = { ...resultWith([900]), environment: { ...stored.environment, cpus: 64 } };
    for (const comparison of [compare(steady, resultWith([900, 901]), { tolerance: 0.05 }), compare(steady, other)]) {
      expect(validate(JSON.parse(JSON.stringify(comparison))), JSON.stringify(validate.errors)).toBe(true);
      expect(validate({ ...comparison, more: 1 })).toBe(false);
    }
  });
});
