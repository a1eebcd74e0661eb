/** Everything that reads bytes of a broker, with bytes that no broker sends. */
import fc from 'fast-check';
import mqttPacket, { type Packet } from 'mqtt-packet';
import { describe, expect } from 'vitest';
import { outcomeOf, PUBLISH_FIRST, packetIdOf } from '../../src/mqtt/lane/answer-packet.ts';
import { makeExchanges } from '../../src/mqtt/lane/exchanges.ts';
import { FrameScanner } from '../../src/mqtt/lane/frame-scanner.ts';
import { makeLanes } from '../../src/mqtt/lane/lanes.ts';
import { makeMessageLane } from '../../src/mqtt/lane/message-lane.ts';
import { PacketWriter } from '../../src/mqtt/lane/packet-writer.ts';
import { ReceiveLane } from '../../src/mqtt/lane/receive-lane.ts';
import { dial } from '../../src/mqtt/mqttjs.ts';
import type { ReceivedMessage, SessionHandlers } from '../../src/mqtt/session.ts';
import { Wire } from '../../src/mqtt/wire.ts';
import { JsonLines } from '../../src/output/json-lines.ts';
import { Template } from '../../src/output/template.ts';
import { RawText, TerminalText } from '../../src/output/text.ts';
import { FakeTransport } from '../mqtt/fake-transport.ts';
import { PLAN } from '../mqtt/talking.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { fuzz } from './fuzzing.ts';

const bytes = fc.uint8Array({ maxLength: 80 }).map((array) => Buffer.from(array));
const text = fc.string({ unit: 'binary', maxLength: 12 });

const properties = fc.record(
  {
    payloadFormatIndicator: fc.boolean(),
    messageExpiryInterval: fc.nat(),
    topicAlias: fc.integer({ min: 1, max: 9 }),
    contentType: text,
    responseTopic: text,
    correlationData: bytes,
    subscriptionIdentifier: fc.integer({ min: 1, max: 300 }),
  },
  { requiredKeys: [] },
);

const messageId = fc.integer({ min: 1, max: 40 });
const packet: fc.Arbitrary<Packet> = fc.oneof(
  fc.record({
    cmd: fc.constant('publish' as const),
    topic: fc.string({ minLength: 1, maxLength: 9 }),
    payload: bytes,
    qos: fc.constantFrom<0 | 1 | 2>(0, 1, 2),
    dup: fc.boolean(),
    retain: fc.boolean(),
    messageId,
    properties,
  }),
  fc.record({
    cmd: fc.constantFrom('puback' as const, 'pubrec' as const, 'pubcomp' as const, 'pubrel' as const),
    messageId,
    reasonCode: fc.constantFrom(0, 0x10, 0x80, 0x87, 0x97),
  }) as fc.Arbitrary<Packet>,
  fc.record({
    cmd: fc.constant('suback' as const),
    messageId,
    granted: fc.array(fc.constantFrom(0, 1, 2, 0x80, 0x87), { minLength: 1, maxLength: 3 }),
  }) as fc.Arbitrary<Packet>,
  fc.constantFrom<Packet>(
    { cmd: 'pingresp' },
    { cmd: 'disconnect', reasonCode: 0x8b },
    { cmd: 'auth', reasonCode: 0x18 } as never,
    { cmd: 'connack', reasonCode: 0, sessionPresent: false },
    { cmd: 'pingreq' },
  ),
);
const whole = packet.map((one) => {
  try {
    return mqttPacket.generate(one, { protocolVersion: 5 });
  } catch {
    return Buffer.from([0xd0, 0]);
  }
});
/** A packet with some bytes replaced, and often a length that is wrong. */
const bent = fc.tuple(whole, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 3 })).map(([one, changes]) => {
  const copy = Buffer.from(one);
  for (const [at, byte] of changes) copy[at % copy.length] = byte;
  return copy;
});
const stream = fc.array(fc.oneof(whole, whole, bent, bytes), { maxLength: 6 }).map((parts) => Buffer.concat(parts));
/** Where a stream is cut into chunks. */
const cuts = fc.array(fc.nat(255), { maxLength: 5 });

function chunksOf(all: Buffer, at: readonly number[]): Buffer[] {
  const places = [...new Set(at.map((place) => place % (all.length + 1)))].sort((a, b) => a - b);
  return [0, ...places].map((from, index) => all.subarray(from, places[index] ?? all.length));
}

describe('the frame scanner', () => {
  /** What it takes and what it passes on, as text; the error that ends it. */
  function scan(chunks: readonly Buffer[], firstBytes: readonly number[]) {
    const passed: Buffer[] = [];
    const taken: string[] = [];
    const scanner = new FrameScanner((part) => passed.push(Buffer.from(part)));
    scanner.claim(firstBytes, (type, source, start, body, end) => {
      expect(start < body && body <= end && end <= source.length).toBe(true);
      taken.push(`${type}:${source.toString('hex', start, end)}`);
      return true;
    });
    let fault: string | undefined;
    try {
      for (const chunk of chunks) scanner.scan(chunk);
    } catch (error) {
      fault = (error as Error).message;
    }
    return { taken, passed: Buffer.concat(passed).toString('hex'), fault };
  }

  const firstBytes = fc.uniqueArray(fc.integer({ min: 0x30, max: 0x7f }));
  fuzz(
    'finds the same packets however the bytes are cut',
    200,
    fc.tuple(stream, cuts, firstBytes),
    ([all, at, claimed]) => {
      const cut = scan(chunksOf(all, at), claimed);
      const uncut = scan([all], claimed);
      expect(cut.taken).toEqual(uncut.taken);
      expect(cut.fault).toBe(uncut.fault);
      expect([undefined, 'the broker sent a packet with a malformed length']).toContain(cut.fault);
      if (cut.fault === undefined) expect(cut.passed).toBe(uncut.passed);
    },
  );
});

describe('the receive lane', () => {
  const flagged = fc.tuple(fc.constantFrom(...PUBLISH_FIRST), bytes, fc.constantFrom<4 | 5>(4, 5));
  fuzz(
    'hands over what lies within the packet, or says that it is malformed',
    150,
    flagged,
    ([first, body, version]) => {
      const wire = new Wire(new FakeTransport(), () => () => undefined);
      const lane = new ReceiveLane(new PacketWriter(wire), version, (source, from, to, qos) => {
        expect(from >= 0 && from <= to && to <= source.length && qos < 3).toBe(true);
      });
      const source = Buffer.concat([Buffer.from([first, body.length]), body]);
      try {
        lane.take(3, source, 0, 2, source.length);
      } catch (error) {
        expect((error as Error).message).toBe('the broker sent a malformed PUBLISH');
      }
      wire.destroy();
    },
  );
});

describe('an acknowledgement', () => {
  fuzz('has an outcome, whatever follows the Packet Identifier', 100, bytes, (body) => {
    try {
      expect(packetIdOf(body, 0, body.length)).toBe(body.readUInt16BE(0));
    } catch (error) {
      expect(body.length < 2 || body.readUInt16BE(0) === 0).toBe(true);
      expect((error as Error).message).toContain('without a Packet Identifier');
      return;
    }
    const { reasonCode, reasonString } = outcomeOf(body, 0, body.length);
    expect(reasonCode).toBe(body[2] ?? 0);
    if (reasonString !== undefined) expect(Buffer.byteLength(reasonString)).toBeLessThan(3 * body.length);
  });
});

describe('a session', () => {
  const SETTINGS = {
    'of the client alone': {},
    'with a lane for messages': { makeMessageLane, settle: () => undefined },
    'with lanes': { makeLanes },
  };
  fuzz(
    'ends, and settles every promise',
    100,
    fc.tuple(stream, cuts, fc.constantFrom(...Object.values(SETTINGS)), fc.boolean()),
    async ([all, at, handlers, isDelayed]) => {
      const transport = new FakeTransport();
      const messages: ReceivedMessage[] = [];
      const session: SessionHandlers = {
        ...handlers,
        onMessage: (message) => {
          messages.push(message);
          return undefined;
        },
        unreleased: new Set(),
      };
      const choice = { version: 5, clientId: 'x' } as const;
      const opening = dial(transport, PLAN, choice, session, new FakeClock(), new AbortController().signal);
      transport.deliver(Buffer.from('2003000000', 'hex'));
      if (isDelayed) await opening;
      for (const chunk of chunksOf(all, at)) if (chunk.length > 0) transport.deliver(chunk);
      const result = await opening;
      if (result.kind !== 'open') return;
      const waiting: Promise<unknown>[] = [];
      if ('makeLanes' in handlers) {
        const kind = { qos: 1, retain: false } as const;
        result.session.lanes?.openPublish(kind, makeExchanges(8), { onComplete: () => undefined });
      } else {
        waiting.push(result.session.publish({ topic: 'a', payload: Buffer.from('x'), qos: 2, retain: false }));
      }
      waiting.push(result.session.subscribe([{ filter: 'a', qos: 0 }]));
      waiting.push(result.session.ping());
      const settled = Promise.allSettled(waiting);
      transport.finish();
      await result.session.ended;
      await settled;
      for (const { topic } of messages) expect(topic).not.toBe('');
    },
  );
});

describe('a message', () => {
  const received: fc.Arbitrary<ReceivedMessage> = fc.record({
    topic: fc.string({ unit: 'binary', minLength: 1, maxLength: 20 }),
    payload: fc.oneof(
      bytes,
      fc.string({ unit: 'binary' }).map((one) => Buffer.from(one)),
      fc.json().map((one) => Buffer.from(one)),
    ),
    qos: fc.constantFrom<0 | 1 | 2>(0, 1, 2),
    retain: fc.boolean(),
    dup: fc.boolean(),
    packetId: fc.nat(65_535),
    properties: fc.record(
      {
        payloadFormatIndicator: fc.constantFrom<0 | 1>(0, 1),
        messageExpiryInterval: fc.nat(),
        topicAlias: fc.nat(65_535),
        responseTopic: text,
        correlationData: bytes,
        userProperties: fc.array(fc.tuple(text, text), { maxLength: 3 }),
        subscriptionIdentifiers: fc.array(fc.nat(), { maxLength: 3 }),
        contentType: text,
      },
      { requiredKeys: [] },
    ),
  });
  /** Nothing that acts on a terminal or reorders its text; line ends and tabs stay. */
  const HARMLESS = /^(?:[^\p{Cc}\p{Bidi_Control}\u2028\u2029\ufeff]|[\n\t])*$/u;

  fuzz(
    'is JSON in one line, with its topic and payload',
    120,
    fc.tuple(received, fc.boolean()),
    ([message, isPlain]) => {
      const parseJson = false;
      const printed = new JsonLines({ parseJson, forTerminal: !isPlain }).format(message, 0)?.toString() ?? '';
      expect(printed.endsWith('\n')).toBe(true);
      expect(printed.slice(0, -1)).not.toMatch(/[\n\r]/);
      const read = JSON.parse(printed) as { topic: string; payload: string };
      expect(read.topic).toBe(Buffer.from(message.topic).toString());
      if (!isPlain) expect(printed).toMatch(HARMLESS);
    },
  );

  const KINDS = [
    new TerminalText({ verbose: true, newline: true }),
    new TerminalText({ verbose: true, newline: false, singleLine: true }),
    new JsonLines({ parseJson: true, forTerminal: true }),
    ...['%t %p', '%j', '%J', '%x %X %l %q %r', '%A %C %D %E %F %P %R %S'].map(
      (format) =>
        new Template(format, {
          pretty: false,
          newline: true,
          onFault: () => undefined,
          terminal: { singleLine: false },
        }),
    ),
  ];
  fuzz('does not act on a terminal', 130, fc.tuple(received, fc.constantFrom(...KINDS)), ([message, formatter]) => {
    const shown = formatter.format(message, 0)?.toString() ?? '';
    expect(shown).toMatch(HARMLESS);
  });

  fuzz('is itself in a pipe', 20, received, (message) => {
    const raw = new RawText({ verbose: false, newline: false }).format(message);
    expect(raw ?? Buffer.alloc(0)).toEqual(message.payload);
  });
});
