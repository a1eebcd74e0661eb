import type { IPublishPacket } from 'mqtt-packet';
import type { RequestCase } from './case.ts';
import { nextNameOf, type Outcome, startBoth } from './clients.ts';
import { compare } from './compare.ts';
import type { SeenPacket } from './normalise.ts';
import type { World } from './world.ts';

/** Lets both ask, answers them, and compares what they sent and what they printed. */
export async function runRequestCase(world: World, one: RequestCase): Promise<void> {
  const { publisher } = world;
  const { answers = [], retained } = one;
  const kept = retained ? [`a/${nextNameOf('theirs')}`, `a/${nextNameOf('ours')}`] : [];
  for (const topic of kept) await publisher.publish({ payload: '', ...retained, topic, qos: 1, retain: true });
  publisher.onMessage = ({ topic, properties }: IPublishPacket) => {
    if (!topic.startsWith('r/')) return;
    const correlationData = properties?.correlationData;
    for (const { echoesCorrelation, ...answer } of answers) {
      const echo = echoesCorrelation && correlationData && { properties: { correlationData } };
      void publisher.publish({ ...answer, ...echo, topic: topic.replace('r/', 'a/') });
    }
  };
  try {
    const { theirs, ours } = startBoth(world, 'rr', one);
    const outcomes = [await theirs.outcome, await ours.outcome] as const;
    compare(
      { theirs: withoutOwnAffairs(outcomes[0], one), ours: withoutOwnAffairs(outcomes[1], one) },
      one,
      one.wire ?? true,
    );
  } finally {
    publisher.onMessage = undefined;
    await publisher.clear(kept);
  }
}

/**
 * mosquitto_rr closes without a word, so that its Will is published after a success; ours says DISCONNECT. Ours sends
 * Correlation Data of its own, by which it knows its answer.
 */
function withoutOwnAffairs(outcome: Outcome, { words }: RequestCase): Outcome {
  const sent = outcome.sent
    .filter(({ cmd }) => cmd !== 'disconnect')
    .map((packet): SeenPacket => {
      const { properties: all, ...rest } = packet;
      const { correlationData, ...properties } = (all ?? {}) as SeenPacket;
      const isOwn = correlationData !== undefined && !words.includes('correlation-data');
      return isOwn ? { ...rest, properties } : packet;
    });
  return { ...outcome, sent };
}
