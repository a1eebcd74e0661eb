/** Many connections: begun by a schedule, counted, closed together. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { beginEach, OPENING_AT_ONCE } from '../../../src/bench/connect/connect-schedule.ts';
import { Connections, type ConnectionsConfig, type EndedConnection } from '../../../src/bench/connect/connections.ts';
import { ConnectionRecord } from '../../../src/bench/record/connection-record.ts';
import { InterruptedError, UnreachableError } from '../../../src/errors.ts';
import { FakeClock, settle } from '../../support/fake-clock.ts';
import { drive, makeConnection } from '../support/drive.ts';
import { type Lies, LyingBroker } from '../support/lying-broker.ts';

class StallingClock extends FakeClock {
  /** For so long no timer was called. */
  stoodStillMs = 0;

  override monotonicMs(): number {
    return super.monotonicMs() + this.stoodStillMs;
  }
}

function makeConnections(config: Partial<ConnectionsConfig> = {}, lies: Lies = {}, clientId = '') {
  const clock = new StallingClock();
  const broker = new LyingBroker(clock, lies);
  const ended: EndedConnection[] = [];
  const stop = new AbortController();
  const connections = new Connections(
    { connectRate: null, localAddresses: [], ...config },
    makeConnection({ clientId }),
    { clock, openSession: broker.openSession },
    (one) => ended.push(one),
    stop.signal,
  );
  return { broker, clock, connections, ended, stop };
}

describe('a connect rate', () => {
  it('begins each connection when it is due, and none before, however long the others take', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 3000 }),
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 0, max: 500 }),
        async (rate, count, tookMs) => {
          const clock = new FakeClock();
          const begun: { readonly dueMs: number; readonly atMs: number }[] = [];
          const all = beginEach(
            count,
            { clock, rate },
            () => false,
            (_index, dueMs) => {
              begun.push({ dueMs, atMs: clock.monotonicMs() });
              return new Promise((resolve) => clock.setTimer(resolve, tookMs));
            },
          );
          await drive(all, clock, 1);
          expect(begun.map(({ dueMs }) => dueMs)).toEqual(begun.map((_, index) => (index * 1000) / rate));
          expect(begun.length).toBe(count);
          for (const { atMs, dueMs } of begun) expect([atMs >= dueMs, atMs < dueMs + 2]).toEqual([true, true]);
        },
      ),
      { numRuns: 30 },
    );
  });

  it('makes up for what is behind: the latency counts from when a connection was due', async () => {
    const { clock, connections } = makeConnections({ connectRate: 10 });
    const opening = connections.openMany('connection', 5, () => ({}));
    await settle();
    // The process stands still: the others are due after 100, 200, 300 and 400 ms.
    clock.stoodStillMs = 350;
    await drive(opening, clock);
    expect(connections.record.connect.count).toBe(5);
    expect(connections.record.connect.maxUs).toBe(301_000);
    expect(connections.record.connack.maxUs).toBe(2000);
  });

  it('is given up soon when the run is over', async () => {
    const { clock, connections, stop } = makeConnections({ connectRate: 1 });
    const opening = connections.openMany('connection', 100, () => ({}));
    await clock.advance(1500);
    const outcome = expect(opening).rejects.toThrow('stopped');
    stop.abort(new InterruptedError('stopped', 130));
    await clock.advance(50);
    await outcome;
    expect(connections.record.attempted).toBe(2);
  });
});

describe('without a rate', () => {
  it('so many are under way at once and no more', async () => {
    const clock = new FakeClock();
    let [underWay, most] = [0, 0];
    const begin = async (): Promise<void> => {
      underWay += 1;
      most = Math.max(most, underWay);
      await new Promise<void>((resolve) => clock.setTimer(resolve, 10));
      underWay -= 1;
    };
    await drive(
      beginEach(500, { clock, rate: null }, () => false, begin),
      clock,
    );
    expect(most).toBe(OPENING_AT_ONCE);
    expect(clock.monotonicMs()).toBe(100);
  });
});

describe('connections', () => {
  it('take the local addresses in turn, over all roles', async () => {
    const { broker, connections } = makeConnections({ localAddresses: ['127.0.0.1', '127.0.0.2', '127.0.0.3'] });
    await connections.openMany('subscriber', 2, () => ({}));
    await connections.openMany('publisher', 3, () => ({}));
    expect(broker.plans.map(({ endpoint }) => endpoint.localAddress)).toEqual([
      '127.0.0.1',
      '127.0.0.2',
      '127.0.0.3',
      '127.0.0.1',
      '127.0.0.2',
    ]);
  });

  it('count what was opened, what failed and what was lost, with the reasons', async () => {
    const reset = { kind: 'lost', reason: 'the broker reset it' } as const;
    const { broker, connections, ended } = makeConnections(
      {},
      { open: (number) => (number % 3 === 2 ? new UnreachableError('no more') : undefined) },
    );
    let failures = 0;
    await connections.attemptMany('connection', 30, {
      handlersOf: () => ({}),
      onOpen: () => undefined,
      onFailure: () => {
        failures += 1;
      },
      isOver: () => false,
    });
    broker.sessions[0]?.end(reset);
    broker.sessions[1]?.end(reset);
    connections.cut('publisher');
    await settle();
    expect([failures, connections.openCount]).toEqual([10, 18]);
    expect(connections.record.toLedger()).toEqual({
      attempted: 30,
      connected: 20,
      failed: 10,
      lost: 2,
      reasons: [
        { reason: 'no more', count: 10 },
        { reason: 'the broker reset it', count: 2 },
      ],
    });
    connections.cut('connection');
    await settle();
    expect([connections.openCount, connections.record.lost, ended.length]).toEqual([0, 2, 20]);
    await connections.close();
  });

  it('have Client Identifiers of their own where one was given', async () => {
    const { broker, connections } = makeConnections({}, {}, 'me');
    await connections.openMany('connection', 2, () => ({}));
    expect(broker.plans.map(({ clientId }) => clientId)).toEqual(['me-connection-0', 'me-connection-1']);
  });
});

describe('ConnectionRecord', () => {
  it('keeps so many reasons apart and no more', () => {
    const record = new ConnectionRecord();
    for (let index = 0; index < 250; index += 1) record.fail(`reason ${index}`);
    record.fail('reason 7');
    const { attempted, failed, reasons } = record.toLedger();
    expect([attempted, failed]).toEqual([251, 251]);
    expect(reasons[0]).toEqual({ reason: 'other reasons', count: 150 });
    expect(reasons[1]).toEqual({ reason: 'reason 7', count: 2 });
    expect(reasons.reduce((sum, { count }) => sum + count, 0)).toBe(251);
  });
});
