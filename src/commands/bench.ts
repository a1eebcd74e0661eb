import { randomBytes } from 'node:crypto';
import type { LiveView } from '../bench/live.ts';
import { type BenchPlan, resolveBenchPlan } from '../bench/plan.ts';
import type { BenchResult } from '../bench/result.ts';
import type { Context } from '../cli/context.ts';
import { ExitCode } from '../cli/exit-codes.ts';
import type { ConnectionPlan } from '../mqtt/connection-plan.ts';
import { benchJsonOption, benchOptions } from '../options/bench.ts';
import { brokerOption, debugOption, noColorOption, quietOption } from '../options/connection.ts';
import type { OptionValues } from '../options/option-values.ts';
import { Writer } from '../output/writer.ts';
import { withBroker } from './broker.ts';
import type { Command } from './command.ts';
import { openPatiently, resolvePatience } from './reconnecting.ts';
import { makeTrace, Status } from './status.ts';

const NAME = 'mqtt-bench';

export const benchCommand: Command = {
  name: NAME,
  summary: 'measure a broker: rates and latency, every delivery verified',
  synopsis: '[URL] [-n COUNT] [-q QOS] [options]',
  options: benchOptions,
  examples: [
    {
      says: '1,000 messages at QoS 1; exit code 0 means that all of them arrived',
      typed: 'mqtt-bench -n 1000 --qos 1',
    },
    { says: 'without a broker of your own', typed: 'mqtt-bench --broker embedded' },
    {
      says: 'ten publishers, three subscribers that each get every message',
      typed: 'mqtt-bench -n 100000 --publishers 10 --subscribers 3',
    },
    {
      says: 'payloads of 10 kB, and no more than 20 messages on their way',
      typed: 'mqtt-bench --size 10k --window 20',
    },
    { says: 'the result for scripts', typed: 'mqtt-bench -n 1000 --json | jq .ledger' },
  ],
  needsArguments: () => true,
  run,
};

async function run(values: OptionValues, context: Context): Promise<ExitCode> {
  const plan = resolveBenchPlan(values, randomBytes(8).toString('hex'));
  return withBroker(values, context, NAME, (connection) => measure(plan, connection, values, context));
}

async function measure(
  plan: BenchPlan,
  connection: ConnectionPlan,
  values: OptionValues,
  context: Context,
): Promise<ExitCode> {
  const { runBench } = await import('../bench/run.ts');
  const status = new Status(NAME, context, values.get(quietOption));
  const live = await startLiveView(values, context);
  const { clock, stop } = context;
  const finished = runBench(plan, connection, {
    clock,
    stop,
    openSession: openPatiently(context, status, resolvePatience(values)),
    handlers: makeTrace(NAME, values, context),
    onStart: (recorder) => live?.start(plan, recorder),
  }).finally(() => live?.stop());
  const benchRun = await finished;
  const { makeResult } = await import('../bench/make-result.ts');
  const { describeEnvironment } = await import('../bench/environment.ts');
  const { VERSION } = await import('../cli/version.ts');
  const embedded = values.get(brokerOption) !== undefined;
  const result = makeResult(benchRun, { embedded, environment: describeEnvironment(VERSION, context.nodeVersion) });
  await print(result, values, context);
  const { judge } = await import('../bench/verdict.ts');
  const failure = benchRun.error ?? judge(result);
  if (failure !== undefined) throw failure;
  return ExitCode.ok;
}

async function startLiveView(values: OptionValues, context: Context): Promise<LiveView | undefined> {
  const { clock, env, stderr } = context;
  const unwanted = [quietOption, benchJsonOption].some((option) => values.get(option)) || values.get(debugOption) > 0;
  if (unwanted || stderr.isTTY !== true) return undefined;
  const { startProgress, wantsProgress } = await import('../output/progress.ts');
  if (!wantsProgress(stderr, env)) return undefined;
  const { LiveView } = await import('../bench/live.ts');
  return new LiveView(await startProgress(stderr, env, 'connecting', values.get(noColorOption)), clock);
}

/** A reader that has gone has what it wanted; any other failure to write is an error. */
async function print(result: BenchResult, values: OptionValues, { stdout }: Context): Promise<void> {
  const writer = new Writer(stdout);
  const failed = await Promise.race([
    writer.writeThrough(Buffer.from(await format(result, values, stdout))),
    writer.ended,
  ]);
  if (failed?.kind === 'failed') throw failed.error;
}

async function format(result: BenchResult, values: OptionValues, stdout: Context['stdout']): Promise<string> {
  if (values.get(benchJsonOption)) {
    const { formatJson } = await import('../bench/report/json.ts');
    return formatJson(result);
  }
  const { formatReport } = await import('../bench/report/text.ts');
  return formatReport(result, stdout.isTTY === true ? stdout.columns : undefined);
}
