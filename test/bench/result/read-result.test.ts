import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { formatJson } from '../../../src/bench/report/json.ts';
import { findMismatch, type JsonSchema } from '../../../src/bench/result/json-schema.ts';
import { parseResult, readResult } from '../../../src/bench/result/read-result.ts';
import { UndecodableError, UsageError } from '../../../src/errors.ts';
import { makeConnResult, makeFullResult, makeHostileResult } from '../support/results.ts';
import { readStored } from '../support/stored.ts';

const folder = mkdtempSync(join(tmpdir(), 'mqtt-bench-'));
afterAll(() => rmSync(folder, { recursive: true }));

const lossy = readStored('lossy');
const SCHEMA = JSON.parse(
  readFileSync(new URL('../../../docs/json/bench-result.schema.json', import.meta.url), 'utf8'),
) as JsonSchema;

function faultOf(text: string): string {
  try {
    parseResult(text, 'a.json');
  } catch (error) {
    expect(error).toBeInstanceOf(UndecodableError);
    return (error as Error).message;
  }
  return '';
}

const faultWith = (differs: object): string => faultOf(JSON.stringify({ ...lossy, ...differs }));

describe('parseResult', () => {
  it('gives back what was written', () => {
    expect(parseResult(formatJson(lossy), 'a.json')).toEqual(lossy);
    for (const result of [makeFullResult(), makeConnResult(), makeHostileResult(), readStored('frozen')]) {
      expect(parseResult(formatJson(result), 'a.json')).toEqual(result);
    }
  });

  it.each([
    ['', 'a.json is not JSON, or not all of it'],
    [formatJson(lossy).slice(0, -20), 'a.json is not JSON, or not all of it'],
    ['[]', 'a.json is no result of mqtt-bench'],
    ['{"v":1,"topic":"a"}', 'a.json is no result of mqtt-bench'],
    ['{"v":2,"ledger":0}', 'a.json has version 2 of the result format; this mqtt-bench reads version 1'],
    ['{"v":1,"ledger":0}', 'a.json is a damaged result: runId is missing'],
  ])('says what is wrong with %j', (text, message) => {
    expect(faultOf(text)).toBe(message);
  });

  it.each([
    ['a count that is none', { ledger: { ...lossy.ledger, lost: -1 } }, 'ledger.lost is below 0'],
    ['a missing distribution', { latency: { ...lossy.latency, tls: undefined } }, 'latency.tls is missing'],
    ['an unknown scenario', { config: { ...lossy.config, scenario: 'all' } }, /^config.scenario is none of "pubsub", /],
    ['a publisher of another type', { perPublisher: [7] }, 'perPublisher[0] is not object'],
    [
      'a ledger that does not add up',
      { ledger: { ...lossy.ledger, accepted: 59_999 } },
      'the ledger of the run does not add up: attempted 60000 is not accepted 59999 + refused 0 + timedOut 0 + inFlight 0',
    ],
    [
      'publishers that are not the whole',
      { perPublisher: lossy.perPublisher.slice(1) },
      'the ledger of the run does not add up: attempted is 60000, and 30000 over all publishers',
    ],
    [
      'connections that do not add up',
      { connections: { ...lossy.connections, failed: 1 } },
      'connections attempted 3 are not connected 3 + failed 1',
    ],
    [
      'repeats that are not the whole',
      {
        repeats: [{ ...lossy }].map(({ startedAt, outcome, ledger, durations, rates, latency }) => ({
          startedAt,
          outcome,
          ledger: { ...ledger, delivered: ledger.delivered + 1, lost: ledger.lost - 1 },
          durations,
          rates,
          latency,
        })),
      },
      'delivered is 56673, and 56674 over all repeats',
    ],
    [
      'a threshold that is none',
      { thresholds: [{ assertion: 'luck > 1', value: 2, held: true }] },
      'the threshold "luck > 1": unknown measure luck, at character 1',
    ],
    [
      'a histogram that is none',
      { latency: { ...lossy.latency, puback: { ...lossy.latency.puback, hdr: 'HISTFAAA' } } },
      'latency.puback: hdr is no histogram',
    ],
    [
      'a histogram of something else',
      { latency: { ...lossy.latency, puback: { ...lossy.latency.puback, hdr: lossy.latency.endToEnd.hdr } } },
      'latency.puback: count is 60000, and hdr holds 56673',
    ],
    [
      'a histogram that is missing',
      { latency: { ...lossy.latency, puback: { ...lossy.latency.puback, hdr: null } } },
      'latency.puback: hdr is missing',
    ],
  ])('does not take %s', (_, differs, fault) => {
    const message = faultWith(differs);
    expect(message).toMatch(/^a\.json is a damaged result: /);
    expect(message.slice('a.json is a damaged result: '.length)).toMatch(
      typeof fault === 'string' ? new RegExp(`^${fault.replace(/[[\]().+]/g, '\\$&')}$`) : fault,
    );
  });

  it('passes over what a later version may have added', () => {
    expect(faultWith({ weather: 'fine', broker: { ...lossy.broker, colour: 'blue' } })).toBe('');
  });
});

describe('readResult', () => {
  /** The first touch of standard input opens it, and it may be what cannot be read. */
  const withoutStdin = {
    get stdin(): Readable {
      throw new Error('nobody named standard input');
    },
  };

  it('reads a file, and standard input for -', async () => {
    const path = join(folder, 'lossy.json');
    writeFileSync(path, formatJson(lossy));
    expect(await readResult(path, withoutStdin)).toEqual(lossy);
    const [start, end] = [formatJson(lossy).slice(0, 999), formatJson(lossy).slice(999)];
    const stdin = Readable.from([Buffer.from(start), Buffer.from(end)]);
    expect(await readResult('-', { stdin })).toEqual(lossy);
  });

  it('names the file that it cannot read', async () => {
    await expect(readResult(join(folder, 'none.json'), withoutStdin)).rejects.toThrow(UsageError);
    await expect(readResult(join(folder, 'none.json'), withoutStdin)).rejects.toThrow(/none\.json: no such file$/);
    await expect(readResult('-', { stdin: Readable.from([Buffer.from('{')]) })).rejects.toThrow(
      '"standard input" is not JSON, or not all of it',
    );
  });

  it('says that standard input is a folder', async () => {
    const stdin = new Readable({ read: () => undefined });
    stdin.destroy(Object.assign(new Error('it is a folder'), { code: 'EISDIR' }));
    await expect(readResult('-', { stdin })).rejects.toMatchObject({
      message: 'cannot read standard input: it is a folder',
      exitCode: 1,
    });
  });
});

/** The same schema with what we let pass: fields that are not known. */
function admittingAdditions(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(admittingAdditions);
  if (typeof schema !== 'object' || schema === null) return schema;
  const entries = Object.entries(schema).filter(([name, value]) => name !== 'additionalProperties' || value !== false);
  return Object.fromEntries(entries.map(([name, value]) => [name, admittingAdditions(value)]));
}

describe('findMismatch', () => {
  const validate = new Ajv2020({ strict: false }).compile(admittingAdditions(SCHEMA) as object);

  it('finds what ajv finds, wherever one value of a result is replaced or missing', () => {
    const results = [lossy, { ...makeFullResult(), samples: makeFullResult().samples.slice(0, 2) }, makeConnResult()];
    const places = results.flatMap((result) => pathsOf(result).map((path) => ({ path, result })));
    const other = fc.oneof(
      fc.constantFrom(undefined, null, '', 0, -1, 0.5, 3, 70_000, true, [], {}, 'pub', 'completed', [{}], ['a']),
      fc.jsonValue(),
    );
    fc.assert(
      fc.property(fc.constantFrom(...places), other, ({ path, result }, value) => {
        const changed = replaced(result, path, value);
        expect(findMismatch(SCHEMA, changed) === undefined).toBe(validate(changed));
      }),
      { numRuns: 2000 },
    );
  });

  it('refuses a schema that it does not understand', () => {
    expect(() => findMismatch({ uniqueItems: true } as JsonSchema, [])).toThrow('uniqueItems');
    expect(() => findMismatch({ $ref: '#/$defs/none' }, [])).toThrow('#/$defs/none');
  });
});

type Path = readonly (string | number)[];

function pathsOf(value: unknown, path: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([name, inner]) => pathsOf(inner, [...path, name]))];
}

function replaced(value: unknown, [name, ...rest]: Path, by: unknown): unknown {
  if (name === undefined) return JSON.parse(JSON.stringify(by ?? null));
  const copy = structuredClone(value) as Record<string, unknown>;
  if (rest.length === 0 && by === undefined) delete copy[name];
  else copy[name] = rest.length === 0 ? by : replaced(copy[name], rest, by);
  return copy;
}
