/** Publishing and receiving by lanes, on a session of the client, with a broker in the hands of the test. */
import type { IPublishPacket } from 'mqtt-packet';
import { describe, expect, it } from 'vitest';
import { Exchanges } from '../../../src/mqtt/lane/exchanges.ts';
import { makeLanes } from '../../../src/mqtt/lane/lanes.ts';
import type { PublishLane } from '../../../src/mqtt/lane/publish-lane.ts';
import type { QoS } from '../../../src/mqtt/session.ts';
import { settle } from '../../support/fake-clock.ts';
import { type Conversation, converse } from '../talking.ts';

/** What a lane told of its messages, in order: what happened, the token, the Reason Code and the Reason String. */
type Told = (string | number)[][];

interface Publishing extends Conversation {
  readonly lane: PublishLane;
  readonly told: Told;
}

async function publishing(qos: QoS, exchanges = new Exchanges(100), connack = {}): Promise<Publishing> {
  const conversation = await converse({ handlers: { makeLanes }, connack });
  const told: Told = [];
  const lane = conversation.session.lanes?.openPublish({ qos, retain: false }, exchanges, {
    onComplete: (token, stamp, { reasonCode, reasonString }) =>
      told.push([
        stamp === 2 * token ? 'complete' : 'wrong stamp',
        token,
        reasonCode,
        ...(reasonString === undefined ? [] : [reasonString]),
      ]),
    onReceived: (token, stamp) => told.push(stamp === 2 * token ? ['received', token] : ['wrong stamp', stamp]),
  });
  return { ...conversation, lane: lane as PublishLane, told };
}

function send(lane: PublishLane, token: number, payload: string, topic = 't'): void {
  const at = lane.begin(topic, payload.length, token, 2 * token);
  lane.target.write(payload, at);
}

/** Resolves when the session has read what the broker sent before: a PINGRESP comes after it. */
async function answered({ peer, session }: Conversation): Promise<void> {
  const pong = session.ping();
  await peer.receive('pingreq');
  peer.send({ cmd: 'pingresp' });
  await pong;
}

describe('publishing by a lane', () => {
  it('at QoS 0 sends what was begun, in order, with a flush', async () => {
    const talk = await publishing(0);
    for (let index = 0; index < 3000; index += 1)
      send(talk.lane, index, `message ${index}`, index % 2 === 0 ? 'a' : 'b/c');
    talk.lane.flush();
    await talk.peer.until(() => talk.peer.packets.length >= 3001, '3000 messages');
    const messages = talk.peer.packets.slice(1) as IPublishPacket[];
    expect(messages.map(({ payload }) => payload.toString())).toEqual(
      Array.from({ length: 3000 }, (_, index) => `message ${index}`),
    );
    expect(messages.slice(0, 3).map(({ topic }) => topic)).toEqual(['a', 'b/c', 'a']);
    expect(talk.lane.unanswered).toBe(0);
    await talk.session.close();
  });

  it('sends messages larger than a whole run, and small ones around them', async () => {
    const talk = await publishing(0);
    const payloads = ['x', 'y'.repeat(300_000), 'z', 'w'.repeat(70_000)];
    for (const [index, payload] of payloads.entries()) send(talk.lane, index, payload);
    talk.lane.flush();
    await talk.peer.until(() => talk.peer.packets.length >= 5, '4 messages');
    const payloadsThere = (talk.peer.packets.slice(1) as IPublishPacket[]).map(({ payload }) => payload.toString());
    expect(payloadsThere.map((payload, index) => payload === payloads[index])).toEqual([true, true, true, true]);
    await talk.session.close();
  });

  it('at QoS 1 tells of each PUBACK, with its Reason Code and Reason String [MQTT5 3.4]', async () => {
    const talk = await publishing(1);
    for (let token = 10; token < 14; token += 1) send(talk.lane, token, 'm');
    talk.lane.flush();
    await talk.peer.until(() => talk.peer.packets.length >= 5, '4 messages');
    const ids = (talk.peer.packets.slice(1) as IPublishPacket[]).map(({ messageId = 0 }) => messageId);
    expect(new Set(ids).size).toBe(4);
    const [first = 0, second = 0, third = 0, fourth = 0] = ids;
    const userProperties = { why: 'because', too: ['1', '2'] };
    talk.peer.send({ cmd: 'puback', messageId: second, reasonCode: 0x10 });
    talk.peer.send({ cmd: 'puback', messageId: first, reasonCode: 0 });
    talk.peer.send({
      cmd: 'puback',
      messageId: fourth,
      reasonCode: 0x97,
      properties: { userProperties, reasonString: 'no' },
    });
    talk.peer.send({ cmd: 'puback', messageId: third, reasonCode: 0x87 });
    await answered(talk);
    expect(talk.told).toEqual([
      ['complete', 11, 0x10],
      ['complete', 10, 0],
      ['complete', 13, 0x97, 'no'],
      ['complete', 12, 0x87],
    ]);
    expect(talk.lane.unanswered).toBe(0);
    await talk.session.close();
  });

  it('at QoS 2 answers PUBREC by PUBREL, and tells of both steps [MQTT5 4.3.3]', async () => {
    const talk = await publishing(2);
    send(talk.lane, 1, 'a');
    send(talk.lane, 2, 'b');
    talk.lane.flush();
    await talk.peer.until(() => talk.peer.packets.length >= 3, '2 messages');
    const [one = 0, two = 0] = (talk.peer.packets.slice(1) as IPublishPacket[]).map(({ messageId = 0 }) => messageId);
    talk.peer.send({ cmd: 'pubrec', messageId: one, reasonCode: 0 });
    talk.peer.send({ cmd: 'pubrec', messageId: two, reasonCode: 0x83 });
    expect(await talk.peer.receive('pubrel')).toMatchObject({ messageId: one });
    expect(talk.told).toEqual([
      ['received', 1],
      ['complete', 2, 0x83],
    ]);
    // The broker has not got our PUBREL.
    talk.peer.send({ cmd: 'pubrec', messageId: one, reasonCode: 0 });
    expect(await talk.peer.receive('pubrel')).toMatchObject({ messageId: one });
    talk.peer.send({ cmd: 'pubcomp', messageId: one, reasonCode: 0 });
    await answered(talk);
    expect(talk.told.slice(2)).toEqual([['complete', 1, 0]]);
    expect(talk.lane.unanswered).toBe(0);
    await talk.session.close();
  });

  it('at QoS 2 takes PUBACK for an end, as RabbitMQ answers, which takes such a message at QoS 1', async () => {
    const talk = await publishing(2);
    send(talk.lane, 7, 'x');
    talk.lane.flush();
    const { messageId = 0 } = await talk.peer.receive('publish');
    talk.peer.send({ cmd: 'puback', messageId, reasonCode: 0 });
    await answered(talk);
    expect(talk.told).toEqual([['complete', 7, 0]]);
    expect(talk.lane.unanswered).toBe(0);
    await talk.session.close();
  });

  it('gives nothing on answers to what it has not sent, and on answers of the wrong kind', async () => {
    const talk = await publishing(1);
    send(talk.lane, 1, 'a');
    talk.lane.flush();
    const { messageId = 0 } = await talk.peer.receive('publish');
    talk.peer.send({ cmd: 'puback', messageId: messageId + 1, reasonCode: 0 });
    talk.peer.send({ cmd: 'pubrec', messageId, reasonCode: 0 });
    talk.peer.send({ cmd: 'pubcomp', messageId, reasonCode: 0 });
    await answered(talk);
    expect(talk.told).toEqual([]);
    expect(talk.lane.unanswered).toBe(1);
    await talk.session.close();
  });

  it.each([
    ['none', [0x40, 1, 0]],
    ['0', [0x40, 2, 0, 0]],
  ])('ends the connection over an answer whose Packet Identifier is %s', async (_what, bytes) => {
    const talk = await publishing(1);
    talk.peer.send(Buffer.from(bytes));
    expect(await talk.session.ended).toEqual({
      kind: 'lost',
      reason: 'the broker sent an acknowledgement without a Packet Identifier',
    });
  });

  it.each<[QoS, string, number[]]>([
    [1, 'puback', [0x41, 2, 0, 1]],
    [1, 'puback', [0x4f, 2, 0, 1]],
    [2, 'pubrec', [0x58, 2, 0, 1]],
    [2, 'pubcomp', [0x72, 2, 0, 1]],
  ])('at QoS %i ends the connection over %s with flags that are reserved [MQTT-2.1.3-1]', async (qos, name, bytes) => {
    const talk = await publishing(qos);
    send(talk.lane, 1, 'a');
    talk.lane.flush();
    await talk.peer.receive('publish');
    talk.peer.send(Buffer.from(bytes));
    expect(await talk.session.ended).toEqual({
      kind: 'lost',
      reason: `Invalid header flag bits, must be 0x0 for ${name} packet`,
    });
    expect(talk.told).toEqual([]);
    expect(talk.lane.unanswered).toBe(1);
  });

  it('sends from where they stand what is large, and in place what is not', async () => {
    const talk = await publishing(1);
    const source = Buffer.alloc(400_000, 'abc');
    const ranges = [
      [3, 8],
      [0, 40_000],
      [10, 10],
      [1, 399_999],
      [7, 100],
    ] as const;
    for (const [index, [from, to]] of ranges.entries()) talk.lane.append('t', source, from, to, index, 2 * index);
    talk.lane.flush();
    await talk.peer.until(() => talk.peer.packets.length >= 1 + ranges.length, 'all of them');
    const there = (talk.peer.packets.slice(1) as IPublishPacket[]).map(({ payload }) => payload as Buffer);
    expect(ranges.map(([from, to], index) => there[index]?.equals(source.subarray(from, to)))).toEqual(
      ranges.map(() => true),
    );
    await talk.session.close();
  });

  it('is full when the broker reads nothing, until it does', async () => {
    const talk = await publishing(0);
    const source = Buffer.alloc(1_000_000);
    talk.peer.socket.pause();
    for (let token = 0; !talk.lane.isFull; token += 1) talk.lane.append('t', source, 0, source.length, token, 0);
    const drained = talk.session.drained();
    expect(drained).toBeDefined();
    talk.peer.socket.resume();
    await drained;
    expect(talk.lane.isFull).toBe(false);
    await talk.session.close();
  });

  it('takes no more when the connection has ended', async () => {
    const talk = await publishing(0);
    talk.peer.socket.destroy();
    await talk.session.ended;
    send(talk.lane, 1, 'a');
    talk.lane.flush();
    expect(talk.lane.isFull).toBe(true);
  });

  it('is traced as what goes by the client is', async () => {
    const lines: string[] = [];
    const talk = await converse({ handlers: { makeLanes, onTrace: (line) => lines.push(line) } });
    const kind = { qos: 2, retain: true } as const;
    const lane = talk.session.lanes?.openPublish(kind, new Exchanges(5), { onComplete: () => undefined });
    lane?.append('a/b', Buffer.from('secret'), 0, 6, 1, 1);
    lane?.flush();
    await talk.peer.receive('publish');
    talk.peer.send({ cmd: 'pubrec', messageId: 1, reasonCode: 0x10 });
    await talk.peer.receive('pubrel');
    talk.peer.send({ cmd: 'pubcomp', messageId: 1 });
    await answered({ ...talk, lane: lane as PublishLane, told: [] } as Conversation);
    expect(lines.filter((line) => line.includes('PUB'))).toEqual([
      'sending PUBLISH (QoS 2, retain, id 1, a/b, 6 bytes)',
      'received PUBREC (id 1, No matching subscribers (0x10))',
      'sending PUBREL (id 1)',
      'received PUBCOMP (id 1)',
    ]);
    await talk.session.close();
  });

  it('shares the connection with the client: SUBSCRIBE and PING go on, with identifiers of their own', async () => {
    const talk = await publishing(1);
    send(talk.lane, 1, 'a');
    const subscribed = talk.session.subscribe([{ filter: 'f', qos: 1 }]);
    const { messageId } = await talk.peer.receive('subscribe');
    expect(messageId).toBeGreaterThan(100);
    talk.peer.send({ cmd: 'suback', messageId: messageId ?? 0, granted: [1] });
    expect(await subscribed).toEqual([{ filter: 'f', reasonCode: 1 }]);
    talk.lane.flush();
    const published = await talk.peer.receive('publish');
    expect(published.messageId).toBe(1);
    await talk.session.close();
  });

  it('goes round the Packet Identifiers many times', async () => {
    const talk = await publishing(1, new Exchanges(16));
    let sent = 0;
    while (sent < 200) {
      while (talk.lane.unanswered < 16) send(talk.lane, sent++, 'm');
      talk.lane.flush();
      await talk.peer.until(
        () => talk.peer.packets.filter(({ cmd }) => cmd === 'publish').length >= sent,
        'all of them',
      );
      const open = talk.peer.packets.filter(({ cmd }) => cmd === 'publish').slice(talk.told.length) as IPublishPacket[];
      expect(new Set(open.map(({ messageId }) => messageId)).size).toBe(open.length);
      for (const { messageId = 0 } of open) talk.peer.send({ cmd: 'puback', messageId, reasonCode: 0 });
      await answered(talk);
    }
    expect(talk.told.map(([, token]) => token)).toEqual(Array.from({ length: sent }, (_, token) => token));
    await talk.session.close();
  });
});

describe('after a reconnect', () => {
  const PAYLOADS = ['zero', 'one', 'two', 'three'];

  async function interrupted(): Promise<Exchanges> {
    const exchanges = new Exchanges(3);
    const talk = await publishing(2, exchanges);
    // Identifiers do not rise with the messages: 1 is done, and 4 takes its identifier.
    send(talk.lane, 0, 'zero');
    send(talk.lane, 1, 'one');
    send(talk.lane, 2, 'two');
    talk.lane.flush();
    await talk.peer.until(() => talk.peer.packets.length >= 4, '3 messages');
    talk.peer.send({ cmd: 'pubrec', messageId: 1, reasonCode: 0 });
    talk.peer.send({ cmd: 'pubrec', messageId: 2, reasonCode: 0 });
    talk.peer.send({ cmd: 'pubcomp', messageId: 1, reasonCode: 0 });
    await answered(talk);
    send(talk.lane, 3, 'three');
    talk.lane.flush();
    await talk.session.close();
    return exchanges;
  }

  const find = (token: number): { topic: string; payload: Buffer } => ({
    topic: 't',
    payload: Buffer.from(PAYLOADS[token] ?? ''),
  });

  it('what was not complete goes on, oldest first, with DUP, where the broker has the session [MQTT-4.4.0-1]', async () => {
    const exchanges = await interrupted();
    const next = await publishing(2, exchanges, { sessionPresent: true });
    next.lane.resume(true, find);
    expect(next.lane.inFlight).toBe(1);
    expect(next.lane.resend(100)).toBe(true);
    expect(next.lane.inFlight).toBe(3);
    next.lane.flush();
    await next.peer.until(() => next.peer.packets.length >= 4, 'what goes on');
    expect(
      next.peer.packets.slice(1).map((packet) => ({
        cmd: packet.cmd,
        messageId: packet.messageId,
        ...(packet.cmd === 'publish' && { dup: packet.dup, payload: packet.payload.toString() }),
      })),
    ).toEqual([
      { cmd: 'pubrel', messageId: 2 },
      { cmd: 'publish', messageId: 3, dup: true, payload: 'two' },
      { cmd: 'publish', messageId: 1, dup: true, payload: 'three' },
    ]);
    next.peer.send({ cmd: 'pubcomp', messageId: 2, reasonCode: 0 });
    await answered(next);
    expect(next.told).toEqual([['complete', 1, 0]]);
    expect(next.lane.unanswered).toBe(2);
    await next.session.close();
  });

  it('all of it is sent anew where the broker has lost the session', async () => {
    const exchanges = await interrupted();
    const next = await publishing(2, exchanges);
    next.lane.resume(false, find);
    expect(next.lane.resend(100)).toBe(true);
    next.lane.flush();
    expect(next.told).toEqual([]);
    await next.peer.until(() => next.peer.packets.length >= 4, 'what goes on');
    expect(
      (next.peer.packets.slice(1) as IPublishPacket[]).map(({ cmd, dup, payload }) => [cmd, dup, payload.toString()]),
    ).toEqual([
      ['publish', false, 'one'],
      ['publish', false, 'two'],
      ['publish', false, 'three'],
    ]);
    await next.session.close();
  });

  it('no more goes out at once than the broker takes now, and what it answers meanwhile not at all', async () => {
    const exchanges = new Exchanges(6);
    const talk = await publishing(1, exchanges);
    for (const [token, payload] of PAYLOADS.entries()) send(talk.lane, token, payload);
    await talk.session.close();
    const next = await publishing(1, exchanges, { sessionPresent: true });
    const sent = (): string[] =>
      next.peer.packets.flatMap((packet) => (packet.cmd === 'publish' ? [packet.payload.toString()] : []));
    next.lane.resume(true, find);
    expect(next.lane.inFlight).toBe(0);
    expect(next.lane.resend(2)).toBe(false);
    next.lane.flush();
    expect(next.lane.inFlight).toBe(2);
    await next.peer.until(() => sent().length >= 2, 'as many as it takes');
    next.peer.send({ cmd: 'puback', messageId: 1, reasonCode: 0 });
    // Of this one the answer came over the connection before, as far as the broker knows.
    next.peer.send({ cmd: 'puback', messageId: 3, reasonCode: 0 });
    await answered(next);
    expect(next.lane.resend(2)).toBe(true);
    next.lane.flush();
    await next.peer.until(() => sent().length >= 3, 'the rest');
    expect(sent()).toEqual(['zero', 'one', 'three']);
    expect(next.told.map(([, token]) => token)).toEqual([0, 2]);
    expect([next.lane.inFlight, next.lane.unanswered]).toEqual([2, 2]);
    await next.session.close();
  });
});

describe('receiving by a lane', () => {
  async function receiving(version: 4 | 5 = 5): Promise<Conversation & { readonly got: string[]; reads: number }> {
    const conversation = await converse({ handlers: { makeLanes }, plan: { version } });
    const got: string[] = [];
    const state = { ...conversation, got, reads: 0 };
    const { lanes } = conversation.session;
    if (lanes) lanes.onRead = () => (state.reads += 1);
    lanes?.openReceive((bytes, from, to, qos, isRetained) => {
      got.push(`${qos}${isRetained ? 'r' : ''}:${bytes.toString('latin1', from, to)}`);
    });
    return state;
  }

  it.each([4, 5] as const)(
    'hands over payloads in place and acknowledges each as its QoS wants: version %i',
    async (version) => {
      const talk = await receiving(version);
      const message = { cmd: 'publish', topic: 'a/b', dup: false, retain: false } as const;
      const properties = { contentType: 'c'.repeat(200) };
      talk.peer.send({ ...message, qos: 0, payload: 'none', retain: true, ...(version === 5 && { properties }) });
      talk.peer.send({ ...message, qos: 1, messageId: 7, payload: 'one' });
      talk.peer.send({ ...message, qos: 2, messageId: 8, payload: '' });
      expect(await talk.peer.receive('puback')).toMatchObject({ messageId: 7 });
      expect(await talk.peer.receive('pubrec')).toMatchObject({ messageId: 8 });
      talk.peer.send({ ...message, qos: 2, messageId: 8, payload: '', dup: true });
      expect(await talk.peer.receive('pubrec')).toMatchObject({ messageId: 8 });
      talk.peer.send({ cmd: 'pubrel', messageId: 8 });
      expect(await talk.peer.receive('pubcomp')).toMatchObject({ messageId: 8 });
      talk.peer.send({ ...message, qos: 2, messageId: 8, payload: 'another' });
      expect(await talk.peer.receive('pubrec')).toMatchObject({ messageId: 8 });
      expect(talk.got).toEqual(['0r:none', '1:one', '2:', '2:another']);
      expect(talk.reads).toBeGreaterThan(0);
      await talk.session.close();
    },
  );

  it('hands nothing over once the session is closed', async () => {
    const talk = await receiving();
    const closed = talk.session.close();
    talk.peer.send({ cmd: 'publish', topic: 't', qos: 1, messageId: 1, payload: 'late', dup: false, retain: false });
    talk.peer.end();
    await closed;
    expect(talk.got).toEqual([]);
    expect(talk.peer.packets.map(({ cmd }) => cmd)).not.toContain('puback');
  });

  it.each([
    ['a topic longer than the packet', [0x30, 3, 0, 9, 0x61]],
    ['no Packet Identifier', [0x32, 3, 0, 1, 0x61]],
    ['Packet Identifier 0', [0x32, 6, 0, 1, 0x61, 0, 0, 0]],
    ['properties longer than the packet', [0x30, 4, 0, 1, 0x61, 9]],
    ['a length of properties that is none', [0x30, 8, 0, 1, 0x61, 0xff, 0xff, 0xff, 0xff, 1]],
  ])('ends the connection over %s', async (_what, bytes) => {
    const talk = await receiving();
    talk.peer.send(Buffer.from(bytes));
    expect(await talk.session.ended).toEqual({ kind: 'lost', reason: 'the broker sent a malformed PUBLISH' });
    expect(talk.got).toEqual([]);
  });

  it.each([
    ['QoS 3 [MQTT-3.3.1-4]', [0x36, 6, 0, 1, 0x61, 0, 1, 0], 'Packet must not have both QoS bits set to 1'],
    ['QoS 0 and DUP [MQTT-3.3.1-2]', [0x38, 4, 0, 1, 0x61, 0], 'the broker sent PUBLISH of QoS 0 with DUP'],
    [
      'PUBREL without its flag [MQTT-3.6.1-1]',
      [0x60, 2, 0, 1],
      'Invalid header flag bits, must be 0x2 for pubrel packet',
    ],
    [
      'PUBREL of Packet Identifier 0',
      [0x62, 2, 0, 0],
      'the broker sent an acknowledgement without a Packet Identifier',
    ],
  ])('ends the connection over %s', async (_what, bytes, reason) => {
    const talk = await receiving();
    talk.peer.send(Buffer.from(bytes));
    expect(await talk.session.ended).toEqual({ kind: 'lost', reason });
    expect(talk.got).toEqual([]);
    expect(talk.peer.packets.map(({ cmd }) => cmd)).toEqual(['connect']);
  });

  it('leaves the rest to the client', async () => {
    const talk = await receiving();
    await answered(talk);
    talk.peer.send({ cmd: 'disconnect', reasonCode: 0x8e });
    expect(await talk.session.ended).toMatchObject({ kind: 'disconnected', reasonCode: 0x8e });
    await settle();
  });
});

it('a session without lanes has none', async () => {
  const { session } = await converse();
  expect(session.lanes).toBeUndefined();
  await session.close();
});
