import type { Context } from '../../cli/context.ts';
import type { ExitCode } from '../../cli/exit-codes.ts';
import { benchPubOptions } from '../../options/bench-pub.ts';
import type { OptionValues } from '../../options/option-values.ts';
import type { Command } from '../command.ts';
import { benchmark } from './benchmarking.ts';

const NAME = 'mqtt-bench pub';

export const benchPubCommand: Command = {
  name: NAME,
  summary: 'publish alone: how many messages a broker accepts, and how soon',
  synopsis: '[URL] [-n COUNT] [-q QOS] [options]',
  options: benchPubOptions,
  examples: [
    { says: 'a million messages at QoS 1 from ten publishers', typed: `${NAME} -n 1000000 -q 1 --publishers 10` },
    {
      says: 'JSON with a counter, a random value and the time, 200 a second for a minute',
      typed: `${NAME} --rate 200 --duration 1m --payload '{"n":{i},"value":{rand:100},"time":{time}}'`,
    },
    { says: '10,000 topics that are filled and cleared', typed: `${NAME} -r --topics 10000 -t 'state/{topic}'` },
  ],
  needsArguments: () => false,
  run,
};

async function run(values: OptionValues, context: Context): Promise<ExitCode> {
  const { resolvePubPlan } = await import('../../bench/plan/resolve-plan.ts');
  return benchmark(resolvePubPlan, values, context);
}
