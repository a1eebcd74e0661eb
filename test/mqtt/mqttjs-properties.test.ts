import fc from 'fast-check';
import mqttPacket, { type IPublishPacket } from 'mqtt-packet';
import { describe, expect, it } from 'vitest';
import { fromMqttjs, toMqttjs } from '../../src/mqtt/mqttjs-properties.ts';
import type { MessageProperties, UserProperties } from '../../src/mqtt/session.ts';

const text = fc.string({ unit: fc.integer({ min: 1, max: 0xd7ff }).map((code) => String.fromCodePoint(code)) });
const name = fc.oneof(fc.constantFrom('a', 'b', 'toString', 'constructor', '1'), text);

const properties: fc.Arbitrary<MessageProperties> = fc.record(
  {
    payloadFormatIndicator: fc.constantFrom(0 as const, 1 as const),
    messageExpiryInterval: fc.nat(0xffff_ffff),
    topicAlias: fc.integer({ min: 1, max: 65_535 }),
    responseTopic: text,
    correlationData: fc.uint8Array().map((bytes) => Buffer.from(bytes)),
    // MQTT.js loses an empty value where its name is repeated.
    userProperties: fc.array(
      fc.tuple(
        name,
        text.filter((value) => value !== ''),
      ),
      { minLength: 1 },
    ),
    contentType: text,
  },
  { requiredKeys: [] },
);

/** Values by name: the order among different names is not kept. */
function byName(pairs: UserProperties | undefined): Map<string, string[]> {
  const grouped = new Map<string, string[]>();
  for (const [key, value] of pairs ?? []) grouped.set(key, [...(grouped.get(key) ?? []), value]);
  return grouped;
}

describe('properties', () => {
  it('come through MQTT.js and the wire as they were [MQTT5 3.3.2.3]', () => {
    fc.assert(
      fc.property(properties, (sent) => {
        const packet: IPublishPacket = {
          cmd: 'publish',
          topic: 'a',
          payload: '',
          qos: 0,
          dup: false,
          retain: false,
          properties: toMqttjs(sent) as never,
        };
        let received: MessageProperties | undefined;
        const parser = mqttPacket.parser({ protocolVersion: 5 });
        parser.on('packet', (parsed) => {
          received = fromMqttjs((parsed as IPublishPacket).properties ?? {});
        });
        parser.parse(mqttPacket.generate(packet, { protocolVersion: 5 }));
        const { userProperties, ...rest } = sent;
        const { userProperties: receivedPairs, ...receivedRest } = received ?? {};
        expect(receivedRest).toEqual(rest);
        expect(byName(receivedPairs)).toEqual(byName(userProperties));
      }),
    );
  });

  it('keep repeats of a name, in order [MQTT5 3.3.2.3.7]', () => {
    const userProperties = [
      ['a', '2'],
      ['a', '1'],
      ['a', '2'],
    ] as const;
    expect(fromMqttjs(toMqttjs({ userProperties }))).toEqual({ userProperties });
  });

  it('have one Subscription Identifier or several [MQTT5 3.3.2.3.8]', () => {
    expect(fromMqttjs({ subscriptionIdentifier: 7 })).toEqual({ subscriptionIdentifiers: [7] });
    expect(fromMqttjs({ subscriptionIdentifier: [7, 8] })).toEqual({ subscriptionIdentifiers: [7, 8] });
  });
});
