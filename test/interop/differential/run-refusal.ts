import { expect } from 'vitest';
import { startInTest } from '../../support/child.ts';
import { findCommand } from '../../support/needs.ts';
import { runCli } from '../../support/run-cli.ts';
import type { RefusalCase } from './case.ts';
import { isTrueHere } from './compare.ts';
import type { World } from './world.ts';

/** mosquitto's client must end with an error, ours with 2 and a line that says why, neither of them connected. */
export async function runRefusalCase(world: World, { tool, words, differs }: RefusalCase): Promise<void> {
  const port = String(world.ours.port);
  const before = world.ours.connections;
  // Ours first: should it go on, the case ends here.
  const ours = await runCli(`mqtt-${tool}`, ['-h', '127.0.0.1', '-p', port, ...words], { real: true });
  expect({ exitCode: ours.exitCode, stdout: ours.stdout.toString() }, ours.stderr).toEqual({ exitCode: 2, stdout: '' });
  expect(ours.stderr).toMatch(new RegExp(`^mqtt-${tool}: .+\\n(  .+\\n)?$`));
  expect(world.ours.connections, 'it has connected').toBe(before);
  expect(await endOfTheirs(world, tool, words)).toBe(isTrueHere(differs) ? 'accepted' : 'refused');
}

/** Connected, or ended with 0: accepted. */
async function endOfTheirs(
  { theirs }: World,
  tool: RefusalCase['tool'],
  words: readonly string[],
): Promise<'refused' | 'accepted'> {
  const connected = theirs.connection(theirs.connections).then(() => 'accepted' as const);
  const at = ['-h', '127.0.0.1', '-p', String(theirs.port)];
  const child = startInTest(findCommand(`mosquitto_${tool}`) ?? '', [...at, ...words], { input: '' });
  const ended = child.exit().then(({ exitCode }) => (exitCode === 0 ? ('accepted' as const) : ('refused' as const)));
  const outcome = await Promise.race([connected, ended]);
  await child.end();
  return outcome;
}
