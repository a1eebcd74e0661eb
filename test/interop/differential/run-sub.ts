import type { SubCase } from './case.ts';
import { type Both, type Outcome, type RunningClient, startBoth } from './clients.ts';
import { compare } from './compare.ts';
import type { World } from './world.ts';

/** Lets both subscribe, publishes to them, and compares what became of them. */
export async function runSubCase(world: World, one: SubCase): Promise<void> {
  const { retained = [], messages = [], words } = one;
  const { publisher } = world;
  const topics = new Set<string>();
  for (const message of retained) {
    topics.add(message.topic);
    await publisher.publish({ qos: 1, ...message, retain: true });
  }
  try {
    const { theirs, ours } = startBoth(world, 'sub', { ...one, words: [...words, ...countWords(one)] });
    const given = [...words, ...`${one.optionsFile ?? ''} ${one.file ?? ''}`.split(/\s+/)];
    await Promise.all([theirs, ours].map((client) => hasSubscribed(client, given)));
    for (const message of messages) {
      if (message.retain) topics.add(message.topic);
      await publisher.publish(message);
    }
    if (one.stop) {
      const { after, signal } = one.stop;
      await Promise.all([theirs, ours].map(({ stdout }) => stdout.waitFor(after)));
      await Promise.all([theirs, ours].map((client) => client.stop(signal)));
    }
    const outcomes: Both<Outcome> = { theirs: await theirs.outcome, ours: await ours.outcome };
    compare(outcomes, one, one.wire ?? false);
  } finally {
    await publisher.clear(topics);
  }
}

/** Without a word about the end, a case ends after its messages. */
function countWords({ words, retained = [], messages = [], stop }: SubCase): readonly string[] {
  if (stop || ['-C', '-W', '-E', '--retained-only'].some((word) => words.includes(word))) return [];
  return ['-C', String(retained.length + messages.length)];
}

async function hasSubscribed({ recording, outcome }: RunningClient, words: readonly string[]): Promise<void> {
  const has = (...options: string[]): boolean => options.some((option) => words.includes(option));
  const subscribed = recording.then(async (connection) => {
    if (has('-t', '--topic', '-L', '--url')) await connection.hasReceived('suback');
    if (has('-U', '--unsubscribe')) await connection.hasReceived('unsuback');
  });
  subscribed.catch(() => undefined);
  await Promise.race([subscribed, outcome]);
}
