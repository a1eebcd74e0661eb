/** What the samples of a run say of why its result is as it is. */
import { describe, expect, it } from 'vitest';
import { diagnose } from '../../../src/bench/diagnosis/diagnosis.ts';
import { describeSelfLimit } from '../../../src/bench/diagnosis/self-limit.ts';
import type { BenchResult, Sample } from '../../../src/bench/result/result.ts';
import { readStored } from '../support/stored.ts';

const { config, rates } = readStored('lossless');
const lossy = readStored('lossy');

interface Second {
  readonly cpu?: number;
  readonly lagMs?: number;
  readonly p99Ms?: number | null;
  readonly brokerCpu?: number;
  readonly turns?: number;
  readonly inFlight?: number;
  readonly sent?: number;
  readonly sys?: Sample['sys'];
}

function samplesOf(seconds: readonly Second[], lengthMs = 1000): Sample[] {
  return seconds.map(
    ({ cpu = 0.3, lagMs = 2, p99Ms = 5, brokerCpu, sent = 10, sys = null, turns, inFlight = 0 }, index) => ({
      atMs: (index + 1) * lengthMs,
      sent,
      accepted: sent,
      delivered: sent,
      inFlight,
      lost: 0,
      connections: 2,
      latency: p99Ms === null ? null : { p50: 1000, p99: p99Ms * 1000, max: p99Ms * 2000 },
      generator: { cpu, lagUs: lagMs * 1000, memoryBytes: 1e8, ...(turns !== undefined && { turns }) },
      sys,
      brokerProcess: brokerCpu === undefined ? null : { cpu: brokerCpu, memoryBytes: 1e7 },
    }),
  );
}

function limitOf(seconds: readonly Second[], workers = 0, lengthMs = 1000): string | undefined {
  return describeSelfLimit({ config: { ...config, workers }, rates, samples: samplesOf(seconds, lengthMs) });
}

const idle: Second = {};
const saturated: Second = { cpu: 0.98 };

describe('a limit of mqtt-bench itself', () => {
  it('is seen by its CPU', () => {
    expect(limitOf([idle, saturated, saturated])).toBe(
      'mqtt-bench used 98 % of a CPU: this number is a limit of mqtt-bench, not of the broker. --workers spreads the load over more CPUs.',
    );
    expect(limitOf([idle, { cpu: 0.9 }, { cpu: 0.98 }])).toBeUndefined();
  });

  it('is not the first second, in which code is compiled', () => {
    expect(limitOf([{ cpu: 1.6 }, idle, idle])).toBeUndefined();
    expect(limitOf([{ cpu: 1.6 }, saturated])).toBeUndefined();
    expect(limitOf([{ cpu: 1.6 }, saturated, saturated], 0, 200)).toBeUndefined();
  });

  it('is not diluted by the wait for what was lost', () => {
    const waiting = { cpu: 0.01, sent: 0, p99Ms: null };
    expect(limitOf([idle, saturated, saturated, waiting, waiting, waiting])).toMatch(/used 98 %/);
  });

  it('is weighed by the length of each sample', () => {
    const samples = samplesOf([idle, { cpu: 0.9 }, saturated, saturated]);
    const [first, , third, fourth] = samples;
    const late = [first, { ...samples[1], atMs: 9000 }, { ...third, atMs: 10_000 }, { ...fourth, atMs: 11_000 }];
    expect(describeSelfLimit({ config, rates, samples: late as Sample[] })).toBeUndefined();
  });

  it('takes a CPU of each worker', () => {
    expect(limitOf([idle, saturated, saturated], 2)).toBeUndefined();
    expect(limitOf([idle, { cpu: 1.95 }, { cpu: 1.95 }], 2)).toMatch(/used 195 % of a CPU/);
  });

  it('is not claimed where the broker is known to be saturated too, and is said against one that is not', () => {
    const both = { ...saturated, brokerCpu: 0.97 };
    expect(limitOf([idle, both, both])).toBeUndefined();
    const alone = { ...saturated, brokerCpu: 0.4 };
    expect(limitOf([idle, alone, alone])).toMatch(/^mqtt-bench used 98 % of a CPU, and the broker 40 %: this number/);
  });

  it('is not a CPU that is used to ask again and again for a few messages, while most wait elsewhere', () => {
    const few = { ...saturated, sent: 75_000, turns: 60_000, inFlight: 1000 };
    expect(limitOf([idle, few, few])).toBeUndefined();
    const half = { ...saturated, sent: 500_000, turns: 1000, inFlight: 1000 };
    expect(limitOf([idle, half, half])).toMatch(/used 98 %/);
    const many = { ...saturated, sent: 600_000, turns: 1000, inFlight: 100_000 };
    expect(limitOf([idle, many, many])).toMatch(/used 98 %/);
    const none = { ...saturated, sent: 10, turns: 1000, inFlight: 0 };
    expect(limitOf([idle, none, none])).toMatch(/used 98 %/);
  });

  it('is not what kept the schedule that was asked for', () => {
    const samples = samplesOf([idle, saturated, saturated]);
    const atRate = (sentPerSecond: number): string | undefined =>
      describeSelfLimit({ config: { ...config, rate: 1000 }, rates: { ...rates, sentPerSecond }, samples });
    expect(atRate(999)).toBeUndefined();
    expect(atRate(900)).toMatch(/used 98 %/);
  });

  it('is seen by the larger part of one CPU, where generator and broker work by turns', () => {
    const byTurns = { cpu: 0.7, brokerCpu: 0.26 };
    expect(limitOf([idle, byTurns, byTurns])).toMatch(/used 70 % of a CPU, and the broker 26 %/);
    const brokers = { cpu: 0.4, brokerCpu: 0.6 };
    expect(limitOf([idle, brokers, brokers])).toBeUndefined();
    const waitingForBoth = { cpu: 0.5, brokerCpu: 0.1 };
    expect(limitOf([idle, waitingForBoth, waitingForBoth])).toBeUndefined();
  });

  it('is seen by an event loop that is late for much of the latency, most of the time', () => {
    const late = { cpu: 0.7, lagMs: 120, p99Ms: 200 };
    expect(limitOf([idle, late, late, idle])).toMatch(
      /^The event loop of mqtt-bench was late by up to 120 ms, and that is in the latency: this number is a limit of mqtt-bench, not/,
    );
    expect(limitOf([idle, late, late, idle, idle, idle])).toBeUndefined();
    expect(limitOf([idle, { lagMs: 120, p99Ms: 900 }, { lagMs: 120, p99Ms: 900 }])).toBeUndefined();
    expect(limitOf([idle, { lagMs: 40, p99Ms: 50 }, { lagMs: 40, p99Ms: 50 }])).toBeUndefined();
    expect(limitOf([idle, { lagMs: 400, p99Ms: null }, { lagMs: 400, p99Ms: null }])).toBeUndefined();
  });

  it('is one of the machine where mqtt-bench was late with little to do', () => {
    const starved = { cpu: 0.14, lagMs: 177, p99Ms: 200 };
    expect(limitOf([idle, starved, starved])).toBe(
      'mqtt-bench waited for a CPU for up to 177 ms, though it used 14 % of one, and that is in the latency: this number is a limit of this machine, which was busy with something else, and not of the broker.',
    );
  });

  it('is not told of a broker in the same process, which has a note of its own', () => {
    const result = { ...readStored('lossless'), samples: samplesOf([idle, saturated, saturated]) };
    const codes = (embedded: boolean): string[] =>
      diagnose(result, { plateau: undefined, embedded }).map(({ code }) => code);
    expect(codes(false)).toContain('self-limit');
    expect(codes(true)).not.toContain('self-limit');
  });
});

describe('messages that the broker says it dropped', () => {
  const DROPPED = 'publish/messages/dropped';
  const dropsOf = (result: Partial<BenchResult>, before: number | null, ...after: (number | null)[]) => {
    const figures = (count: number | null): Sample['sys'] => (count === null ? null : { [DROPPED]: count });
    const samples = samplesOf(after.map((count) => ({ sys: figures(count) })));
    const evidence = { plateau: undefined, embedded: false, sysBefore: figures(before) };
    const found = diagnose({ ...lossy, ...result, samples }, evidence);
    return found.find(({ code }) => code === 'sys-dropped')?.sentence;
  };

  it('are counted from before the first message to the last figure', () => {
    expect(dropsOf({}, 100, 100, 25_965)).toBe(
      'The broker dropped 25,865 messages of all its clients while the run lasted, by its own count ($SYS/broker/publish/messages/dropped).',
    );
  });

  it('are not told where there were none, or no figures', () => {
    expect(dropsOf({}, 100, 100, 100)).toBeUndefined();
    expect(dropsOf({}, 100, 100, 5)).toBeUndefined();
    expect(dropsOf({}, null, null, 5)).toBeUndefined();
    expect(dropsOf({}, 100, null, null)).toBeUndefined();
  });

  it('were of other clients where this run verified every delivery and missed none', () => {
    const nothingLost = { ledger: { ...lossy.ledger, lost: 0 } };
    expect(dropsOf(nothingLost, 0, 5)).toBeUndefined();
    expect(dropsOf({ ...nothingLost, config: { ...lossy.config, scenario: 'pub' } }, 0, 5)).toMatch(
      /^The broker dropped 5/,
    );
  });
});
