import type { ISubscribePacket } from 'mqtt-packet';
import { describe, expect, it } from 'vitest';
import { ConnectionLostError } from '../../src/errors.ts';
import type { SubscribeOutcome, Subscription } from '../../src/mqtt/session.ts';
import { converse } from './talking.ts';

const at = (filter: string, qos: 0 | 1 | 2 = 0): Subscription => ({ filter, qos });

/** What SUBSCRIBE says, and what comes of it when SUBACK carries these codes. */
async function subscribe(
  subscriptions: readonly Subscription[],
  granted: readonly number[],
  { version = 5 as 4 | 5, properties = {} as object } = {},
): Promise<[ISubscribePacket, readonly SubscribeOutcome[]]> {
  const { peer, session } = await converse({ plan: { version } });
  const outcomes = session.subscribe(subscriptions);
  const packet = await peer.receive('subscribe');
  peer.send({ cmd: 'suback', messageId: packet.messageId ?? 0, granted: [...granted], properties });
  return [packet, await outcomes];
}

describe('SUBSCRIBE', () => {
  it('carries all filters in one packet, in order, each with its options [MQTT5 3.8.3.1]', async () => {
    const subscriptions = [
      at('b', 2),
      { ...at('a', 1), noLocal: true, retainAsPublished: true, retainHandling: 2 },
    ] as const;
    const [packet] = await subscribe(subscriptions, [2, 1]);
    expect(packet.subscriptions).toMatchObject([
      { topic: 'b', qos: 2, nl: false, rap: false, rh: 0 },
      { topic: 'a', qos: 1, nl: true, rap: true, rh: 2 },
    ]);
  });

  it('has only the QoS before MQTT 5 [MQTT3.1.1 3.8.3]', async () => {
    const [packet, outcomes] = await subscribe([{ ...at('a', 1), noLocal: true }], [1], { version: 4 });
    expect(packet.subscriptions).toEqual([{ topic: 'a', qos: 1 }]);
    expect(outcomes).toEqual([{ filter: 'a', reasonCode: 1 }]);
  });

  it('carries properties', async () => {
    const { peer, session } = await converse();
    void session.subscribe([at('a')], { subscriptionIdentifiers: [7] }).catch(() => undefined);
    expect((await peer.receive('subscribe')).properties).toMatchObject({ subscriptionIdentifier: 7 });
    await session.close();
  });

  it.each([
    [['2', '1', 'b']],
    [['resubscribe']],
    [['resubscribe', 'a']],
    [['__proto__']],
    [['constructor', '__proto__', 'toString']],
    [['$share/g/a', '#', '+/+']],
    [['é', ' ', '/']],
  ])('takes whatever is a filter: %j', async (filters) => {
    const [packet, outcomes] = await subscribe(
      filters.map((filter) => at(filter)),
      filters.map(() => 0),
    );
    expect(packet.subscriptions.map(({ topic }) => topic)).toEqual(filters);
    expect(outcomes.map(({ filter }) => filter)).toEqual(filters);
  });
});

describe('SUBACK', () => {
  it.each<[number[]]>([
    [[0, 1, 2]],
    [[0, 0x87, 1]],
    [[0x80, 0x87, 0x9e]],
    [[2, 2, 2]],
    [[0x8f, 0xa2, 0x9e]],
    [[0x97, 0, 0]],
  ])('with the codes %j is told filter by filter [MQTT5 3.9.3]', async (codes) => {
    const [, outcomes] = await subscribe([at('a', 2), at('b', 2), at('c', 2)], codes);
    expect(outcomes).toEqual([
      { filter: 'a', reasonCode: codes[0] },
      { filter: 'b', reasonCode: codes[1] },
      { filter: 'c', reasonCode: codes[2] },
    ]);
  });

  it('of MQTT 3.1.1 has a code for failure [MQTT3.1.1 3.9.3]', async () => {
    const [, outcomes] = await subscribe([at('a', 1), at('b', 1)], [0x80, 1], { version: 4 });
    expect(outcomes.map(({ reasonCode }) => reasonCode)).toEqual([0x80, 1]);
  });

  it('tells its Reason String with each code', async () => {
    const [, outcomes] = await subscribe([at('a'), at('b')], [0x87, 0], { properties: { reasonString: 'because' } });
    expect(outcomes).toEqual([
      { filter: 'a', reasonCode: 0x87, reasonString: 'because' },
      { filter: 'b', reasonCode: 0, reasonString: 'because' },
    ]);
  });

  it.each<[number[]]>([[[0]], [[0x87]], [[0, 0, 0]], [[0x87, 0x87, 0x87]]])(
    'with %j for two filters ends the connection: it cannot be told whose they are',
    async (codes) => {
      const { peer, session } = await converse();
      const outcomes = session.subscribe([at('a'), at('b')]);
      const failure = outcomes.catch((error: unknown) => error);
      const { messageId = 0 } = await peer.receive('subscribe');
      peer.send({ cmd: 'suback', messageId, granted: codes });
      expect(await failure).toBeInstanceOf(ConnectionLostError);
      expect(await session.ended).toMatchObject({ kind: 'lost', reason: expect.stringContaining('SUBACK') });
    },
  );

  it('is matched with its SUBSCRIBE', async () => {
    const { peer, session } = await converse();
    const [first, second] = [session.subscribe([at('a')]), session.subscribe([at('b')])];
    const [one, other] = [await peer.receive('subscribe'), await peer.receive('subscribe')];
    peer.send({ cmd: 'suback', messageId: other.messageId ?? 0, granted: [0x87] });
    peer.send({ cmd: 'suback', messageId: one.messageId ?? 0, granted: [0] });
    expect(await first).toEqual([{ filter: 'a', reasonCode: 0 }]);
    expect(await second).toEqual([{ filter: 'b', reasonCode: 0x87 }]);
  });

  it('does not hold back messages that come before it [MQTT5 3.8.4]', async () => {
    const topics: string[] = [];
    const { peer, session } = await converse({ handlers: { onMessage: ({ topic }) => void topics.push(topic) } });
    const outcomes = session.subscribe([at('a')]);
    const { messageId = 0 } = await peer.receive('subscribe');
    peer.send({ cmd: 'publish', topic: 'a', payload: '', qos: 0, dup: false, retain: true });
    peer.send({ cmd: 'suback', messageId, granted: [0] });
    await outcomes;
    expect(topics).toEqual(['a']);
  });
});

describe('UNSUBSCRIBE', () => {
  it('is told filter by filter [MQTT5 3.11.3]', async () => {
    const { peer, session } = await converse();
    const outcomes = session.unsubscribe(['a', 'resubscribe', '1']);
    const packet = await peer.receive('unsubscribe');
    expect(packet.unsubscriptions).toEqual(['a', 'resubscribe', '1']);
    peer.send({ cmd: 'unsuback', messageId: packet.messageId ?? 0, granted: [0, 0x11, 0x87] } as never);
    expect(await outcomes).toEqual([
      { filter: 'a', reasonCode: 0 },
      { filter: 'resubscribe', reasonCode: 0x11 },
      { filter: '1', reasonCode: 0x87 },
    ]);
  });

  it('has no codes before MQTT 5: UNSUBACK is success [MQTT3.1.1 3.11]', async () => {
    const { peer, session } = await converse({ plan: { version: 4 } });
    const outcomes = session.unsubscribe(['a', 'b']);
    const { messageId = 0 } = await peer.receive('unsubscribe');
    peer.send({ cmd: 'unsuback', messageId, granted: [] } as never);
    expect(await outcomes).toEqual([
      { filter: 'a', reasonCode: 0 },
      { filter: 'b', reasonCode: 0 },
    ]);
  });
});
