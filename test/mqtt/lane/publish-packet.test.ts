import fc from 'fast-check';
import { generate, parser } from 'mqtt-packet';
import { describe, expect, it } from 'vitest';
import { encodeVariableByteInteger, PublishHeader } from '../../../src/mqtt/lane/publish-packet.ts';
import { toMqttjs } from '../../../src/mqtt/mqttjs-properties.ts';
import type { MessageProperties } from '../../../src/mqtt/session.ts';

const text = fc.string({ unit: 'binary', maxLength: 20 }).map((value) => value.replace(/[\0\ud800-\udfff#+]/g, 'x'));

const properties: fc.Arbitrary<MessageProperties | undefined> = fc.option(
  fc.record(
    {
      payloadFormatIndicator: fc.constantFrom(0 as const, 1 as const),
      messageExpiryInterval: fc.integer({ min: 0, max: 0xffff_ffff }),
      responseTopic: text,
      correlationData: fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
      userProperties: fc.array(fc.tuple(text, text), { minLength: 1, maxLength: 3 }),
      contentType: text,
    },
    { requiredKeys: [] },
  ),
  { nil: undefined },
);

describe('the header of a PUBLISH', () => {
  it('is the one that the library makes, for a run of messages of differing topic and size', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(0 as const, 1 as const, 2 as const),
        fc.boolean(),
        fc.constantFrom(3 as const, 4 as const, 5 as const),
        properties,
        fc.array(
          fc.record({
            topic: fc.constantFrom('a', 'a/b', 'ü'.repeat(70)),
            size: fc.oneof(fc.constantFrom(0, 1, 64, 127, 128, 16_383, 16_384), fc.integer({ min: 0, max: 300 })),
            packetId: fc.integer({ min: 1, max: 65_535 }),
            dup: fc.boolean(),
          }),
          { minLength: 1, maxLength: 6 },
        ),
        (qos, retain, version, given, messages) => {
          const header = new PublishHeader({ qos, retain, ...(given && { properties: given }) }, version);
          for (const { topic, size, packetId, dup } of messages) {
            const isDuplicate = qos > 0 && dup;
            const length = header.prepare(topic, size);
            const packet = Buffer.alloc(length + size + 3, 9);
            header.write(packet, 3, packetId, isDuplicate);
            const expected = generate(
              {
                cmd: 'publish',
                topic,
                payload: Buffer.alloc(size, 9),
                qos,
                retain,
                dup: isDuplicate,
                ...(qos > 0 && { messageId: packetId }),
                ...(version === 5 && given && { properties: toMqttjs(given) }),
              } as never,
              { protocolVersion: version },
            );
            expect(packet.subarray(3)).toEqual(expected);
          }
        },
      ),
    );
  });

  it('sets a Topic Alias once, and leaves out the topic after that, for as many topics as there are aliases', () => {
    const header = new PublishHeader({ qos: 1, retain: false, topicAliasMaximum: 2 }, 5);
    const seen: unknown[] = [];
    for (const topic of ['a', 'a', 'b', 'a', 'c', 'c', 'b']) {
      const packet = Buffer.alloc(header.prepare(topic, 0));
      header.write(packet, 0, 1, false);
      parser({ protocolVersion: 5 })
        .on('packet', (parsed) => {
          const { topic: sent, properties: with_ } = parsed as unknown as Record<string, { topicAlias?: number }>;
          seen.push([sent, with_?.topicAlias]);
        })
        .parse(packet);
    }
    expect(seen).toEqual([
      ['a', 1],
      ['', 1],
      ['b', 2],
      ['', 1],
      ['c', undefined],
      ['c', undefined],
      ['', 2],
    ]);
  });
});

describe('a Variable Byte Integer', () => {
  it.each([
    [0, [0]],
    [127, [0x7f]],
    [128, [0x80, 1]],
    [16_383, [0xff, 0x7f]],
    [16_384, [0x80, 0x80, 1]],
    [268_435_455, [0xff, 0xff, 0xff, 0x7f]],
  ])('%i is %j [MQTT5 1.5.5]', (value, bytes) => {
    expect(encodeVariableByteInteger(value)).toEqual(bytes);
  });
});
