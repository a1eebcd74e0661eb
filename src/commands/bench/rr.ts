import type { Context } from '../../cli/context.ts';
import type { ExitCode } from '../../cli/exit-codes.ts';
import { rrOptions } from '../../options/bench-rr.ts';
import type { OptionValues } from '../../options/option-values.ts';
import type { Command } from '../command.ts';
import { benchmark } from './benchmarking.ts';

const NAME = 'mqtt-bench rr';

export const rrCommand: Command = {
  name: NAME,
  summary: 'request and response: how long a round trip by way of a responder takes, every response verified',
  synopsis: '[URL] [-n COUNT] [--requesters COUNT] [--responders COUNT] [options]',
  options: rrOptions,
  examples: [
    { says: '1,000 requests, one after the other', typed: `${NAME} -n 1000` },
    { says: 'how many requests broker and responder sustain', typed: `${NAME} -n 100000 --window 1000` },
    {
      says: 'ten requesters at 500 requests per second in all, answered by two responders',
      typed: `${NAME} --rate 500 --duration 10s --requesters 10 --responders 2`,
    },
    { says: 'a service of somebody else that answers requests', typed: `${NAME} -t my/service --responders 0 -n 100` },
  ],
  needsArguments: () => false,
  run,
};

async function run(values: OptionValues, context: Context): Promise<ExitCode> {
  const { resolveRrPlan } = await import('../../bench/plan/rr-plan.ts');
  return benchmark(resolveRrPlan, values, context);
}
