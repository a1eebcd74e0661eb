import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type PacketProperties,
  PROPERTY_PACKETS,
  PROPERTY_RULES,
  type PropertyPacket,
} from '../../src/mqtt/properties.ts';
import { propertiesFor } from '../../src/options/properties.ts';
import { anyText, faultOf, parsePub } from './parsing.ts';

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

/** Table 2-4 of the specification, as far as a client sends the packet. [MQTT5 2.2.2.2] */
const TABLE: Readonly<Record<string, readonly [packets: string, values: Values]>> = {
  'payload-format-indicator': ['publish will', [0, 1]],
  'message-expiry-interval': ['publish will', [0, 4_294_967_295]],
  'content-type': ['publish will', 'text'],
  'response-topic': ['publish will', 'text'],
  'correlation-data': ['publish will', 'binary'],
  'subscription-identifier': ['subscribe', [1, 268_435_455]],
  'session-expiry-interval': ['connect disconnect', [0, 4_294_967_295]],
  'authentication-method': ['connect', 'text'],
  'authentication-data': ['connect auth', 'binary'],
  'request-problem-information': ['connect', [0, 1]],
  'will-delay-interval': ['will', [0, 4_294_967_295]],
  'request-response-information': ['connect', [0, 1]],
  'server-reference': ['disconnect', 'text'],
  'reason-string': ['disconnect auth', 'text'],
  'receive-maximum': ['connect', [1, 65_535]],
  'topic-alias-maximum': ['connect', [0, 65_535]],
  'topic-alias': ['publish', [1, 65_535]],
  'user-property': ['connect publish subscribe unsubscribe disconnect auth will', 'pair'],
  'maximum-packet-size': ['connect', [1, 4_294_967_295]],
};

type Values = readonly [min: number, max: number] | 'text' | 'binary' | 'pair';

/** A value that is right for it, as words. */
function wordsFor(values: Values): readonly string[] {
  if (values === 'pair') return ['name', 'value'];
  return [typeof values === 'string' ? 'x' : String(values[0])];
}

const rows = Object.entries(TABLE).map(([name, [packets, values]]) => ({ name, packets: packets.split(' '), values }));
const numbers = rows.flatMap(({ name, packets, values }) =>
  typeof values === 'string' ? [] : [{ name, packet: packets[0] as PropertyPacket, min: values[0], max: values[1] }],
);

describe('each property', () => {
  it('is one of the table', () => {
    expect(Object.keys(PROPERTY_RULES).sort()).toEqual(Object.keys(TABLE).sort());
  });

  it.each(rows)('$name is for $packets, and for no other packet', ({ name, packets, values }) => {
    for (const packet of PROPERTY_PACKETS) {
      const argv = ['-D', packet, name, ...wordsFor(values)];
      if (packets.includes(packet)) expect(propertiesFor(packet, parsePub(argv))).toBeDefined();
      else expect(faultOf(() => parsePub(argv))).toContain(`: ${packet} has no ${name}\n${name} is for `);
    }
  });

  it.each(rows)('$name is given once to a packet, but for User Properties, and to several packets', (row) => {
    const { name, packets, values } = row;
    const give = (packet: string): string[] => ['-D', packet, name, ...wordsFor(values)];
    const once = parsePub(packets.flatMap(give));
    for (const packet of packets as PropertyPacket[]) {
      expect(propertiesFor(packet, once)).toBeDefined();
      const twice = parsePub([...give(packet), ...give(packet.toUpperCase())]);
      if (name === 'user-property') {
        expect(propertiesFor(packet, twice)?.userProperties).toEqual([
          ['name', 'value'],
          ['name', 'value'],
        ]);
      } else {
        expect(faultOf(() => propertiesFor(packet, twice))).toBe(`-D ${packet} ${name} was given twice`);
      }
    }
  });

  it.each(numbers)('$name is a whole number from $min to $max', ({ name, packet, min, max }) => {
    const key = PROPERTY_RULES[name]?.key as keyof PacketProperties;
    const numberOf = (text: string): unknown => {
      const value = propertiesFor(packet, parsePub(['-D', packet, name, text]))?.[key];
      return Array.isArray(value) ? value[0] : value;
    };
    expect(numberOf(String(min))).toBe(min);
    expect(numberOf(String(max))).toBe(max);
    expect(numberOf(`00${max}`)).toBe(max);
    const wrong = [
      min - 1,
      max + 1,
      '',
      ' ',
      '-1',
      '1.5',
      '1e3',
      '0x1',
      ' 1',
      '1 ',
      '+1',
      '١',
      'abc',
      '99999999999999999999',
    ];
    for (const text of wrong.map(String)) {
      expect(fault(packet, name, text)).toContain(`must be a whole number from ${min} to ${max}`);
    }
  });

  it('keeps any text byte for byte, or says that it cannot be sent', () => {
    const texts = rows.filter(({ values }) => typeof values === 'string');
    fc.assert(
      fc.property(fc.constantFrom(...texts), anyText, anyText, ({ name, packets, values }, text, second) => {
        const packet = packets[0] as PropertyPacket;
        const argv = ['-D', packet, name, text, ...(values === 'pair' ? [second] : [])];
        const isText = (one: string): boolean => one.isWellFormed() && !one.includes('\0');
        const isRight = values === 'binary' || (isText(text) && (values !== 'pair' || isText(second)));
        if (!isRight) {
          expect(faultOf(() => parsePub(argv))).toContain('must be valid UTF-8 without U+0000');
          return;
        }
        const properties = propertiesFor(packet, parsePub(argv)) ?? {};
        const expected = values === 'binary' ? Buffer.from(text) : values === 'pair' ? [[text, second]] : text;
        expect(Object.values(properties)).toEqual([expected]);
      }),
      { numRuns: 500 },
    );
  });

  it('is understood or refused, whatever is given', () => {
    const words = fc.oneof(anyText, fc.constantFrom(...PROPERTY_PACKETS, ...Object.keys(PROPERTY_RULES), '1', 'x'));
    fc.assert(
      fc.property(fc.array(words, { maxLength: 5 }), (given) => {
        try {
          const values = parsePub(['-D', ...given]);
          for (const packet of PROPERTY_PACKETS) propertiesFor(packet, values);
        } catch (error) {
          expect(error).toHaveProperty('code', 'E_USAGE');
        }
      }),
      { numRuns: 500 },
    );
  });

  it('shows no Authentication Data in what is said of it', () => {
    const long = `sentinel${'x'.repeat(65_536)}`;
    expect(fault('connect', 'authentication-data', long)).toBe(
      '-D connect authentication-data "***": must be at most 65535 bytes long',
    );
    expect(fault('publish', 'Authentication-Data', 'sentinel')).toContain(
      '-D publish Authentication-Data "***": publish has no authentication-data',
    );
  });
});
