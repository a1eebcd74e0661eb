import type { Context } from '../cli/context.ts';
import type { ExitCode } from '../cli/exit-codes.ts';
import { benchOptions } from '../options/bench.ts';
import type { OptionValues } from '../options/option-values.ts';
import { benchmark } from './bench/benchmarking.ts';
import type { Command } from './command.ts';

const NAME = 'mqtt-bench';

export const benchCommand: Command = {
  name: NAME,
  summary: 'measure a broker: rates and latency, every delivery verified',
  synopsis: '[URL] [-n COUNT] [-q QOS] [options]',
  options: benchOptions,
  subcommands: {
    pub: async () => (await import('./bench/pub.ts')).benchPubCommand,
    sub: async () => (await import('./bench/sub.ts')).benchSubCommand,
    conn: async () => (await import('./bench/conn.ts')).connCommand,
    rr: async () => (await import('./bench/rr.ts')).rrCommand,
    report: async () => (await import('./bench/report.ts')).reportCommand,
    merge: async () => (await import('./bench/merge.ts')).mergeCommand,
    compare: async () => (await import('./bench/compare.ts')).compareCommand,
  },
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
  const { resolvePubsubPlan } = await import('../bench/plan/resolve-plan.ts');
  return benchmark(resolvePubsubPlan, values, context);
}
