/** `mqtt-bench conn`: connections opened, held, cut and opened again, against a broker that may lie. */
import { describe, expect, it } from 'vitest';
import { type BenchPlan, emptyPlan } from '../../../src/bench/plan/plan.ts';
import { nameOpening } from '../../../src/bench/report/words.ts';
import { makeResult } from '../../../src/bench/result/make-result.ts';
import { parseResult } from '../../../src/bench/result/read-result.ts';
import type { BenchResult } from '../../../src/bench/result/result.ts';
import { judge } from '../../../src/bench/result/verdict.ts';
import type { BenchRun } from '../../../src/bench/scenario/run.ts';
import { runConn } from '../../../src/bench/scenario/run-conn.ts';
import { InterruptedError, RefusedError, UnreachableError } from '../../../src/errors.ts';
import type { ConnectionPlan } from '../../../src/mqtt/connection-plan.ts';
import { FakeClock, settle } from '../../support/fake-clock.ts';
import { FakeMachine } from '../../support/fake-machine.ts';
import { drive, makeConnection, RUN_ID } from '../support/drive.ts';
import { type Lies, LyingBroker } from '../support/lying-broker.ts';
import { readStored } from '../support/stored.ts';

const WILL = { topic: 'w', payload: Buffer.from('gone'), qos: 1, retain: false } as const;
const RESET = { kind: 'lost', reason: 'the broker reset it' } as const;

function start(differs: Partial<BenchPlan>, lies: Lies = {}, connection: Partial<ConnectionPlan> = {}) {
  const clock = new FakeClock();
  const broker = new LyingBroker(clock, lies);
  const stop = new AbortController();
  const plan = { ...emptyPlan('conn', RUN_ID), connections: 10, durationMs: 1000, drainTimeoutMs: 500, ...differs };
  const run = runConn(plan, makeConnection(connection), {
    clock,
    stop: stop.signal,
    machine: new FakeMachine(),
    // As a real one: a signal ends what is being opened.
    openSession: (...how) =>
      new Promise((resolve, reject) => {
        broker.openSession(...how).then(resolve, reject);
        stop.signal.addEventListener('abort', () => reject(new InterruptedError('stopped while connecting', 130)));
      }),
    handlers: {},
    onStart: () => undefined,
  });
  run.catch(() => undefined);
  return { broker, clock, run, stop };
}

/** The result as a file holds it. */
function resultOf(run: BenchRun): BenchResult {
  const result = makeResult(run, { environment: readStored('lossless').environment, embedded: false });
  return parseResult(JSON.stringify(result), 'result');
}

async function runToEnd(...how: Parameters<typeof start>) {
  const { clock, run, ...rest } = start(...how);
  const done = await drive(run, clock);
  return { ...rest, clock, done, result: resultOf(done) };
}

describe('mqtt-bench conn', () => {
  it('opens, holds and closes', async () => {
    const { broker, clock, result } = await runToEnd({ connections: 120 });
    expect(result.outcome).toEqual({ kind: 'completed' });
    expect(result.connections).toEqual({ attempted: 120, connected: 120, failed: 0, lost: 0, reasons: [] });
    expect(result.openings).toMatchObject([{ attempted: 120, connected: 120, failed: 0 }]);
    expect([result.latency.connect.p50, result.latency.connack.p50, result.latency.connack.count]).toEqual([
      1000, 2000, 120,
    ]);
    expect(judge(result)).toBeUndefined();
    expect(clock.monotonicMs()).toBe(1000);
    expect(broker.sessions.every(({ closed }) => closed)).toBe(true);
  });

  it('cuts all and opens them again, as often as there are storms, and holds them each time', async () => {
    const { broker, clock, result } = await runToEnd({ storms: 3 });
    expect(result.connections).toMatchObject({ attempted: 40, connected: 40, lost: 0 });
    expect(result.openings?.map(({ connected }) => connected)).toEqual([10, 10, 10, 10]);
    expect(result.openings?.map(({ latency }) => latency.connack.count)).toEqual([10, 10, 10, 10]);
    expect(clock.monotonicMs()).toBe(4000);
    // With --repeat the openings of the next run follow.
    const names = [0, 1, 2, 3, 4].map((index) => nameOpening(index, result.config));
    expect(names).toEqual(['opening', 'storm 1', 'storm 2', 'storm 3', 'opening']);
    // One more listened to what the broker says of itself; those that were cut were not closed.
    expect(broker.sessions.filter(({ closed }) => closed).length).toBe(11);
  });

  it('has each connection subscribe where that is asked for', async () => {
    const { broker, result } = await runToEnd({ connections: 3, filter: 'a/{connection}/#' });
    expect(broker.subscribers.map(({ filters }) => filters.join())).toEqual(['a/0/#', 'a/1/#', 'a/2/#']);
    expect(result.latency.suback.count).toBe(3);
  });

  it('fails with a denied subscription', async () => {
    const { done, result } = await runToEnd(
      { filter: 'secret/#' },
      { subscribe: ({ filter, qos }) => ({ reasonCode: filter === 'secret/#' ? 0x87 : qos }) },
    );
    expect(done.error).toMatchObject({ exitCode: 8 });
    expect(result.outcome).toMatchObject({ kind: 'failed' });
  });
});

describe('connections that fail', () => {
  it('are counted, and the run goes on', async () => {
    const open = (number: number): Error | undefined => (number % 4 === 1 ? new RefusedError('busy') : undefined);
    const { result } = await runToEnd({ connections: 40 }, { open });
    expect(result.outcome).toEqual({ kind: 'completed' });
    expect(result.connections).toMatchObject({ attempted: 40, connected: 30, failed: 10 });
    expect(judge(result)).toMatchObject({
      exitCode: 11,
      message: '10 of 40 connections could not be opened (busy)',
    });
  });

  it('end the run when the broker takes none at all', async () => {
    const { clock, done, result } = await runToEnd({}, { open: () => new UnreachableError('nobody there') });
    expect(done.error).toMatchObject({ exitCode: 3, message: 'nobody there' });
    expect(done.hasBegun).toBe(false);
    expect(result.outcome).toEqual({ kind: 'failed', reason: 'nobody there' });
    expect(result.connections).toMatchObject({ attempted: 1, connected: 0, failed: 1 });
    expect(clock.monotonicMs()).toBe(0);
  });

  it('end the run when it takes no more', async () => {
    const open = (number: number): Error | undefined => (number > 1000 ? new RefusedError('full') : undefined);
    const { done, result } = await runToEnd({ connections: 5000 }, { open });
    expect(done.error).toMatchObject({ exitCode: 6, message: 'full' });
    const { attempted, connected, failed } = result.connections;
    expect([connected, attempted]).toEqual([1000, 1000 + failed]);
    // Those that were under way when it was enough are among them.
    expect(failed).toBeGreaterThanOrEqual(50);
    expect(failed).toBeLessThan(101);
    expect(result.openings?.length).toBe(1);
  });
});

describe('connections that are lost', () => {
  it('while they are held are counted, and the others are held on', async () => {
    const { broker, clock, run } = start({});
    await clock.advance(100);
    for (const index of [1, 2, 3]) broker.sessions[index]?.end(RESET);
    const result = resultOf(await drive(run, clock));
    expect(result.outcome).toEqual({ kind: 'completed' });
    expect(result.connections).toMatchObject({ connected: 10, lost: 3 });
    expect(clock.monotonicMs()).toBe(1000);
    expect(judge(result)).toMatchObject({
      exitCode: 11,
      message: '3 of 10 connections were lost (the broker reset it)',
    });
  });

  it('end the run when they were the last', async () => {
    const { broker, clock, run } = start({ durationMs: 60_000 });
    await clock.advance(100);
    for (const session of broker.sessions.slice(1)) session.end(RESET);
    const done = await drive(run, clock);
    expect(done.outcome).toMatchObject({ kind: 'connection-lost', role: 'connection', reason: 'the broker reset it' });
    expect(done.error).toMatchObject({ exitCode: 7 });
    expect(resultOf(done).connections.lost).toBe(10);
    expect(clock.monotonicMs()).toBeLessThan(1000);
  });
});

describe('the Wills of connections that are cut', () => {
  it('come, each once, and no other', async () => {
    const { broker, result } = await runToEnd({ storms: 2 }, {}, { will: WILL });
    expect(result.ledger).toMatchObject({ attempted: 20, accepted: 20, expected: 20, delivered: 20, lost: 0 });
    expect(result.latency.endToEnd.count).toBe(20);
    const wills = new Set(broker.plans.map(({ will }) => Buffer.from(will?.payload ?? []).toString('hex')));
    // Those of the watch on the broker and of the subscriber that sees them are as they were given.
    expect(wills.size).toBe(31);
    expect(judge(result)).toBeUndefined();
  });

  it('are lost where the broker drops them, after the drain time-out', async () => {
    const publishWill = (number: number): number[] => (number % 5 === 0 ? [] : [20]);
    const { clock, result } = await runToEnd({ storms: 1 }, { publishWill }, { will: WILL });
    expect(result.ledger).toMatchObject({ expected: 10, delivered: 8, lost: 2 });
    expect(judge(result)).toMatchObject({ exitCode: 11, message: '2 of 10 Wills were lost' });
    expect(clock.monotonicMs()).toBe(2500);
  });

  it('are lost beyond what mosquitto holds for the one that sees them, and a note says so', async () => {
    const { result } = await runToEnd(
      { connections: 1100, storms: 1, durationMs: null },
      { publishWill: (number) => (number < 1020 ? [5] : []), version: 'mosquitto version 2.0.11' },
      { will: WILL },
    );
    expect(result.ledger).toMatchObject({ expected: 1100, delivered: 1020, lost: 80 });
    expect(result.diagnosis).toMatchObject([
      { code: 'mosquitto-queue-limits', sentence: expect.stringContaining('Cut fewer --connections at once') },
    ]);
  });

  it('are counted when they come twice, or from others', async () => {
    const { broker, clock, run } = start({ storms: 1 }, { publishWill: () => [0, 5] }, { will: WILL });
    await clock.advance(500);
    const subscriber = broker.subscribers[0];
    subscriber?.deliver('w', Buffer.from('somebody else is gone'));
    const mine = Buffer.from(broker.plans[3]?.will?.payload ?? []);
    mine[mine.length - 1] = 0;
    subscriber?.deliver('w', mine);
    const result = resultOf(await drive(run, clock));
    expect(result.ledger).toMatchObject({ expected: 10, delivered: 10, duplicated: 10, lost: 0 });
    expect(result.ignored).toEqual({ foreign: 1, altered: 1 });
  });

  it('that come although nothing was cut count as delivered, and are expected with them', async () => {
    const { broker, clock, run } = start({}, {}, { will: WILL });
    await clock.advance(500);
    const will = broker.plans[3]?.will;
    if (will) broker.publishWill(will);
    const result = resultOf(await drive(run, clock));
    expect(result.ledger).toMatchObject({ attempted: 0, expected: 1, delivered: 1, lost: 0 });
  });

  it('end the run when the one that sees them is lost', async () => {
    const { broker, clock, run } = start({}, {}, { will: WILL });
    await clock.advance(500);
    broker.subscribers[0]?.end(RESET);
    const done = await drive(run, clock);
    expect(done.outcome).toMatchObject({ kind: 'connection-lost', role: 'subscriber', index: 0 });
  });
});

describe('a signal', () => {
  it('while they are held ends the run at once, with a result', async () => {
    const { clock, run, stop } = start({});
    await clock.advance(400);
    stop.abort({ signal: 'SIGTERM' });
    const done = await drive(run, clock);
    expect(done.outcome).toEqual({ kind: 'interrupted', signal: 'SIGTERM' });
    expect(done.error).toMatchObject({ exitCode: 143 });
    expect(resultOf(done).connections).toMatchObject({ attempted: 10, connected: 10, failed: 0 });
    expect(clock.monotonicMs()).toBe(400);
  });

  it('while they are opened, too: those that were not open have failed', async () => {
    const { clock, run, stop } = start(
      { connections: 30 },
      {
        open: (number) => (number > 20 ? 'never' : undefined),
      },
    );
    await settle();
    stop.abort({ signal: 'SIGINT' });
    const done = await drive(run, clock);
    expect(done.outcome).toEqual({ kind: 'interrupted', signal: 'SIGINT' });
    expect(resultOf(done).connections).toMatchObject({
      attempted: 30,
      connected: 20,
      reasons: [{ reason: 'stopped by a signal', count: 10 }],
    });
  });
});
