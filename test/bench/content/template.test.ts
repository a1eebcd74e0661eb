import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { longestOf, type Piece, parseTemplate, Template } from '../../../src/bench/content/template.ts';
import { makeFilter } from '../../../src/bench/plan/plan.ts';
import { topicMatches } from '../../../src/mqtt/topic.ts';
import { ValueError } from '../../../src/options/spec.ts';
import { RUN_ID } from '../support/drive.ts';

const RUN = { seed: 7, topics: 12 };
const EPOCH_MS = Date.UTC(2026, 0, 2);

function errorOf(text: string, kind: 'topic' | 'payload'): string {
  try {
    parseTemplate(text, kind, RUN_ID);
  } catch (error) {
    if (error instanceof ValueError) return error.message;
    throw error;
  }
  return 'accepted';
}

function fill(text: string, publisher = 3, sequence = 25): string {
  const template = new Template(parseTemplate(text, 'payload', RUN_ID), RUN, 0);
  const bytes = Buffer.alloc(template.sizeOf(publisher, sequence));
  template.write(bytes, 0, publisher, sequence, EPOCH_MS);
  return bytes.toString();
}

const placeholder = fc.oneof(
  fc.constantFrom('{run}', '{publisher}', '{i}', '{topic}'),
  fc.integer({ min: 1, max: 1_000_000_000 }).map((below) => `{rand:${below}}`),
);
/** A template, and pieces of it that stand for themselves. */
const literal = fc.string({ unit: fc.constantFrom('a', 'Z', '/', 'é', '}', ':', '1', '{{'), maxLength: 8 });
const templateText = fc.array(fc.oneof(literal, placeholder), { maxLength: 8 }).map((parts) => parts.join(''));
const message = fc.record({ publisher: fc.nat(99_999), sequence: fc.nat(0xffff_fffe), seed: fc.nat(0xffff_ffff) });

describe('a template', () => {
  it('is filled in with the numbers of its publisher and message', () => {
    expect(fill('{publisher}/{i}/{topic}/{run}')).toBe(`3/25/1/${RUN_ID}`);
    expect(fill('{time}')).toBe(String(EPOCH_MS));
    expect(fill('é{i}é')).toBe('é25é');
    expect(fill('')).toBe('');
  });

  it('leaves the braces of JSON alone, and has a spelling for a brace', () => {
    expect(fill('{"a":{"n":{i}},"b":[{}]}')).toBe('{"a":{"n":25},"b":[{}]}');
    expect(fill('{{i} {{{i}')).toBe('{i} {25');
    expect(fill('{ i} {I} {i ')).toBe('{ i} {I} {i ');
  });

  it('has random numbers that come again for the same seed, and for no other', () => {
    const draws = (seed: number, salt = 0): string[] => {
      const template = new Template(parseTemplate('{rand:1000000000}', 'topic', RUN_ID), { seed, topics: 1 }, salt);
      return Array.from({ length: 50 }, (_, sequence) => template.textOf(0, sequence));
    };
    expect(draws(1)).toEqual(draws(1));
    expect(new Set([...draws(1), ...draws(2), ...draws(1, 1000)]).size).toBe(150);
    expect(fill('{rand:1000000000} {rand:1000000000}')).not.toMatch(/^(\d+) \1$/);
  });

  it('has random numbers that are spread evenly below their bound', () => {
    const template = new Template(parseTemplate('{rand:10}', 'topic', RUN_ID), RUN, 0);
    const counts = new Array<number>(10).fill(0);
    for (let sequence = 0; sequence < 10_000; sequence += 1) counts[Number(template.textOf(0, sequence))]! += 1;
    for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(150);
  });

  it('writes exactly as many bytes as it says, and never more than the longest', () => {
    fc.assert(
      fc.property(templateText, message, (text, { publisher, seed, sequence }) => {
        const pieces = parseTemplate(text, 'topic', RUN_ID);
        const template = new Template(pieces, { seed, topics: 12 }, 5);
        const bytes = Buffer.alloc(template.sizeOf(publisher, sequence) + 2, 0xff);
        template.write(bytes, 1, publisher, sequence, EPOCH_MS);
        expect([bytes[0], bytes.at(-1)]).toEqual([0xff, 0xff]);
        expect(bytes.subarray(1, -1).includes(0xff)).toBe(false);
        expect(bytes.subarray(1, -1).toString()).toBe(template.textOf(publisher, sequence));
        const longest = template.longestOf(100_000, Number.POSITIVE_INFINITY);
        expect(bytes.length - 2).toBeLessThanOrEqual(longest);
        expect(Buffer.byteLength(longestOf(pieces, 100_000, Number.POSITIVE_INFINITY, 12))).toBe(longest);
      }),
    );
  });

  it('gives topics that its filter matches, whichever they are', () => {
    fc.assert(
      fc.property(templateText, message, (text, { publisher, seed, sequence }) => {
        const topic = new Template(parseTemplate(`x${text}`, 'topic', RUN_ID), { seed, topics: 12 }, 0);
        const name = topic.textOf(publisher, sequence);
        expect(topicMatches(makeFilter(`x${text}`, RUN_ID, false), name)).toBe(true);
        const own = makeFilter(`x${text}`, RUN_ID, true).replaceAll('{publisher}', String(publisher));
        expect(topicMatches(own, name)).toBe(true);
      }),
    );
  });

  it('is parsed the same when its literals are escaped', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('{', '}', 'i', ':', '1', 'a') }), (text) => {
        const escaped = text.replaceAll('{', '{{');
        const pieces = text === '' ? [] : [text];
        expect(parseTemplate(escaped, 'payload', RUN_ID)).toEqual(pieces);
        expect(parseTemplate(escaped, 'topic', RUN_ID)).toEqual(pieces);
      }),
    );
  });

  it.each([
    ['a/{nothing}', 'topic', 'there is no {nothing} (at 3)'],
    ['{i}{x}', 'payload', 'there is no {x} (at 4)'],
    ['{time}', 'topic', 'there is no {time} (at 1)'],
    ['a{', 'topic', '"{" at 2 begins no placeholder'],
    ['{}', 'topic', '"{" at 1 begins no placeholder'],
    ['{i:3}', 'payload', '{i:3} (at 1) takes no number'],
    ['{rand}', 'topic', '{rand} (at 1) must have a number from 1 to 1000000000, such as {rand:1000}'],
    ['{rand:0}', 'topic', '{rand:0} (at 1) must have a number from 1 to 1000000000, such as {rand:1000}'],
    [
      '{rand:1000000001}',
      'payload',
      '{rand:1000000001} (at 1) must have a number from 1 to 1000000000, such as {rand:1000}',
    ],
  ] as const)('%s in a %s is an error that tells where', (text, kind, message_) => {
    expect(errorOf(text, kind)).toBe(message_);
  });

  it('has one piece for text without placeholders', () => {
    const pieces: readonly Piece[] = parseTemplate('a {run} {b', 'payload', 'R');
    expect(pieces).toEqual(['a R {b']);
  });
});
