import mqttPacket from 'mqtt-packet';
import { describe, expect, it } from 'vitest';
import { PublishRefusedError } from '../../src/errors.ts';
import { checkBrokerLimits, inFlightLimit, maximumPayloadBytes } from '../../src/mqtt/limits.ts';
import type { OutgoingMessage, SessionInfo } from '../../src/mqtt/session.ts';

const INFO: SessionInfo = {
  version: 5,
  clientId: 'x',
  sessionPresent: false,
  keepAliveSeconds: 60,
  receiveMaximum: 65_535,
  maximumQoS: 2,
  retainAvailable: true,
};

function message(parts: Partial<OutgoingMessage> = {}): OutgoingMessage {
  return { topic: 'a/é', payload: Buffer.from('12345'), qos: 2, retain: true, ...parts };
}

function check(parts: Partial<OutgoingMessage>, info: Partial<SessionInfo>): () => void {
  return () => checkBrokerLimits(message(parts), { ...INFO, ...info });
}

/** Around the lengths at which the length itself takes a byte more. [MQTT5 1.5.5] */
const LENGTHS = [0, 127, 16_383, 2_097_151].flatMap((end) =>
  Array.from({ length: 14 }, (_, index) => Math.max(0, end - 12 + index)),
);

describe('a message is within the limits of CONNACK [MQTT5 3.2.2.3]', () => {
  it('where there are none', () => {
    expect(check({}, {})).not.toThrow();
  });

  it('unless its QoS is above Maximum QoS [MQTT-3.2.2-11]', () => {
    expect(check({ qos: 1 }, { maximumQoS: 1 })).not.toThrow();
    expect(check({ qos: 2 }, { maximumQoS: 1 })).toThrow(
      new PublishRefusedError('the broker takes messages up to QoS 1, not 2', 'Use -q 1.'),
    );
    expect(check({ qos: 1 }, { maximumQoS: 0 })).toThrow('up to QoS 0, not 1');
  });

  it('unless it is to be retained and the broker retains none [MQTT-3.2.2-14]', () => {
    expect(check({ retain: false }, { retainAvailable: false })).not.toThrow();
    expect(check({}, { retainAvailable: false })).toThrow('the broker does not retain messages');
  });

  it('unless its Topic Alias is above Topic Alias Maximum [MQTT-3.3.2-9]', () => {
    const properties = { topicAlias: 2 };
    expect(check({ properties }, { topicAliasMaximum: 2 })).not.toThrow();
    expect(check({ properties: {} }, {})).not.toThrow();
    expect(check({ properties }, { topicAliasMaximum: 1 })).toThrow('the broker takes Topic Aliases up to 1, not 2');
    expect(check({ properties }, {})).toThrow('the broker takes no Topic Alias, not 2');
  });

  it.each([0, 1, 2] as const)('unless its packet at QoS %d is above Maximum Packet Size [MQTT-3.2.2-15]', (qos) => {
    for (const length of LENGTHS) {
      const payload = Buffer.alloc(length);
      const packet = mqttPacket.generate(
        { cmd: 'publish', topic: 'a/é', payload, qos, retain: false, dup: false, ...(qos > 0 && { messageId: 1 }) },
        { protocolVersion: 5 },
      );
      expect(check({ payload, qos }, { maximumPacketSize: packet.length })).not.toThrow();
      expect(check({ payload, qos }, { maximumPacketSize: packet.length - 1 })).toThrow(
        `a message of ${length} bytes is too large for the broker (packets up to ${packet.length - 1} bytes)`,
      );
    }
  });
});

describe('messages on their way to the broker', () => {
  it('are as many as it takes [MQTT-3.3.4-7], and at QoS 2 before MQTT 5 as many as mosquitto takes', () => {
    for (const qos of [0, 1, 2] as const) expect(inFlightLimit({ ...INFO, receiveMaximum: 7 }, qos)).toBe(7);
    expect(inFlightLimit({ ...INFO, version: 4 }, 1)).toBe(65_535);
    expect(inFlightLimit({ ...INFO, version: 4 }, 2)).toBe(20);
  });
});

describe('the largest payload', () => {
  it('fills the packet with its topic [MQTT5 1.5.5]', () => {
    expect(maximumPayloadBytes('a')).toBe(268_435_455 - 1 - 5);
    expect(maximumPayloadBytes('é')).toBe(268_435_455 - 2 - 5);
  });
});
