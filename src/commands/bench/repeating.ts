import type { BenchPlan } from '../../bench/plan/plan.ts';
import { makeRunId } from '../../bench/plan/run-id.ts';
import type { BenchResult, Outcome } from '../../bench/result/result.ts';
import type { Context, StopReason } from '../../cli/context.ts';
import { CliError } from '../../errors.ts';
import type { Measured } from './concluding.ts';

/** Runs one plan to its end. Throws UsageError; what else fails is part of what it returns. */
export type RunPlan = (plan: BenchPlan) => Promise<Measured>;

/**
 * Runs the plan `count` times, into one result. A run that is cut short is the last one and counts for what it was; a
 * further run that cannot start ends the series, and what was measured before is kept.
 */
export async function runRepeatedly(
  plan: BenchPlan,
  count: number,
  run: RunPlan,
  stop: Context['stop'],
): Promise<Measured> {
  const results: BenchResult[] = [];
  let error: Error | undefined;
  let hasFailedEarly = false;
  while (results.length < count && error === undefined) {
    // The first one says itself that it was stopped.
    if (stop.aborted && results.length > 0) break;
    try {
      const measured = await run(results.length === 0 ? plan : planAgain(plan));
      error = measured.error;
      if (measured.hasFailedEarly && results.length > 0) break;
      results.push(measured.result);
      hasFailedEarly = measured.hasFailedEarly ?? false;
      if (measured.result.outcome.kind !== 'completed') break;
    } catch (failure) {
      if (results.length === 0 || !(failure instanceof CliError)) throw failure;
      error = failure;
    }
  }
  if (count === 1 && results[0] !== undefined) return { result: results[0], error, hasFailedEarly };
  const { mergeRepeats } = await import('../../bench/merge/merge.ts');
  const merged = mergeRepeats(results);
  const isCutShort = results.length < count && merged.outcome.kind === 'completed';
  return { result: isCutShort ? { ...merged, outcome: outcomeOf(error, stop) } : merged, error, hasFailedEarly };
}

/** The same plan with a mark of its own: what comes late of an earlier run is not taken for this one's. */
export function planAgain(plan: BenchPlan): BenchPlan {
  const runId = makeRunId();
  // Topics and filters that were made for this run have its mark in them, and so has `runId`.
  const entries = Object.entries(plan).map(([key, value]: [string, unknown]) => [
    key,
    typeof value === 'string' ? value.replaceAll(plan.runId, runId) : value,
  ]);
  return Object.fromEntries(entries) as unknown as BenchPlan;
}

/** Of a series that ended between two runs. */
function outcomeOf(error: Error | undefined, stop: Context['stop']): Outcome {
  if (stop.aborted) return { kind: 'interrupted', signal: (stop.reason as StopReason).signal };
  return { kind: 'failed', reason: error?.message ?? 'a further run could not start' };
}
