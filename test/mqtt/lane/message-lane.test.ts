/** Messages that go past the client, and by the client: what is handed over, answered and said must be the same. */
import fc from 'fast-check';
import mqttPacket, { type IPublishPacket, type Packet } from 'mqtt-packet';
import { describe, expect, it } from 'vitest';
import type { ProtocolVersion } from '../../../src/mqtt/connection-plan.ts';
import { makeMessageLane } from '../../../src/mqtt/lane/message-lane.ts';
import { dial } from '../../../src/mqtt/mqttjs.ts';
import type { ReceivedMessage, Session, SessionHandlers } from '../../../src/mqtt/session.ts';
import { withDeadline } from '../../support/deadline.ts';
import { FakeClock, settle } from '../../support/fake-clock.ts';
import { FakeTransport } from '../fake-transport.ts';
import { deferred, PLAN } from '../talking.ts';

const CONNACK: Readonly<Record<number, Buffer>> = {
  4: Buffer.from([0x20, 2, 0, 0]),
  5: Buffer.from([0x20, 3, 0, 0, 0]),
};

interface Line {
  readonly transport: FakeTransport;
  readonly opened: ReturnType<typeof dial>;
  readonly received: ReceivedMessage[];
  /** What was written after CONNECT, packet by packet. */
  answers(): Packet[];
}

function open(handlers: SessionHandlers = {}, { byLane = true, version = 5 as ProtocolVersion, plan = {} } = {}): Line {
  const transport = new FakeTransport();
  const received: ReceivedMessage[] = [];
  const onMessage: SessionHandlers['onMessage'] = (message) => {
    // Its bytes may be a part of what was read.
    received.push({ ...message, payload: Buffer.from(message.payload) });
    return handlers.onMessage?.(message);
  };
  const opened = dial(
    transport,
    { ...PLAN, ...plan },
    { version, clientId: 'x' },
    { ...handlers, onMessage, ...(byLane && { makeMessageLane }) },
    new FakeClock(),
    new AbortController().signal,
  );
  return {
    transport,
    opened,
    received,
    answers() {
      const packets: Packet[] = [];
      const parser = mqttPacket.parser({ protocolVersion: version });
      parser.on('packet', (packet) => packets.push(packet));
      parser.parse(Buffer.concat(transport.writes));
      return packets.slice(1);
    },
  };
}

async function sessionOf({ opened, transport }: Line, version = 5): Promise<Session> {
  transport.deliver(CONNACK[version] as Buffer);
  const result = await withDeadline(opened, 'the session');
  if (result.kind !== 'open') throw new Error(result.kind);
  return result.session;
}

function publish(parts: Partial<IPublishPacket> = {}, version = 5): Buffer {
  const packet = {
    cmd: 'publish',
    topic: 'a',
    payload: 'x',
    qos: 1,
    dup: false,
    retain: false,
    messageId: 1,
    ...parts,
  };
  return mqttPacket.generate(packet as Packet, { protocolVersion: version });
}

/** Bytes in pieces that end anywhere. */
function split(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  return [0, ...places].map((from, index) => bytes.subarray(from, places[index] ?? bytes.length));
}

const USER_PROPERTIES: Record<string, string[]> = { a: ['1', '2'] };
const text = fc.string({ minLength: 1, maxLength: 200 });
const message = fc.record({
  topic: text.map((topic) => topic.replace(/[+#]/g, '/')),
  payload: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  qos: fc.constantFrom(0 as const, 1 as const, 2 as const),
  retain: fc.boolean(),
  messageId: fc.integer({ min: 1, max: 4 }),
  properties: fc.option(
    fc.record(
      { contentType: text, messageExpiryInterval: fc.nat(), userProperties: fc.constant(USER_PROPERTIES) },
      { requiredKeys: [] },
    ),
    { nil: undefined, freq: 3 },
  ),
});
const regular = (version: number): fc.Arbitrary<Buffer> =>
  fc.oneof(
    { weight: 4, arbitrary: message.map((parts) => publish(parts as Partial<IPublishPacket>, version)) },
    fc
      .integer({ min: 1, max: 4 })
      .map((messageId) => mqttPacket.generate({ cmd: 'pubrel', messageId }, { protocolVersion: version })),
    fc.constant(Buffer.from([0xd0, 0])),
    // SUBACK to a question that nobody asked.
    fc.constant(Buffer.from(version === 5 ? [0x90, 4, 0, 9, 0, 0] : [0x90, 3, 0, 9, 0])),
  );
const bent = fc
  .tuple(regular(5), fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 2 }))
  .map(([packet, changes]) => {
    const copy = Buffer.from(packet);
    for (const [at, byte] of changes) copy[at % copy.length] = byte;
    return copy;
  });

/** What comes of these bytes, after CONNACK and in these pieces, until the broker closes. */
async function outcomeOf(pieces: readonly Buffer[], version: ProtocolVersion, byLane: boolean) {
  const line = open({ unreleased: new Set() }, { byLane, version });
  for (const piece of pieces) {
    line.transport.deliver(piece);
    await settle();
  }
  line.transport.finish();
  const result = await withDeadline(line.opened, 'the session');
  const end = result.kind === 'open' ? await withDeadline(result.session.ended, 'its end') : result.kind;
  return { received: line.received, end, answers: line.answers().map(({ cmd, messageId }) => [cmd, messageId]) };
}

describe('a lane for messages does what the client does', () => {
  it.each([4, 5] as const)('with MQTT version %d, wherever the pieces end that come', async (version) => {
    const cuts = fc.array(fc.nat(), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(fc.array(regular(version), { maxLength: 12 }), cuts, async (packets, places) => {
        const pieces = split(Buffer.concat([CONNACK[version] as Buffer, ...packets]), places);
        expect(await outcomeOf(pieces, version, true)).toEqual(await outcomeOf(pieces, version, false));
      }),
      { numRuns: 150 },
    );
  });

  it('with whatever is malformed: the same messages, and the same end', async () => {
    const cuts = fc.array(fc.nat(), { maxLength: 3 });
    const anything = fc.oneof(regular(5), bent, fc.uint8Array({ minLength: 1, maxLength: 9 }).map(Buffer.from));
    await fc.assert(
      fc.asyncProperty(fc.array(anything, { maxLength: 6 }), cuts, async (packets, places) => {
        const pieces = split(Buffer.concat([CONNACK[5] as Buffer, ...packets]), places);
        const [lane, client] = [await outcomeOf(pieces, 5, true), await outcomeOf(pieces, 5, false)];
        // What follows a packet that ends the connection may still be taken or not: no broker may send it.
        const both = Math.min(lane.received.length, client.received.length);
        expect(lane.received.slice(0, both)).toEqual(client.received.slice(0, both));
        // Where several are malformed, or one is cut off, another one may be named.
        const kindOf = (end: typeof lane.end): string => (typeof end === 'string' ? end : end.kind);
        const kinds = [kindOf(lane.end), kindOf(client.end)];
        // A DISCONNECT with more behind it is found in time or not.
        if (!kinds.includes('disconnected')) expect(kinds[0]).toBe(kinds[1]);
      }),
      { numRuns: 300 },
    );
  });

  it.each([
    ['PUBLISH with QoS 3', '36050001610001'],
    ['PUBLISH whose topic is longer than it', '3003ffff61'],
    ['PUBLISH of QoS 1 without Packet Identifier', '3203000161'],
    ['PUBLISH of QoS 2 with Packet Identifier 0', '340600016100000'],
    ['PUBLISH without a Topic Name', '3003000000'],
    ['PUBLISH of QoS 0 with DUP', '38050001610078'],
    ['PUBLISH to a Topic Filter', '30070003612f230078'],
    ['PUBLISH to a Topic Filter, with a property', '30090003612b6202010178'],
    ['PUBLISH with a property that does not exist', '3008000161047f000000'],
    ['PUBLISH with a Topic Alias that was not allowed', '3007000161032300 01'],
    ['PUBREL without Packet Identifier', '6200'],
    ['PUBREL with Packet Identifier 0', '62020000'],
    ['PUBREL with flags that are reserved', '60020001'],
    ['a length of five bytes', '30ffffffffff'],
  ])('with %s: the message before it, and the reason', async (_what, hex) => {
    const bad = Buffer.from(hex.replaceAll(' ', ''), 'hex');
    const pieces = [CONNACK[5] as Buffer, Buffer.concat([publish({ qos: 0 }), bad])];
    const lane = await outcomeOf(pieces, 5, true);
    expect(lane.received).toHaveLength(1);
    expect(lane.end).toMatchObject({ kind: 'lost' });
    expect(lane.end).toEqual((await outcomeOf(pieces, 5, false)).end);
  });

  it('with Topic Aliases, before which and after which there are other messages [MQTT5 3.3.2.3.4]', async () => {
    const packets = [
      publish({ qos: 0, topic: 'plain' }),
      publish({ qos: 1, topic: 'long/name', properties: { topicAlias: 1 } }),
      publish({ qos: 2, topic: '', messageId: 2, properties: { topicAlias: 1 } }),
      publish({ qos: 0, topic: 'plain' }),
    ];
    const plan = { properties: { topicAliasMaximum: 4 } };
    const line = open({}, { plan });
    await sessionOf(line);
    line.transport.deliver(Buffer.concat(packets));
    await settle();
    expect(line.received.map(({ topic }) => topic)).toEqual(['plain', 'long/name', 'long/name', 'plain']);
    expect(line.answers().map(({ cmd }) => cmd)).toEqual(['puback', 'pubrec']);
  });
});

describe('many messages of one read', () => {
  it('are settled once, and acknowledged in one write', async () => {
    let settles = 0;
    const settleNow = (): undefined => {
      settles += 1;
    };
    const line = open({ settle: settleNow });
    await sessionOf(line);
    const before = line.transport.writes.length;
    const packets = Array.from({ length: 1000 }, (_, index) => publish({ messageId: index + 1 }));
    line.transport.deliver(Buffer.concat(packets));
    await settle();
    expect(line.received).toHaveLength(1000);
    expect(settles).toBe(1);
    expect(line.transport.writes.length - before).toBe(1);
    expect(line.answers().map(({ messageId }) => messageId)).toEqual(packets.map((_, index) => index + 1));
  });

  it('are acknowledged when they are settled, not before, and nothing more is taken until then', async () => {
    const settled = deferred();
    const unreleased = new Set<number>();
    const line = open({ settle: () => settled.promise, unreleased });
    await sessionOf(line);
    line.transport.deliver(Buffer.concat([publish(), publish({ qos: 2, messageId: 2 })]));
    await settle();
    line.transport.deliver(publish({ messageId: 3 }));
    await settle();
    expect(line.received).toHaveLength(2);
    expect(line.answers()).toEqual([]);
    settled.resolve();
    await settle();
    expect(line.received).toHaveLength(3);
    expect(line.answers().map(({ cmd, messageId }) => [cmd, messageId])).toEqual([
      ['puback', 1],
      ['pubrec', 2],
      ['puback', 3],
    ]);
  });

  it('wait with the end of the connection for what was sent before it', async () => {
    const settled = deferred();
    let isFirst = true;
    const settleLate = (): Promise<void> | undefined => {
      if (!isFirst) return undefined;
      isFirst = false;
      return settled.promise;
    };
    const line = open({ settle: settleLate });
    const session = await sessionOf(line);
    line.transport.deliver(publish({ qos: 0 }));
    await settle();
    line.transport.deliver(Buffer.concat([publish({ qos: 0 }), Buffer.from([0xe0, 2, 0x8e, 0])]));
    line.transport.finish();
    await settle();
    expect(line.received).toHaveLength(1);
    settled.resolve();
    expect(await withDeadline(session.ended, 'the end')).toMatchObject({ kind: 'disconnected', reasonCode: 0x8e });
    expect(line.received).toHaveLength(2);
  });

  it('that were not settled when the connection broke are new ones when they come again', async () => {
    const unreleased = new Set<number>();
    const line = open({ settle: () => new Promise(() => undefined), unreleased });
    const session = await sessionOf(line);
    line.transport.deliver(publish({ qos: 2, messageId: 7 }));
    await settle();
    line.transport.breakWith('ECONNRESET');
    await withDeadline(session.ended, 'the end');
    expect([...unreleased]).toEqual([]);
  });

  it('that are left unacknowledged stay so, and those before them do not', async () => {
    let count = 0;
    const onMessage = (): 'unacknowledged' | undefined => {
      count += 1;
      return count > 2 ? 'unacknowledged' : undefined;
    };
    const line = open({ onMessage });
    await sessionOf(line);
    line.transport.deliver(Buffer.concat([1, 2, 3, 4].map((messageId) => publish({ messageId }))));
    await settle();
    expect(line.answers().map(({ messageId }) => messageId)).toEqual([1, 2]);
  });

  it('are not taken from a broker that does not read what answers them', async () => {
    const line = open();
    await sessionOf(line);
    line.transport.hold();
    const packets = Array.from({ length: 30_000 }, (_, index) => publish({ messageId: index + 1 }));
    const bytes = Buffer.concat(packets);
    const taken: number[] = [];
    for (let from = 0; from < bytes.length; from += 60_000) {
      line.transport.deliver(bytes.subarray(from, from + 60_000));
      await settle();
      taken.push(line.received.length);
    }
    expect(taken.at(-1)).toBe(taken.at(-2));
    expect(line.received.length).toBeLessThan(30_000);
    line.transport.release();
    while (line.received.length < 30_000) await settle();
  });
});
