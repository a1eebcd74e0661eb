import type { PubCase } from './case.ts';
import { startBoth } from './clients.ts';
import { compare } from './compare.ts';
import type { World } from './world.ts';

/** Lets both publish, and compares what they sent and how they ended. */
export async function runPubCase(world: World, one: PubCase): Promise<void> {
  const { theirs, ours } = startBoth(world, 'pub', one);
  try {
    compare({ theirs: await theirs.outcome, ours: await ours.outcome }, one, true);
  } finally {
    const topic = one.words[one.words.indexOf('-t') + 1];
    if (one.words.includes('-r') && topic !== undefined) await world.publisher.clear([topic]);
  }
}
