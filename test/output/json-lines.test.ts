import Ajv2020 from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import messageSchema from '../../docs/json/message.schema.json' with { type: 'json' };
import type { ReceivedMessage } from '../../src/mqtt/session.ts';
import { JsonLines } from '../../src/output/json-lines.ts';
import { messageWith, receivedMessage } from './messages.ts';

const isMessage = new Ajv2020({ strict: true, allErrors: true }).compile(messageSchema);
const TIME_MS = Date.UTC(2026, 0, 2, 3, 4, 5, 678);

const options = fc.record({ parseJson: fc.boolean(), forTerminal: fc.boolean() });
const lossless = new JsonLines({ parseJson: false, forTerminal: false });
const parsing = new JsonLines({ parseJson: true, forTerminal: false });

function lineOf(formatter: JsonLines, message: ReceivedMessage): string {
  return formatter.format(message, TIME_MS).toString();
}

/** The message that an object stands for, as somebody would publish it again. */
function restore(line: string): Omit<ReceivedMessage, 'packetId'> {
  const { topic, qos, retain, dup, encoding, payload, properties } = JSON.parse(line);
  const { correlationData, ...rest } = properties ?? {};
  return {
    topic,
    qos,
    retain,
    dup,
    payload: Buffer.from(payload, encoding),
    ...(properties !== undefined && {
      properties: {
        ...rest,
        ...(correlationData !== undefined && { correlationData: Buffer.from(correlationData, 'base64') }),
      },
    }),
  };
}

describe('a message as JSON', () => {
  it('is this', () => {
    const message = messageWith({
      payload: '21.5',
      qos: 1,
      properties: {
        contentType: 'text/plain',
        userProperties: [
          ['a', '1'],
          ['a', '2'],
        ],
        correlationData: Buffer.from([0, 0xff]),
      },
    });
    expect(lineOf(lossless, message)).toBe(
      '{"v":1,"time":"2026-01-02T03:04:05.678Z","topic":"a/b","qos":1,"retain":false,"dup":false,"size":4,' +
        '"encoding":"utf8","payload":"21.5","properties":{"contentType":"text/plain",' +
        '"userProperties":[["a","1"],["a","2"]],"correlationData":"AP8="}}\n',
    );
    expect(lineOf(lossless, messageWith({ payload: Buffer.from([0xff]) }))).toBe(
      '{"v":1,"time":"2026-01-02T03:04:05.678Z","topic":"a/b","qos":0,"retain":false,"dup":false,"size":1,' +
        '"encoding":"base64","payload":"/w=="}\n',
    );
  });

  it('is the message, bytes, properties and all', () => {
    fc.assert(
      fc.property(receivedMessage, ({ packetId: _packetId, ...message }) => {
        expect(restore(lineOf(lossless, { ...message, packetId: 1 }))).toEqual(message);
      }),
      { numRuns: 500 },
    );
  });

  it('keeps to its schema', () => {
    fc.assert(
      fc.property(receivedMessage, options, (message, jsonOptions) => {
        const object: unknown = JSON.parse(lineOf(new JsonLines(jsonOptions), message));
        expect(isMessage(object), JSON.stringify(isMessage.errors)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('is one line', () => {
    fc.assert(
      fc.property(receivedMessage, options, (message, jsonOptions) => {
        const line = lineOf(new JsonLines(jsonOptions), message);
        expect(line.indexOf('\n')).toBe(line.length - 1);
        expect(line).not.toContain('\r');
      }),
      { numRuns: 500 },
    );
  });

  it('means the same on a terminal, where nothing in it acts', () => {
    fc.assert(
      fc.property(receivedMessage, fc.boolean(), (message, parseJson) => {
        const shown = lineOf(new JsonLines({ parseJson, forTerminal: true }), message);
        expect(shown.slice(0, -1)).not.toMatch(/[\p{Cc}\p{Bidi_Control}]/u);
        expect(JSON.parse(shown)).toEqual(
          JSON.parse(lineOf(new JsonLines({ parseJson, forTerminal: false }), message)),
        );
      }),
      { numRuns: 500 },
    );
  });

  it('keeps a byte order mark and NUL', () => {
    for (const text of ['\ufeffx', '\0x', '\0']) {
      expect(JSON.parse(lineOf(lossless, messageWith({ payload: text })))).toMatchObject({
        encoding: 'utf8',
        payload: text,
      });
    }
  });

  it.each([[[0xc0, 0x80]], [[0xed, 0xa0, 0x80]], [[0xf4, 0x90, 0x80, 0x80]], [[0xe2, 0x82]], [[0x80]]])(
    'does not take %j for UTF-8 [RFC3629]',
    (bytes) => {
      const object = JSON.parse(lineOf(parsing, messageWith({ payload: Buffer.from(bytes) })));
      expect(object).toMatchObject({ encoding: 'base64', payload: Buffer.from(bytes).toString('base64') });
    },
  );

  it('has the size in bytes', () => {
    expect(JSON.parse(lineOf(lossless, messageWith({ payload: 'é😀' }))).size).toBe(6);
    expect(JSON.parse(lineOf(lossless, messageWith({})))).toMatchObject({ size: 0, payload: '', encoding: 'utf8' });
  });
});

describe('--parse-json', () => {
  it.each([
    ['1.50', '1.50'],
    ['12345678901234567890', '12345678901234567890'],
    ['1E400', '1E400'],
    ['-0', '-0'],
    [' 1 ', '1'],
    ['{"b":1, "a":2}', '{"b":1,"a":2}'],
    ['{"a":1,"a":2}', '{"a":1,"a":2}'],
    ['[1,\r\n\t2]', '[1,2]'],
    ['"a \\" b\\\\"', '"a \\" b\\\\"'],
    ['"\\u0041 é"', '"\\u0041 é"'],
    ['{"a b":" c "}', '{"a b":" c "}'],
    ['null', 'null'],
    ['{"__proto__":1}', '{"__proto__":1}'],
  ])('puts %s in place as %s', (payload, inPlace) => {
    expect(lineOf(parsing, messageWith({ payload }))).toContain(`"encoding":"json","payload":${inPlace}}`);
  });

  it.each([
    '',
    ' ',
    '21,5',
    '{a:1}',
    "{'a':1}",
    '[1,]',
    'NaN',
    'Infinity',
    '01',
    '+1',
    '\ufeff1',
    '1 2',
    '"\n"',
    '"\ud83d"x',
    'undefined',
  ])('leaves %j a text, for it is not JSON [RFC8259]', (payload) => {
    expect(JSON.parse(lineOf(parsing, messageWith({ payload })))).toMatchObject({
      encoding: 'utf8',
      payload: Buffer.from(payload).toString(),
    });
  });

  it('keeps the value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom('', '  ', '\t'), (value, indent) => {
        const payload = JSON.stringify(value, null, indent);
        const object = JSON.parse(lineOf(parsing, messageWith({ payload })));
        expect(object).toMatchObject({ encoding: 'json', size: Buffer.byteLength(payload) });
        expect(object.payload).toEqual(JSON.parse(payload));
      }),
    );
  });

  it('takes a document of many megabytes, which is one string', () => {
    const payload = JSON.stringify(`${'\\" '.repeat(6_000_000)}`);
    const line = lineOf(parsing, messageWith({ payload }));
    expect(line.length).toBeGreaterThan(payload.length);
    expect(line.includes('"encoding":"json"')).toBe(true);
  });

  it('leaves what is nested deeper than JSON is read a text', () => {
    const payload = '['.repeat(200_000);
    expect(JSON.parse(lineOf(parsing, messageWith({ payload }))).encoding).toBe('utf8');
  });

  it('tells of a payload that is not JSON', () => {
    const faults: string[] = [];
    const strict = new JsonLines({ parseJson: true, forTerminal: false, onFault: (fault) => faults.push(fault) });
    strict.format(messageWith({ payload: '{' }), 0);
    strict.format(messageWith({ payload: Buffer.from([0xff]) }), 0);
    strict.format(messageWith({ payload: '{}' }), 0);
    expect(faults).toEqual([
      'the message on a/b is not JSON (--parse-json)',
      'the message on a/b is not JSON (--parse-json)',
    ]);
  });
});

describe('the schema of a message', () => {
  const valid = {
    v: 1,
    time: '2026-01-02T03:04:05.678Z',
    topic: 'a',
    qos: 0,
    retain: false,
    dup: false,
    size: 1,
    encoding: 'utf8',
    payload: 'x',
  };

  it('takes a valid one', () => {
    expect(isMessage(valid)).toBe(true);
  });

  it.each<[string, object]>([
    ['another version', { v: 2 }],
    ['no time', { time: undefined }],
    ['a time of another form', { time: '2026-01-02 03:04:05' }],
    ['an empty topic', { topic: '' }],
    ['QoS 3', { qos: 3 }],
    ['retain as a number', { retain: 0 }],
    ['a negative size', { size: -1 }],
    ['an encoding that does not exist', { encoding: 'hex' }],
    ['a number as UTF-8', { payload: 1 }],
    ['base64 that is none', { encoding: 'base64', payload: 'x' }],
    ['a field more', { packetId: 1 }],
    ['a property more', { properties: { x: 1 } }],
    ['User Properties as an object', { properties: { userProperties: { a: '1' } } }],
    ['a User Property of three', { properties: { userProperties: [['a', '1', '2']] } }],
    ['a Subscription Identifier of 0', { properties: { subscriptionIdentifiers: [0] } }],
  ])('does not take %s', (_what, change) => {
    expect(isMessage(JSON.parse(JSON.stringify({ ...valid, ...change })))).toBe(false);
  });
});
