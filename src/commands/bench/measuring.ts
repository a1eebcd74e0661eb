/** From a plan to an exit code, the same for every scenario: run, print, judge. */
import type { BenchPlan } from '../../bench/plan/plan.ts';
import type { Assertion } from '../../bench/result/assertions.ts';
import type { runBench } from '../../bench/scenario/run.ts';
import type { BrokerProcess } from '../../bench/watch/broker-process.ts';
import type { LiveView } from '../../bench/watch/live.ts';
import type { Context } from '../../cli/context.ts';
import type { ExitCode } from '../../cli/exit-codes.ts';
import { UsageError } from '../../errors.ts';
import type { ConnectionPlan } from '../../mqtt/connection-plan.ts';
import { benchJsonOption, messagesOption, windowOption } from '../../options/bench.ts';
import { localAddressOption } from '../../options/bench-connections.ts';
import { floodOption, rampOption } from '../../options/bench-load.ts';
import { findMaxOption, repeatOption } from '../../options/bench-verdict.ts';
import { brokerPidOption } from '../../options/bench-watch.ts';
import { brokerOption, debugOption, noColorOption, quietOption, unixOption } from '../../options/connection.ts';
import type { OptionValues } from '../../options/option-values.ts';
import { forgetTypedLine } from '../../output/typed-line.ts';
import { openPatiently, resolvePatience } from '../reconnecting.ts';
import { makeTrace, Status } from '../status.ts';
import { checkOut, conclude, type Measured } from './concluding.ts';
import { type RunPlan, runRepeatedly } from './repeating.ts';

const NAME = 'mqtt-bench';

/** Runs the plan, as often as --repeat or --find-max asks, writes and prints the result and judges it. Throws CliError. */
export async function measure(
  plan: BenchPlan,
  connection: ConnectionPlan,
  values: OptionValues,
  context: Context,
): Promise<ExitCode> {
  await checkOut(values);
  const run: RunPlan = (next) => runOnce(next, connection, values, context);
  const target = values.get(findMaxOption);
  const measured =
    target === undefined
      ? await runRepeatedly(plan, values.get(repeatOption), run, context.stop)
      : await search(plan, target, run, values, context);
  return conclude(measured, values, context);
}

async function search(
  plan: BenchPlan,
  target: readonly Assertion[],
  run: RunPlan,
  values: OptionValues,
  context: Context,
): Promise<Measured> {
  const other = [repeatOption, messagesOption, windowOption, floodOption, rampOption].find((spec) => values.has(spec));
  if (other !== undefined) {
    const hint = 'Its runs are by --duration, each at another rate; --rate says at which to begin.';
    throw new UsageError(`${values.spelled(other)} and --find-max exclude each other`, hint);
  }
  const { searchMaximum } = await import('./searching.ts');
  const status = new Status(NAME, context, values.get(quietOption));
  return searchMaximum(plan, target, { run, stop: context.stop, tell: (text) => status.warn(text) });
}

/** One run of the plan, with its live view. Throws UsageError; what else fails is part of what it returns. */
async function runOnce(
  plan: BenchPlan,
  connection: ConnectionPlan,
  values: OptionValues,
  context: Context,
): Promise<Measured> {
  const embedded = values.get(brokerOption) !== undefined;
  const brokerProcess = await prepare(plan, connection, embedded, values, context);
  const status = new Status(NAME, context, values.get(quietOption));
  const live = await startLiveView(values, context);
  const { clock, machine, stop } = context;
  const runScenario = await loadScenario(plan);
  const benchRun = await runScenario(plan, connection, {
    clock,
    stop,
    machine,
    startThread: context.startThread,
    isBrokerApart: !embedded,
    brokerProcess,
    openSession: openPatiently(context, status, resolvePatience(values)),
    handlers: makeTrace(NAME, values, context),
    onStart: (watched) => live?.start(plan, watched),
  }).finally(() => {
    live?.stop();
    if (live?.isRewritten === true) forgetTypedLine(context);
  });
  const { makeResult } = await import('../../bench/result/make-result.ts');
  const { describeEnvironment } = await import('../../bench/result/environment.ts');
  const { VERSION } = await import('../../cli/version.ts');
  const result = makeResult(benchRun, { embedded, environment: describeEnvironment(VERSION, context.nodeVersion) });
  return { result, error: benchRun.error, hasFailedEarly: !benchRun.hasBegun };
}

async function loadScenario({ scenario, workers }: BenchPlan): Promise<typeof runBench> {
  if (workers > 0) return (await import('../../bench/threads/run.ts')).runInThreads;
  switch (scenario) {
    case 'sub':
      return (await import('../../bench/scenario/run-sub.ts')).runSub;
    case 'conn':
      return (await import('../../bench/scenario/run-conn.ts')).runConn;
    case 'rr':
      return (await import('../../bench/scenario/run-rr.ts')).runRr;
    default:
      return (await import('../../bench/scenario/run.ts')).runBench;
  }
}

/** What can be known to be in vain before anything is opened. Throws UsageError. */
async function prepare(
  { connections, localAddresses, publishers, responders, subscribers }: BenchPlan,
  { endpoint }: ConnectionPlan,
  embedded: boolean,
  values: OptionValues,
  { machine }: Context,
): Promise<BrokerProcess | undefined> {
  const { preflight } = await import('../../bench/connect/preflight.ts');
  const { localAddress } = endpoint;
  if (endpoint.unix && localAddresses.length > 0) {
    throw new UsageError(`${values.spelled(unixOption)} and ${values.spelled(localAddressOption)} exclude each other`);
  }
  preflight(
    {
      // A requester is both. One more listens to what the broker says of itself.
      connections: publishers + (responders ?? subscribers) + connections + 1,
      localAddresses: localAddresses.length === 0 && localAddress !== undefined ? [localAddress] : localAddresses,
      endpoint,
      embedded,
    },
    { machine },
  );
  const pid = values.get(brokerPidOption);
  if (pid === undefined) return undefined;
  const { BrokerProcess } = await import('../../bench/watch/broker-process.ts');
  return new BrokerProcess(pid, machine);
}

async function startLiveView(values: OptionValues, context: Context): Promise<LiveView | undefined> {
  const { clock, env, stderr } = context;
  const unwanted = [quietOption, benchJsonOption].some((option) => values.get(option)) || values.get(debugOption) > 0;
  // Only a terminal or CI has one, and what it needs is loaded then.
  if (unwanted || (stderr.isTTY !== true && env['CI'] === undefined)) return undefined;
  const { chooseDisplay, startBlock, startLines } = await import('../../output/progress.ts');
  const kind = chooseDisplay(stderr, env);
  if (kind === 'none') return undefined;
  const { LiveView, WORDING } = await import('../../bench/watch/live.ts');
  if (kind === 'lines') return new LiveView(startLines(stderr, `${NAME}: `, WORDING), clock);
  return new LiveView(await startBlock(stderr, env, 'connecting', values.get(noColorOption), WORDING), clock);
}
