import type { Context } from '../../src/cli/context.ts';
import type { ConnectionPlan } from '../../src/mqtt/connection-plan.ts';
import { resolveConnection } from '../../src/options/resolve-connection.ts';
import { parsePub } from './parsing.ts';

/** The plan of mqtt-pub's connection options. `world`: the parts of the context that the case needs. */
export async function resolve(
  argv: readonly string[],
  env: Readonly<Record<string, string>> = {},
  world: Partial<Context> = {},
): Promise<ConnectionPlan> {
  return resolveConnection(parsePub(argv, env), { env, pid: 4711, ...world } as Context, 'mqtt-pub');
}
