import type { BenchPlan } from '../../bench/plan/plan.ts';
import type { Assertion } from '../../bench/result/assertions.ts';
import type { BenchResult, Search, SearchStep } from '../../bench/result/result.ts';
import { DEFAULT_LIMITS, findMaximum } from '../../bench/search/find-maximum.ts';
import { judgeStep } from '../../bench/search/judge-step.ts';
import type { StopReason } from '../../cli/context.ts';
import { exitCodeOfSignal } from '../../cli/signals.ts';
import { BenchFailedError, CliError, InterruptedError, UsageError } from '../../errors.ts';
import { formatDurationMs, formatPerSecond } from '../../output/units.ts';
import type { Measured } from './concluding.ts';
import { planAgain, type RunPlan } from './repeating.ts';

/** How long each run lasts unless --duration says. */
const STEP_MS = 5000;

/** The world of a search. */
export interface Searching {
  readonly run: RunPlan;
  readonly stop: AbortSignal;
  /** Tells what became of a step. */
  readonly tell: (text: string) => void;
}

/**
 * Runs the plan at one rate after the other. The result is that of the highest rate that held, with all steps; where
 * none did, that of the last one tried. `plan.rate` is where it begins. Throws UsageError where the warm-up would be all.
 */
export async function searchMaximum(
  plan: BenchPlan,
  target: readonly Assertion[],
  { run, stop, tell }: Searching,
): Promise<Measured> {
  if (plan.warmupMs >= (plan.durationMs ?? STEP_MS)) {
    throw new UsageError(
      `--warmup must be shorter than each run of --find-max, which lasts ${formatDurationMs(plan.durationMs ?? STEP_MS)}`,
      'Give a longer --duration.',
    );
  }
  const steps: SearchStep[] = [];
  let best: BenchResult | undefined;
  let last: Measured | undefined;
  let fatal: Error | undefined;
  const rate = await findMaximum(
    async (next) => {
      try {
        last = await run(planAt(plan, next, steps.length === 0));
      } catch (error) {
        // What cannot start at all has no result; later the steps so far are one.
        if (last === undefined || !(error instanceof CliError)) throw error;
        fatal = error;
        return { held: false, isLast: true };
      }
      // A connection that was lost under load is an answer; one that could not be opened is none.
      if (last.hasFailedEarly || (last.error !== undefined && !(last.error instanceof CliError))) {
        fatal = last.error;
        return { held: false, isLast: true };
      }
      const step = judgeStep(last.result, target, next);
      steps.push(step);
      tell(`${formatPerSecond(next)} msg/s ${step.reason === null ? 'held' : `did not hold: ${step.reason}`}`);
      if (step.held) best = { ...last.result, thresholds: step.thresholds };
      return { held: step.held, isLast: stop.aborted };
    },
    { ...DEFAULT_LIMITS, ...(plan.rate !== null && { startRate: plan.rate }) },
  );
  if (last === undefined) throw new BenchFailedError('no rate was tried');
  const search: Search = { target: target.map(({ text }) => text).join(', '), rate: rate ?? null, steps };
  const result = best ?? { ...last.result, thresholds: steps.at(-1)?.thresholds ?? [] };
  const hasFailedEarly = steps.length === 0;
  return { result: { ...result, search }, error: describeFailure(search, fatal, stop), hasFailedEarly };
}

/** One step: a run by the clock, with nothing else in its way. */
function planAt(plan: BenchPlan, rate: number, isFirst: boolean): BenchPlan {
  const { isWindowChosen, ...next } = isFirst ? plan : planAgain(plan);
  return { ...next, rate, window: null, flood: false, messages: null, durationMs: plan.durationMs ?? STEP_MS };
}

function describeFailure(
  { rate, steps, target }: Search,
  fatal: Error | undefined,
  stop: AbortSignal,
): Error | undefined {
  if (stop.aborted) {
    const { signal } = stop.reason as StopReason;
    const found = rate === null ? 'no rate held so far' : `${formatPerSecond(rate)} msg/s held so far`;
    return new InterruptedError(`stopped by ${signal} in the search: ${found}`, exitCodeOfSignal({ signal }));
  }
  if (fatal !== undefined || rate !== null) return fatal;
  const [lowest] = steps.toSorted((a, b) => a.rate - b.rate);
  return new BenchFailedError(
    `no rate holds ${target}: at ${formatPerSecond(lowest?.rate ?? 0)} msg/s ${lowest?.reason ?? 'it did not'}`,
  );
}
