/** From options to an exit code, the same for every scenario: its plan, its broker, its measurement. */
import type { RunId } from '../../bench/content/probe.ts';
import type { BenchPlan } from '../../bench/plan/plan.ts';
import { makeRunId } from '../../bench/plan/run-id.ts';
import type { Context } from '../../cli/context.ts';
import type { ExitCode } from '../../cli/exit-codes.ts';
import type { OptionValues } from '../../options/option-values.ts';
import { withBroker } from '../broker.ts';

/** Makes the plan and measures it with the broker of the connection options. Throws CliError. */
export async function benchmark(
  resolvePlan: (values: OptionValues, runId: RunId) => BenchPlan | Promise<BenchPlan>,
  values: OptionValues,
  context: Context,
): Promise<ExitCode> {
  const plan = await resolvePlan(values, makeRunId());
  return withBroker(values, context, 'mqtt-bench', async (connection) => {
    const { measure } = await import('./measuring.ts');
    return measure(plan, connection, values, context);
  });
}
