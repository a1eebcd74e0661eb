/** Runs in threads that are none: each end of a line copies what it sends, as a real one does. */
import { describe, expect, it } from 'vitest';
import type { BenchPlan } from '../../../src/bench/plan/plan.ts';
import { makeResult } from '../../../src/bench/result/make-result.ts';
import type { BenchRun } from '../../../src/bench/scenario/run.ts';
import { runInThreads } from '../../../src/bench/threads/run.ts';
import { serveThread } from '../../../src/bench/threads/serve.ts';
import type { Thread } from '../../../src/cli/context.ts';
import { UnreachableError } from '../../../src/errors.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { FakeMachine } from '../../support/fake-machine.ts';
import { drive, makeConnection, makePlan } from '../support/drive.ts';
import { type Lies, LyingBroker } from '../support/lying-broker.ts';
import { readStored } from '../support/stored.ts';

interface InThreads {
  readonly broker: LyingBroker;
  readonly clock: FakeClock;
  readonly stop: AbortController;
  readonly threads: { end(error?: Error): void; isTerminated: boolean }[];
  readonly run: Promise<BenchRun>;
}

function start(differs: Partial<BenchPlan>, lies: Lies = {}, broker?: LyingBroker): InThreads {
  const clock = (broker?.clock as FakeClock | undefined) ?? new FakeClock();
  const liar = broker ?? new LyingBroker(clock, lies);
  const stop = new AbortController();
  const threads: InThreads['threads'] = [];
  // Of each thread, and it turns ten times whenever it is asked.
  const machine = new FakeMachine();
  let turns = 0;
  machine.loopTurns = () => (turns += 10);
  const startThread = async (): Promise<Thread> => {
    let toMain: (message: unknown) => void = () => undefined;
    let toThread: (message: unknown) => void = () => undefined;
    let end: (error?: Error) => void = () => undefined;
    const ended = new Promise<Error | undefined>((resolve) => {
      end = resolve;
    });
    const state = { end: (error?: Error) => end(error), isTerminated: false };
    threads.push(state);
    const send = (take: () => (message: unknown) => void) => (message: unknown) => {
      const copy = structuredClone(message);
      clock.setSoon(() => {
        if (!state.isTerminated) take()(copy);
      });
    };
    serveThread(
      { post: send(() => toMain), onMessage: (take) => (toThread = take) },
      { clock, machine, openSession: liar.openSession },
    );
    return {
      post: send(() => toThread),
      onMessage: (take) => (toMain = take),
      ended,
      terminate: () => {
        state.isTerminated = true;
        end();
      },
    };
  };
  const run = runInThreads(makePlan({ workers: 2, ...differs }), makeConnection(), {
    clock,
    stop: stop.signal,
    machine: new FakeMachine(),
    openSession: liar.openSession,
    startThread,
    handlers: {},
    onStart: () => undefined,
  });
  run.catch(() => undefined);
  return { broker: liar, clock, stop, threads, run };
}

async function totalOf(
  ...how: Parameters<typeof start>
): Promise<{ run: BenchRun; total: object; threads: InThreads['threads'] }> {
  const started = start(...how);
  const run = await drive(started.run, started.clock);
  return { threads: started.threads, run, total: run.recorder.toLedgers().total };
}

describe('a run in threads', () => {
  it.each([
    ['all', { publishers: 3, subscribers: 2 }, 200],
    [
      'pairs',
      { publishers: 4, subscribers: 4, shape: 'pairs', filter: 'mqtt-bench/0123456789abcdef/{publisher}' },
      100,
    ],
    ['one to one', {}, 100],
    ['more threads than connections', { workers: 7 }, 100],
    ['publishers alone', { scenario: 'pub', subscribers: 0, filter: null, publishers: 3 }, 0],
  ] as const)('delivers and counts everything: %s', async (_name, differs, delivered) => {
    const { run, threads, total } = await totalOf(differs);
    expect(run.outcome).toEqual({ kind: 'completed' });
    expect(total).toMatchObject({ attempted: 100, accepted: 100, delivered, lost: 0, duplicated: 0, outOfOrder: 0 });
    const result = makeResult(run, { environment: readStored('lossless').environment, embedded: false });
    expect(result.measured).toEqual({ attempted: 100, accepted: 100, delivered });
    expect(result.latency.puback.count).toBe(100);
    expect(result.latency.endToEnd.count).toBe(delivered);
    expect(result.connections.failed).toBe(0);
    expect(threads.every(({ isTerminated }) => isTerminated)).toBe(true);
  });

  it('samples what all of them do', async () => {
    const { run } = await totalOf({ publishers: 3, subscribers: 2, window: 1, messages: 3 }, { deliver: () => [900] });
    const sum = (count: 'sent' | 'accepted' | 'delivered'): number =>
      run.samples.reduce((total, sample) => total + sample[count], 0);
    expect([sum('sent'), sum('accepted'), sum('delivered')]).toEqual([3, 3, 6]);
    expect(run.samples.map(({ connections }) => connections)).toEqual(run.samples.map(() => 5));
    expect(run.samples.map(({ generator }) => (generator.turns ?? 0) > 0)).toEqual(run.samples.map(() => true));
    expect(run.samples[1]?.latency).toEqual({ p50: 900_000, p99: 900_000, max: 900_000 });
  });

  it('finds every lie, whichever threads the publisher and the subscriber are in', async () => {
    const { total } = await totalOf(
      { publishers: 3, subscribers: 3, messages: 90, workers: 3 },
      {
        // Of each publisher's 30 messages every subscriber misses number 3 and gets number 5 twice; 7 comes after 8.
        deliver: ({ sequence }) => (sequence === 3 ? [] : sequence === 5 ? [0, 0] : sequence === 7 ? [50] : [0]),
      },
    );
    expect(total).toMatchObject({ attempted: 90, accepted: 90, delivered: 261, lost: 9, duplicated: 9, outOfOrder: 9 });
  });

  it('counts refusals of all threads together', async () => {
    const { run, total } = await totalOf(
      { publishers: 2, messages: 20 },
      {
        answer: ({ sequence }) => ({ reasonCode: sequence === 0 ? 0x97 : 0, reasonString: 'no' }),
        deliver: ({ sequence }) => (sequence === 0 ? [] : [0]),
      },
    );
    expect(total).toMatchObject({ accepted: 18, refused: 2, delivered: 18 });
    expect([...run.recorder.refusals]).toEqual([[0x97, { count: 2, reasonString: 'no' }]]);
  });

  it('keeps to the window over all threads', async () => {
    const clock = new FakeClock();
    let open = 0;
    let most = 0;
    const broker = new LyingBroker(clock, {
      deliver: () => {
        open += 1;
        most = Math.max(most, open);
        clock.setTimer(() => (open -= 1), 3);
        return [3];
      },
    });
    const { total } = await totalOf({ publishers: 4, workers: 4, messages: 400, window: 10 }, {}, broker);
    expect(total).toMatchObject({ delivered: 400, lost: 0 });
    expect(most).toBeGreaterThan(4);
    expect(most).toBeLessThanOrEqual(10);
  });

  it('adds up the latencies of its threads', async () => {
    const { run } = await totalOf(
      { publishers: 2, subscribers: 2, messages: 10 },
      { deliver: (_seen, index) => [10 + 20 * index] },
    );
    const { endToEnd } = run.recorder;
    expect([endToEnd.count, endToEnd.minUs, endToEnd.maxUs]).toEqual([20, 10_000, 30_000]);
  });

  it('ends when it is stopped, with what there is', async () => {
    const started = start({ messages: null, durationMs: 60_000, publishers: 2, window: null, rate: 100 });
    await started.clock.advance(500);
    started.stop.abort({ signal: 'SIGINT' });
    const run = await drive(started.run, started.clock);
    expect(run.outcome).toEqual({ kind: 'interrupted', signal: 'SIGINT' });
    expect(run.recorder.toLedgers().total.delivered).toBeGreaterThan(0);
    expect(started.clock.monotonicMs()).toBeLessThan(1500);
  });

  it('is a result too when a connection cannot be opened in a thread', async () => {
    const clock = new FakeClock();
    const broker = new LyingBroker(clock);
    let opened = 0;
    const original = broker.openSession;
    Object.assign(broker, {
      openSession: (...how: Parameters<typeof original>) => {
        opened += 1;
        return opened > 2 ? Promise.reject(new UnreachableError('too many', 'Fewer?')) : original(...how);
      },
    });
    const started = start({ publishers: 3 }, {}, broker);
    const run = await drive(started.run, started.clock);
    expect(run.hasBegun).toBe(false);
    expect(run.error).toBeInstanceOf(UnreachableError);
    expect(run.error?.message).toBe('too many');
    expect(started.threads.every(({ isTerminated }) => isTerminated)).toBe(true);
  });

  it('fails when a thread dies', async () => {
    const started = start({ messages: null, durationMs: 60_000, window: null, rate: 100 });
    await started.clock.advance(500);
    started.threads[0]?.end(new Error('out of memory'));
    const run = await drive(started.run, started.clock);
    expect(run.outcome.kind).toBe('failed');
    expect(run.error?.message).toContain('thread 0 has ended: Error: out of memory');
  });
});
