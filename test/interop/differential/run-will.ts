import { expect } from 'vitest';
import type { WillCase } from './case.ts';
import { type RunningClient, startBoth } from './clients.ts';
import { compare } from './compare.ts';
import { normalisePackets, type SeenPacket } from './normalise.ts';
import type { World } from './world.ts';

/** Lets both end, and compares the Wills that the broker then publishes. */
export async function runWillCase(world: World, one: WillCase): Promise<void> {
  const { tool, signal, message, wills, differs, ...rest } = one;
  const { publisher, broker } = world;
  await publisher.takeUntilMark('w/before');
  // An input that stays open keeps mosquitto_pub -l running.
  const { theirs, ours } = startBoth(world, tool, { ...rest, ...(tool === 'pub' && signal && { holdsStdin: true }) });
  await Promise.all([theirs, ours].map((client) => isReady(client, tool)));
  if (message) await publisher.publish(message);
  if (signal) await Promise.all([theirs, ours].map((client) => client.stop(signal)));
  compare({ theirs: await theirs.outcome, ours: await ours.outcome }, withoutExit(one), false);
  for (const { recording } of [theirs, ours]) {
    const [connect] = (await recording).sent;
    const id = connect?.cmd === 'connect' ? connect.clientId : '';
    await broker.log.waitFor(new RegExp(`^Client ${id} (disconnected|closed its connection)`, 'm'));
  }
  const published = await publisher.takeUntilMark('w/after');
  const of = (who: string): readonly SeenPacket[] =>
    normalisePackets(published.filter(({ topic }) => topic.startsWith(`w/${who}-`)));
  expect(of('ours')).toEqual(wills ?? of('theirs'));
  if (differs) expect(of('theirs'), `listed as a difference, and there is none: ${differs.reason}`).not.toEqual(wills);
  await publisher.clear(published.filter(({ retain }) => retain).map(({ topic }) => topic));
}

/** Where the Will is the difference, stdout and exit code are compared as ever. */
function withoutExit({ stdout, exitCode }: WillCase): Pick<WillCase, 'stdout' | 'exitCode'> {
  return { ...(stdout !== undefined && { stdout }), ...(exitCode !== undefined && { exitCode }) };
}

async function isReady({ recording, outcome }: RunningClient, tool: 'pub' | 'sub'): Promise<void> {
  const ready = recording.then((connection) => connection.hasReceived(tool === 'sub' ? 'suback' : 'connack'));
  ready.catch(() => undefined);
  await Promise.race([ready, outcome]);
}
