import type { Context } from '../../cli/context.ts';
import type { ExitCode } from '../../cli/exit-codes.ts';
import { benchSubOptions } from '../../options/bench-sub.ts';
import type { OptionValues } from '../../options/option-values.ts';
import type { Command } from '../command.ts';
import { benchmark } from './benchmarking.ts';

const NAME = 'mqtt-bench sub';

export const benchSubCommand: Command = {
  name: NAME,
  summary: 'receive what others publish: rates, and gaps in what mqtt-bench pub sends',
  synopsis: '[URL] [-t FILTER] [-n COUNT] [--duration DURATION] [options]',
  options: benchSubOptions,
  examples: [
    { says: 'what mqtt-bench pub sends by default, until Ctrl-C', typed: NAME },
    { says: 'a minute of whatever comes', typed: `${NAME} -t '#' --duration 1m` },
    {
      says: 'ten members of a shared subscription',
      typed: `${NAME} -t '$share/workers/jobs/+' --subscribers 10 -n 100000 -q 1`,
    },
  ],
  needsArguments: () => false,
  run,
};

async function run(values: OptionValues, context: Context): Promise<ExitCode> {
  const { resolveSubPlan } = await import('../../bench/plan/resolve-sub-plan.ts');
  return benchmark(resolveSubPlan, values, context);
}
