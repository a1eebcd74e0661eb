import type { IPublishPacket } from 'mqtt-packet';
import { describe, expect, it } from 'vitest';
import { ConnectionLostError } from '../../src/errors.ts';
import type { OutgoingMessage, PublishOutcome } from '../../src/mqtt/session.ts';
import { settle } from '../support/fake-clock.ts';
import { converse } from './talking.ts';

function message(parts: Partial<OutgoingMessage> = {}): OutgoingMessage {
  return { topic: 'a', payload: Buffer.from('x'), qos: 1, retain: false, ...parts };
}

/** What became of a promise so far. */
function fateOf(promise: Promise<unknown>): { readonly now: () => unknown } {
  let fate: unknown = 'pending';
  promise.then(
    (value) => {
      fate = value;
    },
    (error: unknown) => {
      fate = error;
    },
  );
  return { now: () => fate };
}

describe('PUBLISH', () => {
  it('carries the message as it is [MQTT5 3.3]', async () => {
    const { peer, session } = await converse();
    const payload = Buffer.from([0, 0xff, 0x0a]);
    void session.publish(message({ topic: 'a/é', payload, qos: 0, retain: true }));
    expect(await peer.receive('publish')).toMatchObject({
      topic: 'a/é',
      payload,
      qos: 0,
      retain: true,
      dup: false,
    });
    void session.publish(message({ topic: '$share/a', payload: Buffer.alloc(0), qos: 2 })).catch(() => undefined);
    expect(await peer.receive('publish')).toMatchObject({ topic: '$share/a', payload: Buffer.alloc(0), qos: 2 });
    await session.close();
  });

  it('carries properties with MQTT 5, and none before', async () => {
    const properties = {
      payloadFormatIndicator: 1,
      messageExpiryInterval: 7,
      contentType: 'c',
      responseTopic: 'r',
      correlationData: Buffer.from([0, 0xff]),
      userProperties: [
        ['a', '1'],
        ['a', '2'],
        ['toString', 'x'],
      ],
    } as const;
    const seen: IPublishPacket[] = [];
    for (const version of [5, 4] as const) {
      const { peer, session } = await converse({ plan: { version } });
      void session.publish(message({ qos: 0, properties }));
      seen.push(await peer.receive('publish'));
      await session.close();
    }
    expect(seen[0]?.properties).toMatchObject({
      payloadFormatIndicator: true,
      messageExpiryInterval: 7,
      contentType: 'c',
      responseTopic: 'r',
      correlationData: Buffer.from([0, 0xff]),
    });
    expect(Object.entries(seen[0]?.properties?.userProperties ?? {})).toEqual([
      ['a', ['1', '2']],
      ['toString', 'x'],
    ]);
    expect(seen[1]).not.toHaveProperty('properties');
  });

  it('of QoS 0 is done when it is written', async () => {
    const { session } = await converse();
    expect(await session.publish(message({ qos: 0 }))).toEqual({ reasonCode: 0 });
  });

  it('of QoS 1 is done at PUBACK [MQTT-4.3.2-1]', async () => {
    const { peer, session } = await converse();
    const outcome = session.publish(message());
    const fate = fateOf(outcome);
    const { messageId = 0 } = await peer.receive('publish');
    await settle();
    expect(fate.now()).toBe('pending');
    peer.send({ cmd: 'puback', messageId });
    expect(await outcome).toEqual({ reasonCode: 0 });
  });

  it('of QoS 2 is done at PUBCOMP, after PUBREC and PUBREL [MQTT-4.3.3-4]', async () => {
    const { peer, session } = await converse();
    const outcome = session.publish(message({ qos: 2 }));
    const fate = fateOf(outcome);
    const { messageId = 0 } = await peer.receive('publish');
    peer.send({ cmd: 'pubrec', messageId });
    expect((await peer.receive('pubrel')).messageId).toBe(messageId);
    expect(fate.now()).toBe('pending');
    peer.send({ cmd: 'pubcomp', messageId });
    expect(await outcome).toEqual({ reasonCode: 0 });
  });

  it.each([
    ['puback', 0x10, 0],
    ['puback', 0x80, 0x80],
    ['puback', 0x87, 0x87],
    ['puback', 0x97, 0x97],
    ['pubrec', 0x87, 0x87],
    ['pubrec', 0x99, 0x99],
  ] as const)(
    'that is answered by %s with reason code %d has the outcome %d [MQTT5 3.4.2.1]',
    async (cmd, reasonCode, outcome) => {
      const { peer, session } = await converse();
      const published = session.publish(message({ qos: cmd === 'puback' ? 1 : 2 }));
      const { messageId = 0 } = await peer.receive('publish');
      peer.send({ cmd, messageId, reasonCode, properties: { reasonString: 'because' } });
      const refused = outcome >= 0x80;
      expect(await published).toEqual({ reasonCode: outcome, ...(refused && { reasonString: 'because' }) });
      // Nothing follows a refusal: no PUBREL, and the session goes on.
      expect(await session.publish(message({ qos: 0 }))).toEqual({ reasonCode: 0 });
      expect(peer.packets.some((packet) => packet.cmd === 'pubrel')).toBe(false);
    },
  );

  it('is matched with its answer, in whatever order the answers come', async () => {
    const { peer, session } = await converse();
    const codes = [0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99];
    const outcomes = Array.from({ length: 50 }, (_, index) => session.publish(message({ topic: String(index) })));
    const sent = () => peer.packets.flatMap((packet) => (packet.cmd === 'publish' ? packet : []));
    await peer.until(() => sent().length === 50, '50 messages');
    for (const { topic, messageId = 0 } of sent().reverse()) {
      peer.send({ cmd: 'puback', messageId, reasonCode: codes[Number(topic) % codes.length] ?? 0 });
    }
    expect((await Promise.all(outcomes)).map(({ reasonCode }) => reasonCode)).toEqual(
      Array.from({ length: 50 }, (_, index) => codes[index % codes.length]),
    );
    expect(new Set(sent().map(({ messageId }) => messageId)).size).toBe(50);
  });

  it('goes out in the order of the calls [MQTT-4.6.0-1]', async () => {
    const { peer, session } = await converse();
    for (let index = 0; index < 300; index += 1) {
      session.publish(message({ topic: String(index), qos: (index % 3) as 0 | 1 | 2 })).catch(() => undefined);
    }
    const topics = () => peer.packets.flatMap((packet) => (packet.cmd === 'publish' ? packet.topic : []));
    await peer.until(() => topics().length === 300, '300 messages');
    expect(topics()).toEqual(Array.from({ length: 300 }, (_, index) => String(index)));
  });

  it('leaves no more than a write for what is published together', async () => {
    const { peer, session } = await converse();
    let chunks = 0;
    peer.socket.on('data', () => {
      chunks += 1;
    });
    for (let index = 0; index < 100; index += 1) void session.publish(message({ qos: 0 }));
    await peer.until(() => peer.packets.length === 101, '100 messages');
    expect(chunks).toBeLessThan(10);
  });
});

describe('a publisher', () => {
  it('is told to wait while the broker does not read, and then to go on', async () => {
    const { peer, session } = await converse();
    expect(session.drained()).toBe(undefined);
    peer.socket.pause();
    const payload = Buffer.alloc(1_000_000);
    let published = 0;
    while (session.drained() === undefined && published < 100) {
      void session.publish(message({ qos: 0, payload })).catch(() => undefined);
      published += 1;
      await settle();
    }
    expect(published).toBeLessThan(50);
    const drained = session.drained();
    expect(session.drained()).toBe(drained);
    peer.socket.resume();
    await drained;
    expect(session.drained()).toBe(undefined);
  });

  it('does not wait for ever when the connection ends meanwhile', async () => {
    const { peer, session } = await converse();
    peer.socket.pause();
    while (session.drained() === undefined) {
      session.publish(message({ qos: 0, payload: Buffer.alloc(1_000_000) })).catch(() => undefined);
      await settle();
    }
    const drained = session.drained();
    peer.socket.resetAndDestroy();
    await drained;
    expect(session.drained()).toBe(undefined);
  });
});

describe('what waits for an answer', () => {
  const WAYS_TO_END: readonly (readonly [string, (world: Awaited<ReturnType<typeof converse>>) => unknown])[] = [
    ['is closed by the broker', ({ peer }) => peer.end()],
    ['is reset', ({ peer }) => peer.socket.resetAndDestroy()],
    ['is ended by DISCONNECT', ({ peer }) => peer.send({ cmd: 'disconnect', reasonCode: 0x8b })],
    ['is closed by us', ({ session }) => session.close()],
    ['is given up for its silence', ({ clock }) => clock.advance(90_000)],
    ['brings what is no MQTT', ({ peer }) => peer.send(Buffer.from('ffffffffffff', 'hex'))],
  ];

  it.each(WAYS_TO_END)('fails with ConnectionLostError when the connection %s', async (_how, end) => {
    const world = await converse();
    const { peer, session } = world;
    const waiting: Promise<unknown>[] = [
      session.publish(message()),
      session.publish(message({ qos: 2 })),
      session.subscribe([{ filter: 'a', qos: 0 }]),
      session.unsubscribe(['a']),
      session.ping(),
    ];
    const failures = Promise.all(waiting.map((promise) => promise.catch((error: unknown) => error)));
    await peer.receive('pingreq');
    void end(world);
    await peer.closed.catch(() => undefined);
    for (const failure of await failures) expect(failure).toBeInstanceOf(ConnectionLostError);
    await session.ended;
  });

  it('fails at once after the end of the connection', async () => {
    const { peer, session } = await converse();
    peer.end();
    const { reason } = await session.ended;
    expect(reason).toBe('the broker closed it');
    const late: (() => Promise<unknown>)[] = [
      () => session.publish(message()),
      () => session.publish(message({ qos: 0 })),
      () => session.subscribe([{ filter: 'a', qos: 0 }]),
      () => session.unsubscribe(['a']),
      () => session.ping(),
    ];
    for (const start of late) {
      await expect(start()).rejects.toEqual(new ConnectionLostError(`the connection was lost: ${reason}`));
    }
    await session.close();
  });

  it('is not mistaken for what has been answered already', async () => {
    const { peer, session } = await converse();
    const first = session.publish(message());
    const { messageId = 0 } = await peer.receive('publish');
    peer.send({ cmd: 'puback', messageId });
    expect(await first).toEqual({ reasonCode: 0 } satisfies PublishOutcome);
    // An answer to nothing is not a reason to end.
    peer.send({ cmd: 'puback', messageId });
    peer.send({ cmd: 'pubcomp', messageId: 4711 });
    const second = session.publish(message());
    const next = await peer.receive('publish');
    peer.send({ cmd: 'puback', messageId: next.messageId ?? 0 });
    expect(await second).toEqual({ reasonCode: 0 });
  });
});

describe('PINGREQ', () => {
  it('is answered by its own PINGRESP, not by that of one before [MQTT5 3.12]', async () => {
    const { peer, session, clock } = await converse({ plan: { keepAliveSeconds: 10 } });
    // One of Keep Alive is on its way.
    await clock.advance(5000);
    await peer.receive('pingreq');
    const ping = session.ping();
    const fate = fateOf(ping);
    await peer.receive('pingreq');
    peer.send({ cmd: 'pingresp' });
    await settle();
    await settle();
    expect(fate.now()).toBe('pending');
    peer.send({ cmd: 'pingresp' });
    await ping;
  });

  it('is answered in order', async () => {
    const { peer, session } = await converse();
    const [first, second] = [fateOf(session.ping()), fateOf(session.ping())];
    await peer.receive('pingreq');
    await peer.receive('pingreq');
    peer.send({ cmd: 'pingresp' });
    while (first.now() === 'pending') await settle();
    expect(second.now()).toBe('pending');
    await session.close();
  });

  it('and a PINGRESP that nobody asked for is no answer to a later one', async () => {
    const { peer, session } = await converse();
    peer.send({ cmd: 'pingresp' });
    await settle();
    await settle();
    const fate = fateOf(session.ping());
    await peer.receive('pingreq');
    await settle();
    expect(fate.now()).toBe('pending');
    await session.close();
  });
});

describe('a Topic Alias of ours [MQTT5 3.3.2.3.4]', () => {
  it('is told once for a Topic Name, and stands for it from then on', async () => {
    const { peer, session } = await converse({ connack: { properties: { topicAliasMaximum: 2 } } });
    const properties = { topicAlias: 1, contentType: 'c' };
    for (const topic of ['a', 'a', 'b', 'a']) void session.publish(message({ topic, qos: 0, properties }));
    const sent = [];
    for (let index = 0; index < 4; index += 1) sent.push(await peer.receive('publish'));
    expect(sent.map(({ topic }) => topic)).toEqual(['a', '', 'b', 'a']);
    for (const packet of sent) expect(packet.properties).toMatchObject({ topicAlias: 1, contentType: 'c' });
    expect(session.info.topicAliasMaximum).toBe(2);
  });
});
