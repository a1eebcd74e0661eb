import { describe, expect, it } from 'vitest';
import { UnreadAnswers } from '../../../src/bench/load/unread-answers.ts';
import type { BenchPlan } from '../../../src/bench/plan/plan.ts';
import type { Session } from '../../../src/mqtt/session.ts';
import { FakeClock, settle } from '../../support/fake-clock.ts';
import { makePlan } from '../support/drive.ts';

/** Subscribers of whose PINGREQs the test answers each. */
class Subscriber {
  readonly pings: (() => void)[] = [];
  readonly session = {
    ping: () =>
      new Promise<void>((resolve, reject) => {
        this.pings.push(resolve);
        this.fail = () => reject(new Error('the connection was lost'));
      }),
  } as unknown as Session;
  fail = (): void => undefined;

  async answer(): Promise<void> {
    this.pings.shift()?.();
    await settle();
  }
}

function make(differs: Parameters<typeof makePlan>[0]): {
  readonly unread: UnreadAnswers;
  readonly released: number[];
  readonly subscribers: readonly Subscriber[];
  wakes(): number;
} {
  const released: number[] = [];
  let wakes = 0;
  const subscribers = [new Subscriber(), new Subscriber()];
  const unread = new UnreadAnswers(makePlan(differs), new FakeClock(), {
    release: (_publisher, sequence) => released.push(sequence),
    wake: () => {
      wakes += 1;
    },
  });
  unread.use(
    subscribers.map(({ session }) => session),
    10,
  );
  return { unread, released, subscribers, wakes: () => wakes };
}

describe('answers that the broker may not have read', () => {
  it('hold back no more than 1,020 messages with those of the window: mosquitto drops what exceeds that', async () => {
    const { released, subscribers, unread, wakes } = make({ window: 1000, qos: 1 });
    for (let sequence = 0; sequence < 50; sequence += 1) unread.add(10, 0, sequence, 0);
    expect(released.length).toBe(20);
    await settle();
    expect(subscribers.map(({ pings }) => pings.length)).toEqual([1, 0]);
    for (let sequence = 50; sequence < 60; sequence += 1) unread.add(10, 0, sequence, 0);
    // The answers to the first 50 were sent before it: 10 are unread, and within the budget.
    await subscribers[0]!.answer();
    expect(released).toEqual(Array.from({ length: 60 }, (_, sequence) => sequence));
    expect(wakes()).toBe(1);
    // 10 of 20: it asks again.
    expect(subscribers[0]!.pings.length).toBe(1);
    await subscribers[0]!.answer();
    expect(subscribers[0]!.pings.length).toBe(0);
  });

  it('are counted of each subscriber apart', async () => {
    const { released, subscribers, unread } = make({ window: 1000, qos: 1 });
    for (let sequence = 0; sequence < 20; sequence += 1) {
      unread.add(10, 0, sequence, 0);
      unread.add(11, 0, sequence, 0);
    }
    expect(released.length).toBe(40);
    unread.add(11, 0, 20, 0);
    expect(released.length).toBe(40);
    await settle();
    await subscribers[0]!.answer();
    expect(released.length).toBe(40);
    await subscribers[1]!.answer();
    expect(released.length).toBe(41);
  });

  it('take two PINGREQs at QoS 2: the first is answered when PUBREL has come, the second when PUBCOMP was read', async () => {
    const { released, subscribers, unread } = make({ window: 1000, qos: 2 });
    for (let sequence = 0; sequence < 21; sequence += 1) unread.add(10, 0, sequence, 0);
    await settle();
    await subscribers[0]!.answer();
    expect(released.length).toBe(20);
    await subscribers[0]!.answer();
    expect(released.length).toBe(21);
  });

  it('may be many where the window is small: nothing is asked', async () => {
    const { released, subscribers, unread } = make({ window: 100, qos: 1 });
    for (let sequence = 0; sequence < 450; sequence += 1) unread.add(10, 0, sequence, 0);
    await settle();
    expect([released.length, subscribers[0]!.pings.length]).toEqual([450, 0]);
  });

  it.each([{ qos: 0 as const }, { flood: true }, { window: 1001 }, { window: null, rate: 5 }] as Partial<BenchPlan>[])(
    'hold back nothing %j',
    async (differs) => {
      const { released, subscribers, unread } = make({ window: 1000, qos: 1, ...differs });
      for (let sequence = 0; sequence < 5000; sequence += 1) unread.add(10, 0, sequence, 0);
      await settle();
      expect([released.length, subscribers[0]!.pings.length]).toEqual([5000, 0]);
    },
  );

  it('are asked for no more when the connection has ended', async () => {
    const { released, subscribers, unread } = make({ window: 1000, qos: 1 });
    for (let sequence = 0; sequence < 30; sequence += 1) unread.add(10, 0, sequence, 0);
    await settle();
    subscribers[0]!.fail();
    await settle();
    expect(released.length).toBe(20);
  });
});
