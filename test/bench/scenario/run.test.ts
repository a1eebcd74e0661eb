/** The order of a run, its bounds, and how it ends. */
import { describe, expect, it } from 'vitest';
import type { BenchRun } from '../../../src/bench/scenario/run.ts';
import {
  ConnectionLostError,
  PublishRefusedError,
  SubscriptionDeniedError,
  UnreachableError,
} from '../../../src/errors.ts';
import { FakeClock, settle } from '../../support/fake-clock.ts';
import { drive, runToEnd, startRun } from '../support/drive.ts';
import { LyingBroker } from '../support/lying-broker.ts';

/** What a run fails with before its first message. It has a result all the same. */
async function failureOf(driving: Promise<BenchRun>): Promise<unknown> {
  const { error, outcome, recorder } = await driving;
  expect(outcome.kind).not.toBe('completed');
  expect(recorder.toLedgers().total.attempted).toBe(0);
  return error;
}

function totalOf(run: BenchRun): unknown {
  return run.recorder.toLedgers().total;
}

describe('the connections of a run', () => {
  it('are opened subscribers first, and all closed', async () => {
    const { broker } = await runToEnd({ publishers: 2, subscribers: 3 });
    expect(broker.sessions.map(({ filters, hasPublished }) => (hasPublished ? 'publisher' : filters.join()))).toEqual([
      '$SYS/broker/version,$SYS/broker/#',
      ...Array.from({ length: 3 }, () => 'mqtt-bench/0123456789abcdef/+'),
      'publisher',
      'publisher',
    ]);
    expect(broker.sessions.every(({ closed }) => closed)).toBe(true);
  });

  it('have Client Identifiers of their own where one was given', async () => {
    const { broker } = await runToEnd({ publishers: 2 }, {}, { connection: { clientId: 'me' } });
    expect(broker.plans.map(({ clientId }) => clientId)).toEqual([
      'me-identify',
      'me-subscriber-0',
      'me-publisher-0',
      'me-publisher-1',
    ]);
  });

  it('learn from $SYS what the broker is, where it says', async () => {
    const { done } = await runToEnd({}, { version: 'mosquitto version 2.0.11' });
    expect(done.identity).toEqual({ name: 'mosquitto', version: '2.0.11' });
    const other = await runToEnd({}, { version: 'Some\u001b[31m broker' });
    expect(other.done.identity).toEqual({ name: 'Some\\e[31m broker' });
    const hostile = await runToEnd({}, { version: `\u001b]0;owned\u0007${'x'.repeat(1000)}` });
    expect(hostile.done.identity?.name).toMatch(/^\\e\]0;owned\\x07x{50}$/);
    const silent = await runToEnd({});
    expect(silent.done.identity).toBeUndefined();
  });

  it('do without what the broker is, where asking is denied or not answered', async () => {
    const isSys = (filter: string): boolean => filter.startsWith('$');
    const denied = await runToEnd({}, { subscribe: ({ filter, qos }) => ({ reasonCode: isSys(filter) ? 0x87 : qos }) });
    expect(denied.done.outcome).toEqual({ kind: 'completed' });
    const closed = await runToEnd(
      {},
      { subscribe: ({ filter, qos }) => (isSys(filter) ? 'closed' : { reasonCode: qos }) },
    );
    expect(closed.done.outcome).toEqual({ kind: 'completed' });
    const never = await runToEnd(
      {},
      { subscribe: ({ filter, qos }) => (isSys(filter) ? 'never' : { reasonCode: qos }) },
    );
    expect(never.done.outcome).toEqual({ kind: 'completed' });
  });

  it('may all listen for the signal that stops the run: no warning of a leak', async () => {
    const warnings: Error[] = [];
    const note = (warning: Error): unknown => warnings.push(warning);
    process.on('warning', note);
    const clock = new FakeClock();
    const broker = new LyingBroker(clock);
    const stop = new AbortController();
    const openSession: typeof broker.openSession = (...how) => {
      stop.signal.addEventListener('abort', () => undefined);
      return broker.openSession(...how);
    };
    const { run } = startRun({ publishers: 30 }, {}, { openSession, stop: stop.signal });
    await drive(run, clock);
    process.off('warning', note);
    expect(warnings).toEqual([]);
  });

  it('are all closed when one of them cannot be opened', async () => {
    const refused = new UnreachableError('too many connections');
    const clock = new FakeClock();
    const broker = new LyingBroker(clock);
    let asked = 0;
    const openSession: typeof broker.openSession = (...how) => {
      asked += 1;
      return asked > 40 ? Promise.reject(refused) : broker.openSession(...how);
    };
    const { run } = startRun({ publishers: 500 }, {}, { openSession });
    const done = await drive(run, clock);
    expect(done.error).toBe(refused);
    expect(done.outcome).toEqual({ kind: 'failed', reason: 'too many connections' });
    const { attempted, connected, failed, reasons } = done.connections.toLedger();
    expect([connected, attempted]).toEqual([39, 39 + failed]);
    expect(reasons).toEqual([{ reason: 'too many connections', count: failed }]);
    expect(broker.sessions.length).toBe(40);
    expect(broker.sessions.every(({ closed }) => closed)).toBe(true);
    expect(asked).toBeLessThan(150);
  });
});

describe('before the first message', () => {
  it('a denied subscription is an error', async () => {
    const { run, clock, broker } = startRun({}, { subscribe: () => ({ reasonCode: 0x87, reasonString: 'go away' }) });
    expect(await failureOf(drive(run, clock))).toEqual(
      new SubscriptionDeniedError(
        'the broker denied the subscription to mqtt-bench/0123456789abcdef/+: Not authorized (0x87): go away',
        'Which topics may this user read? -t sets them.',
      ),
    );
    expect(broker.published).toEqual([]);
  });

  it('a SUBACK that does not come is an error at the connect time-out', async () => {
    const { run, clock } = startRun({}, { subscribe: () => 'never' });
    const error = new UnreachableError('localhost:1883 did not answer SUBSCRIBE in 10 s');
    expect(await failureOf(drive(run, clock, 100))).toEqual(error);
    expect(clock.monotonicMs()).toBeLessThan(12_000);
  });

  it.each([
    [
      { maximumQoS: 1 as const },
      { qos: 2 as const },
      'takes messages up to QoS 1, not 2',
      'Use -q 1; in mosquitto, max_qos allows more.',
    ],
    [
      { maximumPacketSize: 100 },
      { payload: { kind: 'filler' as const, source: null, sizeBytes: 90 } },
      'is too large for the broker',
      'Use a smaller --size; in mosquitto, max_packet_size allows more.',
    ],
    [
      {},
      { topicAlias: true },
      'takes no Topic Alias',
      'Do without --topic-alias; in mosquitto, max_topic_alias allows more.',
    ],
    [
      { version: 4 as const },
      { topicAlias: true },
      'takes no Topic Alias',
      'Do without --topic-alias, which is of MQTT 5: this connection is not.',
    ],
  ])('what the broker said that it would not take is an error: %j', async (info, plan, message, hint) => {
    const { run, clock, broker } = startRun({ ...plan, publishers: 100 }, { info });
    const error = await failureOf(drive(run, clock));
    expect(error).toBeInstanceOf(PublishRefusedError);
    expect((error as PublishRefusedError).message).toContain(message);
    expect((error as PublishRefusedError).hint).toBe(hint);
    // It was said to the first connection, so that the others are not opened in vain.
    expect(broker.sessions.length).toBe(1);
  });

  it('a signal ends it at once', async () => {
    const { run, clock, stop } = startRun(
      {},
      { subscribe: ({ filter, qos }) => (filter[0] === '$' ? { reasonCode: qos } : 'never') },
    );
    await settle();
    stop.abort({ signal: 'SIGTERM' });
    expect(await failureOf(drive(run, clock))).toMatchObject({ exitCode: 143 });
    expect(clock.monotonicMs()).toBe(0);
  });

  it('a connection that is lost ends it', async () => {
    const { run, clock, broker } = startRun(
      {},
      { subscribe: ({ filter, qos }) => (filter[0] === '$' ? { reasonCode: qos } : 'never') },
    );
    await settle();
    broker.sessions[1]!.end({ kind: 'lost', reason: 'the broker reset it' });
    expect(await failureOf(drive(run, clock))).toEqual(
      new ConnectionLostError('the connection of subscriber 0 was lost: the broker reset it'),
    );
  });
});

describe('the load', () => {
  it('never has more outstanding than the window, over all publishers', async () => {
    for (const publishers of [1, 3, 30]) {
      let most = 0;
      let look = (): number => 0;
      const deliver = (): number[] => {
        most = Math.max(most, look());
        return [5];
      };
      await runToEnd(
        { messages: 500, publishers, window: 20 },
        { deliver },
        { onStart: ({ progress }) => (look = () => progress.inFlight) },
      );
      expect(most).toBe(20);
    }
  });

  it('shares the window, so that a publisher that is held up does not hold up the others', async () => {
    const { broker, clock, run } = startRun(
      { messages: 200, publishers: 2, window: 10 },
      { deliver: ({ topic }) => [topic.endsWith('/0') ? 900 : 5] },
    );
    await clock.advance(800);
    const sentBy = (publisher: number): number =>
      broker.published.filter(({ topic }) => topic.endsWith(`/${publisher}`)).length;
    expect([sentBy(0), sentBy(1)]).toEqual([5, 100]);
    await drive(run, clock, 100);
  });

  it('keeps to Receive Maximum at QoS 1 and 2, and not at QoS 0', async () => {
    const lies = { info: { receiveMaximum: 7 }, answer: () => ({ afterMs: 5 }) };
    const { broker, done } = await runToEnd({ messages: 100, publishers: 2 }, lies);
    expect(broker.mostInFlight).toBe(7);
    expect(totalOf(done)).toMatchObject({ accepted: 100, delivered: 100 });
    const unbounded = await runToEnd({ messages: 50, qos: 0 }, { ...lies, deliver: () => [5] });
    expect(unbounded.clock.monotonicMs()).toBeLessThanOrEqual(10);
  });

  it('stops while the connection takes no more, and goes on when it does', async () => {
    const { run, clock, broker } = startRun(
      { messages: 10, qos: 0 },
      {},
      {
        onStart: () => {
          release = broker.sessions[2]!.fill();
        },
      },
    );
    let release = (): void => undefined;
    await clock.advance(500);
    expect(broker.published.length).toBe(1);
    release();
    await drive(run, clock);
    expect(broker.published.length).toBe(10);
  });

  it('sends from every publisher in turn when there are fewer places than publishers', async () => {
    const { broker } = await runToEnd({ messages: 9, publishers: 3, window: 1 });
    const order = broker.published.map(({ topic }) => topic.at(-1)).join('');
    expect(order).toBe('012012012');
  });

  it('counts the messages of others on the topic apart', async () => {
    const { run, clock, broker } = startRun({ messages: 10 }, { deliver: () => [5] });
    await settle();
    broker.sessions[1]!.deliver('mqtt-bench/0123456789abcdef/0', Buffer.from('hello'));
    const done = await drive(run, clock);
    expect(done.recorder.foreign).toBe(1);
    expect(totalOf(done)).toMatchObject({ delivered: 10, duplicated: 0 });
  });

  it('makes no extra messages', async () => {
    const { broker } = await runToEnd({ messages: 37, publishers: 4, subscribers: 2 });
    expect(broker.published.length).toBe(37);
  });

  it('leaves publishers without messages alone', async () => {
    const { done } = await runToEnd({ messages: 1, publishers: 3, qos: 0 });
    expect(totalOf(done)).toMatchObject({ attempted: 1, accepted: 1, delivered: 1 });
  });
});

describe('a broker that does not answer', () => {
  it.each([1, 2] as const)('ends the run after one drain time-out at QoS %i', async (qos) => {
    const { clock, done } = await runToEnd(
      { qos, messages: 5000, window: 100 },
      { answer: () => 'never', deliver: () => [], pong: false },
    );
    expect(done.outcome).toEqual({ kind: 'stalled' });
    expect(totalOf(done)).toMatchObject({ attempted: 100, timedOut: 100, inFlight: 0, expected: 0 });
    expect(clock.monotonicMs()).toBeLessThan(3500);
  });

  it('ends the run at QoS 0 when PINGREQ is not answered either', async () => {
    const { clock, done } = await runToEnd({ qos: 0, messages: 5000, window: 100 }, { deliver: () => [], pong: false });
    expect(done.outcome).toEqual({ kind: 'stalled' });
    expect(totalOf(done)).toMatchObject({ attempted: 100, accepted: 0, timedOut: 100, expected: 0 });
    expect(clock.monotonicMs()).toBeLessThan(4500);
  });

  it('accepts and delivers nothing: lost, and no more is sent', async () => {
    const { clock, done } = await runToEnd({ messages: 5000, window: 100 }, { deliver: () => [] });
    expect(done.outcome).toEqual({ kind: 'stalled' });
    expect(totalOf(done)).toMatchObject({ attempted: 100, accepted: 100, lost: 100 });
    expect(clock.monotonicMs()).toBeLessThan(1500);
  });

  it('is not given up for one lost message, even the first with a window of one', async () => {
    const { done } = await runToEnd(
      { messages: 50, window: 1 },
      { deliver: ({ sequence }) => (sequence < 3 ? [] : [0]) },
    );
    expect(done.outcome).toEqual({ kind: 'completed' });
    expect(totalOf(done)).toMatchObject({ attempted: 50, lost: 3, delivered: 47 });
  });

  it('is not given up for losses with deliveries between them', async () => {
    const isLost = (sequence: number): boolean => sequence % 2 === 0 || (sequence > 50 && sequence < 54);
    const { done } = await runToEnd(
      { messages: 60, window: 1 },
      { deliver: ({ sequence }) => (isLost(sequence) ? [] : [0]) },
    );
    expect(done.outcome).toEqual({ kind: 'completed' });
    expect(totalOf(done)).toMatchObject({ attempted: 60, lost: 32 });
  });

  it('is given up when unanswered messages use up Receive Maximum', async () => {
    const { clock, done } = await runToEnd(
      { messages: 50 },
      { info: { receiveMaximum: 5 }, answer: () => 'never', deliver: () => [] },
    );
    expect(done.outcome).toEqual({ kind: 'stalled' });
    expect(totalOf(done)).toMatchObject({ attempted: 5, timedOut: 5 });
    expect(clock.monotonicMs()).toBeLessThan(2300);
  });

  it('may pause for longer than the drain time-out: what was given up comes late and counts', async () => {
    const pausedUntilMs = 1700;
    const { broker, clock, run } = startRun(
      { messages: 3000, window: 100 },
      {
        deliver: () => {
          const nowMs = clock.monotonicMs();
          return [nowMs >= 100 && nowMs < pausedUntilMs ? pausedUntilMs - nowMs : 10];
        },
      },
    );
    const done = await drive(run, clock);
    expect(done.outcome).toEqual({ kind: 'completed' });
    expect(totalOf(done)).toMatchObject({ attempted: 3000, delivered: 3000, lost: 0 });
    expect(broker.published.length).toBe(3000);
  });
});

describe('a run that is cut short', () => {
  it('by a signal: sends no more, waits a moment for what is on its way, and tells what happened', async () => {
    const { broker, clock, run, stop } = startRun({ messages: 5000, window: 10 }, { deliver: () => [20] });
    await clock.advance(100);
    stop.abort({ signal: 'SIGINT' });
    const sent = broker.published.length;
    const done = await drive(run, clock);
    expect(done.outcome).toEqual({ kind: 'interrupted', signal: 'SIGINT' });
    expect(broker.published.length).toBe(sent);
    expect(totalOf(done)).toMatchObject({ attempted: sent, accepted: sent, delivered: sent, lost: 0 });
    expect(clock.monotonicMs()).toBeLessThan(200);
  });

  it('by a signal while nothing is answered: within a second, the rest in flight', async () => {
    for (const qos of [0, 1] as const) {
      const { clock, run, stop } = startRun(
        { messages: 5000, window: 10, qos },
        { deliver: () => [], answer: () => 'never', pong: false },
      );
      // Asking what the broker is takes its second first.
      await clock.advance(1200);
      stop.abort({ signal: 'SIGINT' });
      const done = await drive(run, clock);
      expect(totalOf(done)).toMatchObject({ attempted: 10, inFlight: 10, timedOut: 0, lost: 0 });
      expect(clock.monotonicMs()).toBeLessThan(2200);
    }
  });

  it('at QoS 0 by a signal: accepted, since the closing PINGREQ is still answered', async () => {
    const { clock, run, stop } = startRun({ messages: 5000, window: 10, qos: 0 }, { deliver: () => [20] });
    await clock.advance(100);
    stop.abort({ signal: 'SIGINT' });
    const { recorder } = await drive(run, clock);
    const { accepted, attempted } = recorder.toLedgers().total;
    expect(accepted).toBe(attempted);
  });

  it.each([
    [1, 'subscriber', 0],
    [2, 'publisher', 0],
    [3, 'publisher', 1],
  ] as const)('by the loss of connection %i: says which, and tells what happened', async (number, role, index) => {
    const { broker, clock, run } = startRun(
      { messages: 5000, window: 10, publishers: 2 },
      { deliver: () => [20], answer: () => ({ afterMs: 20 }) },
    );
    await clock.advance(110);
    broker.sessions[number]!.end({ kind: 'lost', reason: 'the broker reset it' });
    const done = await drive(run, clock);
    expect(done.outcome).toEqual({ kind: 'connection-lost', role, index, reason: 'the broker reset it' });
    expect(done.recorder.toLedgers().total.attempted).toBe(broker.published.length);
    expect(done.connections.toLedger()).toMatchObject({ attempted: 3, lost: 1 });
    expect(clock.monotonicMs()).toBeLessThan(1000);
    expect(broker.sessions.every(({ closed }, other) => closed || other === number)).toBe(true);
  });

  it('by the loss of all connections at once: the first one is named', async () => {
    const { broker, clock, run } = startRun({ messages: 5000, window: 10 }, { deliver: () => [20] });
    await clock.advance(100);
    for (const session of broker.sessions) session.end({ kind: 'disconnected', reason: 'Server shutting down (0x8B)' });
    const done = await drive(run, clock);
    expect(done.outcome).toMatchObject({ kind: 'connection-lost', role: 'subscriber', index: 0 });
  });

  it('by a message that cannot be sent', async () => {
    const { broker, clock, run } = startRun(
      { messages: 100 },
      {
        answer: ({ sequence }) => {
          if (sequence === 50) throw new RangeError('no such packet');
          return { reasonCode: 0 };
        },
      },
    );
    const done = await drive(run, clock);
    expect(done.outcome).toEqual({ kind: 'failed', reason: 'no such packet' });
    expect(done.error).toBeInstanceOf(RangeError);
    expect(broker.sessions.every(({ closed }) => closed)).toBe(true);
  });
});
