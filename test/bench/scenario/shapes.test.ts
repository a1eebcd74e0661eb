/** Who is due what: pairs, shared subscriptions, retained messages, publishing alone. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BenchPlan } from '../../../src/bench/plan/plan.ts';
import { assertLedgersAddUp } from '../../../src/bench/record/ledger.ts';
import { Recorder } from '../../../src/bench/record/recorder.ts';
import { makeResult } from '../../../src/bench/result/make-result.ts';
import type { BenchRun } from '../../../src/bench/scenario/run.ts';
import { drive, makePlan, RUN_ID, runToEnd, startRun } from '../support/drive.ts';
import { payloadOf } from '../support/payload.ts';
import { readStored } from '../support/stored.ts';

const { environment } = readStored('lossless');
const PAIRS = { shape: 'pairs', filter: `mqtt-bench/${RUN_ID}/{publisher}` } as const;
const SHARED = { shape: 'shared', filter: `$share/g/mqtt-bench/${RUN_ID}/+`, shareName: 'g' } as const;
const PUB = { scenario: 'pub', subscribers: 0, filter: null } as const;

function resultOf(run: BenchRun): ReturnType<typeof makeResult> {
  return makeResult(run, { environment, embedded: false });
}

describe('pairs', () => {
  it('have each message delivered to the subscriber of its publisher alone', async () => {
    const { broker, done } = await runToEnd({ ...PAIRS, publishers: 5, subscribers: 5, messages: 53 });
    const { publishers, subscribers, total } = done.recorder.toLedgers();
    expect(broker.subscribers.map(({ filters }) => filters.join())).toEqual(
      [0, 1, 2, 3, 4].map((index) => `mqtt-bench/${RUN_ID}/${index}`),
    );
    expect(total).toMatchObject({ attempted: 53, expected: 53, delivered: 53, lost: 0 });
    expect(publishers.map(({ delivered }) => delivered)).toEqual([11, 11, 11, 10, 10]);
    expect(subscribers.map(({ delivered }) => delivered)).toEqual([11, 11, 11, 10, 10]);
  });

  it('that lose something lose it on their own path', async () => {
    const { done } = await runToEnd(
      { ...PAIRS, publishers: 3, subscribers: 3, messages: 30 },
      { deliver: ({ sequence, topic }) => (topic.endsWith('/1') && sequence < 4 ? [] : [0, 0]) },
    );
    const { subscribers, total } = done.recorder.toLedgers();
    expect(subscribers.map(({ lost }) => lost)).toEqual([0, 4, 0]);
    expect(total).toMatchObject({ expected: 30, delivered: 26, duplicated: 26 });
  });

  it('count what comes to the wrong subscriber as foreign', () => {
    const plan = makePlan({ ...PAIRS, publishers: 2, subscribers: 2 });
    const recorder = new Recorder(plan);
    recorder.sent(recorder.publishers[0]!, 0);
    recorder.received(1, payloadOf(plan, 0, 0), 1);
    expect([recorder.foreign, recorder.delivered, recorder.outstanding]).toEqual([1, 0, 1]);
  });

  it('of 10,000 do not take up memory for 100,000,000 paths', () => {
    const before = process.memoryUsage().heapUsed;
    const recorder = new Recorder(makePlan({ ...PAIRS, publishers: 10_000, subscribers: 10_000, messages: 1_000_000 }));
    const { publishers, subscribers } = recorder.toLedgers();
    expect([publishers.length, subscribers.length]).toEqual([10_000, 10_000]);
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(100_000_000);
  });
});

describe('a shared subscription', () => {
  it('has each message delivered to one of its members', async () => {
    const { done } = await runToEnd({ ...SHARED, publishers: 2, subscribers: 4, messages: 100 });
    const { subscribers, total } = done.recorder.toLedgers();
    expect(total).toMatchObject({ expected: 100, delivered: 100, lost: 0, duplicated: 0, outOfOrder: 0 });
    expect(subscribers).toEqual([{ expected: 100, delivered: 100, lost: 0, duplicated: 0, outOfOrder: 0 }]);
  });

  it('has duplicates over all members, and order of each', () => {
    const plan = makePlan({ ...SHARED, publishers: 1, subscribers: 2 });
    const recorder = new Recorder(plan);
    for (let sequence = 0; sequence < 4; sequence += 1) recorder.sent(recorder.publishers[0]!, sequence);
    for (const [member, sequence] of [
      [0, 1],
      [1, 0],
      [1, 3],
      [0, 2],
      [1, 2],
      [1, 2],
    ] as const) {
      recorder.received(member, payloadOf(plan, 0, sequence), 10);
    }
    const { total } = recorder.toLedgers();
    expect(total).toMatchObject({ delivered: 4, duplicated: 2, outOfOrder: 0 });
    recorder.sent(recorder.publishers[0]!, 5);
    recorder.received(1, payloadOf(plan, 0, 4), 10);
    expect(recorder.outstanding).toBe(5);
  });

  it('that loses messages says how many', async () => {
    const { done } = await runToEnd(
      { ...SHARED, publishers: 2, subscribers: 3, messages: 100 },
      { deliver: ({ sequence }) => (sequence % 10 === 0 ? [] : [0]) },
    );
    expect(done.recorder.toLedgers().total).toMatchObject({ expected: 100, delivered: 90, lost: 10 });
  });
});

describe('whatever the shape', () => {
  it('the ledger adds up when messages are lost, copied and late', async () => {
    const shapes = fc.constantFrom<Partial<BenchPlan>>(
      { publishers: 3, subscribers: 2 },
      { ...PAIRS, publishers: 3, subscribers: 3 },
      { ...SHARED, publishers: 2, subscribers: 3 },
      { publishers: 2, subscribers: 2, flood: true },
      { ...PUB, publishers: 3 },
    );
    const fates = fc.array(fc.array(fc.constantFrom(0, 0, 5, 60, 300), { maxLength: 3 }), { minLength: 1 });
    const pace = fc.constantFrom<Partial<BenchPlan>>({ window: 7 }, { window: null, rate: 2000 }, { warmupMs: 10 });
    await fc.assert(
      fc.asyncProperty(shapes, pace, fates, fc.constantFrom(0, 1, 2), async (shape, paced, delays, qos) => {
        const { done } = await runToEnd(
          { messages: 60, drainTimeoutMs: 100, qos, ...shape, ...paced },
          { deliver: ({ sequence }, index) => delays[(sequence + index) % delays.length]! },
        );
        const ledgers = done.recorder.toLedgers();
        assertLedgersAddUp(ledgers);
        expect(ledgers.total.inFlight).toBe(0);
        const { measured } = resultOf(done);
        expect(measured.delivered).toBeLessThanOrEqual(ledgers.total.delivered);
      }),
      { numRuns: 30 },
    );
  });
});

describe('--flood', () => {
  it('sends on when a message is accepted, whether or not it was delivered', async () => {
    const { broker, clock, run } = startRun(
      { messages: 500, window: 10, flood: true },
      { deliver: () => [900], answer: () => ({ afterMs: 5 }) },
    );
    await clock.advance(500);
    expect(broker.published.length).toBe(500);
    const done = await drive(run, clock);
    expect(done.recorder.toLedgers().total).toMatchObject({ delivered: 500, lost: 0 });
  });

  it('waits for deliveries as long as some come, and a drain time-out longer', async () => {
    const { clock, done } = await runToEnd(
      { messages: 30, flood: true, drainTimeoutMs: 1000 },
      { deliver: ({ sequence }) => (sequence === 29 ? [] : [sequence * 100]) },
    );
    expect(done.recorder.toLedgers().total).toMatchObject({ delivered: 29, lost: 1 });
    expect(clock.monotonicMs()).toBeGreaterThan(3700);
    expect(clock.monotonicMs()).toBeLessThan(4500);
  });
});

describe('--retain', () => {
  it('publishes with RETAIN, and removes what was retained when it is over', async () => {
    for (const scenario of ['pubsub', 'pub'] as const) {
      const differs = { retain: true, messages: 20, topic: 'r/{publisher}/{topic}', filter: 'r/+/+', topics: 4 };
      const { broker, done } = await runToEnd({ ...differs, publishers: 2, ...(scenario === 'pub' && PUB) });
      const removed = broker.published.slice(20);
      expect(broker.published.slice(0, 20).every(({ payload, retain }) => retain && payload.length > 0)).toBe(true);
      expect(removed.every(({ payload, qos, retain }) => retain && payload.length === 0 && qos === 1)).toBe(true);
      expect(removed.map(({ topic }) => topic).sort()).toEqual(
        [0, 1].flatMap((publisher) => [0, 1, 2, 3].map((topic) => `r/${publisher}/${topic}`)),
      );
      expect(done.recorder.foreign).toBe(0);
      expect(resultOf(done).diagnosis).toEqual([]);
      expect(broker.sessions.every(({ closed }) => closed)).toBe(true);
    }
  });

  it('removes each topic once where every message may have its own', async () => {
    const { broker } = await runToEnd({ retain: true, messages: 50, topic: 'r/{rand:5}', filter: 'r/+' });
    const removed = broker.published.slice(50).map(({ topic }) => topic);
    expect(new Set(removed).size).toBe(removed.length);
    expect(new Set(removed)).toEqual(new Set(broker.published.slice(0, 50).map(({ topic }) => topic)));
  });

  it('leaves them there with --keep-retained', async () => {
    const { broker } = await runToEnd({ retain: true, keepsRetained: true, messages: 20 });
    expect(broker.published.length).toBe(20);
  });

  it('says which could not be removed', async () => {
    const { done } = await runToEnd(
      { retain: true, messages: 12, topic: 'r/{topic}', filter: 'r/+', topics: 3 },
      { answer: ({ sequence }) => (sequence === 4 ? { reasonCode: 0x87 } : { reasonCode: 0 }) },
    );
    expect(done.retainedLeft).toBe(3);
    expect(resultOf(done).diagnosis.find(({ code }) => code === 'retained-left')?.sentence).toMatch(
      /^3 retained messages of this run could not be removed from the broker again\./,
    );
  });

  it('gives up removing when the broker does not answer any more', async () => {
    const { clock, done } = await runToEnd(
      { retain: true, messages: 300, topic: 'r/{i}', filter: 'r/+', drainTimeoutMs: 1000 },
      { answer: ({ sequence }) => (sequence === 1 ? 'never' : { reasonCode: 0 }) },
    );
    expect(done.retainedLeft).toBe(300);
    expect(clock.monotonicMs()).toBeLessThan(5000);
  });

  it('does not set RETAIN where the broker does not retain, and says so', async () => {
    const { broker, done } = await runToEnd({ retain: true, messages: 5 }, { info: { retainAvailable: false } });
    expect(broker.published.map(({ retain }) => retain)).toEqual([false, false, false, false, false]);
    expect(resultOf(done).diagnosis.map(({ code }) => code)).toContain('retain-unavailable');
  });
});

describe('publishing alone', () => {
  it.each([0, 1, 2] as const)('counts what the broker accepts, at QoS %i', async (qos) => {
    const window = qos === 0 ? null : 100;
    const { broker, done } = await runToEnd({ ...PUB, qos, window, messages: 500, publishers: 3 });
    const { ledger, perSubscriber, outcome, diagnosis } = resultOf(done);
    expect(outcome).toEqual({ kind: 'completed' });
    expect(ledger).toMatchObject({ attempted: 500, accepted: 500, expected: 0, delivered: 0, lost: 0 });
    expect(perSubscriber).toEqual([]);
    expect(diagnosis).toEqual([]);
    expect(broker.subscribers).toEqual([]);
  });

  it('keeps the window of what is not accepted', async () => {
    const { broker, clock, run } = startRun(
      { ...PUB, qos: 1, window: 10, messages: 100 },
      { answer: () => ({ afterMs: 100 }) },
    );
    await clock.advance(1000 + 50);
    expect(broker.mostInFlight).toBe(10);
    const done = await drive(run, clock);
    expect(resultOf(done).latency.puback).toMatchObject({ count: 100, p50: 100_000 });
  });

  it('stops when nothing is accepted any more', async () => {
    const { clock, done } = await runToEnd(
      { ...PUB, qos: 1, window: 50, messages: 10_000 },
      { answer: ({ sequence }) => (sequence < 200 ? { reasonCode: 0 } : 'never') },
    );
    expect(done.outcome).toEqual({ kind: 'stalled' });
    expect(done.recorder.toLedgers().total).toMatchObject({ accepted: 200, inFlight: 0 });
    expect(clock.monotonicMs()).toBeLessThan(6000);
  });

  it('at QoS 0 says when the broker never confirms', async () => {
    const { done } = await runToEnd({ ...PUB, qos: 0, window: null, messages: 100 }, { pong: false });
    expect(done.recorder.toLedgers().total).toMatchObject({ attempted: 100, accepted: 0, timedOut: 100 });
  });
});

describe('Topic Alias', () => {
  it('is sent in place of a topic that was sent before, as far as the broker takes any', async () => {
    const { broker } = await runToEnd(
      { ...PUB, topicAlias: true, messages: 8, topics: 3, topic: 'a/{topic}', qos: 1 },
      { info: { topicAliasMaximum: 2 } },
    );
    expect(broker.published.map(({ properties, topic }) => `${topic}=${properties?.topicAlias ?? ''}`)).toEqual([
      'a/0=1',
      'a/1=2',
      'a/2=',
      '=1',
      '=2',
      'a/2=',
      '=1',
      '=2',
    ]);
  });

  it('that the broker takes none of is an error', async () => {
    const { done } = await runToEnd({ topicAlias: true });
    expect(done.error?.message).toMatch(/takes no Topic Alias/);
  });
});
