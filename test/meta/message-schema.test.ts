/** docs/json/message.schema.json describes what mqtt-sub --json prints: everything it may print, and nothing more. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ROOT } from '../../scripts/bundle.mjs';
import type { MessageProperties, QoS, ReceivedMessage } from '../../src/mqtt/session.ts';
import { JsonLines } from '../../src/output/json-lines.ts';

const schema = JSON.parse(readFileSync(join(ROOT, 'docs/json/message.schema.json'), 'utf8')) as {
  properties: Record<string, { properties?: object }>;
};
const validate = new Ajv2020({ allErrors: true, strict: true, strictTypes: false }).compile(schema);

const bytes = fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array));
const text = fc.string({ unit: 'grapheme', maxLength: 20 });

const properties: fc.Arbitrary<MessageProperties> = fc.record(
  {
    payloadFormatIndicator: fc.constantFrom<0 | 1>(0, 1),
    messageExpiryInterval: fc.integer({ min: 0, max: 0xffffffff }),
    topicAlias: fc.integer({ min: 1, max: 0xffff }),
    responseTopic: text,
    correlationData: bytes,
    userProperties: fc.array(fc.tuple(text, text), { maxLength: 4 }),
    subscriptionIdentifiers: fc.array(fc.integer({ min: 1, max: 268_435_455 }), { maxLength: 3 }),
    contentType: text,
  },
  { requiredKeys: [] },
);

const payload = fc.oneof(
  bytes,
  text.map((value) => Buffer.from(value)),
  fc.json().map((value) => Buffer.from(value)),
);

const message: fc.Arbitrary<ReceivedMessage> = fc
  .record({
    topic: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 30 }),
    payload,
    qos: fc.constantFrom<QoS>(0, 1, 2),
    retain: fc.boolean(),
    dup: fc.boolean(),
    packetId: fc.integer({ min: 0, max: 0xffff }),
    properties: fc.option(properties, { nil: undefined }),
  })
  .map(({ properties: given, ...rest }) => (given === undefined ? rest : { ...rest, properties: given }));

const variants = [false, true].flatMap((parseJson) => [false, true].map((forTerminal) => ({ parseJson, forTerminal })));

describe.each(variants)('one message in JSON, %o', (options) => {
  const formatter = new JsonLines(options);
  const print = (received: ReceivedMessage, ms = 1_767_323_045_678): string =>
    formatter.format(received, ms).toString();

  it('is one line that fits the schema', () => {
    fc.assert(
      fc.property(message, fc.integer({ min: 0, max: 4_102_444_800_000 }), (received, ms) => {
        const line = print(received, ms);
        expect(line.indexOf('\n')).toBe(line.length - 1);
        const printed: unknown = JSON.parse(line);
        expect(validate(printed), `${line}${JSON.stringify(validate.errors)}`).toBe(true);
      }),
    );
  });

  it('has everything needed to publish the message again', () => {
    fc.assert(
      fc.property(message, (received) => {
        const printed = JSON.parse(print(received)) as Record<string, unknown>;
        const { packetId: _, payload: bytesSent, properties: sent, ...header } = received;
        expect(printed).toMatchObject(header);
        expect(printed['size']).toBe(bytesSent.length);
        if (printed['encoding'] === 'json') expect(printed['payload']).toEqual(JSON.parse(bytesSent.toString()));
        else expect(Buffer.from(printed['payload'] as string, printed['encoding'] as 'utf8')).toEqual(bytesSent);
        expect(readProperties(printed['properties'])).toEqual(sent);
      }),
    );
  });
});

function readProperties(printed: unknown): MessageProperties | undefined {
  if (printed === undefined) return undefined;
  const { correlationData, ...rest } = printed as Record<string, unknown>;
  if (correlationData === undefined) return rest;
  return { ...rest, correlationData: Buffer.from(correlationData as string, 'base64') };
}

describe('the schema', () => {
  const line = {
    v: 1,
    time: '2026-01-02T03:04:05.678Z',
    topic: 'a/b',
    qos: 1,
    retain: false,
    dup: false,
    size: 4,
    encoding: 'utf8',
    payload: '21.5',
  };

  it.each([
    ['a missing field', { ...line, topic: undefined }],
    ['a field that does not exist', { ...line, extra: 1 }],
    ['a property that does not exist', { ...line, properties: { extra: 1 } }],
    ['another version', { ...line, v: 2 }],
    ['a QoS that does not exist', { ...line, qos: 3 }],
    ['a local time', { ...line, time: '2026-01-02T03:04:05.678' }],
    ['text that should be base64', { ...line, encoding: 'base64', payload: 'no!' }],
    ['a value in place without saying so', { ...line, payload: 21.5 }],
    ['a User Property that is no pair', { ...line, properties: { userProperties: [['a']] } }],
  ])('refuses %s', (_, wrong) => {
    expect(validate(JSON.parse(JSON.stringify(line)))).toBe(true);
    expect(validate(JSON.parse(JSON.stringify(wrong)))).toBe(false);
  });

  it('and the page on the output name the same fields', () => {
    const page = readFileSync(join(ROOT, 'docs/output-format.md'), 'utf8');
    const described = [...page.matchAll(/^\| `(\w+)`/gm)].map(([, name]) => name);
    const fields = Object.keys(schema.properties);
    const propertyFields = Object.keys(schema.properties['properties']?.properties ?? {});
    expect(described).toEqual(expect.arrayContaining([...fields, ...propertyFields]));
  });
});
