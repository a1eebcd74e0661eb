/** `%j` and `%J`: mosquitto 2.1's keys in its order, and always JSON. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { MessageProperties, QoS, ReceivedMessage } from '../../src/mqtt/session.ts';
import { formatMosquittoJson } from '../../src/output/mosquitto-json.ts';
import { momentOf } from '../../src/output/strftime.ts';
import { Template } from '../../src/output/template.ts';

const MESSAGE: ReceivedMessage = {
  topic: 'r/1',
  payload: Buffer.from('hello'),
  qos: 1,
  retain: false,
  dup: false,
  packetId: 1,
  properties: {},
};

/** 2026-01-02T03:04:05.678Z. */
const RECEIVED_MS = 1_767_323_045_678;

function print(
  message: Partial<ReceivedMessage>,
  options: { parsePayload?: boolean; pretty?: boolean; receivedMs?: number } = {},
): string | undefined {
  const { parsePayload = false, pretty = false, receivedMs = RECEIVED_MS } = options;
  return formatMosquittoJson({ ...MESSAGE, ...message }, momentOf(receivedMs), { parsePayload, pretty });
}

/** What follows the time stamp, which depends on the time zone. */
function rest(message: Partial<ReceivedMessage>, parsePayload = false): string | undefined {
  return print(message, { parsePayload })?.replace(/^\{"tst":"[^"]*",/, '');
}

const head = (qos: QoS, payloadLength: number): string =>
  `"topic":"r/1","qos":${qos},"retain":false,"payloadlen":${payloadLength}${qos > 0 ? ',"mid":1' : ''}`;

describe('the JSON of %j', () => {
  it('has the time in local time, with microseconds that are cut', () => {
    const tst = (receivedMs: number): unknown => JSON.parse(print({}, { receivedMs }) ?? '').tst;
    expect(tst(RECEIVED_MS)).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.678000[+-]\d{4}$/);
    expect(tst(RECEIVED_MS + 0.25)).toMatch(/\.678250[+-]/);
    expect(tst(1000.9999)).toMatch(/:01\.000999[+-]/);
  });

  it.each<[string, Partial<ReceivedMessage>, string]>([
    ['at QoS 1 with the Packet Identifier', {}, `${head(1, 5)},"payload":"hello"}`],
    ['at QoS 0 without', { qos: 0, packetId: 0 }, `${head(0, 5)},"payload":"hello"}`],
    ['with RETAIN', { retain: true }, `${head(1, 5).replace('"retain":false', '"retain":true')},"payload":"hello"}`],
    ['of an empty payload', { payload: Buffer.alloc(0) }, `${head(1, 0)},"payload":null}`],
    ['of JSON, as a string', { payload: Buffer.from('{"a":1}') }, `${head(1, 7)},"payload":"{\\"a\\":1}"}`],
    ['of a NUL', { payload: Buffer.from('a\0b') }, `${head(1, 3)},"payload":"a\\u0000b"}`],
    [
      'of controls',
      { payload: Buffer.from('\b\t\n\u001b\u007f') },
      `${head(1, 5)},"payload":"\\b\\t\\n\\u001b\u007f"}`,
    ],
    [
      'of bytes that are no text',
      { payload: Buffer.from([0xff, 0x00, 0x22]) },
      `${head(1, 3)},"payload-encoding":"base64","payload":"/wAi"}`,
    ],
    ['of a topic in quotes', { topic: '"\\', qos: 0 }, `${head(0, 5).replace('r/1', '\\"\\\\')},"payload":"hello"}`],
  ])('%s', (_, message, printed) => {
    expect(rest(message)).toBe(printed);
  });

  it('has no properties before MQTT 5, and none where there are none', () => {
    const { properties: _, ...before5 } = MESSAGE;
    const options = { parsePayload: false, pretty: false };
    expect(formatMosquittoJson(before5, momentOf(0), options)).not.toContain('properties');
    expect(rest({ properties: {} })).not.toContain('properties');
    expect(rest({ properties: { userProperties: [], subscriptionIdentifiers: [] } })).not.toContain('properties');
  });

  it('has each property by its name, User Properties last', () => {
    const properties: Required<MessageProperties> = {
      contentType: 'text/plain',
      userProperties: [
        ['a', '1'],
        ['a', '2'],
        ['', ''],
        ['__proto__', '"'],
      ],
      topicAlias: 12,
      subscriptionIdentifiers: [7, 9],
      correlationData: Buffer.from('id'),
      responseTopic: 'answer',
      messageExpiryInterval: 4_294_967_295,
      payloadFormatIndicator: 0,
    };
    expect(rest({ properties })).toBe(
      `${head(1, 5)},"properties":{"payload-format-indicator":0,"message-expiry-interval":4294967295,` +
        '"content-type":"text/plain","response-topic":"answer","correlation-data":"id","subscription-identifier":7,' +
        '"subscription-identifier":9,"topic-alias":12,' +
        '"user-properties":[{"a":"1"},{"a":"2"},{"":""},{"__proto__":"\\""}]},"payload":"hello"}',
    );
  });

  it('has empty properties too, and Correlation Data that is no text in base64', () => {
    const properties = { contentType: '', responseTopic: '', correlationData: Buffer.alloc(0) };
    expect(rest({ properties })).toContain('{"content-type":"","response-topic":"","correlation-data":""}');
    expect(rest({ properties: { correlationData: Buffer.from([0xff, 0]) } })).toContain('{"correlation-data":"/wA="}');
    expect(rest({ properties: { correlationData: Buffer.from([0x41, 0]) } })).toContain('"A\\u0000"');
  });

  it('is spread over lines by --pretty', () => {
    const properties = { contentType: 'x', userProperties: [['a', '1']] as const };
    const spread = print({ properties, payload: Buffer.from('{}') }, { parsePayload: true, pretty: true });
    expect(spread?.replace(/"tst":\t"[^"]*"/, 'TIME')).toBe(
      [
        '{',
        '\tTIME,',
        '\t"topic":\t"r/1",',
        '\t"qos":\t1,',
        '\t"retain":\tfalse,',
        '\t"payloadlen":\t2,',
        '\t"mid":\t1,',
        '\t"properties":\t{',
        '\t\t"content-type":\t"x",',
        '\t\t"user-properties":\t[{',
        '\t\t\t\t"a":\t"1"',
        '\t\t\t}]',
        '\t},',
        '\t"payload":\t{',
        '\t}',
        '}',
      ].join('\n'),
    );
  });

  it('is JSON, and holds what came, whatever came', () => {
    const text = fc.string({ unit: 'grapheme' });
    const bytes = fc.uint8Array().map((array) => Buffer.from(array));
    const property: fc.Arbitrary<MessageProperties> = fc.record(
      {
        contentType: text,
        responseTopic: text,
        correlationData: bytes,
        userProperties: fc.array(fc.tuple(text, text)),
        subscriptionIdentifiers: fc.array(fc.integer({ min: 1, max: 268_435_455 })),
        topicAlias: fc.integer({ min: 1, max: 65_535 }),
      },
      { requiredKeys: [] },
    );
    const payload = fc.oneof(
      bytes,
      text.map((value) => Buffer.from(value)),
    );
    fc.assert(
      fc.property(text, payload, property, fc.boolean(), (topic, body, properties, pretty) => {
        const printed = JSON.parse(print({ topic, payload: body, properties }, { pretty }) ?? '');
        expect(Object.keys(printed)[0]).toBe('tst');
        expect(Object.keys(printed).at(-1)).toBe('payload');
        expect(printed).toMatchObject({ topic, qos: 1, retain: false, payloadlen: body.length, mid: 1 });
        const { 'payload-encoding': encoding = 'utf8', payload: shown } = printed;
        expect(Buffer.from(shown ?? '', encoding)).toEqual(body);
        const given = printed.properties ?? {};
        expect(given['content-type']).toBe(properties.contentType);
        expect(given['response-topic']).toBe(properties.responseTopic);
        const pairs = (given['user-properties'] ?? []).map((pair: object) => Object.entries(pair)[0]);
        expect(pairs).toEqual(properties.userProperties ?? []);
      }),
    );
  });
});

describe('the JSON of %J', () => {
  it.each([
    ['{"b": 27.0, "a": [1e5, null, true]}', '{"b":27,"a":[100000,null,true]}'],
    [' {"a":1,"a":2}\n', '{"a":1,"a":2}'],
    ['"\\u00e9"', '"é"'],
    ['21.5', '21.5'],
    ['null', 'null'],
    ['true', 'true'],
    ['""', '""'],
    ['[]', '[]'],
  ])('has a payload of %s in place', (payload, printed) => {
    expect(rest({ payload: Buffer.from(payload) }, true)).toBe(`${head(1, payload.length)},"payload":${printed}}`);
  });

  it('has null for an empty payload', () => {
    expect(rest({ payload: Buffer.alloc(0) }, true)).toBe(`${head(1, 0)},"payload":null}`);
  });

  it.each([
    ['text', 'hello'],
    ['two values', '1 2'],
    ['white space', '  '],
    ['a number of another language', '0x10'],
    ['a bare word', 'NaN'],
    ['a line end in a string', '"a\nb"'],
    ['half a value', '{"a":'],
    ['a comma too many', '[1,]'],
  ])('is not there for %s', (_, payload) => {
    expect(print({ payload: Buffer.from(payload) }, { parsePayload: true })).toBeUndefined();
  });

  it('is not there for what is no text, even between quotes', () => {
    const payload = Buffer.from([0x22, 0xff, 0x22]);
    expect(print({ payload }, { parsePayload: true })).toBeUndefined();
  });

  it('goes 1000 levels deep, as with mosquitto, and no deeper', () => {
    const nested = (levels: number): Buffer => Buffer.from(`${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`);
    for (const pretty of [false, true]) {
      const deep = print({ payload: nested(1000) }, { parsePayload: true, pretty });
      expect(JSON.parse(deep ?? '')).toMatchObject({ payload: { a: { a: {} } } });
      expect(print({ payload: nested(1001) }, { parsePayload: true, pretty })).toBeUndefined();
      expect(print({ payload: nested(100_000) }, { parsePayload: true, pretty })).toBeUndefined();
    }
  });

  it('says on which topic a payload is not JSON, and prints the rest of the format', () => {
    const said: string[] = [];
    const template = new Template('<%J>', { pretty: false, newline: true, onFault: (text) => said.push(text) });
    expect(template.format(MESSAGE, RECEIVED_MS).toString()).toBe('<>\n');
    expect(said).toEqual(['the message on r/1 is not JSON (%J)']);
  });

  it('means what the payload means', () => {
    fc.assert(
      fc.property(fc.json(), fc.boolean(), (json, pretty) => {
        const printed = print({ payload: Buffer.from(json) }, { parsePayload: true, pretty });
        expect(JSON.parse(printed ?? '').payload).toEqual(JSON.parse(json));
      }),
    );
  });
});
