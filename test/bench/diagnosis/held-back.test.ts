/** A broker that holds packets back until the ones before are acknowledged, and one that does not. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { holdsBackPackets } from '../../../src/bench/diagnosis/held-back.ts';
import type { Timer } from '../../../src/cli/context.ts';
import { FakeClock, settle } from '../../support/fake-clock.ts';
import { drive } from '../support/drive.ts';

interface Peer {
  /** Nagle's algorithm: nothing is sent while something is not acknowledged. */
  readonly isHolding: boolean;
  /** Our TCP acknowledges after so long, or with what we send; so many answers at once before that. */
  readonly ackMs?: number;
  readonly quickAcks?: number;
  /** How late each answer is, in turn. */
  readonly lateMs?: readonly number[];
}

/** Answers PINGREQ over a connection on which our TCP acknowledges late. */
function pingOn(clock: FakeClock, { ackMs = 40, isHolding, lateMs = [0], quickAcks = 0 }: Peer): () => Promise<void> {
  let isUnacknowledged = false;
  let answered = 0;
  let timer: Timer | undefined;
  const held: (() => void)[] = [];
  const send = (resolve: () => void): void => {
    if (isHolding && isUnacknowledged) {
      held.push(resolve);
      return;
    }
    isUnacknowledged = answered >= quickAcks;
    answered += 1;
    if (isUnacknowledged) timer = clock.setTimer(acknowledge, ackMs);
    resolve();
  };
  const acknowledge = (): void => {
    isUnacknowledged = false;
    clock.clearTimer(timer);
    // What was held goes out together, in one segment.
    for (const resolve of held.splice(0)) send(resolve);
  };
  let asked = 0;
  return () =>
    new Promise((resolve) => {
      acknowledge();
      const delayMs = lateMs[asked % lateMs.length] ?? 0;
      asked += 1;
      if (delayMs === 0) clock.setSoon(() => send(resolve));
      else clock.setTimer(() => send(resolve), delayMs);
    });
}

async function isSeen(peer: Peer): Promise<boolean | undefined> {
  const clock = new FakeClock();
  return drive(holdsBackPackets({ ping: pingOn(clock, peer) }, clock, new AbortController().signal), clock, 1);
}

describe('holdsBackPackets', () => {
  it.each([
    ['Nagle and delayed ACK', { isHolding: true }, true],
    ['also when the first segments are acknowledged at once', { isHolding: true, quickAcks: 4 }, true],
    ['no Nagle', { isHolding: false }, false],
    ['no delayed ACK', { isHolding: true, ackMs: 0 }, false],
    ['a path on which all is late', { isHolding: true, lateMs: [50] }, false],
    ['now and then a pause of 41 ms, without Nagle', { isHolding: false, lateMs: [0, 41, 0] }, false],
  ] as const)('%s', async (_, peer, expected) => {
    expect(await isSeen(peer)).toBe(expected);
  });

  it('never sees it in a broker that sends at once, however it pauses', async () => {
    const pauses = fc.array(fc.tuple(fc.nat(12), fc.integer({ min: 1, max: 80 })), { maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 13, max: 20 }), pauses, async (length, late) => {
        const lateMs = Array.from({ length }, (_, index) => late.find(([at]) => at === index)?.[1] ?? 0);
        // Three in a row, each of the second of two answers and never of the next three, are no accident.
        fc.pre(lateMs.filter((ms) => ms >= 35).length < 3);
        expect(await isSeen({ isHolding: false, lateMs })).toBe(false);
      }),
      { numRuns: 30 },
    );
  });

  it('knows nothing where the broker does not answer, fails, or the run is cut short', async () => {
    const clock = new FakeClock();
    const never = { ping: () => new Promise<void>(() => undefined) };
    const stop = new AbortController();
    expect(await drive(holdsBackPackets(never, clock, stop.signal), clock)).toBeUndefined();
    const failing = { ping: () => Promise.reject(new Error('lost')) };
    expect(await holdsBackPackets(failing, clock, stop.signal)).toBeUndefined();
    const cut = holdsBackPackets(never, clock, stop.signal);
    await settle();
    stop.abort();
    expect(await cut).toBeUndefined();
  });
});
