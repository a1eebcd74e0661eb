import type { Context } from '../../cli/context.ts';
import type { ExitCode } from '../../cli/exit-codes.ts';
import { connOptions } from '../../options/bench-conn.ts';
import type { OptionValues } from '../../options/option-values.ts';
import type { Command } from '../command.ts';
import { benchmark } from './benchmarking.ts';

const NAME = 'mqtt-bench conn';

export const connCommand: Command = {
  name: NAME,
  summary: 'open many connections, hold them, and cut and open them again: how long each part takes',
  synopsis: '[URL] [--connections COUNT] [--storm COUNT] [options]',
  options: connOptions,
  examples: [
    {
      says: '1,000 connections, 200 a second, held for a minute',
      typed: `${NAME} --connections 1000 --connect-rate 200 --hold 1m`,
    },
    { says: 'all cut and opened again, three times', typed: `${NAME} --connections 1000 --storm 3` },
    {
      says: 'every connection that is cut has a Will, and each Will must come',
      typed: `${NAME} --connections 100 --storm 1 --will-topic bench/will --will-qos 1`,
    },
    {
      says: 'more connections than one address has ports',
      typed: `${NAME} --connections 50000 --local-address 127.0.0.1,127.0.0.2`,
    },
  ],
  needsArguments: () => false,
  run,
};

async function run(values: OptionValues, context: Context): Promise<ExitCode> {
  const { resolveConnPlan } = await import('../../bench/plan/conn-plan.ts');
  return benchmark(resolveConnPlan, values, context);
}
