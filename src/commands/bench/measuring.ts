/** From a plan to an exit code, the same for every scenario: run, print, judge. */
import type { LiveView } from '../../bench/live.ts';
import type { BenchPlan } from '../../bench/plan.ts';
import type { BenchResult } from '../../bench/result.ts';
import type { Context } from '../../cli/context.ts';
import { ExitCode } from '../../cli/exit-codes.ts';
import type { ConnectionPlan } from '../../mqtt/connection-plan.ts';
import { benchJsonOption } from '../../options/bench.ts';
import { brokerOption, debugOption, noColorOption, quietOption } from '../../options/connection.ts';
import type { OptionValues } from '../../options/option-values.ts';
import { openPatiently, resolvePatience } from '../reconnecting.ts';
import { makeTrace, Status } from '../status.ts';
import { printResult } from './printing.ts';

const NAME = 'mqtt-bench';

/** What one run came to. */
export interface Measured {
  readonly result: BenchResult;
  /** What was thrown in the middle of the run, when sending failed. */
  readonly error: Error | undefined;
}

/** Runs the plan, prints the result and judges it. Throws CliError. */
export async function measure(
  plan: BenchPlan,
  connection: ConnectionPlan,
  values: OptionValues,
  context: Context,
): Promise<ExitCode> {
  const { result, error } = await runOnce(plan, connection, values, context);
  await printResult(result, values, context);
  const { judge } = await import('../../bench/verdict.ts');
  const failure = error ?? judge(result);
  if (failure !== undefined) throw failure;
  return ExitCode.ok;
}

/** One run of the plan, with its live view. Throws CliError for what fails before the load starts. */
export async function runOnce(
  plan: BenchPlan,
  connection: ConnectionPlan,
  values: OptionValues,
  context: Context,
): Promise<Measured> {
  const { runBench } = await import('../../bench/run.ts');
  const status = new Status(NAME, context, values.get(quietOption));
  const live = await startLiveView(values, context);
  const { clock, machine, stop } = context;
  const benchRun = await runBench(plan, connection, {
    clock,
    stop,
    machine,
    openSession: openPatiently(context, status, resolvePatience(values)),
    handlers: makeTrace(NAME, values, context),
    onStart: (watched) => live?.start(plan, watched),
  }).finally(() => live?.stop());
  const { makeResult } = await import('../../bench/make-result.ts');
  const { describeEnvironment } = await import('../../bench/environment.ts');
  const { VERSION } = await import('../../cli/version.ts');
  const embedded = values.get(brokerOption) !== undefined;
  const result = makeResult(benchRun, { embedded, environment: describeEnvironment(VERSION, context.nodeVersion) });
  return { result, error: benchRun.error };
}

async function startLiveView(values: OptionValues, context: Context): Promise<LiveView | undefined> {
  const { clock, env, stderr } = context;
  const unwanted = [quietOption, benchJsonOption].some((option) => values.get(option)) || values.get(debugOption) > 0;
  // Only a terminal or CI has one, and what it needs is loaded then.
  if (unwanted || (stderr.isTTY !== true && env['CI'] === undefined)) return undefined;
  const { chooseDisplay, startBlock, startLines } = await import('../../output/progress.ts');
  const kind = chooseDisplay(stderr, env);
  if (kind === 'none') return undefined;
  const { LiveView, WORDING } = await import('../../bench/live.ts');
  if (kind === 'lines') return new LiveView(startLines(stderr, `${NAME}: `, WORDING), clock);
  return new LiveView(await startBlock(stderr, env, 'connecting', values.get(noColorOption), WORDING), clock);
}
