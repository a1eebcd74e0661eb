import { describe, expect, it } from 'vitest';
import type { BenchPlan } from '../../src/bench/plan/plan.ts';
import type { BenchResult } from '../../src/bench/result/result.ts';
import { planAgain, runRepeatedly } from '../../src/commands/bench/repeating.ts';
import { ConnectionLostError, UnreachableError } from '../../src/errors.ts';
import { makePlan, RUN_ID } from '../bench/support/drive.ts';
import { resultOf } from '../bench/support/make-result.ts';

const EVENTS = [{ atUs: 1_000_000, latencyUs: 500, isLost: false }];

/** Runs that come to what is listed, in order; an error is thrown in place of a result. */
function series(...runs: readonly (Partial<BenchResult> | Error)[]): {
  readonly plans: BenchPlan[];
  run(plan: BenchPlan): Promise<{ result: BenchResult; error: undefined }>;
} {
  const plans: BenchPlan[] = [];
  return {
    plans,
    async run(plan) {
      const next = runs[plans.length];
      plans.push(plan);
      if (next instanceof Error) throw next;
      return { result: resultOf(EVENTS, { runId: plan.runId, ...next }), error: undefined };
    },
  };
}

const never = new AbortController().signal;

describe('--repeat', () => {
  it('gives the result of a single run as it is', async () => {
    const { run } = series({});
    const { result } = await runRepeatedly(makePlan(), 1, run, never);
    expect(result).toEqual(resultOf(EVENTS, { runId: RUN_ID }));
    expect(result.repeats).toEqual([]);
  });

  it('makes one result of several runs, each with a mark of its own', async () => {
    const { plans, run } = series({}, {}, {});
    const { result } = await runRepeatedly(makePlan(), 3, run, never);
    expect(result.repeats).toHaveLength(3);
    expect(result.ledger.delivered).toBe(3);
    expect(result.rates.deliveredPerSecond).toBe(1);
    expect(result.runId).toBe(RUN_ID);
    expect(new Set(plans.map(({ runId }) => runId)).size).toBe(3);
    for (const { filter, runId } of plans) expect(filter).toContain(runId);
  });

  it('ends with a run that was cut short, and keeps it', async () => {
    const outcome = { kind: 'interrupted', signal: 'SIGINT' } as const;
    const { plans, run } = series({}, { outcome }, {});
    const { result } = await runRepeatedly(makePlan(), 3, run, never);
    expect(plans).toHaveLength(2);
    expect(result.repeats.map((repeat) => repeat.outcome.kind)).toEqual(['completed', 'interrupted']);
    expect(result.outcome).toEqual(outcome);
  });

  it('keeps what was measured when a further run cannot start, and tells why', async () => {
    const unreachable = new UnreachableError('nothing is listening on localhost:1883');
    const { run } = series({}, unreachable);
    const { result, error } = await runRepeatedly(makePlan(), 3, run, never);
    expect(error).toBe(unreachable);
    expect(result.outcome).toEqual({ kind: 'failed', reason: 'nothing is listening on localhost:1883' });
    expect(result.repeats).toHaveLength(1);
  });

  it('is interrupted between two runs', async () => {
    const stop = new AbortController();
    const { plans, run } = series({}, {});
    const stopping = async (plan: BenchPlan) => {
      const measured = await run(plan);
      stop.abort({ signal: 'SIGTERM' });
      return measured;
    };
    const { result } = await runRepeatedly(makePlan(), 2, stopping, stop.signal);
    expect(plans).toHaveLength(1);
    expect(result.outcome).toEqual({ kind: 'interrupted', signal: 'SIGTERM' });
  });

  it('has no result when the first run cannot start, and hides no bug', async () => {
    const unreachable = new UnreachableError('nothing is listening');
    await expect(runRepeatedly(makePlan(), 2, series(unreachable).run, never)).rejects.toBe(unreachable);
    const bug = new RangeError('no such packet');
    await expect(runRepeatedly(makePlan(), 2, series({}, bug).run, never)).rejects.toBe(bug);
  });

  it('stops after an error in mid-run', async () => {
    const lost = new ConnectionLostError('lost');
    const result = resultOf(EVENTS, { outcome: { kind: 'failed', reason: 'lost' } });
    let runs = 0;
    const run = async () => {
      runs += 1;
      return { result, error: lost };
    };
    expect((await runRepeatedly(makePlan(), 5, run, never)).error).toBe(lost);
    expect(runs).toBe(1);
  });
});

describe('a plan for a further run', () => {
  it('is the same but for its mark', () => {
    const plan = makePlan({ topic: 'a/{run}/b', filter: `a/${RUN_ID}/+` });
    const again = planAgain(plan);
    expect(again.runId).toMatch(/^[0-9a-f]{16}$/);
    expect(again).toEqual({ ...plan, runId: again.runId, filter: `a/${again.runId}/+` });
    expect(planAgain({ ...plan, filter: null }).filter).toBeNull();
  });
});
