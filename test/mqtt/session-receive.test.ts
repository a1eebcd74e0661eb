import type { IPublishPacket } from 'mqtt-packet';
import { describe, expect, it } from 'vitest';
import type { ReceivedMessage, SessionHandlers } from '../../src/mqtt/session.ts';
import { settle } from '../support/fake-clock.ts';
import { acceptConnect } from '../support/liar.ts';
import type { Peer } from '../support/peer.ts';
import { converse, deferred, talk } from './talking.ts';

function publishPacket(parts: Partial<IPublishPacket> = {}): IPublishPacket {
  return { cmd: 'publish', topic: 'a', payload: 'x', qos: 1, dup: false, retain: false, messageId: 1, ...parts };
}

/** Handlers that keep what they are given, and finish with each message when told. */
class Hands implements SessionHandlers {
  readonly received: ReceivedMessage[] = [];
  readonly unreleased = new Set<number>();
  readonly #held: (() => void)[] = [];
  readonly #isHolding: boolean;

  constructor({ holding = false } = {}) {
    this.#isHolding = holding;
  }

  readonly onMessage = (message: ReceivedMessage): Promise<void> | undefined => {
    this.received.push(message);
    if (!this.#isHolding) return undefined;
    const held = deferred();
    this.#held.push(() => held.resolve());
    return held.promise;
  };

  finish(): void {
    this.#held.shift()?.();
  }

  get payloads(): string[] {
    return this.received.map(({ payload }) => payload.toString());
  }
}

/** The packets of a kind that have come. */
function count(peer: Peer, cmd: string): number {
  return peer.packets.filter((packet) => packet.cmd === cmd).length;
}

/** A PINGREQ of ours has gone there and back: everything before it has been read on both sides. */
async function exchange(peer: Peer, ping: () => Promise<void>): Promise<void> {
  const done = ping();
  await peer.receive('pingreq');
  peer.send({ cmd: 'pingresp' });
  await done;
}

describe('a message', () => {
  it('arrives with all that the broker says of it [MQTT5 3.3]', async () => {
    const hands = new Hands();
    const { peer, session } = await converse({ handlers: hands });
    peer.send(
      publishPacket({
        topic: 'a/é',
        payload: Buffer.from([0, 0xff]),
        qos: 2,
        dup: true,
        retain: true,
        messageId: 65_535,
        properties: {
          payloadFormatIndicator: true,
          messageExpiryInterval: 7,
          contentType: 'c',
          responseTopic: 'r',
          correlationData: Buffer.from([1, 0xfe]),
          subscriptionIdentifier: [1, 268_435_455],
          userProperties: { a: ['1', '2'], b: '3' },
        },
      }),
    );
    await peer.receive('pubrec');
    expect(hands.received).toEqual([
      {
        topic: 'a/é',
        payload: Buffer.from([0, 0xff]),
        qos: 2,
        dup: true,
        retain: true,
        packetId: 65_535,
        properties: {
          payloadFormatIndicator: 1,
          messageExpiryInterval: 7,
          contentType: 'c',
          responseTopic: 'r',
          correlationData: Buffer.from([1, 0xfe]),
          subscriptionIdentifiers: [1, 268_435_455],
          userProperties: [
            ['a', '1'],
            ['a', '2'],
            ['b', '3'],
          ],
        },
      },
    ]);
    await session.close();
  });

  it('has properties with MQTT 5 alone, be they empty', async () => {
    const five = new Hands();
    const four = new Hands();
    const { peer: peer5 } = await converse({ handlers: five });
    const { peer: peer4 } = await converse({ handlers: four, plan: { version: 4 } });
    for (const peer of [peer5, peer4]) {
      peer.send(publishPacket());
      await peer.receive('puback');
    }
    expect(five.received[0]?.properties).toEqual({});
    expect(four.received[0]).not.toHaveProperty('properties');
  });

  it.each([0, 1, 2] as const)('with QoS %d arrives with MQTT 3.1.1 too', async (qos) => {
    const hands = new Hands();
    const { peer, session } = await converse({ handlers: hands, plan: { version: 4 } });
    peer.send(publishPacket({ qos, payload: '' }));
    await exchange(peer, () => session.ping());
    expect(hands.received).toEqual([
      {
        topic: 'a',
        payload: Buffer.alloc(0),
        qos,
        dup: false,
        retain: false,
        packetId: qos === 0 ? 0 : 1,
      },
    ]);
    expect([count(peer, 'puback'), count(peer, 'pubrec')]).toEqual([qos === 1 ? 1 : 0, qos === 2 ? 1 : 0]);
  });
});

describe('a Topic Alias that was allowed [MQTT5 3.3.2.3.4]', () => {
  it.each([0, 1, 2] as const)('stands for the Topic Name that it was set for, at QoS %d', async (qos) => {
    const hands = new Hands();
    const { peer, session } = await converse({ handlers: hands, plan: { properties: { topicAliasMaximum: 2 } } });
    const properties = { topicAlias: 2 };
    peer.send(publishPacket({ topic: 'a/b', qos, messageId: 1, properties }));
    peer.send(publishPacket({ topic: '', qos, messageId: 2, properties }));
    peer.send(publishPacket({ topic: 'c', qos, messageId: 3, properties }));
    peer.send(publishPacket({ topic: '', qos, messageId: 4, properties }));
    await exchange(peer, () => session.ping());
    expect(hands.received.map(({ topic }) => topic)).toEqual(['a/b', 'a/b', 'c', 'c']);
  });

  it('that was not set ends the connection', async () => {
    const hands = new Hands();
    const { peer, session } = await converse({ handlers: hands, plan: { properties: { topicAliasMaximum: 2 } } });
    peer.send(publishPacket({ topic: '', properties: { topicAlias: 1 } }));
    expect((await session.ended).kind).toBe('lost');
    expect(hands.received).toEqual([]);
  });
});

describe('an acknowledgement', () => {
  it.each([
    [1, 'puback', 5],
    [1, 'puback', 4],
    [2, 'pubrec', 5],
    [2, 'pubrec', 4],
  ] as const)(
    'of QoS %d is sent after the message was handled, not before [MQTT-4.3.2-4] [MQTT-4.3.3-8]',
    async (qos, cmd, version) => {
      const hands = new Hands({ holding: true });
      const { peer } = await converse({ handlers: hands, plan: { version } });
      peer.send(publishPacket({ qos, messageId: 7 }));
      while (hands.received.length === 0) await settle();
      await settle();
      expect(count(peer, cmd)).toBe(0);
      hands.finish();
      expect((await peer.receive(cmd)).messageId).toBe(7);
    },
  );

  it('is not sent when the message could not be handled', async () => {
    const { peer, session } = await converse({ handlers: { onMessage: () => Promise.reject(new Error('disk full')) } });
    peer.send(publishPacket());
    peer.send(publishPacket({ messageId: 2 }));
    await settle();
    await session.close();
    await peer.closed;
    expect(count(peer, 'puback')).toBe(0);
  });

  it('holds back what comes after it: messages are handled one at a time, in order', async () => {
    const hands = new Hands({ holding: true });
    const { peer } = await converse({ handlers: hands });
    for (const [index, qos] of ([1, 0, 2] as const).entries()) {
      peer.send(publishPacket({ qos, messageId: index + 1, payload: String(index) }));
    }
    while (hands.received.length === 0) await settle();
    await settle();
    expect(hands.payloads).toEqual(['0']);
    hands.finish();
    await peer.receive('puback');
    await settle();
    expect(hands.payloads).toEqual(['0', '1']);
    hands.finish();
    while (hands.received.length === 2) await settle();
    expect(count(peer, 'pubrec')).toBe(0);
    hands.finish();
    await peer.receive('pubrec');
    expect(hands.payloads).toEqual(['0', '1', '2']);
  });

  it('comes in the order of the messages [MQTT-4.6.0-2] [MQTT-4.6.0-3]', async () => {
    const hands = new Hands();
    const { peer } = await converse({ handlers: hands });
    for (let id = 1; id <= 300; id += 1) peer.send(publishPacket({ messageId: id, qos: id % 3 === 0 ? 2 : 1 }));
    const acknowledged = (): (number | undefined)[] =>
      peer.packets.flatMap((packet) => (packet.cmd === 'puback' || packet.cmd === 'pubrec' ? packet.messageId : []));
    await peer.until(() => acknowledged().length === 300, '300 acknowledgements');
    expect(acknowledged()).toEqual(Array.from({ length: 300 }, (_, index) => index + 1));
  });

  it('is never sent after our DISCONNECT [MQTT-3.14.4-1]', async () => {
    const hands = new Hands({ holding: true });
    const { peer, session } = await converse({ handlers: hands });
    peer.send(publishPacket());
    while (hands.received.length === 0) await settle();
    const closed = session.close();
    hands.finish();
    await peer.receive('disconnect');
    await closed;
    expect(peer.packets.map(({ cmd }) => cmd)).toEqual(['connect', 'disconnect']);
  });

  it('is not sent for what comes while we are closing, which nobody is given', async () => {
    const received: string[] = [];
    const { peer, session } = await converse({
      handlers: {
        onMessage: ({ payload }) => {
          received.push(payload.toString());
          void session.close();
          return undefined;
        },
      },
    });
    // In one write, so that all of it has been read when the first message is handled.
    peer.socket.cork();
    peer.send(publishPacket({ qos: 0, payload: 'first' }));
    peer.send(publishPacket({ payload: 'second' }));
    peer.send({ cmd: 'pubrel', messageId: 9 });
    peer.socket.uncork();
    await peer.receive('disconnect');
    expect(await session.ended).toEqual({ kind: 'closed', reason: 'closed' });
    expect(received).toEqual(['first']);
    expect(peer.packets.map(({ cmd }) => cmd)).toEqual(['connect', 'disconnect']);
  });
});

describe('a message of QoS 2 [MQTT5 4.3.3]', () => {
  it('is handled once, however often it comes before PUBREL [MQTT-4.3.3-10]', async () => {
    const hands = new Hands();
    const { peer } = await converse({ handlers: hands });
    for (const dup of [false, true, true]) {
      peer.send(publishPacket({ qos: 2, messageId: 3, dup }));
      await peer.receive('pubrec');
    }
    expect(hands.received).toHaveLength(1);
    peer.send({ cmd: 'pubrel', messageId: 3 });
    expect((await peer.receive('pubcomp')).messageId).toBe(3);
    expect(hands.received).toHaveLength(1);
  });

  it('is another message after PUBREL, with the same Packet Identifier [MQTT-4.3.3-12]', async () => {
    const hands = new Hands();
    const { peer } = await converse({ handlers: hands });
    for (const payload of ['first', 'second']) {
      peer.send(publishPacket({ qos: 2, messageId: 3, payload }));
      await peer.receive('pubrec');
      peer.send({ cmd: 'pubrel', messageId: 3 });
      await peer.receive('pubcomp');
    }
    expect(hands.payloads).toEqual(['first', 'second']);
  });

  it('is answered with PUBCOMP even when its PUBREL comes alone [MQTT-4.3.3-11]', async () => {
    const { peer } = await converse({ handlers: new Hands() });
    peer.send({ cmd: 'pubrel', messageId: 9 });
    expect((await peer.receive('pubcomp')).messageId).toBe(9);
  });

  it('is kept apart from one of QoS 1 with the same Packet Identifier', async () => {
    const hands = new Hands();
    const { peer } = await converse({ handlers: hands });
    peer.send(publishPacket({ qos: 2, messageId: 3 }));
    await peer.receive('pubrec');
    peer.send(publishPacket({ qos: 1, messageId: 3, payload: 'other' }));
    await peer.receive('puback');
    expect(hands.payloads).toEqual(['x', 'other']);
  });

  /** Two connections: in the first a message was handled, and PUBREC is sent or not before it breaks. */
  async function twice(sessionPresent: boolean, holding = false): Promise<[Hands, Peer]> {
    const hands = new Hands({ holding });
    const peers: Peer[] = [];
    const { connect } = await talk(
      async (peer, connection) => {
        peers.push(peer);
        await acceptConnect(peer, { sessionPresent: connection > 1 && sessionPresent });
        peer.send(publishPacket({ qos: 2, messageId: 3, dup: connection > 1 }));
        if (connection > 1) return;
        if (!holding) await peer.receive('pubrec');
        else while (hands.received.length === 0) await settle();
        peer.socket.resetAndDestroy();
      },
      { cleanStart: false },
    );
    const first = await connect(hands);
    expect((await first.ended).kind).toBe('lost');
    await connect(hands);
    return [hands, peers[1] as Peer];
  }

  it('is not handled again in the next connection of its session [MQTT-4.4.0-1]', async () => {
    const [hands, peer] = await twice(true);
    await peer.receive('pubrec');
    expect(hands.received).toHaveLength(1);
    peer.send({ cmd: 'pubrel', messageId: 3 });
    await peer.receive('pubcomp');
    peer.send(publishPacket({ qos: 2, messageId: 3, payload: 'next' }));
    await peer.receive('pubrec');
    expect(hands.payloads).toEqual(['x', 'next']);
  });

  it('is another message when the session was lost [MQTT-3.2.2-5]', async () => {
    const [hands, peer] = await twice(false);
    await peer.receive('pubrec');
    expect(hands.received).toHaveLength(2);
  });

  it('is handled again when the connection was lost before that was done', async () => {
    const [hands, peer] = await twice(true, true);
    while (hands.received.length < 2) await settle();
    hands.finish();
    hands.finish();
    await peer.receive('pubrec');
    expect(hands.received.map(({ dup }) => dup)).toEqual([false, true]);
  });
});

describe('while a message is held back', () => {
  it('nothing more is taken from the broker', async () => {
    const hands = new Hands({ holding: true });
    const { peer } = await converse({ handlers: hands });
    const payload = Buffer.alloc(1_000_000);
    const sent: boolean[] = [];
    for (let id = 1; id <= 40; id += 1) {
      sent.push(peer.socket.write(Buffer.alloc(0)));
      peer.send(publishPacket({ messageId: id, payload }));
    }
    while (hands.received.length === 0) await settle();
    for (let turn = 0; turn < 50; turn += 1) await settle();
    expect(hands.received).toHaveLength(1);
    // What is under way stays with the broker: it does not fill our memory.
    expect(peer.socket.writableLength).toBeGreaterThan(20_000_000);
    peer.socket.destroy();
  });

  it('PINGREQ goes on, and the broker is not given up for a PINGRESP that we do not read', async () => {
    const hands = new Hands({ holding: true });
    const { peer, clock, session } = await converse({ handlers: hands, plan: { keepAliveSeconds: 10 } });
    let end: unknown;
    void session.ended.then((reason) => {
      end = reason;
    });
    peer.send(publishPacket());
    while (hands.received.length === 0) await settle();
    for (let ping = 1; ping <= 20; ping += 1) {
      await clock.advance(5000);
      await peer.receive('pingreq');
      // Later on nothing more arrives: there is no room for it, where nothing is read.
      if (ping <= 10) peer.send({ cmd: 'pingresp' });
    }
    expect(end).toBe(undefined);
    hands.finish();
    await peer.receive('puback');
    // From now on silence counts again.
    await clock.advance(5000);
    await clock.advance(30_000);
    expect((await session.ended).reason).toBe('the broker did not answer PINGREQ for 10 s');
  });

  it('the end of the connection waits for what was sent before it', async () => {
    const hands = new Hands({ holding: true });
    const { peer, session } = await converse({ handlers: hands });
    for (const payload of ['1', '2', '3']) peer.send(publishPacket({ qos: 0, payload }));
    peer.send({ cmd: 'disconnect', reasonCode: 0x8e });
    peer.end();
    while (hands.received.length === 0) await settle();
    await settle();
    for (let index = 1; index <= 3; index += 1) {
      hands.finish();
      await settle();
    }
    expect(await session.ended).toMatchObject({ kind: 'disconnected', reasonCode: 0x8e });
    expect(hands.payloads).toEqual(['1', '2', '3']);
  });
});
