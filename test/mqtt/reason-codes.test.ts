import { describe, expect, it } from 'vitest';
import { describeConnackCode, describeReasonCode } from '../../src/mqtt/reason-codes.ts';

/** The table of [MQTT5 2.4], written down apart from the source. */
const NAMES: readonly (readonly [number, string])[] = [
  [0x00, 'Success'],
  [0x01, 'Granted QoS 1'],
  [0x02, 'Granted QoS 2'],
  [0x04, 'Disconnect with Will Message'],
  [0x10, 'No matching subscribers'],
  [0x11, 'No subscription existed'],
  [0x18, 'Continue authentication'],
  [0x19, 'Re-authenticate'],
  [0x80, 'Unspecified error'],
  [0x81, 'Malformed Packet'],
  [0x82, 'Protocol Error'],
  [0x83, 'Implementation specific error'],
  [0x84, 'Unsupported Protocol Version'],
  [0x85, 'Client Identifier not valid'],
  [0x86, 'Bad User Name or Password'],
  [0x87, 'Not authorized'],
  [0x88, 'Server unavailable'],
  [0x89, 'Server busy'],
  [0x8a, 'Banned'],
  [0x8b, 'Server shutting down'],
  [0x8c, 'Bad authentication method'],
  [0x8d, 'Keep Alive timeout'],
  [0x8e, 'Session taken over'],
  [0x8f, 'Topic Filter invalid'],
  [0x90, 'Topic Name invalid'],
  [0x91, 'Packet Identifier in use'],
  [0x92, 'Packet Identifier not found'],
  [0x93, 'Receive Maximum exceeded'],
  [0x94, 'Topic Alias invalid'],
  [0x95, 'Packet too large'],
  [0x96, 'Message rate too high'],
  [0x97, 'Quota exceeded'],
  [0x98, 'Administrative action'],
  [0x99, 'Payload format invalid'],
  [0x9a, 'Retain not supported'],
  [0x9b, 'QoS not supported'],
  [0x9c, 'Use another server'],
  [0x9d, 'Server moved'],
  [0x9e, 'Shared Subscriptions not supported'],
  [0x9f, 'Connection rate exceeded'],
  [0xa0, 'Maximum connect time'],
  [0xa1, 'Subscription Identifiers not supported'],
  [0xa2, 'Wildcard Subscriptions not supported'],
];

describe('a Reason Code in words [MQTT5 2.4]', () => {
  it('is the name of the specification and the number, for each number there is', () => {
    const named = new Map(NAMES);
    for (let code = 0; code <= 0xff; code += 1) {
      const hex = `0x${code.toString(16).toUpperCase().padStart(2, '0')}`;
      expect(describeReasonCode(code)).toBe(`${named.get(code) ?? 'unknown Reason Code'} (${hex})`);
    }
  });
});

describe('the code of a CONNACK in words', () => {
  it.each([
    [4, 1, 'Unacceptable protocol version (0x01)'],
    [4, 2, 'Identifier rejected (0x02)'],
    [3, 3, 'Server unavailable (0x03)'],
    [4, 4, 'Bad user name or password (0x04)'],
    [4, 5, 'Not authorized (0x05)'],
    [4, 6, 'unknown return code (0x06)'],
    [4, 0x87, 'unknown return code (0x87)'],
    // A 3.1.1 broker answers CONNECT of MQTT 5 in its own form.
    [5, 1, 'Unacceptable protocol version (0x01)'],
    [5, 0x87, 'Not authorized (0x87)'],
    [5, 0xff, 'unknown Reason Code (0xFF)'],
  ] as const)('of version %d, code %d: %s [MQTT3.1.1 3.2.2.3] [MQTT5 3.2.2.2]', (version, code, words) => {
    expect(describeConnackCode(code, version)).toBe(words);
  });
});
