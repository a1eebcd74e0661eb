import { describe, expect, it } from 'vitest';
import type { BenchPlan } from '../../src/bench/plan/plan.ts';
import { formatReport } from '../../src/bench/report/text.ts';
import { parseAssertions } from '../../src/bench/result/assertions.ts';
import { parseResult } from '../../src/bench/result/read-result.ts';
import type { BenchResult } from '../../src/bench/result/result.ts';
import type { Measured } from '../../src/commands/bench/concluding.ts';
import { searchMaximum } from '../../src/commands/bench/searching.ts';
import { UnreachableError } from '../../src/errors.ts';
import { makePlan } from '../bench/support/drive.ts';
import { type Event, resultOf } from '../bench/support/make-result.ts';

const never = new AbortController().signal;

/**
 * A run of ten messages at the plan's rate. The broker bears `limit` messages a second: beyond, what it cannot do in
 * time waits in a queue, and latencies rise.
 */
function runAt({ durationMs, rate, runId }: BenchPlan, limit: number, differs: Partial<BenchResult> = {}): Measured {
  const perSecond = rate ?? 0;
  const spanUs = (10 / perSecond) * 1e6;
  const late = Math.max(1, perSecond / limit);
  const events = Array.from({ length: 10 }, (_, index): Event => {
    const atUs = Math.round(((index + 1) * spanUs) / 10);
    return { atUs, latencyUs: late > 1 ? 50_000 : 900, isLost: false };
  });
  const result = resultOf(events, { runId, ...differs });
  return { result: { ...result, config: { ...result.config, rate, durationMs } }, error: undefined };
}

function search(plan: BenchPlan, target: string, run: (plan: BenchPlan) => Measured, stop: AbortSignal = never) {
  const told: string[] = [];
  const measured = searchMaximum(plan, parseAssertions(target), {
    run: async (next) => run(next),
    stop,
    tell: (text) => told.push(text),
  });
  return measured.then((found) => ({ ...found, told }));
}

describe('--find-max', () => {
  it('gives the result of the highest rate that held, with all steps', async () => {
    const { result, error, told } = await search(makePlan(), 'p99 < 10ms, lost == 0', (plan) => runAt(plan, 3000));
    expect(error).toBeUndefined();
    expect(result.search?.target).toBe('p99 < 10ms, lost == 0');
    expect(result.search?.rate).toBe(2950);
    expect(result.config.rate).toBe(2950);
    expect(result.config.durationMs).toBe(5000);
    expect(result.thresholds).toEqual([
      { assertion: 'p99 < 10ms', value: 900, held: true },
      { assertion: 'lost == 0', value: 0, held: true },
    ]);
    expect(result.search?.steps.map(({ rate, held }) => [rate, held])).toEqual([
      [1000, true],
      [2000, true],
      [4000, false],
      [4000, false],
      [2830, true],
      [3360, false],
      [3360, false],
      [3080, false],
      [3080, false],
      [2950, true],
    ]);
    expect(result.search?.steps[2]?.reason).toBe('p99 was 50 ms, not < 10ms');
    expect(told[0]).toBe('1,000 msg/s held');
    expect(told[2]).toBe('4,000 msg/s did not hold: p99 was 50 ms, not < 10ms');
    expect(parseResult(JSON.stringify(result), 'found.json')).toEqual(result);
    expect(formatReport(result)).toContain(
      'search      highest rate that held 2,950 msg/s   p99 < 10ms, lost == 0   10 runs\n',
    );
  });

  it('runs each step by the clock, with a mark of its own, from --rate on', async () => {
    const plans: BenchPlan[] = [];
    await search(makePlan({ rate: 50_000, durationMs: 2000, isWindowChosen: true }), 'lost == 0', (plan) => {
      plans.push(plan);
      return runAt(plan, 1e9);
    });
    expect(plans[0]).toMatchObject({ rate: 50_000, window: null, messages: null, durationMs: 2000, flood: false });
    expect(new Set(plans.map(({ runId }) => runId)).size).toBe(plans.length);
    expect(plans.every((plan) => plan.isWindowChosen === undefined)).toBe(true);
  });

  it('does not take a rate that was not kept for one that held', async () => {
    const { result } = await search(makePlan(), 'lost == 0', (plan) => {
      const measured = runAt(plan, 1e9);
      const isSlow = (plan.rate ?? 0) > 3000;
      const durations = {
        ...measured.result.durations,
        deliver: isSlow ? 5_000_000 : measured.result.durations.deliver,
      };
      return { ...measured, result: { ...measured.result, durations } };
    });
    expect(result.search?.rate).toBeLessThanOrEqual(3000);
    expect(result.search?.rate).toBeGreaterThan(2800);
    expect(result.search?.steps.find(({ held }) => !held)?.reason).toMatch(/^no more than .* deliveries\/s were made$/);
  });

  it('takes losses for what does not hold, unless the condition is about them', async () => {
    const losing = (plan: BenchPlan): Measured => {
      const measured = runAt(plan, 1e9);
      const { ledger } = resultOf(
        Array.from({ length: 10 }, (_, index) => ({ atUs: 1, latencyUs: 1, isLost: index === 0 })),
      );
      return (plan.rate ?? 0) > 1500 ? { ...measured, result: { ...measured.result, ledger } } : measured;
    };
    expect((await search(makePlan(), 'p99 < 10ms', losing)).result.search?.rate).toBeLessThanOrEqual(1500);
    expect((await search(makePlan(), 'p99 < 10ms, lost < 20%', losing)).result.search?.rate).toBe(10_000_000);
  });

  it('fails when no rate holds, and tells why the lowest did not', async () => {
    const { result, error } = await search(makePlan(), 'p99 < 1us', (plan) => runAt(plan, 1e9));
    expect(error?.message).toBe('no rate holds p99 < 1us: at 1.00 msg/s p99 was 900 us, not < 1us');
    expect(result.search).toMatchObject({ rate: null });
    expect(result.thresholds).toMatchObject([{ held: false }]);
  });

  it('keeps what held when it is stopped, or when the broker is gone', async () => {
    const stop = new AbortController();
    const stopped = await search(
      makePlan(),
      'lost == 0',
      (plan) => {
        if (plan.rate !== 4000) return runAt(plan, 1e9);
        stop.abort({ signal: 'SIGINT' });
        return runAt(plan, 1e9, { outcome: { kind: 'interrupted', signal: 'SIGINT' } });
      },
      stop.signal,
    );
    expect(stopped.error).toMatchObject({
      exitCode: 130,
      message: 'stopped by SIGINT in the search: 2,000 msg/s held so far',
    });
    expect(stopped.result.config.rate).toBe(2000);
    const unreachable = new UnreachableError('nothing is listening');
    const gone = await search(makePlan(), 'lost == 0', (plan) => {
      const measured = runAt(plan, 1e9);
      return plan.rate === 4000 ? { ...measured, error: unreachable, hasFailedEarly: true } : measured;
    });
    expect(gone.error).toBe(unreachable);
    expect(gone.result.search).toMatchObject({ rate: 2000 });
    expect(gone.hasFailedEarly).toBe(false);
  });

  it('takes a connection lost under load for an answer', async () => {
    const outcome = { kind: 'connection-lost', role: 'publisher', index: 0, reason: 'reset' } as const;
    const { result } = await search(makePlan(), 'lost == 0', (plan) =>
      runAt(plan, 1e9, (plan.rate ?? 0) > 2500 ? { outcome } : {}),
    );
    expect(result.search?.rate).toBeGreaterThan(2300);
    expect(result.search?.rate).toBeLessThanOrEqual(2500);
  });

  it('shows what kept the first run from starting, and hides no bug', async () => {
    const unreachable = new UnreachableError('nothing is listening');
    const failing = await search(makePlan(), 'lost == 0', (plan) => ({
      ...runAt(plan, 1e9),
      error: unreachable,
      hasFailedEarly: true,
    }));
    expect(failing).toMatchObject({ error: unreachable, hasFailedEarly: true });
    const bug = new RangeError('no such packet');
    const broken = await search(makePlan(), 'lost == 0', (plan) => ({ ...runAt(plan, 1e9), error: bug }));
    expect(broken.error).toBe(bug);
  });
});
