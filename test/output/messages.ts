import fc from 'fast-check';
import type { MessageProperties, ReceivedMessage } from '../../src/mqtt/session.ts';

/** A text that can stand in a packet: well-formed, without U+0000. [MQTT5 1.5.4] */
export const packetText: fc.Arbitrary<string> = fc.string({
  unit: fc.oneof(
    fc.integer({ min: 1, max: 0xd7ff }).map((code) => String.fromCodePoint(code)),
    fc.integer({ min: 0xe000, max: 0x10ffff }).map((code) => String.fromCodePoint(code)),
    fc.constantFrom('\u001b', '\u007f', '\u009b', '\u202e', '\u2028', '"', '\\', '/', '\n', '{'),
  ),
});

export const properties: fc.Arbitrary<MessageProperties> = fc.record(
  {
    payloadFormatIndicator: fc.constantFrom(0 as const, 1 as const),
    messageExpiryInterval: fc.nat(0xffff_ffff),
    topicAlias: fc.integer({ min: 1, max: 65_535 }),
    responseTopic: packetText,
    correlationData: fc.uint8Array().map((bytes) => Buffer.from(bytes)),
    userProperties: fc.array(fc.tuple(fc.oneof(fc.constantFrom('__proto__', 'a'), packetText), packetText)),
    subscriptionIdentifiers: fc.array(fc.integer({ min: 1, max: 268_435_455 })),
    contentType: packetText,
  },
  { requiredKeys: [] },
);

/** JSON as somebody may have written it, with white space, big numbers and repeated keys. */
const writtenJson = fc.oneof(
  fc.json(),
  fc.jsonValue().map((value) => JSON.stringify(value, null, '\t')),
  fc.constantFrom(' 1.50 ', '12345678901234567890', '{"a":1,"a":2}', '[1E400, -0]', '"\\u0041\u009b"', 'null', ' { } '),
);

const payload = fc.oneof(
  fc.uint8Array().map((bytes) => Buffer.from(bytes)),
  packetText.map((text) => Buffer.from(text)),
  writtenJson.map((text) => Buffer.from(text)),
);

/** A message as a broker may send it. */
export const receivedMessage: fc.Arbitrary<ReceivedMessage> = fc
  .tuple(
    fc.record({
      topic: packetText.filter((text) => text !== ''),
      payload,
      qos: fc.constantFrom(0 as const, 1 as const, 2 as const),
      retain: fc.boolean(),
      dup: fc.boolean(),
      packetId: fc.nat(65_535),
    }),
    fc.option(properties, { nil: undefined }),
  )
  .map(([message, own]) => (own === undefined ? message : { ...message, properties: own }));

/** A message with some of its parts given. */
export function messageWith(
  parts: Partial<Omit<ReceivedMessage, 'payload'>> & { payload?: string | Buffer },
): ReceivedMessage {
  return {
    topic: 'a/b',
    qos: 0,
    retain: false,
    dup: false,
    packetId: 0,
    ...parts,
    payload: Buffer.from(parts.payload ?? ''),
  };
}
