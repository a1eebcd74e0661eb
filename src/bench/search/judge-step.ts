import { formatPerSecond } from '../../output/units.ts';
import type { Assertion } from '../result/assertions.ts';
import type { BenchResult, SearchStep } from '../result/result.ts';
import { checkThresholds } from '../result/thresholds.ts';
import { describeEnd, judge } from '../result/verdict.ts';

/** How much longer than asked a run may take, in all it does: for the last messages, and for timers. */
const LATE_FACTOR = 1.05;
const LATE_US = 100_000;

/** Holds a run of the search against what was asked; `rate` is what it was to send by the second. */
export function judgeStep(result: BenchResult, assertions: readonly Assertion[], rate: number): SearchStep {
  const thresholds = checkThresholds(assertions, result);
  const reason = judge({ ...result, thresholds })?.message ?? describeEnd(result) ?? describeLag(result, rate) ?? null;
  const { startedAt, rates } = result;
  return { rate, startedAt, held: reason === null, reason, thresholds, rates };
}

/**
 * A rate that was not kept is not held, whatever the latencies: an unlimited queue loses nothing, and a generator that
 * is too slow makes a load that any broker bears.
 */
function describeLag({ durations, measured, rates }: BenchResult, rate: number): string | undefined {
  const allowedUs = (measured.attempted / rate) * 1e6 * LATE_FACTOR + LATE_US;
  const isLate = (us: number | null): boolean => us !== null && us > allowedUs;
  if (isLate(durations.send)) return `no more than ${formatPerSecond(rates.sentPerSecond)} msg/s were sent`;
  if (isLate(durations.accept)) return `no more than ${formatPerSecond(rates.acceptedPerSecond)} msg/s were accepted`;
  if (isLate(durations.deliver)) {
    return `no more than ${formatPerSecond(rates.deliveredPerSecond)} deliveries/s were made`;
  }
  return undefined;
}
