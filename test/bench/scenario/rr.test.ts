/** `mqtt-bench rr`: requests and responses, against a broker and responders that may lie. */
import { describe, expect, it } from 'vitest';
import type { BenchPlan } from '../../../src/bench/plan/plan.ts';
import { makeResult } from '../../../src/bench/result/make-result.ts';
import { parseResult } from '../../../src/bench/result/read-result.ts';
import type { BenchResult } from '../../../src/bench/result/result.ts';
import { judge } from '../../../src/bench/result/verdict.ts';
import { runRr } from '../../../src/bench/scenario/run-rr.ts';
import type { ReceivedMessage, Session, SessionInfo } from '../../../src/mqtt/session.ts';
import { FakeClock, settle } from '../../support/fake-clock.ts';
import { FakeMachine } from '../../support/fake-machine.ts';
import { drive, makeConnection, makePlan, RUN_ID } from '../support/drive.ts';
import { type Lies, LyingBroker } from '../support/lying-broker.ts';
import { readStored } from '../support/stored.ts';

const REQUESTS = `mqtt-bench/${RUN_ID}/`;
const isResponse = (topic: string): boolean => topic.startsWith('answers/');

function start(differs: Partial<BenchPlan>, lies: Lies = {}) {
  const clock = new FakeClock();
  const broker = new LyingBroker(clock, lies);
  const stop = new AbortController();
  const requesters = differs.publishers ?? 1;
  const plan = makePlan({
    scenario: 'rr',
    shape: 'pairs',
    filter: 'answers/{publisher}',
    responders: 1,
    subscribers: requesters,
    ...differs,
  });
  const run = runRr(plan, makeConnection(), {
    clock,
    stop: stop.signal,
    machine: new FakeMachine(),
    openSession: broker.openSession,
    handlers: {},
    onStart: () => undefined,
  });
  run.catch(() => undefined);
  return { broker, clock, run, stop };
}

async function runToEnd(...how: Parameters<typeof start>) {
  const { broker, clock, run } = start(...how);
  const done = await drive(run, clock);
  const made = makeResult(done, { environment: readStored('lossless').environment, embedded: false });
  const result: BenchResult = parseResult(JSON.stringify(made), 'result');
  return { broker, clock, done, result };
}

const VERSION_311: Partial<SessionInfo> = { version: 4 };

describe('mqtt-bench rr', () => {
  it.each([
    [0, {}],
    [1, {}],
    [2, {}],
    [0, VERSION_311],
    [1, VERSION_311],
  ] as const)('has a response to every request at QoS %i, %j', async (qos, info) => {
    const { broker, result } = await runToEnd({ qos, messages: 200, publishers: 3 }, { info });
    expect(result.outcome).toEqual({ kind: 'completed' });
    expect(result.ledger).toMatchObject({ attempted: 200, accepted: 200, expected: 200, delivered: 200, lost: 0 });
    expect(result.perSubscriber.map(({ delivered }) => delivered)).toEqual([67, 67, 66]);
    expect(result.latency.endToEnd.count).toBe(200);
    expect(judge(result)).toBeUndefined();
    expect(broker.published.length).toBe(400);
  });

  it('asks by Response Topic and Correlation Data, and each answer bears them [MQTT5 4.10]', async () => {
    const { broker } = await runToEnd({ messages: 2, publishers: 2 });
    const [first, second] = broker.published.filter(({ topic }) => topic.startsWith(REQUESTS));
    expect(first?.properties).toMatchObject({ responseTopic: 'answers/0' });
    expect(second?.properties).toMatchObject({ responseTopic: 'answers/1' });
    expect(first?.properties?.correlationData?.length).toBe(24);
    const responses = broker.published.filter(({ topic }) => isResponse(topic));
    expect(responses.map(({ topic }) => topic).sort()).toEqual(['answers/0', 'answers/1']);
    for (const { payload, properties } of responses) {
      expect(properties?.correlationData).toEqual(payload.subarray(0, 24));
      expect(properties?.responseTopic).toBeUndefined();
    }
  });

  it('says nothing of that before MQTT 5', async () => {
    const { broker } = await runToEnd({ messages: 2 }, { info: VERSION_311 });
    expect(broker.published.map(({ properties }) => properties)).toEqual([undefined, undefined, undefined, undefined]);
  });

  it('shares the requests among several responders', async () => {
    const { broker } = await runToEnd(
      { messages: 4, responders: 2 },
      { deliver: (_, index) => (index === 0 ? [0] : []) },
    );
    const filters = broker.sessions.flatMap((session) => session.filters).filter((filter) => filter[0] === '$');
    expect(filters.filter((filter) => !filter.startsWith('$SYS'))).toEqual(
      Array.from({ length: 2 }, () => `$share/mqtt-bench-${RUN_ID}/${REQUESTS}+`),
    );
  });

  it('measures the whole way, there and back', async () => {
    const { result } = await runToEnd({ messages: 1 }, { deliver: ({ topic }) => [isResponse(topic) ? 30 : 12] });
    expect(result.latency.endToEnd.p50).toBe(42_000);
  });

  it('keeps no more requests open than the window', async () => {
    let most = 0;
    let open = 0;
    await runToEnd(
      { messages: 100, window: 7, publishers: 3 },
      {
        deliver: ({ topic }) => {
          open += isResponse(topic) ? -1 : 1;
          most = Math.max(most, open);
          return [5];
        },
      },
    );
    expect(most).toBe(7);
  });

  it('responds within Receive Maximum', async () => {
    const { broker, result } = await runToEnd(
      { messages: 100, qos: 1 },
      { info: { receiveMaximum: 3 }, answer: () => ({ afterMs: 10 }) },
    );
    expect(broker.mostInFlight).toBe(3);
    expect(result.ledger).toMatchObject({ delivered: 100, lost: 0 });
  });
});

describe('responses', () => {
  it('that the broker drops are lost', async () => {
    const { result } = await runToEnd(
      { messages: 100 },
      { deliver: ({ sequence, topic }) => (isResponse(topic) && sequence % 10 === 3 ? [] : [0]) },
    );
    expect(result.ledger).toMatchObject({ accepted: 100, expected: 100, delivered: 90, lost: 10 });
    expect(judge(result)).toMatchObject({ exitCode: 11 });
  });

  it('to requests that never came to the responder are lost', async () => {
    const { result } = await runToEnd(
      { messages: 100 },
      { deliver: ({ sequence, topic }) => (!isResponse(topic) && sequence < 5 ? [] : [0]) },
    );
    expect(result.ledger).toMatchObject({ accepted: 100, delivered: 95, lost: 5 });
  });

  it('that come twice are counted once', async () => {
    const { result } = await runToEnd({ messages: 10 }, { deliver: ({ topic }) => (isResponse(topic) ? [0, 0] : [0]) });
    expect(result.ledger).toMatchObject({ delivered: 10, duplicated: 10 });
  });

  it('whose payload is not that of the request do not count', async () => {
    const { result } = await runToEnd(
      { messages: 10 },
      {
        alter: (payload, { sequence, topic }) => {
          if (!isResponse(topic) || sequence > 2) return payload;
          const altered = Buffer.from(payload);
          altered[12] = (altered[12] ?? 0) ^ 1;
          return altered;
        },
      },
    );
    expect(result.ignored.altered).toBe(3);
    expect(result.ledger).toMatchObject({ delivered: 7, lost: 3 });
  });

  it('that are nobody’s answer are of others', async () => {
    const { broker, clock, run } = start({ messages: 5 }, { deliver: () => [20] });
    await settle();
    const requester = broker.sessions.find(({ filters }) => filters.includes('answers/0'));
    requester?.deliver('answers/0', Buffer.from('hello'));
    requester?.deliver('answers/0', Buffer.alloc(64), { correlationData: Buffer.alloc(3) });
    requester?.deliver('answers/0', Buffer.alloc(64), { correlationData: Buffer.alloc(24) });
    const done = await drive(run, clock);
    // All zeros are no header of this run; nor are they its payload.
    expect(done.recorder.foreign).toBe(3);
    expect(done.recorder.toLedgers().total).toMatchObject({ delivered: 5, lost: 0 });
  });

  it('of one requester that come to another do not count', async () => {
    const { result } = await runToEnd({ messages: 4, publishers: 2 }, { deliver: () => [0] });
    expect(result.ignored.foreign).toBe(0);
    const crossed = start({ messages: 4, publishers: 2, filter: 'answers/all' });
    const done = await drive(crossed.run, crossed.clock);
    expect(done.recorder.foreign).toBe(4);
    expect(done.recorder.toLedgers().total).toMatchObject({ delivered: 4, lost: 0 });
  });
});

describe('a responder of somebody else', () => {
  /** Opens it before the run, so that it misses nothing. */
  async function serve(
    broker: LyingBroker,
    respond: (message: ReceivedMessage, session: Session) => void,
  ): Promise<void> {
    let session: Session | undefined;
    session = await broker.openSession(makeConnection(), {
      onMessage: (message) => {
        if (session) respond(message, session);
        return undefined;
      },
    });
    await session.subscribe([{ filter: `${REQUESTS}+`, qos: 0 }]);
  }

  it.each([{}, VERSION_311])('may answer with a payload of its own, as long as it says to what, %j', async (info) => {
    const { broker, clock, run } = start({ messages: 20, responders: 0, qos: 0 }, { info });
    await serve(broker, ({ payload, properties }, session) => {
      const { correlationData, responseTopic = 'answers/0' } = properties ?? {};
      const answer = correlationData ? Buffer.from('42') : Buffer.concat([payload.subarray(0, 24), Buffer.from('42')]);
      const sent = correlationData && { properties: { correlationData } };
      void session.publish({ topic: responseTopic, payload: answer, qos: 0, retain: false, ...sent });
    });
    const done = await drive(run, clock);
    expect(done.outcome).toEqual({ kind: 'completed' });
    expect(done.recorder.toLedgers().total).toMatchObject({ attempted: 20, delivered: 20, lost: 0 });
  });

  it('that is not there leaves every request without a response, and the run ends', async () => {
    const { clock, result } = await runToEnd({ messages: 5000, responders: 0, window: 50 });
    expect(result.outcome).toEqual({ kind: 'stalled' });
    expect(result.ledger).toMatchObject({ attempted: 50, accepted: 50, lost: 50 });
    expect(judge(result)).toMatchObject({ exitCode: 11 });
    expect(clock.monotonicMs()).toBeLessThan(2500);
  });

  it('that is not there ends a run with one request at a time too, after six of each requester', async () => {
    const { clock, result } = await runToEnd({ messages: 5000, responders: 0, publishers: 2, window: 2 });
    expect(result.outcome).toEqual({ kind: 'stalled' });
    expect(result.ledger).toMatchObject({ attempted: 12, accepted: 12, lost: 12 });
    expect(clock.monotonicMs()).toBeLessThan(7500);
  });

  it('that leaves out a response now and then does not end it, with one request at a time', async () => {
    const lies: Lies = { deliver: ({ topic, sequence }) => (isResponse(topic) && sequence % 10 < 2 ? [] : [1]) };
    const { result } = await runToEnd({ messages: 30, window: 1 }, lies);
    expect(result.outcome).toEqual({ kind: 'completed' });
    expect(result.ledger).toMatchObject({ attempted: 30, delivered: 24, lost: 6 });
  });
});

describe('a run that is cut short', () => {
  it('by a signal, with a result', async () => {
    const { clock, run, stop } = start({ messages: 5000, window: 10 }, { deliver: () => [20] });
    await clock.advance(200);
    stop.abort({ signal: 'SIGINT' });
    const done = await drive(run, clock);
    expect(done.outcome).toEqual({ kind: 'interrupted', signal: 'SIGINT' });
    expect(clock.monotonicMs()).toBeLessThan(400);
  });

  it.each(['responder', 'requester'] as const)('by the loss of a %s', async (role) => {
    const { broker, clock, run } = start({ messages: 5000, window: 10 }, { deliver: () => [20] });
    await clock.advance(100);
    broker.sessions[role === 'responder' ? 1 : 2]?.end({ kind: 'lost', reason: 'the broker reset it' });
    const done = await drive(run, clock);
    expect(done.outcome).toEqual({ kind: 'connection-lost', role, index: 0, reason: 'the broker reset it' });
  });
});
