import { UsageError } from '../../errors.ts';
import { formatCount, formatQuantity } from '../../output/units.ts';
import { type Figures, MEASURES, type Measure } from '../result/measures.ts';
import type { NamedResult } from '../result/named-result.ts';
import { type BenchResult, LATENCIES, type LatencyName } from '../result/result.ts';
import { describeEnd } from '../result/verdict.ts';
import type { ComparedFile, ComparedMeasure, Comparison } from './comparison.ts';
import { findDifferences } from './differences.ts';
import { CONFIDENCE, geometricMean, ratioInterval } from './statistics.ts';

export interface Wishes {
  /** Rates and latencies to compare; empty for the usual ones. */
  readonly measures: readonly Measure[];
  /** How much slower is still accepted: 0.05 for 5 %. */
  readonly tolerance: number | undefined;
}

/** Compares each of `others` with `base`. Throws UsageError where there is nothing to compare. */
export function compareResults(base: NamedResult, others: readonly NamedResult[], wishes: Wishes): Comparison {
  return {
    v: 1,
    confidence: CONFIDENCE,
    tolerance: wishes.tolerance ?? null,
    base: describeFile(base),
    others: others.map((other) => ({
      ...describeFile(other),
      measures: compareMeasures(base, other, wishes),
      differences: findDifferences(base.result, other.result),
    })),
  };
}

function compareMeasures(base: NamedResult, other: NamedResult, { measures, tolerance }: Wishes): ComparedMeasure[] {
  const inBoth = `${base.name} and ${other.name}`;
  const [a, b] = [base.result.config.scenario, other.result.config.scenario];
  if (a !== b) throw new UsageError(`cannot compare ${inBoth}: one is of ${a}, the other of ${b}`);
  const wished = measures.length > 0 ? measures : usualMeasures(base.result);
  const compared = wished.flatMap((measure) => compareMeasure(measure, base, other, tolerance) ?? []);
  if (compared.length > 0) return compared;
  const names = wished.map(({ name }) => name).join(', ');
  throw new UsageError(`cannot compare ${inBoth}: none of ${names} was measured in both`);
}

function compareMeasure(
  measure: Measure,
  base: NamedResult,
  other: NamedResult,
  tolerance: number | undefined,
): ComparedMeasure | undefined {
  const [inBase, inOther] = [base, other].map(({ result }) => valuesOf(measure, result)) as [number[], number[]];
  if (inBase.length === 0 || inOther.length === 0) return undefined;
  const [mean, otherMean] = [geometricMean(inBase), geometricMean(inOther)];
  const ratio = otherMean / mean;
  const interval = ratioInterval(inBase, inOther) ?? null;
  const { low, high } = interval ?? { low: ratio, high: ratio };
  const isRate = measure.kind === 'rate';
  // The end of the interval that is nearest to no difference must be beyond what is tolerated.
  const isBeyond = tolerance !== undefined && (isRate ? high < 1 - tolerance : low > 1 + tolerance);
  return {
    measure: measure.name,
    unit: isRate ? 'perSecond' : 'us',
    base: mean,
    value: otherMean,
    ratio,
    interval,
    verdict: interval === null ? 'unknown' : judgeInterval(low, high, isRate),
    beyondTolerance: isBeyond,
  };
}

function judgeInterval(low: number, high: number, isRate: boolean): ComparedMeasure['verdict'] {
  if (low > 1) return isRate ? 'faster' : 'slower';
  if (high < 1) return isRate ? 'slower' : 'faster';
  return 'no-difference';
}

/** One value for each run; none where a run did not measure it, or measured 0, of which there is no ratio. */
function valuesOf(measure: Measure, result: BenchResult): number[] {
  const runs: readonly Figures[] = result.repeats.length > 0 ? result.repeats : [result];
  const values = runs.map((run) => measure.read(run));
  return values.every((value) => value !== null && value > 0) ? (values as number[]) : [];
}

/** Rates, and of the latency that tells most the median and what is slow. */
function usualMeasures({ latency }: BenchResult): readonly Measure[] {
  const told: readonly LatencyName[] = ['endToEnd', 'puback', 'pubcomp', 'connack'];
  const main = [...told, ...LATENCIES].find((name) => latency[name].count > 0) ?? 'endToEnd';
  const prefix = main === 'endToEnd' ? '' : `${main}.`;
  const names = ['sent/s', 'accepted/s', 'delivered/s', 'connected/s', `${prefix}p50`, `${prefix}p99`];
  return names.flatMap((name) => MEASURES.get(name) ?? []);
}

function describeFile({ name, result }: NamedResult): ComparedFile {
  const { ledger, repeats, runId, startedAt } = result;
  const faults: readonly (readonly [count: number, what: string])[] = [
    [ledger.lost, 'lost'],
    [ledger.refused, 'refused'],
    [ledger.timedOut, 'timed out'],
  ];
  const ended = describeEnd(result);
  return {
    name,
    runId,
    startedAt,
    runs: Math.max(1, repeats.length),
    faults: [
      ...faults
        .filter(([count]) => count > 0)
        .map(([count, what]) => `${formatCount(count)} of ${formatQuantity(ledger.attempted, 'message')} ${what}`),
      ...(ended === undefined ? [] : [ended]),
    ],
  };
}
