import { describe, expect, it } from 'vitest';
import { Contents, hasHeader } from '../../../src/bench/content/content.ts';
import { PROBE_HEADER_BYTES, ProbeReader } from '../../../src/bench/content/probe.ts';
import { makePlan, RUN_ID } from '../support/drive.ts';
import { payloadOf } from '../support/payload.ts';

const TEXT = { kind: 'text', source: 'hello', sizeBytes: 29 } as const;
const EPOCH_OFFSET_US = Date.UTC(2026, 0, 2) * 1000;

describe('content', () => {
  it('is a header and filler where nothing else was given', () => {
    const plan = makePlan({ payload: { kind: 'filler', source: null, sizeBytes: 30 } });
    const payload = payloadOf(plan, 4, 9, 100, 150);
    expect(payload.length).toBe(30);
    expect(payload.subarray(PROBE_HEADER_BYTES).toString()).toBe('xxxxxx');
    const reader = new ProbeReader(0);
    expect(reader.read(payload, 0, payload.length)).toBe(true);
    expect(reader).toMatchObject({ publisher: 4, sequence: 9, dueUs: 100, sentUs: 150, isIntact: true });
  });

  it('is the header before the payload that was given, where deliveries are verified', () => {
    const plan = makePlan({ payload: TEXT, payloadBytes: Buffer.from('hello') });
    expect(payloadOf(plan, 0, 0).subarray(PROBE_HEADER_BYTES).toString()).toBe('hello');
  });

  it('is exactly what was given, where deliveries are not verified', () => {
    const plan = makePlan({ scenario: 'pub', payload: TEXT, payloadBytes: Buffer.from('hello') });
    expect(payloadOf(plan, 0, 0).toString()).toBe('hello');
  });

  it.each([
    ['pubsub', 'filler', 24, true],
    ['pubsub', 'template', 5, true],
    ['pub', 'filler', 24, true],
    ['pub', 'filler', 23, false],
    ['pub', 'file', 1000, false],
  ] as const)('of %s, %s, %i bytes has a header: %s', (scenario, kind, sizeBytes, expected) => {
    expect(hasHeader(makePlan({ scenario, payload: { kind, source: null, sizeBytes } }))).toBe(expected);
  });

  it('fills a template in for each message, with the time of sending', () => {
    const source = '{"i":{i},"p":{publisher},"t":{time}}';
    const plan = makePlan({ scenario: 'pub', payload: { kind: 'template', source, sizeBytes: 100 } });
    const content = new Contents(plan, EPOCH_OFFSET_US).of(2);
    const payload = Buffer.alloc(content.sizeOf(1234));
    content.write(payload, 0, 1234, 0, 5_000_999);
    expect(JSON.parse(payload.toString())).toEqual({ i: 1234, p: 2, t: Date.UTC(2026, 0, 2) + 5000 });
  });

  it('has the same string for each message where the topic does not vary, and for each of its topics', () => {
    const { topicOf } = new Contents(makePlan({ topic: 'a/{publisher}' }), 0).of(7);
    expect(topicOf(0)).toBe('a/7');
    const topics = new Contents(makePlan({ topic: 'a/{topic}', topics: 3 }), 0).of(7);
    expect([0, 1, 2, 3].map((sequence) => topics.topicOf(sequence))).toEqual(['a/0', 'a/1', 'a/2', 'a/0']);
    const each = new Contents(makePlan({ topic: `{run}/{i}/{topic}`, topics: 3 }), 0).of(7);
    expect(each.topicOf(5)).toBe(`${RUN_ID}/5/2`);
  });

  it('says after how many messages its topics come again', () => {
    const periodOf = (topic: string): number => new Contents(makePlan({ topic, topics: 5 }), 0).topicPeriod;
    expect([periodOf('a/{publisher}'), periodOf('{topic}'), periodOf('{i}'), periodOf('{rand:3}')]).toEqual([
      1,
      5,
      Number.POSITIVE_INFINITY,
      Number.POSITIVE_INFINITY,
    ]);
  });

  it('keeps no string of each topic where there are very many', () => {
    const content = new Contents(makePlan({ topic: '{topic}', topics: 10_000_000 }), 0).of(0);
    expect(content.topicOf(9_999_999)).toBe('9999999');
    expect(content.topicOf(10_000_000)).toBe('0');
  });
});
