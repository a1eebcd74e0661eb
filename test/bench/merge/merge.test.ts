import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mergeRepeats, mergeResults } from '../../../src/bench/merge/merge.ts';
import { lengthOfUnion } from '../../../src/bench/merge/spans.ts';
import { describeLoad } from '../../../src/bench/report/words.ts';
import { parseAssertions } from '../../../src/bench/result/assertions.ts';
import { parseResult } from '../../../src/bench/result/read-result.ts';
import type { BenchResult, Opening, Sample } from '../../../src/bench/result/result.ts';
import { checkThresholds } from '../../../src/bench/result/thresholds.ts';
import { UsageError } from '../../../src/errors.ts';
import { type Event, resultOf } from '../support/make-result.ts';

const anyEvent: fc.Arbitrary<Event> = fc.record({
  atUs: fc.nat({ max: 20_000_000 }),
  latencyUs: fc.oneof(fc.nat({ max: 3000 }), fc.nat({ max: 100_000_000 })),
  isLost: fc.boolean(),
});
const anyEvents = fc.array(anyEvent, { maxLength: 60 });
const HOUR_MS = 3_600_000;

function timeAt(ms: number): string {
  return new Date(Date.UTC(2026, 0, 1) + ms).toISOString();
}

let runs = 0;

/** A run of its own: no two have the same mark. */
function runOf(events: readonly Event[], differs: Partial<BenchResult> = {}): BenchResult {
  runs += 1;
  return resultOf(events, { runId: runs.toString(16).padStart(16, '0'), startedAt: timeAt(0), ...differs });
}

function merge(...results: readonly BenchResult[]): BenchResult {
  return mergeResults(results.map((result, index) => ({ name: `${'abcdefgh'.charAt(index)}.json`, result })));
}

/** What does not depend on which run is the first, or on the order of the parts. */
function sumsOf({ ledger, measured, durations, rates, latency }: BenchResult): unknown {
  const { mean, ...endToEnd } = latency.endToEnd;
  return { ledger, measured, durations, rates, endToEnd };
}

function expectEqualSums(a: BenchResult, b: BenchResult): void {
  expect(sumsOf(a)).toEqual(sumsOf(b));
  // Each mean that goes into it is rounded to 0.1 us.
  expect(Math.abs((a.latency.endToEnd.mean ?? 0) - (b.latency.endToEnd.mean ?? 0))).toBeLessThanOrEqual(0.21);
}

describe('merging', () => {
  it('two halves of a run, each seen by another machine, makes the whole', () => {
    fc.assert(
      fc.property(anyEvents, anyEvents, (a, b) => {
        expectEqualSums(merge(runOf(a), runOf(b)), resultOf([...a, ...b]));
      }),
    );
  });

  it('comes to the same in any order and any grouping', () => {
    const anyRun = fc.tuple(anyEvents, fc.nat({ max: 30_000 }));
    fc.assert(
      fc.property(anyRun, anyRun, anyRun, (...three) => {
        const [a, b, c] = three.map(([events, atMs]) => runOf(events, { startedAt: timeAt(atMs) })) as [
          BenchResult,
          BenchResult,
          BenchResult,
        ];
        const whole = merge(a, b, c);
        expectEqualSums(merge(c, a, b), whole);
        expect(merge(c, b, a)).toEqual(whole);
        let grouped: BenchResult;
        try {
          grouped = merge(a, merge(b, c));
          expectEqualSums(merge(merge(a, b), c), grouped);
        } catch (error) {
          // Two at the same time have twice the publishers of one that came before or after them.
          expect(error).toBeInstanceOf(UsageError);
          return;
        }
        expectEqualSums(grouped, whole);
        expect(grouped.merged).toEqual(whole.merged);
        expect(grouped.repeats).toEqual(whole.repeats);
      }),
    );
  });

  it('makes a result that can be read, and whose durations can be made again from the runs it names', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(anyEvents, fc.nat({ max: 30_000 })), { minLength: 2, maxLength: 4 }), (given) => {
        const merged = merge(...given.map(([events, atMs]) => runOf(events, { startedAt: timeAt(atMs) })));
        expect(parseResult(JSON.stringify(merged), 'merged.json')).toEqual(merged);
        const spans = merged.merged?.flatMap(({ startedAt, durations: { send } }) =>
          send === null ? [] : [{ fromUs: Date.parse(startedAt) * 1000, toUs: Date.parse(startedAt) * 1000 + send }],
        );
        expect(merged.durations.send).toBe(spans?.length ? lengthOfUnion(spans ?? []) : null);
      }),
      { numRuns: 50 },
    );
  });

  const second = (count: number): Event[] =>
    Array.from({ length: count }, (_, index) => ({
      atUs: Math.round((1e6 * (index + 1)) / count),
      latencyUs: 1000,
      isLost: false,
    }));

  it('adds up the rates of runs at the same time, and their load', () => {
    const a = runOf(second(100));
    const b = runOf(second(50), { config: { ...a.config, publishers: 3, messages: 50 } });
    const merged = merge(a, b);
    expect(merged.rates.deliveredPerSecond).toBe(150);
    expect(merged.config).toMatchObject({ publishers: 4, subscribers: 2, messages: (a.config.messages ?? 0) + 50 });
    expect(merged.perPublisher).toEqual([...a.perPublisher, ...b.perPublisher]);
    expect(merged.perSubscriber).toEqual([...a.perSubscriber, ...b.perSubscriber]);
    expect(merged.repeats).toEqual([]);
    expect(describeLoad(merged)).toMatch(/^4 publishers -> 2 subscribers in 2 separate runs, /);
  });

  it('takes runs one after another for repeats, whose durations add up', () => {
    const a = runOf(second(100));
    const b = runOf(second(50), { startedAt: timeAt(HOUR_MS) });
    const merged = merge(b, a);
    expect(merged.rates.deliveredPerSecond).toBe(75);
    expect(merged.durations.deliver).toBe(2_000_000);
    expect(merged.config).toEqual(a.config);
    expect(describeLoad(merged)).toMatch(/^1 publisher -> 1 subscriber, /);
    expect(merged.perPublisher).toMatchObject([{ attempted: 150 }]);
    expect(merged.repeats.map(({ rates }) => rates.deliveredPerSecond)).toEqual([100, 50]);
    expect(merged.startedAt).toBe(a.startedAt);
  });

  it('counts a partial overlap once', () => {
    const merged = merge(runOf(second(100)), runOf(second(100), { startedAt: timeAt(500) }));
    expect(merged.durations.deliver).toBe(1_500_000);
    expect(merged.rates.deliveredPerSecond).toBe(133.333);
  });

  it('holds the conditions of all against the sum', () => {
    const held = { assertion: 'delivered <= 100', value: 100, held: true };
    const merged = merge(
      runOf(second(100), { thresholds: [held] }),
      runOf(second(50), { thresholds: [{ ...held, value: 50 }] }),
    );
    expect(merged.thresholds).toEqual([{ assertion: 'delivered <= 100', value: 150, held: false }]);
  });

  it('adds up refusals by Reason Code, connections by reason, and keeps an outcome that is not success', () => {
    const refused = (reasonCode: number, reasonString: string | null, count: number) => ({
      reasonCode,
      reason: `reason ${reasonCode}`,
      reasonString,
      count,
    });
    const connections = { attempted: 3, connected: 2, failed: 1, lost: 0 };
    const outcome = { kind: 'interrupted', signal: 'SIGINT' } as const;
    const merged = merge(
      runOf(second(1), {
        refusals: [refused(0x97, null, 2)],
        connections: { ...connections, reasons: [{ reason: 'no answer', count: 1 }] },
      }),
      runOf(second(1), {
        refusals: [refused(0x87, null, 1), refused(0x97, 'enough', 3)],
        connections: { ...connections, reasons: [{ reason: 'no answer', count: 1 }] },
        outcome,
      }),
    );
    expect(merged.refusals).toEqual([refused(0x97, 'enough', 5), refused(0x87, null, 1)]);
    expect(merged.connections).toEqual({
      attempted: 6,
      connected: 4,
      failed: 2,
      lost: 0,
      reasons: [{ reason: 'no answer', count: 2 }],
    });
    expect(merged.outcome).toEqual(outcome);
  });

  it.each([
    ['scenario', { scenario: 'pub' }, 'pubsub and pub'],
    ['qos', { qos: 2 }, '1 and 2'],
    ['properties', { properties: { contentType: 'a' } }, 'none and content type a'],
    ['payload', { payload: { kind: 'filler', source: null, sizeBytes: 65 } }, 'size in bytes 64 and size in bytes 65'],
    [
      'payload',
      { payload: { kind: 'text', source: '{"n":1}', sizeBytes: 31 } },
      'kind filler, source none, size in bytes 64 and kind text, source "{\\"n\\":1}", size in bytes 31',
    ],
  ] as const)('refuses runs of another %s, and names both files', (key, differs, values) => {
    const a = runOf(second(1));
    const b = runOf(second(1), { config: { ...a.config, ...differs } });
    expect(() => merge(a, b)).toThrow(UsageError);
    expect(() => merge(a, b)).toThrow(`cannot merge a.json and b.json: ${key} is ${values}`);
  });

  it('keeps the least that the broker granted, and adds up responders', () => {
    const a = runOf(second(1));
    const [scenario, filter] = ['rr', 'a/+'] as const;
    const rr = (differs: Partial<BenchResult['broker']>, responders: number): BenchResult =>
      runOf(second(1), {
        config: { ...a.config, scenario, filter, responders },
        broker: { ...a.broker, ...differs },
      });
    const merged = merge(rr({ receiveMaximum: 20 }, 2), rr({ grantedQoS: 0, retainAvailable: false }, 3));
    expect(merged.broker).toEqual({ ...a.broker, receiveMaximum: 20, grantedQoS: 0, retainAvailable: false });
    expect(merged.config.responders).toBe(5);
    expect(merge(a, runOf(second(1))).config).not.toHaveProperty('responders');
  });

  describe('of conn', () => {
    const opening = (connected: number, duration: number, latencyUs: number): Opening => {
      const latency = resultOf([{ atUs: 1, latencyUs, isLost: false }]).latency.endToEnd;
      const connectedPerSecond = (connected * 1e6) / duration;
      const counts = { attempted: connected, connected, failed: 0 };
      return {
        ...counts,
        unit: 'us',
        duration,
        connectedPerSecond,
        latency: { connect: latency, tls: latency, connack: latency },
      };
    };
    const conn = (openings: readonly Opening[], startMs: number): BenchResult => {
      const { config } = runOf([]);
      return runOf([], {
        startedAt: timeAt(startMs),
        openings,
        config: { ...config, scenario: 'conn', connections: 100, durationMs: 10_000, storms: openings.length - 1 },
      });
    };

    it('adds up what machines opened at the same time, opening by opening', () => {
      const a = conn([opening(100, 1_000_000, 5), opening(90, 2_000_000, 7)], 0);
      // It starts when all connections of the other are open, and held.
      const b = conn([opening(50, 500_000, 9), opening(100, 1_000_000, 3)], 5000);
      const merged = merge(a, b);
      expect(merged.config.connections).toBe(200);
      expect(merged.openings).toMatchObject([
        { attempted: 150, connected: 150, duration: 1_000_000, connectedPerSecond: 150 },
        { connected: 190, duration: 2_000_000, connectedPerSecond: 95 },
      ]);
      expect(merged.openings?.[0]?.latency.connack).toMatchObject({ count: 2, min: 5, max: 9 });
      expect(merged.repeats).toEqual([]);
      expect(parseResult(JSON.stringify(merged), 'merged.json')).toEqual(merged);
    });

    it('takes runs one after another for repeats', () => {
      const merged = merge(conn([opening(100, 1_000_000, 5)], 0), conn([opening(100, 2_000_000, 7)], 12_000));
      expect(merged.config.connections).toBe(100);
      expect(merged.openings).toHaveLength(2);
      expect(merged.repeats).toHaveLength(2);
      expect(parseResult(JSON.stringify(merged), 'merged.json')).toEqual(merged);
      const [threshold] = checkThresholds(parseAssertions('connected/s > 50'), merged);
      expect(threshold).toEqual({ assertion: 'connected/s > 50', value: 66.667, held: true });
    });
  });

  it('refuses runs one after another of another load, and the same run twice', () => {
    const a = runOf(second(1));
    const later = runOf(second(1), { startedAt: timeAt(HOUR_MS), config: { ...a.config, publishers: 2 } });
    expect(() => merge(a, later)).toThrow('cannot merge a.json and b.json: publishers is 1 and 2');
    expect(() => merge(a, a)).toThrow(`cannot merge a.json and b.json: both hold run ${a.runId}`);
    expect(() => merge(merge(a, runOf(second(1))), a)).toThrow(`both hold run ${a.runId}`);
  });
});

describe('merging repeats', () => {
  it('adds up what was measured, and keeps what each run came to', () => {
    fc.assert(
      fc.property(fc.array(anyEvents, { minLength: 1, maxLength: 4 }), (given) => {
        const results = given.map((events) => runOf(events));
        const merged = mergeRepeats(results);
        expect(parseResult(JSON.stringify(merged), 'merged.json')).toEqual(merged);
        expect(merged.ledger).toEqual(resultOf(given.flat()).ledger);
        expect(merged.latency.endToEnd.hdr).toBe(resultOf(given.flat()).latency.endToEnd.hdr);
        expect(merged.repeats.map(({ rates }) => rates)).toEqual(results.map(({ rates }) => rates));
        const total = results.reduce((sum, { durations }) => sum + (durations.send ?? 0), 0);
        expect(merged.durations.send ?? 0).toBe(total);
      }),
      { numRuns: 50 },
    );
  });
});

describe('merged samples', () => {
  const sample = (atMs: number, differs: Partial<Sample> = {}): Sample => ({
    atMs,
    sent: 10,
    accepted: 9,
    delivered: 8,
    inFlight: 1,
    lost: 0,
    connections: 2,
    latency: { p50: 5, p99: 9, max: 11 },
    generator: { cpu: 0.5, lagUs: 100, memoryBytes: 1000 },
    sys: null,
    brokerProcess: null,
    ...differs,
  });

  it('add up by the second, by the clock', () => {
    const a = runOf([], { samples: [sample(1000), sample(2000, { lost: 3 })] });
    const b = runOf([], {
      startedAt: timeAt(900),
      samples: [sample(1000, { latency: { p50: 7, p99: 8, max: 20 }, lost: 1 }), sample(1400, { inFlight: 0 })],
    });
    const { samples } = merge(a, b);
    expect(samples.map(({ atMs, sent, lost }) => [atMs, sent, lost])).toEqual([
      [1000, 10, 0],
      [2300, 30, 3],
    ]);
    expect(samples[1]).toMatchObject({ inFlight: 1, connections: 4, latency: { p50: 7, p99: 9, max: 20 } });
  });

  it('keep what the generator says of its turns, where it says so', () => {
    const turning = (turns?: number): Sample =>
      sample(1000, { generator: { cpu: 1, lagUs: 1, memoryBytes: 1, ...(turns !== undefined && { turns }) } });
    const turnsOf = (...samples: readonly Sample[]) =>
      merge(...samples.map((one) => runOf([], { samples: [one] }))).samples[0]?.generator.turns;
    expect(turnsOf(turning(5), turning(9), turning())).toBe(9);
    expect(turnsOf(turning(), turning())).toBeUndefined();
  });

  it('hold all that the samples of the runs hold', () => {
    const anySamples = fc.array(fc.nat({ max: 5000 }), { maxLength: 6 }).map((sizes) => {
      let atMs = 0;
      return sizes.map((size, index) => {
        atMs += index === sizes.length - 1 ? 300 : 1000;
        return sample(atMs, { sent: size, delivered: size });
      });
    });
    fc.assert(
      fc.property(anySamples, anySamples, fc.nat({ max: 9000 }), (a, b, offsetMs) => {
        const { samples } = merge(runOf([], { samples: a }), runOf([], { samples: b, startedAt: timeAt(offsetMs) }));
        const total = (some: readonly Sample[]): number => some.reduce((sum, { sent }) => sum + sent, 0);
        expect(total(samples)).toBe(total(a) + total(b));
        const times = samples.map(({ atMs }) => atMs);
        expect(times).toEqual(times.toSorted((x, y) => x - y));
      }),
    );
  });
});
