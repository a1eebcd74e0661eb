import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { messagesOf, scheduleOf, totalOf } from '../../../src/bench/plan/plan.ts';
import { divide, isEmpty, ownersOf, planOf, sizeOf } from '../../../src/bench/threads/share.ts';
import { makePlan } from '../support/drive.ts';

const plans = fc
  .record({
    publishers: fc.integer({ min: 1, max: 30 }),
    subscribers: fc.integer({ min: 0, max: 30 }),
    messages: fc.integer({ min: 1, max: 10_000 }),
    window: fc.option(fc.integer({ min: 1, max: 2000 })),
    rate: fc.option(fc.integer({ min: 1, max: 1000 })),
  })
  .map((differs) => makePlan(differs));

describe('the shares of a run', () => {
  it('hold each publisher and each subscriber once, and as many messages, as much rate and no more window', () => {
    fc.assert(
      fc.property(plans, fc.integer({ min: 1, max: 12 }), (plan, threads) => {
        const shares = divide(plan, threads);
        expect(shares.flatMap(({ publishers: { from, to } }) => numbers(from, to))).toEqual(
          numbers(0, plan.publishers),
        );
        const subscribers = shares.flatMap(({ subscribers: { from, to } }) => numbers(from, to));
        expect(subscribers.sort((a, b) => a - b)).toEqual(numbers(0, plan.subscribers));

        const own = shares.map((share) => planOf(plan, share));
        expect(own.reduce((sum, { messages }) => sum + (messages ?? 0), 0)).toBe(plan.messages);
        for (const [index, share] of shares.entries()) {
          const { from, to } = share.publishers;
          // Each publisher sends what it would send without threads.
          expect(numbers(0, to - from).map((publisher) => messagesOf(own[index] ?? plan, publisher))).toEqual(
            numbers(from, to).map((publisher) => messagesOf(plan, publisher)),
          );
        }
        const publishing = own.filter(({ publishers }) => publishers > 0);
        if (plan.window !== null) {
          const places = publishing.reduce((sum, { window }) => sum + (window ?? 0), 0);
          expect(places).toBeLessThanOrEqual(Math.max(plan.window, publishing.length));
        }
      }),
    );
  });

  it('have the messages of --rate due when they would be without threads, and as many by --duration', () => {
    const timed = fc
      .record({
        publishers: fc.integer({ min: 1, max: 30 }),
        rate: fc.integer({ min: 1, max: 1000 }),
        rampMs: fc.integer({ min: 0, max: 2000 }),
        durationMs: fc.integer({ min: 1, max: 2000 }),
      })
      .map((differs) => makePlan({ ...differs, messages: null }));
    fc.assert(
      fc.property(timed, fc.integer({ min: 1, max: 12 }), (plan, threads) => {
        const dueOf = (part: typeof plan): number[] =>
          numbers(0, totalOf(part)).map((index) => scheduleOf(part)?.dueMs(index) ?? Number.NaN);
        const shares = divide(plan, threads);
        const own = shares.map((share) => planOf(plan, share));
        expect(own.flatMap(dueOf).sort((a, b) => a - b)).toEqual(dueOf(plan));
        const each = own.flatMap((part) => numbers(0, part.publishers).map((index) => messagesOf(part, index)));
        expect(each).toEqual(numbers(0, plan.publishers).map((index) => messagesOf(plan, index)));
      }),
    );
  });

  it('know the thread of each publisher', () => {
    const shares = divide(makePlan({ publishers: 5 }), 2);
    expect([...ownersOf(shares)]).toEqual([0, 0, 0, 1, 1]);
  });

  it('give a publisher and a subscriber a thread each', () => {
    const [first, second] = divide(makePlan(), 2);
    expect([first, second].map((share) => share && [sizeOf(share.publishers), sizeOf(share.subscribers)])).toEqual([
      [1, 0],
      [0, 1],
    ]);
  });

  it('keep the members of a shared subscription together', () => {
    const shares = divide(makePlan({ publishers: 4, subscribers: 6, shape: 'shared' }), 3);
    expect(shares.map(({ subscribers }) => sizeOf(subscribers))).toEqual([6, 0, 0]);
  });

  it('are empty where there are more threads than connections', () => {
    expect(divide(makePlan(), 4).filter((share) => !isEmpty(share)).length).toBe(2);
  });
});

function numbers(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, index) => from + index);
}
