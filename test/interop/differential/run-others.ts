/** The runners of the smaller tables. */
import { expect } from 'vitest';
import { acceptConnect, acceptSubscribe, startLiar } from '../../support/liar.ts';
import type { RemovalCase, ScriptedCase, SequenceCase } from './case.ts';
import { nextNameOf, startBoth } from './clients.ts';
import { compare } from './compare.ts';
import { startRecordingProxy } from './recording-proxy.ts';
import type { World } from './world.ts';

export async function runScriptedCase(world: World, one: ScriptedCase): Promise<void> {
  const liar = await startLiar(async (peer) => {
    await acceptConnect(peer);
    await acceptSubscribe(peer);
    for (const packet of one.packets) peer.send(packet);
  });
  const [theirProxy, ourProxy] = await Promise.all([startRecordingProxy(liar.port), startRecordingProxy(liar.port)]);
  try {
    const { theirs, ours } = startBoth({ ...world, theirs: theirProxy, ours: ourProxy }, 'sub', one);
    compare({ theirs: await theirs.outcome, ours: await ours.outcome }, one, false);
  } finally {
    await Promise.all([theirProxy.close(), ourProxy.close()]);
    await liar.close();
  }
}

export async function runRemovalCase(world: World, one: RemovalCase): Promise<void> {
  const { publisher } = world;
  const { retained, left, theirMoreWords = [], ...common } = one;
  const folders = { theirs: `d/${nextNameOf('theirs')}/`, ours: `d/${nextNameOf('ours')}/` };
  for (const folder of Object.values(folders)) {
    for (const { topic, payload } of retained) {
      await publisher.publish({ topic: `${folder}${topic}`, payload, qos: 1, retain: true });
    }
  }
  const { theirs, ours } = startBoth(world, 'sub', common, { theirMoreWords });
  compare({ theirs: await theirs.outcome, ours: await ours.outcome }, one, false);
  for (const folder of Object.values(folders)) {
    const found = await publisher.retainedBelow(`${folder}#`);
    expect(found).toEqual(left.map((topic) => `${folder}${topic}`));
    await publisher.clear(found);
  }
}

export async function runSequenceCase(world: World, { steps }: SequenceCase): Promise<void> {
  for (const [at, step] of steps.entries()) {
    if ('publish' in step) {
      for (const message of step.publish) await world.publisher.publish(message);
    } else {
      const { tool, ...common } = step;
      const { theirs, ours } = startBoth(world, tool, common, { sameNames: at > 0 });
      compare({ theirs: await theirs.outcome, ours: await ours.outcome }, common, false);
    }
  }
}
