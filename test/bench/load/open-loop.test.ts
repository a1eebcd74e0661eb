/** Sending by the clock: --rate, --ramp, --duration, --warmup. */
import { describe, expect, it } from 'vitest';
import { makeResult } from '../../../src/bench/result/make-result.ts';
import type { BenchRun } from '../../../src/bench/scenario/run.ts';
import { drive, runToEnd, startRun } from '../support/drive.ts';
import { readStored } from '../support/stored.ts';

const { environment: ENVIRONMENT } = readStored('lossless');
const RATE = { messages: null, window: null } as const;

function totalOf(run: BenchRun): ReturnType<BenchRun['recorder']['toLedgers']>['total'] {
  return run.recorder.toLedgers().total;
}

function diagnosisOf(run: BenchRun): Record<string, string> {
  const { diagnosis } = makeResult(run, { environment: ENVIRONMENT, embedded: false });
  return Object.fromEntries(diagnosis.map(({ code, sentence }) => [code, sentence]));
}

describe('--rate', () => {
  it('sends by the clock, whether or not anything is delivered', async () => {
    const { broker, clock, run } = startRun(
      { ...RATE, rate: 100, durationMs: 10_000, drainTimeoutMs: 10_000 },
      { deliver: () => [5000] },
    );
    const counts: number[] = [];
    for (let second = 0; second < 4; second += 1) {
      await clock.advance(1000);
      counts.push(broker.published.length);
    }
    // The first is due at once, before the first second begins.
    const steps = counts.slice(1).map((count, index) => count - counts[index]!);
    expect(steps).toEqual([100, 100, 100]);
    const done = await drive(run, clock, 100);
    expect(totalOf(done)).toMatchObject({ attempted: 1000, accepted: 1000, delivered: 1000, lost: 0 });
  });

  it('divides the messages among the publishers in turn, as -n does', async () => {
    const { broker, done } = await runToEnd({ ...RATE, rate: 1000, durationMs: 101, publishers: 4 });
    expect(done.recorder.toLedgers().publishers.map(({ attempted }) => attempted)).toEqual([26, 25, 25, 25]);
    expect(
      broker.published
        .slice(0, 8)
        .map(({ topic }) => topic.at(-1))
        .join(''),
    ).toBe('01230123');
  });

  it('ends when -n is reached before the duration', async () => {
    const { clock, done } = await runToEnd({ messages: 50, window: null, rate: 100, durationMs: 10_000 });
    expect(totalOf(done).attempted).toBe(50);
    expect(clock.monotonicMs()).toBeLessThan(2000);
  });

  it('sends nothing of a publisher that has no message', async () => {
    const { done } = await runToEnd({ ...RATE, rate: 10, durationMs: 200, publishers: 5 });
    expect(done.recorder.toLedgers().publishers.map(({ attempted }) => attempted)).toEqual([1, 1, 0, 0, 0]);
  });

  it('rises by --ramp', async () => {
    const { broker, clock, run } = startRun({ ...RATE, rate: 100, rampMs: 2000, durationMs: 4000 });
    await clock.advance(2000 - 1);
    const ramped = broker.published.length;
    const done = await drive(run, clock);
    expect(ramped).toBeGreaterThan(90);
    expect(ramped).toBeLessThanOrEqual(101);
    expect(totalOf(done).attempted).toBe(300);
  });

  it('is not taken for a stalled run when it is slow', async () => {
    const { done } = await runToEnd({ ...RATE, rate: 0.2, durationMs: 21_000, drainTimeoutMs: 1000 });
    expect(done.outcome).toEqual({ kind: 'completed' });
    expect(totalOf(done)).toMatchObject({ attempted: 5, delivered: 5 });
  });

  it('is given up when nothing is delivered any more', async () => {
    const { clock, done } = await runToEnd(
      { ...RATE, rate: 100, durationMs: 60_000, drainTimeoutMs: 1000 },
      { deliver: ({ sequence }) => (sequence < 100 ? [0] : []) },
    );
    expect(done.outcome).toEqual({ kind: 'stalled' });
    expect(clock.monotonicMs()).toBeLessThan(10_000);
  });

  it('can be stopped at any time', async () => {
    const { broker, clock, run, stop } = startRun({ ...RATE, rate: 100, durationMs: 60_000 });
    await clock.advance(1500);
    stop.abort({ signal: 'SIGINT' });
    const sent = broker.published.length;
    const done = await drive(run, clock);
    expect(broker.published.length).toBe(sent);
    expect(done.outcome).toEqual({ kind: 'interrupted', signal: 'SIGINT' });
    expect(clock.monotonicMs()).toBeLessThan(2500);
  });
});

describe('a broker that freezes for 2 s of 10, at 1000 msg/s', () => {
  /** What comes while it is frozen is handled when that ends. */
  async function runFrozen(differs: Parameters<typeof startRun>[0], lies: Parameters<typeof startRun>[1] = {}) {
    const frozen = { fromMs: Number.POSITIVE_INFINITY, toMs: 0 };
    const wait = (nowMs: number): number => (nowMs >= frozen.fromMs && nowMs < frozen.toMs ? frozen.toMs - nowMs : 1);
    const { clock, run } = startRun(
      { ...RATE, qos: 1, rate: 1000, durationMs: 10_000, drainTimeoutMs: 10_000, ...differs },
      {
        deliver: () => [wait(clock.monotonicMs())],
        answer: () => ({ afterMs: wait(clock.monotonicMs()) }),
        ...lies,
      },
      {
        onStart: () => {
          frozen.fromMs = clock.monotonicMs() + 4000;
          frozen.toMs = frozen.fromMs + 2000;
        },
      },
    );
    return drive(run, clock, 50);
  }

  it('shows in the latency from when messages were due', async () => {
    const done = await runFrozen({});
    const { latency, ledger } = makeResult(done, { environment: ENVIRONMENT, embedded: false });
    expect(ledger).toMatchObject({ attempted: 10_000, delivered: 10_000, lost: 0 });
    expect(latency.endToEnd.p99).toBeGreaterThan(1_500_000);
    expect(latency.endToEnd.max).toBeLessThan(2_100_000);
    expect(latency.endToEnd.p50).toBeLessThan(10_000);
  });

  it('shows in it too where Receive Maximum keeps messages from being sent, and is told', async () => {
    const done = await runFrozen({}, { info: { receiveMaximum: 20 } });
    const { latency } = makeResult(done, { environment: ENVIRONMENT, embedded: false });
    // Without the time due, it would be 20 messages of 10,000 that were slow.
    expect(latency.endToEndService.p99).toBeLessThan(50_000);
    expect(latency.endToEnd.p99).toBeGreaterThan(1_500_000);
    expect(diagnosisOf(done)['missed-schedule']).toMatch(
      /^The schedule was missed: of 10,000 messages that were due 2,0\d\d were sent more than 10 ms late, the latest by [\d.]+ s, for the broker had not acknowledged the 20 messages that it takes/,
    );
  });
});

describe('a schedule that is missed', () => {
  it('by back-pressure: says so, and what was due is sent when the connection takes it', async () => {
    let release = (): void => undefined;
    const { broker, clock, run } = startRun(
      { ...RATE, qos: 0, rate: 100, durationMs: 3000, drainTimeoutMs: 5000 },
      {},
      {
        onStart: () => {
          release = broker.sessions[2]!.fill();
        },
      },
    );
    await clock.advance(2000);
    expect(broker.published.length).toBe(1);
    release();
    const done = await drive(run, clock);
    expect(totalOf(done)).toMatchObject({ attempted: 300, delivered: 300 });
    expect(diagnosisOf(done)['missed-schedule']).toMatch(/for the broker had not read what was sent before\./);
  });

  it('for good: what was never sent is counted', async () => {
    const { broker, clock, run } = startRun(
      { ...RATE, qos: 0, rate: 100, durationMs: 3000, drainTimeoutMs: 1000 },
      { pong: false, deliver: () => [] },
      { onStart: () => void broker.sessions[2]!.fill() },
    );
    const done = await drive(run, clock, 50);
    expect(totalOf(done)).toMatchObject({ attempted: 1, timedOut: 1 });
    const { unsent } = done.recorder.schedule;
    expect(unsent).toMatchObject({ 'receive-maximum': 0, generator: 0 });
    expect(unsent.connection).toBeGreaterThan(100);
    expect(diagnosisOf(done)['missed-schedule']).toMatch(/\d+ were never sent, for the broker had not read/);
  });

  it('is not told of one that was kept', async () => {
    const { done } = await runToEnd({ ...RATE, rate: 500, durationMs: 1000 });
    expect(diagnosisOf(done)['missed-schedule']).toBeUndefined();
  });
});

describe('--duration', () => {
  it('ends a closed loop by time', async () => {
    const { clock, run } = startRun({ messages: null, durationMs: 2000, window: 10 }, { deliver: () => [10] });
    const done = await drive(run, clock);
    const { attempted, delivered } = totalOf(done);
    expect(attempted).toBeGreaterThan(1500);
    expect(attempted).toBeLessThanOrEqual(2010);
    expect(delivered).toBe(attempted);
    expect(done.outcome).toEqual({ kind: 'completed' });
  });

  it('does not hold up a run that has sent all its messages', async () => {
    const { clock, done } = await runToEnd({ messages: 100, durationMs: 60_000 });
    expect(totalOf(done).attempted).toBe(100);
    expect(clock.monotonicMs()).toBeLessThan(2000);
  });
});

describe('--warmup', () => {
  it('leaves what was sent before its end out of rates and latencies, and not out of the ledger', async () => {
    for (const qos of [0, 1, 2] as const) {
      const { clock, run } = startRun(
        { ...RATE, qos, rate: 100, durationMs: 4000, warmupMs: 1000 },
        // Slow while it warms up.
        { deliver: ({ sequence }) => [sequence < 100 ? 700 : 2], answer: () => ({ afterMs: 2 }) },
      );
      const done = await drive(run, clock);
      const { latency, ledger, measured, rates } = makeResult(done, { environment: ENVIRONMENT, embedded: false });
      expect(ledger).toMatchObject({ attempted: 400, accepted: 400, delivered: 400 });
      expect(measured).toEqual({ attempted: 300, accepted: 300, delivered: 300 });
      expect(latency.endToEnd).toMatchObject({ count: 300 });
      expect(latency.endToEnd.max).toBeLessThan(10_000);
      if (qos === 1) expect(latency.puback.count).toBe(300);
      expect(rates.sentPerSecond).toBeGreaterThan(98);
      expect(rates.sentPerSecond).toBeLessThan(102);
    }
  });

  it('that lasts longer than the run leaves nothing to measure', async () => {
    const { done } = await runToEnd({ messages: 10, warmupMs: 60_000 });
    const { durations, measured, rates } = makeResult(done, { environment: ENVIRONMENT, embedded: false });
    expect(measured).toEqual({ attempted: 0, accepted: 0, delivered: 0 });
    expect(durations).toEqual({ unit: 'us', send: null, accept: null, deliver: null });
    expect(rates).toEqual({ sentPerSecond: 0, acceptedPerSecond: 0, deliveredPerSecond: 0 });
  });
});
