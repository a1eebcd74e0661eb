/** A broker that lies: every lie is found and counted exactly. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assertLedgersAddUp } from '../../../src/bench/record/ledger.ts';
import { runToEnd } from '../support/drive.ts';

const QUOTA = { reasonCode: 0x97, reasonString: 'over quota' };

describe('an honest broker', () => {
  it.each([0, 1, 2] as const)('has every message accepted and delivered once, in order, at QoS %i', async (qos) => {
    const { done } = await runToEnd({ messages: 2500, qos });
    expect(done.outcome).toEqual({ kind: 'completed' });
    expect(done.recorder.toLedgers().total).toEqual({
      attempted: 2500,
      accepted: 2500,
      refused: 0,
      timedOut: 0,
      inFlight: 0,
      expected: 2500,
      delivered: 2500,
      lost: 0,
      duplicated: 0,
      outOfOrder: 0,
    });
  });

  it('delivers every message of every publisher to every subscriber', async () => {
    const { done } = await runToEnd({ messages: 100, publishers: 3, subscribers: 4 });
    const { publishers, subscribers, total } = done.recorder.toLedgers();
    expect(publishers.map(({ attempted }) => attempted)).toEqual([34, 33, 33]);
    expect(publishers.map(({ delivered }) => delivered)).toEqual([136, 132, 132]);
    expect(subscribers.map(({ delivered }) => delivered)).toEqual([100, 100, 100, 100]);
    expect(total).toMatchObject({ attempted: 100, accepted: 100, expected: 400, delivered: 400, lost: 0 });
  });

  it('ends a run without waiting for any time limit', async () => {
    const { clock } = await runToEnd({ messages: 50, drainTimeoutMs: 60_000 });
    expect(clock.monotonicMs()).toBeLessThan(100);
  });
});

describe('a lying broker', () => {
  it('drops: lost, where the broker accepted it', async () => {
    const { done, clock } = await runToEnd(
      { messages: 100, subscribers: 2 },
      { deliver: ({ sequence }, index) => (index === 1 && sequence % 10 === 0 ? [] : [0]) },
    );
    const { subscribers, total } = done.recorder.toLedgers();
    expect(total).toMatchObject({ accepted: 100, expected: 200, delivered: 190, lost: 10 });
    expect(subscribers.map(({ lost }) => lost)).toEqual([0, 10]);
    // The wait for what never comes is the drain time-out, once.
    expect(clock.monotonicMs()).toBeGreaterThanOrEqual(1000);
    expect(clock.monotonicMs()).toBeLessThan(1300);
  });

  it('drops at QoS 0: lost, since a PINGREQ after it was answered', async () => {
    const { done } = await runToEnd({ qos: 0 }, { deliver: ({ sequence }) => (sequence < 7 ? [] : [0]) });
    expect(done.recorder.toLedgers().total).toMatchObject({ accepted: 100, expected: 100, delivered: 93, lost: 7 });
  });

  it('duplicates: counted, the last message too', async () => {
    const { done } = await runToEnd({ messages: 10 }, { deliver: ({ sequence }) => (sequence > 7 ? [0, 0, 0] : [0]) });
    expect(done.recorder.toLedgers().total).toMatchObject({ delivered: 10, duplicated: 4, lost: 0, outOfOrder: 0 });
  });

  it('duplicates after all was delivered: counted, if it comes before the answer to a PINGREQ', async () => {
    const { done } = await runToEnd({ messages: 10 }, { deliver: () => [0, 5], pong: 10 });
    expect(done.recorder.toLedgers().total).toMatchObject({ delivered: 10, duplicated: 10 });
  });

  it('reorders: counted on the path where it happened', async () => {
    const { done } = await runToEnd(
      { messages: 20, publishers: 2, subscribers: 2 },
      { deliver: ({ sequence, topic }, index) => [index === 0 && topic.endsWith('/1') && sequence === 3 ? 50 : 0] },
    );
    const { publishers, subscribers, total } = done.recorder.toLedgers();
    expect(total).toMatchObject({ delivered: 40, outOfOrder: 1, duplicated: 0, lost: 0 });
    expect(publishers.map(({ outOfOrder }) => outOfOrder)).toEqual([0, 1]);
    expect(subscribers.map(({ outOfOrder }) => outOfOrder)).toEqual([1, 0]);
  });

  it('delays beyond the drain time-out: lost at first, delivered while the run lasts', async () => {
    const { done } = await runToEnd(
      { messages: 4, window: 2 },
      { deliver: ({ sequence }) => [sequence === 0 ? 1500 : sequence === 3 ? 900 : 0] },
    );
    // 0 is given up after 1 s, frees its place, and comes while 3 is waited for.
    expect(done.recorder.toLedgers().total).toMatchObject({ delivered: 3, lost: 1 });
    const late = await runToEnd(
      { messages: 3, window: 1 },
      { deliver: ({ sequence }) => [sequence === 0 ? 1500 : sequence === 1 ? 900 : 0] },
    );
    expect(late.done.recorder.toLedgers().total).toMatchObject({ delivered: 3, lost: 0, outOfOrder: 0 });
  });

  it('refuses: counted by Reason Code, and not expected to be delivered', async () => {
    const { done } = await runToEnd(
      { messages: 100 },
      {
        answer: ({ sequence }) => (sequence % 4 === 0 ? QUOTA : { reasonCode: 0 }),
        deliver: ({ sequence }) => (sequence % 4 === 0 ? [] : [0]),
      },
    );
    expect(done.recorder.toLedgers().total).toMatchObject({ accepted: 75, refused: 25, expected: 75, lost: 0 });
    expect(done.recorder.refusals).toEqual(new Map([[0x97, { count: 25, reasonString: 'over quota' }]]));
  });

  it('refuses and delivers nevertheless: what was seen is expected', async () => {
    const { done } = await runToEnd({ messages: 10 }, { answer: () => QUOTA });
    expect(done.recorder.toLedgers().total).toMatchObject({ refused: 10, expected: 10, delivered: 10, lost: 0 });
  });

  it('says that there is no subscriber: accepted, for it is below 0x80', async () => {
    const { done } = await runToEnd({ messages: 10 }, { answer: () => ({ reasonCode: 0x10 }) });
    expect(done.recorder.toLedgers().total).toMatchObject({ accepted: 10, refused: 0 });
  });

  it('never acknowledges some: timed out, and expected only where seen', async () => {
    const { done } = await runToEnd(
      { messages: 10 },
      {
        answer: ({ sequence }) => (sequence < 4 ? 'never' : { reasonCode: 0 }),
        deliver: ({ sequence }) => (sequence === 0 ? [] : [0]),
      },
    );
    const { total } = done.recorder.toLedgers();
    expect(total).toMatchObject({ accepted: 6, timedOut: 4, inFlight: 0, expected: 9, delivered: 9, lost: 0 });
  });

  it('acknowledges late: timed out at first, accepted while the run lasts', async () => {
    const { done } = await runToEnd(
      { messages: 2, window: 1 },
      { answer: ({ sequence }) => ({ afterMs: sequence === 0 ? 1500 : 800 }) },
    );
    expect(done.recorder.toLedgers().total).toMatchObject({ accepted: 2, timedOut: 0 });
  });

  it('alters payloads: not delivered', async () => {
    const alter = (payload: Buffer): Buffer => payload.subarray(0, 40);
    const { done } = await runToEnd({ messages: 5 }, { alter });
    expect(done.recorder.altered).toBe(5);
    expect(done.recorder.toLedgers().total).toMatchObject({ accepted: 5, delivered: 0, lost: 5 });
  });

  it.each([0, 1, 2] as const)('whatever it does at QoS %i, the ledger adds up and says so', async (qos) => {
    const fate = fc.record({
      delays: fc.array(fc.constantFrom(0, 0, 0, 5, 40, 90, 400), { maxLength: 3 }),
      answer: fc.constantFrom('ok', 'ok', 'ok', 'never', 'late', 'refused'),
    });
    const shape = fc.record({
      publishers: fc.integer({ min: 1, max: 3 }),
      subscribers: fc.integer({ min: 1, max: 3 }),
      window: fc.integer({ min: 1, max: 40 }),
    });
    await fc.assert(
      fc.asyncProperty(shape, fc.array(fate, { minLength: 1, maxLength: 12 }), async (size, fates) => {
        const at = (number: number): (typeof fates)[number] => fates[number % fates.length]!;
        const { done } = await runToEnd(
          { ...size, qos, messages: 60, drainTimeoutMs: 100 },
          {
            deliver: ({ sequence }, index) => at(sequence + index).delays,
            answer: ({ sequence }) => {
              const { answer } = at(sequence);
              if (answer === 'never') return 'never';
              if (answer === 'late') return { afterMs: 130 };
              return answer === 'refused' ? QUOTA : { reasonCode: 0 };
            },
          },
        );
        const ledgers = done.recorder.toLedgers();
        assertLedgersAddUp(ledgers);
        expect(ledgers.total.inFlight).toBe(0);
        if (done.outcome.kind === 'completed') expect(ledgers.total.attempted).toBe(60);
        if (qos === 0) expect(ledgers.total.accepted).toBe(ledgers.total.attempted);
      }),
      { numRuns: 15 },
    );
  });
});
