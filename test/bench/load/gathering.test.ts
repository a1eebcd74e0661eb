/** How answers are read together, and what of it may be seen in latencies. */
import { describe, expect, it } from 'vitest';
import type { BenchPlan } from '../../../src/bench/plan/plan.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { drive, startRun } from '../support/drive.ts';
import { LyingBroker } from '../support/lying-broker.ts';

/** How long the thread was stopped, each time, in a run with so long a round trip. */
async function blocksOf(
  roundTripMs: number,
  differs: Partial<BenchPlan> = {},
  isBrokerApart = true,
): Promise<number[]> {
  const clock = new FakeClock();
  const blocks: number[] = [];
  clock.block = (durationMs) => void blocks.push(durationMs);
  const broker = new LyingBroker(clock, { deliver: () => [roundTripMs], answer: () => ({ afterMs: roundTripMs }) });
  const { run } = startRun({ window: 10, ...differs }, {}, { clock, openSession: broker.openSession, isBrokerApart });
  await drive(run, clock);
  return blocks;
}

describe('while the window is full', () => {
  it('the answers of a hundredth of the round trip are read together, less what Linux oversleeps', async () => {
    const blocks = await blocksOf(20);
    expect(blocks.length).toBeGreaterThan(0);
    for (const block of blocks) expect(block).toBeCloseTo(0.2 - 0.06, 6);
  });

  it('never of more than a quarter of a millisecond', async () => {
    expect(Math.max(...(await blocksOf(900)))).toBeCloseTo(0.25 - 0.06, 6);
  });

  it.each([
    ['where the round trip is short', 3, {}, true],
    ['where the broker is in this process', 20, {}, false],
    ['where messages are sent by the clock', 20, { window: null, rate: 1000 }, true],
  ])('nothing waits %s', async (_where, roundTripMs, differs, isBrokerApart) => {
    expect(await blocksOf(roundTripMs, differs, isBrokerApart)).toEqual([]);
  });
});
