/** A broker that answers PINGREQ but acknowledges nothing, and those that must not be taken for one. */
import { describe, expect, it } from 'vitest';
import { AnswerWatch } from '../../src/commands/answer-watch.ts';
import { FakeClock } from '../support/fake-clock.ts';

const LIMIT_MS = 30_000;

function watching() {
  const clock = new FakeClock();
  const state = { isWaiting: true, answers: 0, overdueAtMs: -1, pings: [] as (() => void)[] };
  const watch = new AnswerWatch(clock, LIMIT_MS, {
    get isWaiting() {
      return state.isWaiting;
    },
    get answers() {
      return state.answers;
    },
    ping: () => new Promise((resolve) => state.pings.push(resolve)),
    onOverdue: () => {
      state.overdueAtMs = clock.monotonicMs();
    },
  });
  watch.start();
  return { clock, state, watch };
}

describe('the watch for answers', () => {
  it('asks after half the time, and gives up at its end', async () => {
    const { clock, state } = watching();
    await clock.advance(14_999);
    expect(state.pings.length).toBe(0);
    await clock.advance(1);
    expect(state.pings.length).toBe(1);
    state.pings[0]?.();
    await clock.advance(15_000);
    expect(state.overdueAtMs).toBe(30_000);
    expect(clock.pendingMs).toEqual([]);
  });

  it('leaves a broker time that reads slowly, from when it has read', async () => {
    const { clock, state } = watching();
    await clock.advance(200_000);
    expect(state.overdueAtMs).toBe(-1);
    expect(state.pings.length).toBe(1);
    state.pings[0]?.();
    await clock.advance(14_999);
    expect(state.overdueAtMs).toBe(-1);
    await clock.advance(15_001);
    expect(state.overdueAtMs).toBeGreaterThan(200_000);
  });

  it('begins anew with each answer', async () => {
    const { clock, state } = watching();
    for (let times = 0; times < 10; times += 1) {
      await clock.advance(14_000);
      state.answers += 1;
    }
    for (const answer of state.pings) answer();
    expect(state.overdueAtMs).toBe(-1);
    await clock.advance(100_000);
    for (const answer of state.pings) answer();
    await clock.advance(40_000);
    expect(state.overdueAtMs).toBeGreaterThan(140_000);
  });

  it('takes no PINGRESP of an earlier time of quiet', async () => {
    const { clock, state } = watching();
    await clock.advance(15_000);
    state.answers += 1;
    await clock.advance(15_000);
    state.pings[0]?.();
    await clock.advance(29_999);
    expect(state.overdueAtMs).toBe(-1);
  });

  it('rests when nothing is waited for', async () => {
    const { clock, state, watch } = watching();
    state.isWaiting = false;
    await clock.advance(15_000);
    expect(watch.isRunning).toBe(false);
    expect(clock.pendingMs).toEqual([]);
    watch.start();
    watch.stop();
    expect(clock.pendingMs).toEqual([]);
    await clock.advance(100_000);
    expect(state.overdueAtMs).toBe(-1);
  });
});
