import { describe, expect, it } from 'vitest';
import { PROPERTY_RULES } from '../../src/mqtt/properties.ts';
import { propertiesFor } from '../../src/options/properties.ts';
import { faultOf, parsePub } from './parsing.ts';

const fault = (...words: string[]): string => faultOf(() => parsePub(['-D', ...words]));

describe('a property of -D [MQTT5 2.2.2.2]', () => {
  it('has the type that the specification gives it', () => {
    const argv = [
      ['publish', 'payload-format-indicator', '1'],
      ['PUBLISH', 'Message-Expiry-Interval', '4294967295'],
      ['publish', 'content-type', '-r'],
      ['publish', 'response-topic', 'a/b'],
      ['publish', 'correlation-data', '\u0000é'],
      ['publish', 'user-property', '-a', '--'],
      ['publish', 'user-property', '-a', ''],
      ['connect', 'receive-maximum', '007'],
    ].flatMap((words) => ['-D', ...words]);
    const values = parsePub(argv);
    expect(propertiesFor('publish', values)).toEqual({
      payloadFormatIndicator: 1,
      messageExpiryInterval: 4_294_967_295,
      contentType: '-r',
      responseTopic: 'a/b',
      correlationData: Buffer.from('\u0000é'),
      userProperties: [
        ['-a', '--'],
        ['-a', ''],
      ],
    });
    expect(propertiesFor('connect', values)).toEqual({ receiveMaximum: 7 });
    expect(propertiesFor('will', values)).toBe(undefined);
  });

  it.each([
    [['frame', 'content-type', 'x'], 'the packet must be one of connect, publish'],
    [['publish', 'content-typ', 'x'], 'there is no such property'],
    [['publish', '__proto__', 'x'], 'there is no such property'],
    [['publish', 'constructor', 'x'], 'there is no such property'],
    [['connect', 'content-type', 'x'], 'connect has no content-type'],
    [['publish', 'topic-alias', '0'], 'must be a whole number from 1 to 65535'],
    [['publish', 'payload-format-indicator', '2'], 'must be a whole number from 0 to 1'],
    [['publish', 'message-expiry-interval', '4294967296'], 'must be a whole number from 0 to 4294967295'],
    [['publish', 'content-type', 'a\u0000b'], 'must be valid UTF-8 without U+0000'],
    [['publish', 'content-type', '\ud800'], 'must be valid UTF-8 without U+0000'],
    [['publish', 'content-type', 'x'.repeat(65_536)], 'must be at most 65535 bytes long'],
    [['publish', 'correlation-data', 'é'.repeat(32_768)], 'must be at most 65535 bytes long'],
    [['publish', 'user-property', 'a', '\ud800'], 'must be valid UTF-8 without U+0000'],
    [['publish', 'user-property', 'a'], '-D needs a value: -D PACKET PROPERTY VALUE'],
    [['publish', 'content-type'], '-D needs a value: -D PACKET PROPERTY VALUE'],
  ])('is refused as %j', (words, reason) => {
    expect(fault(...words)).toContain(reason);
  });

  it('is given once, User Properties apart [MQTT5 2.2.2.2]', () => {
    const values = parsePub(['-D', 'publish', 'content-type', 'a', '-D', 'publish', 'content-type', 'b']);
    expect(faultOf(() => propertiesFor('publish', values))).toBe('-D publish content-type was given twice');
  });

  it('is never a Subscription Identifier of 0 [MQTT5 3.8.2.1.2]', () => {
    expect(PROPERTY_RULES['subscription-identifier']?.type).toEqual({ kind: 'number', min: 1, max: 268_435_455 });
  });
});
