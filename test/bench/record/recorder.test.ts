import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BenchPlan } from '../../../src/bench/plan/plan.ts';
import { assertLedgersAddUp, LEDGER_COUNTS, type Ledger, sumLedgers } from '../../../src/bench/record/ledger.ts';
import { Recorder } from '../../../src/bench/record/recorder.ts';
import { makePlan } from '../support/drive.ts';
import { payloadOf } from '../support/payload.ts';

function planOf(differs: Partial<BenchPlan>): BenchPlan {
  return makePlan({ payload: { kind: 'filler', source: null, sizeBytes: 32 }, ...differs });
}

const SUCCESS = { reasonCode: 0 };
const QUOTA = { reasonCode: 0x97, reasonString: 'enough' };

/** What became of one message, written down as it happened. */
interface Message {
  readonly sequence: number;
  readonly sentUs: number;
  state: 'inFlight' | 'timedOut' | 'accepted' | 'refused';
  /** By subscriber. */
  readonly copies: number[];
}

/** Keeps everything in lists, and counts at the end. */
class NaiveRecorder {
  readonly publishers: Message[][];
  readonly #subscribers: number;
  /** By subscriber: publisher and sequence of each first delivery, in order. */
  readonly #firsts: (readonly [publisher: number, sequence: number])[][];

  constructor(publishers: number, subscribers: number) {
    this.publishers = Array.from({ length: publishers }, () => []);
    this.#subscribers = subscribers;
    this.#firsts = Array.from({ length: subscribers }, () => []);
  }

  deliver(subscriber: number, publisher: number, message: Message): void {
    const before = message.copies[subscriber] ?? 0;
    message.copies[subscriber] = before + 1;
    if (before === 0) this.#firsts[subscriber]?.push([publisher, message.sequence]);
  }

  ledger(publisher: number, subscriber: number): Ledger {
    const messages = this.publishers[publisher] ?? [];
    const inState = (state: Message['state']): number => messages.filter((message) => message.state === state).length;
    const copies = (message: Message): number => message.copies[subscriber] ?? 0;
    const due = messages.filter((message) => message.state === 'accepted' || copies(message) > 0);
    const firsts = (this.#firsts[subscriber] ?? [])
      .filter(([from]) => from === publisher)
      .map(([, sequence]) => sequence);
    return {
      attempted: messages.length,
      accepted: inState('accepted'),
      refused: inState('refused'),
      timedOut: inState('timedOut'),
      inFlight: inState('inFlight'),
      expected: due.length,
      delivered: due.filter((message) => copies(message) > 0).length,
      lost: due.filter((message) => copies(message) === 0).length,
      duplicated: messages.reduce((sum, message) => sum + Math.max(0, copies(message) - 1), 0),
      outOfOrder: firsts.filter((sequence, index) => firsts.slice(0, index).some((earlier) => earlier > sequence))
        .length,
    };
  }

  total(): Ledger {
    const paths = this.publishers.flatMap((_, publisher) =>
      Array.from({ length: this.#subscribers }, (__, subscriber) => this.ledger(publisher, subscriber)),
    );
    const published = sumLedgers(this.publishers.map((_, publisher) => this.ledger(publisher, 0)));
    const { attempted, accepted, refused, timedOut, inFlight } = published;
    return { ...sumLedgers(paths), attempted, accepted, refused, timedOut, inFlight };
  }
}

const step = fc.record({
  kind: fc.oneof(
    { weight: 5, arbitrary: fc.constant('send' as const) },
    { weight: 4, arbitrary: fc.constant('accept' as const) },
    { weight: 1, arbitrary: fc.constant('refuse' as const) },
    { weight: 8, arbitrary: fc.constant('deliver' as const) },
    { weight: 1, arbitrary: fc.constant('giveUp' as const) },
  ),
  publisher: fc.nat(),
  subscriber: fc.nat(),
  message: fc.nat(),
});

describe('Recorder', () => {
  it('has a ledger that adds up and equals that of a list, whatever is lost, copied, reordered, late or refused', () => {
    const shape = fc.record({
      publishers: fc.integer({ min: 1, max: 3 }),
      subscribers: fc.integer({ min: 1, max: 3 }),
    });
    fc.assert(
      fc.property(shape, fc.array(step, { maxLength: 400 }), ({ publishers, subscribers }, steps) => {
        const plan = planOf({ publishers, subscribers, messages: 4000 });
        const recorder = new Recorder(plan);
        const naive = new NaiveRecorder(publishers, subscribers);
        for (const [nowUs, { kind, ...pick }] of steps.entries()) {
          const index = pick.publisher % publishers;
          const messages = naive.publishers[index]!;
          const message = messages[pick.message % Math.max(1, messages.length)];
          if (kind === 'send') {
            const sequence = recorder.sent(recorder.publishers[index]!, nowUs);
            messages.push({ sequence, sentUs: nowUs, state: 'inFlight', copies: [] });
          } else if (kind === 'giveUp') {
            const lastUs = pick.message % (nowUs + 1);
            recorder.giveUp(lastUs);
            for (const each of naive.publishers.flat()) {
              if (each.sentUs <= lastUs && each.state === 'inFlight') each.state = 'timedOut';
            }
          } else if (message && kind === 'deliver') {
            const subscriber = pick.subscriber % subscribers;
            recorder.received(subscriber, payloadOf(plan, index, message.sequence, message.sentUs), nowUs);
            naive.deliver(subscriber, index, message);
          } else if (message && (message.state === 'inFlight' || message.state === 'timedOut')) {
            const outcome = kind === 'accept' ? SUCCESS : QUOTA;
            recorder.acknowledged(index, message.sequence, message.sentUs, nowUs, outcome);
            message.state = kind === 'accept' ? 'accepted' : 'refused';
          }
        }
        const ledgers = recorder.toLedgers();
        assertLedgersAddUp(ledgers);
        expect(ledgers.total).toEqual(naive.total());
        for (const [index, ledger] of ledgers.publishers.entries()) {
          const paths = Array.from({ length: subscribers }, (_, subscriber) => naive.ledger(index, subscriber));
          expect(ledger.lost).toBe(sumLedgers(paths).lost);
          expect(ledger.accepted).toBe(paths[0]!.accepted);
        }
        for (const [index, ledger] of ledgers.subscribers.entries()) {
          const paths = naive.publishers.map((_, publisher) => naive.ledger(publisher, index));
          expect(sumLedgers(paths)).toMatchObject({ ...ledger });
        }
      }),
    );
  });

  it('at QoS 0 accepts everything once it is confirmed, and nothing before', () => {
    const plan = planOf({ publishers: 2, subscribers: 1, qos: 0 });
    const recorder = new Recorder(plan);
    const [first, second] = recorder.publishers as [(typeof recorder.publishers)[0], (typeof recorder.publishers)[0]];
    for (let sequence = 0; sequence < 5; sequence += 1) recorder.sent(first, sequence);
    recorder.sent(second, 5);
    for (const sequence of [0, 3]) recorder.received(0, payloadOf(plan, 0, sequence), 10);
    recorder.giveUp(100);
    expect(recorder.toLedgers().total).toMatchObject({ accepted: 0, inFlight: 6, expected: 2, delivered: 2, lost: 0 });
    recorder.confirmed(first, 20);
    second.timeOutAll();
    const { publishers, total } = recorder.toLedgers();
    expect(total).toMatchObject({ accepted: 5, timedOut: 1, inFlight: 0, expected: 5, delivered: 2, lost: 3 });
    expect(publishers[1]).toMatchObject({ attempted: 1, accepted: 0, timedOut: 1, expected: 0 });
  });

  it('frees a place in the window when every subscriber has a message and it is accepted', () => {
    const plan = planOf({ publishers: 1, subscribers: 2, qos: 1 });
    const recorder = new Recorder(plan);
    const payload = payloadOf(plan, 0, 0);
    recorder.sent(recorder.publishers[0]!, 0);
    const outstanding: number[] = [];
    const note = (): unknown => outstanding.push(recorder.outstanding);
    note();
    recorder.received(0, payload, 1);
    recorder.received(0, payload, 1);
    note();
    recorder.acknowledged(0, 0, 0, 1, SUCCESS);
    note();
    recorder.received(1, payload, 1);
    note();
    expect(outstanding).toEqual([1, 1, 1, 0]);
  });

  it('frees a place at once when a message is refused, and when it is given up', () => {
    const plan = planOf({ publishers: 1, subscribers: 1, qos: 1 });
    const recorder = new Recorder(plan);
    for (let sentUs = 0; sentUs < 3; sentUs += 1) recorder.sent(recorder.publishers[0]!, sentUs);
    recorder.acknowledged(0, 1, 1, 5, QUOTA);
    expect(recorder.outstanding).toBe(2);
    recorder.giveUp(0);
    expect(recorder.outstanding).toBe(1);
    expect(recorder.refusals).toEqual(new Map([[0x97, { count: 1, reasonString: 'enough' }]]));
  });

  it('counts what is not of this run, and what was altered on the way, apart', () => {
    const plan = planOf({ publishers: 1, subscribers: 1, qos: 0 });
    const recorder = new Recorder(plan);
    recorder.sent(recorder.publishers[0]!, 0);
    recorder.received(0, Buffer.from('hello'), 1);
    recorder.received(0, payloadOf({ ...plan, runId: 'ffffffffffffffff' }, 0, 0), 1);
    recorder.received(0, payloadOf(plan, 0, 1), 1);
    recorder.received(0, payloadOf(plan, 7, 0), 1);
    recorder.received(0, payloadOf(plan, 0, 0).subarray(0, 31), 1);
    const seen = (): number[] => [recorder.foreign, recorder.altered, recorder.toLedgers().total.delivered];
    expect(seen()).toEqual([2, 3, 0]);
    recorder.received(0, payloadOf(plan, 0, 0), 1);
    expect(seen()).toEqual([2, 3, 1]);
    assertLedgersAddUp(recorder.toLedgers());
  });

  it('measures first deliveries from the time in the header, and acknowledgements from the time of sending', () => {
    const plan = planOf({ publishers: 1, subscribers: 1, qos: 1 });
    const recorder = new Recorder(plan);
    recorder.sent(recorder.publishers[0]!, 100);
    const payload = payloadOf(plan, 0, 0, 100);
    recorder.received(0, payload, 350);
    recorder.received(0, payload, 900);
    recorder.acknowledged(0, 0, 100, 250, SUCCESS);
    expect([recorder.endToEnd.count, recorder.endToEnd.maxUs]).toEqual([1, 250]);
    expect([recorder.acknowledgement.count, recorder.acknowledgement.maxUs]).toEqual([1, 150]);
    expect(recorder).toMatchObject({ firstSentUs: 100, lastSentUs: 100, lastAcceptedUs: 250, lastDeliveredUs: 350 });
  });

  it('names every count of its ledger', () => {
    const plan = planOf({ publishers: 1, subscribers: 1, qos: 1 });
    const recorder = new Recorder(plan);
    expect(Object.keys(recorder.toLedgers().total).sort()).toEqual([...LEDGER_COUNTS].sort());
  });
});
