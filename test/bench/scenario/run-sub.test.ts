/** Receiving what others publish. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type BenchPlan, emptyPlan } from '../../../src/bench/plan/plan.ts';
import { resolveSubPlan } from '../../../src/bench/plan/resolve-sub-plan.ts';
import { expectInAll } from '../../../src/bench/record/found-deliveries.ts';
import { makeResult } from '../../../src/bench/result/make-result.ts';
import { MEASURES } from '../../../src/bench/result/measures.ts';
import { judge } from '../../../src/bench/result/verdict.ts';
import type { BenchRun } from '../../../src/bench/scenario/run.ts';
import { runSub } from '../../../src/bench/scenario/run-sub.ts';
import { UsageError } from '../../../src/errors.ts';
import { benchSubOptions } from '../../../src/options/bench-sub.ts';
import { parseOptions } from '../../../src/options/parse.ts';
import { FakeClock, settle } from '../../support/fake-clock.ts';
import { FakeMachine } from '../../support/fake-machine.ts';
import { drive, makeConnection, makePlan, RUN_ID } from '../support/drive.ts';
import { LyingBroker } from '../support/lying-broker.ts';
import { payloadOf } from '../support/payload.ts';
import { readStored } from '../support/stored.ts';

const { environment } = readStored('lossless');
const OTHER_RUN = 'fedcba9876543210';

interface Receiving {
  readonly broker: LyingBroker;
  readonly clock: FakeClock;
  readonly stop: AbortController;
  readonly run: Promise<BenchRun>;
  /** What a publisher of `runId` sends now, to every subscriber or to one of them. */
  send(publisher: number, sequence: number, how?: { readonly runId?: string; readonly to?: number }): void;
}

async function receive(differs: Partial<BenchPlan> = {}): Promise<Receiving> {
  // Its publishers' clock counts from the Unix epoch.
  const clock = new FakeClock(0);
  const broker = new LyingBroker(clock);
  const stop = new AbortController();
  const run = runSub(
    { ...emptyPlan('sub', RUN_ID), filter: 'mqtt-bench/#', subscribers: 1, ...differs },
    makeConnection(),
    {
      clock,
      stop: stop.signal,
      machine: new FakeMachine(),
      openSession: broker.openSession,
      handlers: {},
      onStart: () => undefined,
    },
  );
  run.catch(() => undefined);
  await settle();
  await clock.advance(1100);
  return {
    broker,
    clock,
    stop,
    run,
    send: (publisher, sequence, { runId = RUN_ID, to } = {}) => {
      const payload = payloadOf(
        makePlan({ runId, publishers: 10 }),
        publisher,
        sequence,
        clock.monotonicMs() * 1000 - 250,
      );
      for (const subscriber of broker.subscribers.slice(to ?? 0, to === undefined ? undefined : to + 1)) {
        subscriber.deliver(`mqtt-bench/${runId}/${publisher}`, payload);
      }
    },
  };
}

function resultOf(run: BenchRun): ReturnType<typeof makeResult> {
  return makeResult(run, { environment, embedded: false });
}

describe('mqtt-bench sub', () => {
  it('ends when as many came as were asked for, over all subscribers, and counts no more', async () => {
    const { broker, clock, run, send } = await receive({ messages: 5, subscribers: 2 });
    expect(broker.subscribers.map(({ filters }) => filters.join())).toEqual(['mqtt-bench/#', 'mqtt-bench/#']);
    for (let sequence = 0; sequence < 4; sequence += 1) send(0, sequence);
    const { ledger, outcome, perPublisher, perSubscriber } = resultOf(await drive(run, clock));
    expect(outcome).toEqual({ kind: 'completed' });
    expect(ledger).toMatchObject({ attempted: 0, expected: 5, delivered: 5, lost: 0 });
    expect(perPublisher).toEqual([]);
    expect(perSubscriber.map(({ delivered }) => delivered)).toEqual([3, 2]);
  });

  it('waits for the first message as long as it takes, and takes a silence after it for the loss of the rest', async () => {
    const { clock, run, send } = await receive({ messages: 10, drainTimeoutMs: 2000 });
    await clock.advance(60_000);
    for (const sequence of [0, 1, 3]) send(0, sequence);
    await clock.advance(1900);
    for (const sequence of [4, 4]) send(0, sequence);
    const startedMs = clock.monotonicMs();
    const result = resultOf(await drive(run, clock, 10));
    expect(clock.monotonicMs() - startedMs).toBeGreaterThanOrEqual(2000);
    expect(clock.monotonicMs() - startedMs).toBeLessThan(2500);
    expect(result.outcome).toEqual({ kind: 'stalled' });
    expect(result.ledger).toMatchObject({ expected: 10, delivered: 4, lost: 6, duplicated: 1 });
    const failure = judge(result);
    expect(failure?.message).toBe('6 of 10 deliveries were lost; nothing came for 2 s after 5 of 10 messages');
    expect(failure?.exitCode).toBe(11);
  });

  it('expects of the subscribers with the fewest messages what did not come, header or not', async () => {
    const { broker, clock, run } = await receive({ messages: 10, subscribers: 2, drainTimeoutMs: 2000 });
    const [first, second] = broker.subscribers;
    for (const text of ['a', 'b', 'c', 'd', 'e']) first!.deliver('mqtt-bench/a', Buffer.from(text));
    for (const text of ['a', 'b']) second!.deliver('mqtt-bench/a', Buffer.from(text));
    const result = resultOf(await drive(run, clock, 10));
    expect(result.perSubscriber.map(({ delivered, lost }) => [delivered, lost])).toEqual([
      [5, 0],
      [2, 3],
    ]);
    expect(MEASURES.get('lost')?.read(result)).toBe(3);
    expect(MEASURES.get('duplicated')?.read(result)).toBeNull();
    expect(result.diagnosis.map(({ sentence }) => sentence)).toEqual([
      'No message had a header of mqtt-bench: whether any such were repeated or out of order nobody can tell. mqtt-bench pub sends it.',
    ]);
  });

  it('does not take for a silence what it has not read yet', async () => {
    const { broker, clock, run, send } = await receive({ messages: 2, drainTimeoutMs: 2000 });
    send(0, 0);
    // It came while this process stood still: before the answer to the PINGREQ, and after the timer.
    broker.onPing = () => send(0, 1);
    const result = resultOf(await drive(run, clock, 10));
    expect(result.outcome).toEqual({ kind: 'completed' });
    expect(result.ledger).toMatchObject({ expected: 2, delivered: 2, lost: 0 });
  });

  it('bears any silence beside --duration', async () => {
    const { clock, run, send } = await receive({ messages: 10, durationMs: 60_000, drainTimeoutMs: 2000 });
    send(0, 0);
    await clock.advance(30_000);
    send(0, 1);
    const result = resultOf(await drive(run, clock, 100));
    expect(result.outcome).toEqual({ kind: 'completed' });
    expect(result.ledger).toMatchObject({ expected: 2, delivered: 2, lost: 0 });
    expect(clock.monotonicMs()).toBeGreaterThanOrEqual(60_000);
  });

  it('is interrupted by a signal in the silence too, and loses nothing by it', async () => {
    const { clock, run, send, stop } = await receive({ messages: 10, drainTimeoutMs: 2000 });
    send(0, 0);
    await clock.advance(1500);
    stop.abort({ signal: 'SIGINT' });
    const result = resultOf(await drive(run, clock));
    expect(result.outcome).toEqual({ kind: 'interrupted', signal: 'SIGINT' });
    expect(result.ledger).toMatchObject({ expected: 1, delivered: 1, lost: 0 });
  });

  it('ends when its time is over', async () => {
    const { clock, run, send } = await receive({ durationMs: 5000 });
    send(0, 0);
    const result = resultOf(await drive(run, clock, 100));
    expect(result.ledger.delivered).toBe(1);
    expect(clock.monotonicMs()).toBeGreaterThanOrEqual(5000);
    expect(clock.monotonicMs()).toBeLessThan(6500);
    expect(judge(result)).toBeUndefined();
  });

  it('without an end of its own is ended well by a signal', async () => {
    const { clock, run, send, stop } = await receive();
    send(0, 0);
    await clock.advance(3000);
    stop.abort({ signal: 'SIGINT' });
    const result = resultOf(await drive(run, clock));
    expect(result.outcome).toEqual({ kind: 'completed' });
    expect(result.ledger.delivered).toBe(1);
    expect(judge(result)).toBeUndefined();
  });

  it('with an end of its own is interrupted by a signal', async () => {
    const { clock, run, stop } = await receive({ messages: 100 });
    stop.abort({ signal: 'SIGINT' });
    expect(resultOf(await drive(run, clock)).outcome).toEqual({ kind: 'interrupted', signal: 'SIGINT' });
  });

  it('counts messages of any kind, and verifies nothing of those that have no header', async () => {
    const { broker, clock, run } = await receive({ messages: 4 });
    const [subscriber] = broker.subscribers;
    subscriber!.deliver('mqtt-bench/a', Buffer.alloc(0));
    subscriber!.deliver('mqtt-bench/a', Buffer.from('{"temperature":21.5,"unit":"C"}'));
    subscriber!.deliver('mqtt-bench/a', Buffer.alloc(100));
    subscriber!.deliver('mqtt-bench/a', Buffer.from('{"temperature":21.5,"unit":"C"}'));
    const result = resultOf(await drive(run, clock));
    const { diagnosis, ignored, latency, ledger } = result;
    expect(ledger).toMatchObject({ expected: 4, delivered: 4, lost: 0, duplicated: 0 });
    expect(ignored).toEqual({ foreign: 0, altered: 0 });
    expect(latency.endToEnd.count).toBe(0);
    // A condition on what nobody can know is not one that holds.
    expect(['lost', 'lost%', 'duplicated', 'outOfOrder'].map((name) => MEASURES.get(name)?.read(result))).toEqual([
      null,
      null,
      null,
      null,
    ]);
    expect(MEASURES.get('delivered')?.read(result)).toBe(4);
    expect(diagnosis.map(({ code, sentence }) => [code, sentence])).toEqual([
      [
        'unverified',
        'No message had a header of mqtt-bench: whether any such were lost, repeated or out of order nobody can tell. mqtt-bench pub sends it.',
      ],
    ]);
  });

  it('says how many had no header where others had one', async () => {
    const { broker, clock, run, send } = await receive({ messages: 3 });
    send(0, 0);
    send(0, 1);
    broker.subscribers[0]!.deliver('mqtt-bench/a', Buffer.from('hello'));
    const result = resultOf(await drive(run, clock));
    expect(MEASURES.get('lost')?.read(result)).toBe(0);
    expect(result.diagnosis[0]?.sentence).toMatch(/^1 message had no header of mqtt-bench:/);
  });

  it('finds gaps, duplicates and wrong order of each publisher of each run', async () => {
    const { clock, run, send } = await receive({ messages: 12 });
    // 7 of the first publisher is missing, and what came before 5 was before we subscribed.
    for (const sequence of [5, 6, 8, 9]) send(0, sequence);
    for (const sequence of [0, 2, 1, 1]) send(9, sequence);
    for (const sequence of [0, 3]) send(0, sequence, { runId: OTHER_RUN });
    for (const sequence of [2, 2]) send(1, sequence, { runId: OTHER_RUN });
    const result = resultOf(await drive(run, clock));
    expect(result.ledger).toMatchObject({ expected: 13, delivered: 10, lost: 3, duplicated: 2, outOfOrder: 1 });
    expect(judge(result)?.message).toMatch(/3 of 13 deliveries were lost/);
    expect(judge(result)?.exitCode).toBe(11);
  });

  it('measures the latency from the times in the headers', async () => {
    const { clock, run, send } = await receive({ messages: 2 });
    send(0, 0);
    send(0, 1);
    const { latency } = resultOf(await drive(run, clock));
    expect(latency.endToEnd).toMatchObject({ count: 2, min: 250, max: 250 });
  });

  it('counts the members of a shared subscription as one subscriber', async () => {
    const { clock, run, send } = await receive({
      messages: 5,
      subscribers: 2,
      shape: 'shared',
      filter: '$share/g/mqtt-bench/#',
    });
    for (const [sequence, to] of [
      [0, 0],
      [2, 1],
      [1, 0],
      [3, 1],
      [4, 0],
    ] as const) {
      send(0, sequence, { to });
    }
    const { ledger, perSubscriber } = resultOf(await drive(run, clock));
    expect(ledger).toMatchObject({ expected: 5, delivered: 5, lost: 0, duplicated: 0, outOfOrder: 0 });
    expect(perSubscriber.length).toBe(1);
  });

  it('leaves what comes while it warms up out of rates and latencies', async () => {
    const { clock, run, send } = await receive({ messages: 4, warmupMs: 5000 });
    send(0, 0);
    await clock.advance(4500);
    for (const sequence of [1, 2, 3]) send(0, sequence);
    const { latency, ledger, measured } = resultOf(await drive(run, clock));
    expect(ledger.delivered).toBe(4);
    expect(measured.delivered).toBe(3);
    expect(latency.endToEnd.count).toBe(3);
  });
});

describe('expectInAll', () => {
  const ledgers = fc.array(
    fc.record({ delivered: fc.nat(50), lost: fc.nat(5) }).map(({ delivered, lost }) => ({
      delivered,
      lost,
      expected: delivered + lost,
      duplicated: 0,
      outOfOrder: 0,
    })),
    { minLength: 1, maxLength: 8 },
  );

  it('adds up to what is expected in all, takes nothing away, and evens out', () => {
    fc.assert(
      fc.property(ledgers, fc.nat(800), (before, most) => {
        const after = expectInAll(most, before);
        const known = before.reduce((sum, { expected }) => sum + expected, 0);
        expect(after.reduce((sum, { expected }) => sum + expected, 0)).toBe(Math.max(known, most));
        const highest = Math.max(...before.map(({ expected }) => expected));
        const raised = after.filter(({ expected }, index) => expected > before[index]!.expected);
        const lowest = Math.min(...after.map(({ expected }) => expected));
        for (const [index, ledger] of after.entries()) {
          expect(ledger.expected).toBeGreaterThanOrEqual(before[index]!.expected);
          expect(ledger).toEqual({
            ...before[index],
            expected: ledger.expected,
            lost: ledger.expected - ledger.delivered,
          });
        }
        for (const { expected } of raised) expect(expected - lowest).toBeLessThanOrEqual(1);
        if (most > highest * before.length) expect(raised.length).toBeGreaterThan(0);
      }),
    );
  });
});

describe('resolveSubPlan', () => {
  const planOf = (...argv: string[]): BenchPlan =>
    resolveSubPlan(parseOptions({ specs: benchSubOptions, argv, env: {} }), RUN_ID);

  it('receives by default what mqtt-bench pub sends, without an end', () => {
    expect(planOf()).toMatchObject({
      scenario: 'sub',
      filter: 'mqtt-bench/#',
      messages: null,
      durationMs: null,
      publishers: 0,
      subscribers: 1,
      shape: 'all',
      qos: 0,
    });
  });

  it('takes its options', () => {
    const argv = '-t $share/g/a/# -n 5 --duration 2m --warmup 1s -q 2 --subscribers 7'.split(' ');
    expect(planOf(...argv)).toMatchObject({
      filter: '$share/g/a/#',
      shape: 'shared',
      messages: 5,
      durationMs: 120_000,
      warmupMs: 1000,
      qos: 2,
      subscribers: 7,
    });
  });

  it.each([
    [['-t', 'a/#/b'], /^-t a\/#\/b: "#" must stand alone/],
    [['--duration', '1s', '--warmup', '1s'], /^--warmup must be shorter than --duration$/],
    [['-n', '0'], /^-n 0: must be a whole number/],
    [['--drain-timeout', '1s'], /^--drain-timeout has no effect without -n$/],
    [['-n', '5', '--duration', '1m', '--drain-timeout', '1s'], /^--drain-timeout has no effect beside --duration$/],
  ])('refuses what is wrong: %#', (argv, message) => {
    expect(() => planOf(...argv)).toThrow(UsageError);
    expect(() => planOf(...argv)).toThrow(message);
  });
});
