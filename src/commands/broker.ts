import type { Context } from '../cli/context.ts';
import { UsageError } from '../errors.ts';
import type { ConnectionPlan } from '../mqtt/connection-plan.ts';
import {
  brokerOption,
  hostOption,
  mosquittoUrlOption,
  portOption,
  quietOption,
  secretOptions,
  urlArgument,
} from '../options/connection.ts';
import type { OptionValues } from '../options/option-values.ts';
import { resolveConnection } from '../options/resolve-connection.ts';
import { Status } from './status.ts';

/**
 * Calls `run` with the plan of the connection options. With `--broker embedded` a broker is up for as long as it runs,
 * and the plan leads to it. Throws UsageError before anything is started.
 */
export async function withBroker<T>(
  values: OptionValues,
  context: Context,
  command: string,
  run: (plan: ConnectionPlan) => Promise<T>,
): Promise<T> {
  const plan = await resolveConnection(values, context, command);
  const status = new Status(command, context, values.get(quietOption));
  if (plan.endpoint.tls?.insecure) {
    status.warn('--insecure: neither the certificate nor the host name of the broker is checked');
  }
  for (const warning of await findWarnings(values, plan)) status.warn(warning);
  if (values.get(brokerOption) === undefined) return run(plan);
  // Only what was typed contradicts it: MQTT_HOST and MQTT_URL are there for all the other commands.
  const other = [urlArgument, hostOption, portOption, mosquittoUrlOption].find(
    (spec) => values.source(spec).kind === 'flag',
  );
  if (other) {
    throw new UsageError(
      `--broker embedded and ${values.spelled(other) || 'a URL'} name two brokers`,
      'Give one of them.',
    );
  }
  const broker = await context.startBroker({});
  try {
    status.warn(`embedded broker at ${broker.url} for this run`);
    return await run({ ...plan, endpoint: { host: broker.host, port: broker.port } });
  } finally {
    await broker.close();
  }
}

/** Without any login, key or header there is nothing to load for it. */
async function findWarnings(values: OptionValues, plan: ConnectionPlan): Promise<readonly string[]> {
  if (!secretOptions.some((spec) => values.has(spec))) return [];
  const { warnOfSecrets } = await import('../options/secret-warnings.ts');
  return warnOfSecrets(values, plan);
}
