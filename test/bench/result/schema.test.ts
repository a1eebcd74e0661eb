import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { makeResult } from '../../../src/bench/result/make-result.ts';
import { type BenchResult, type Environment, LATENCIES } from '../../../src/bench/result/result.ts';
import { runToEnd } from '../support/drive.ts';
import { readStored } from '../support/stored.ts';

const SCHEMA = new URL('../../../docs/json/bench-result.schema.json', import.meta.url);
const validate = new Ajv2020({ allErrors: true, strict: true, allowUnionTypes: true, strictRequired: false }).compile(
  JSON.parse(readFileSync(SCHEMA, 'utf8')),
);

const ENVIRONMENT: Environment = readStored('lossless').environment;

function faultsOf(result: unknown): string[] {
  validate(JSON.parse(JSON.stringify(result)));
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}

async function resultOf(...how: Parameters<typeof runToEnd>): Promise<BenchResult> {
  const { done } = await runToEnd(...how);
  return makeResult(done, { environment: ENVIRONMENT, embedded: false });
}

describe('docs/json/bench-result.schema.json', () => {
  it('holds for the stored results', () => {
    expect(faultsOf(readStored('lossless'))).toEqual([]);
    expect(faultsOf(readStored('lossy'))).toEqual([]);
    expect(faultsOf(readStored('frozen'))).toEqual([]);
  });

  it.each([0, 1, 2] as const)('holds for a run at QoS %i, and one of which nothing came', async (qos) => {
    expect(faultsOf(await resultOf({ qos, publishers: 2, subscribers: 2 }))).toEqual([]);
    expect(faultsOf(await resultOf({ qos }, { answer: () => 'never', deliver: () => [], pong: false }))).toEqual([]);
  });

  it('holds for refusals, altered payloads and a broker that tells its name', async () => {
    const refused = await resultOf(
      {},
      {
        answer: () => ({ reasonCode: 0x97, reasonString: 'enough' }),
        alter: (payload) => payload.subarray(1),
        version: 'mosquitto version 2.0.11',
      },
    );
    expect(faultsOf(refused)).toEqual([]);
    expect(refused.refusals).toEqual([
      { reasonCode: 0x97, reason: 'Quota exceeded (0x97)', reasonString: 'enough', count: 100 },
    ]);
  });

  it.each([
    { kind: 'completed' },
    { kind: 'stalled' },
    { kind: 'interrupted', signal: 'SIGHUP' },
    { kind: 'connection-lost', role: 'subscriber', index: 0, reason: 'the broker reset it' },
    { kind: 'failed', reason: 'no such packet' },
  ])('knows the outcome %j', (outcome) => {
    expect(faultsOf({ ...readStored('lossless'), outcome })).toEqual([]);
    expect(faultsOf({ ...readStored('lossless'), outcome: { ...outcome, more: 1 } })).not.toEqual([]);
  });

  it.each([
    ['a version that it is not', { v: 2 }],
    ['a negative count', { ledger: { ...readStored('lossy').ledger, lost: -1 } }],
    ['a missing count', { ledger: { attempted: 1 } }],
    ['a count too many', { ledger: { ...readStored('lossy').ledger, found: 1 } }],
    ['an unknown code', { diagnosis: [{ code: 'bad-luck', sentence: 'Bad luck.' }] }],
    ['an unknown field', { rate: 1 }],
  ])('does not hold for %s', (_, differs) => {
    expect(faultsOf({ ...readStored('lossy'), ...differs })).not.toEqual([]);
  });
});

describe('makeResult', () => {
  it('divides what happened by the time that it took', async () => {
    const { ledger, durations, rates, latency } = await resultOf(
      { messages: 30, window: 10, subscribers: 2 },
      { deliver: () => [10], answer: () => ({ afterMs: 20 }) },
    );
    expect(ledger).toMatchObject({ attempted: 30, accepted: 30, delivered: 60 });
    expect(durations).toEqual({ unit: 'us', send: 41_379, accept: 60_000, deliver: 50_000 });
    expect(rates).toEqual({ sentPerSecond: 725.005, acceptedPerSecond: 500, deliveredPerSecond: 1200 });
    expect(latency.endToEnd).toMatchObject({ count: 60, min: 10_000, mean: 10_000, p50: 10_000, max: 10_000 });
    expect(latency.puback).toMatchObject({ count: 30, p999: 20_000 });
    expect(latency.pubcomp).toMatchObject({ count: 0, p50: null, hdr: null });
  });

  it('counts n messages over n intervals, so that a rate that is kept is the rate', async () => {
    for (const differs of [{}, { warmupMs: 500 }, { publishers: 3 }]) {
      const { measured, rates } = await resultOf({ messages: 10, rate: 10, window: null, ...differs });
      expect(measured.attempted).toBe('warmupMs' in differs ? 5 : 10);
      for (const rate of Object.values(rates)) expect(rate).toBeCloseTo(10, 1);
    }
  });

  it('counts the time in which a broker delivered nothing any more, and messages were still sent', async () => {
    const { durations, ledger, rates } = await resultOf(
      { messages: 40, window: 10, drainTimeoutMs: 1000 },
      { deliver: ({ sequence }) => (sequence < 20 ? [10] : []) },
    );
    expect(ledger).toMatchObject({ attempted: 40, delivered: 20, lost: 20 });
    expect(durations.send).toBeGreaterThan(1_000_000);
    expect(durations.deliver).toBe(durations.send);
    expect(rates.deliveredPerSecond).toBeCloseTo(rates.sentPerSecond / 2, 2);
  });

  it('has every distribution by name, and at each QoS only the acknowledgements that it has', async () => {
    for (const [qos, absent] of [
      [0, ['puback', 'pubrec', 'pubcomp']],
      [1, ['pubrec', 'pubcomp']],
      [2, ['puback']],
    ] as const) {
      const { latency } = await resultOf({ qos });
      expect(Object.keys(latency)).toEqual([...LATENCIES]);
      for (const name of absent) expect(latency[name].count).toBe(0);
      expect(latency.endToEnd.count).toBe(100);
    }
  });

  it('has no durations and no rates where nothing came', async () => {
    const { durations, rates } = await resultOf({}, { answer: () => 'never', deliver: () => [] });
    expect(durations).toMatchObject({ accept: null, deliver: null });
    expect(rates).toMatchObject({ acceptedPerSecond: 0, deliveredPerSecond: 0 });
  });

  it('starts at the time of the first message, and tells the plan without the run', async () => {
    const { startedAt, config, runId } = await resultOf({ messages: 3 });
    expect(startedAt).toBe('2026-01-02T03:04:05.678Z');
    expect(runId).toBe('0123456789abcdef');
    expect(config).not.toHaveProperty('runId');
    expect(config.messages).toBe(3);
  });

  it('has the smallest Receive Maximum, the lowest QoS granted, and the version agreed', async () => {
    const { broker } = await resultOf(
      { qos: 2 },
      { info: { receiveMaximum: 17, version: 4 }, subscribe: ({ qos }) => ({ reasonCode: Math.min(qos, 1) }) },
    );
    expect(broker).toEqual({
      host: 'localhost',
      port: 1883,
      transport: 'tcp',
      name: null,
      version: null,
      protocol: '3.1.1',
      receiveMaximum: 17,
      grantedQoS: 1,
      maximumQoS: 2,
      retainAvailable: true,
      maximumPacketSize: null,
      topicAliasMaximum: 0,
      keepAliveSeconds: 60,
    });
  });

  it.each([
    [{ webSocketPath: '/mqtt' }, 'ws'],
    [{ tls: { insecure: false }, webSocketPath: '/mqtt' }, 'wss'],
    [{ tls: { insecure: false } }, 'tls'],
  ])('names the transport of %j', async (endpoint, transport) => {
    const connection = { endpoint: { host: 'h', port: 1, ...endpoint } };
    expect((await resultOf({}, {}, { connection })).broker.transport).toBe(transport);
  });

  it('calls the embedded broker by its name', async () => {
    const { done } = await runToEnd({});
    const { broker, diagnosis } = makeResult(done, { environment: ENVIRONMENT, embedded: true });
    expect(broker.name).toBe('embedded aedes');
    expect(diagnosis.map(({ code }) => code)).toEqual(['embedded-broker']);
  });
});
