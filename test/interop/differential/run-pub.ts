import { expect } from 'vitest';
import type { PubCase } from './case.ts';
import { type Outcome, startBoth } from './clients.ts';
import { compare } from './compare.ts';
import type { World } from './world.ts';

/** What mqtt-pub -l asks a broker that speaks MQTT 5 for, so that a lost connection loses and repeats nothing. */
const KEPT_SESSION = { sessionExpiryInterval: 300 };

/** Lets both publish, and compares what they sent and how they ended. */
export async function runPubCase(world: World, one: PubCase): Promise<void> {
  const { theirs, ours } = startBoth(world, 'pub', one);
  try {
    const outcome = await ours.outcome;
    const oursAlike = keepsSession(one) ? withoutKeptSession(outcome) : outcome;
    compare({ theirs: await theirs.outcome, ours: oursAlike }, one, true);
  } finally {
    const topic = one.words[one.words.indexOf('-t') + 1];
    if (one.words.includes('-r') && topic !== undefined) await world.publisher.clear([topic]);
  }
}

/** The one difference on the wire that all of these have: docs/mosquitto-differences.md. */
function keepsSession({ words }: PubCase): boolean {
  const wordAfter = (option: string): string | undefined => words[words.indexOf(option) + 1];
  const isNumbered = words.includes('-q') && wordAfter('-q') !== '0';
  const isVersion5 = words.includes('-V') && (wordAfter('-V') === '5' || wordAfter('-V') === 'mqttv5');
  return words.includes('-l') && isNumbered && isVersion5 && !words.includes('-x') && !words.includes('-c');
}

/** Asserts that it is there. */
function withoutKeptSession(outcome: Outcome): Outcome {
  const [connect, ...others] = outcome.sent;
  const { properties, ...rest } = connect as typeof connect & { properties?: object };
  expect(properties).toEqual(KEPT_SESSION);
  return { ...outcome, sent: [rest as (typeof others)[number], ...others] };
}
