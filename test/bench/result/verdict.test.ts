import { describe, expect, it } from 'vitest';
import { sumLedgers } from '../../../src/bench/record/ledger.ts';
import { parseAssertions } from '../../../src/bench/result/assertions.ts';
import { ratesOf } from '../../../src/bench/result/rates.ts';
import type { BenchResult } from '../../../src/bench/result/result.ts';
import { checkThresholds } from '../../../src/bench/result/thresholds.ts';
import { describeEnd, judge } from '../../../src/bench/result/verdict.ts';
import { ExitCode } from '../../../src/cli/exit-codes.ts';
import { readStored } from '../support/stored.ts';

const lossless = readStored('lossless');

function verdictOn(
  ledger: Partial<BenchResult['ledger']>,
  outcome: BenchResult['outcome'] = { kind: 'completed' },
  config: Partial<BenchResult['config']> = {},
): readonly [exitCode: number, message: string] {
  const result = {
    ...lossless,
    outcome,
    config: { ...lossless.config, ...config },
    ledger: { ...lossless.ledger, ...ledger },
  };
  const failure = judge(result);
  return failure === undefined ? [ExitCode.ok, ''] : [failure.exitCode, failure.message];
}

describe('the verdict', () => {
  it('is success when all was delivered; copies and another order are told, not failed', () => {
    expect(verdictOn({})).toEqual([0, '']);
    expect(verdictOn({ duplicated: 3, outOfOrder: 2 })).toEqual([0, '']);
  });

  it.each([
    [{ lost: 25_865, expected: 60_000 }, '25,865 of 60,000 deliveries were lost'],
    [{ lost: 1, expected: 1 }, '1 of 1 delivery was lost'],
    [{ refused: 12 }, '12 of 1,000 messages were refused'],
    [{ timedOut: 20 }, '20 of 1,000 messages were not acknowledged in 10 s'],
    [{ lost: 2, refused: 1 }, '2 of 1,000 deliveries were lost; 1 of 1,000 messages was refused'],
  ])('is exit code 11 and a plain sentence for %j', (ledger, message) => {
    expect(verdictOn(ledger)).toEqual([11, message]);
  });

  it('at QoS 0 names what was not confirmed', () => {
    expect(verdictOn({ timedOut: 7 }, undefined, { qos: 0, drainTimeoutMs: 500 })).toEqual([
      11,
      '7 of 1,000 messages were not confirmed in 500 ms',
    ]);
  });

  it('is exit code 11 for a run that stopped early, even if all came in the end', () => {
    expect(verdictOn({}, { kind: 'stalled' }, { messages: 5000 })).toEqual([
      11,
      'sending stopped after 1,000 of 5,000 messages, for nothing was delivered any more',
    ]);
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)('is the exit code of %s, whatever was lost', (signal, exitCode) => {
    expect(verdictOn({ lost: 3 }, { kind: 'interrupted', signal }, { messages: 5000 })).toEqual([
      exitCode,
      `stopped by ${signal} after 1,000 of 5,000 messages`,
    ]);
  });

  it('is exit code 7 for a lost connection, whatever was lost', () => {
    const outcome = { kind: 'connection-lost', role: 'publisher', index: 2, reason: 'the broker reset it' } as const;
    expect(verdictOn({ lost: 3 }, outcome, { messages: 5000 })).toEqual([
      7,
      'the connection of publisher 2 was lost after 1,000 of 5,000 messages: the broker reset it',
    ]);
  });

  it('counts over all runs of --repeat', () => {
    const result = {
      ...lossless,
      outcome: { kind: 'interrupted', signal: 'SIGINT' } as const,
      repeats: [lossless, lossless],
    };
    expect(judge(result)?.message).toBe('stopped by SIGINT after 1,000 messages in 2 runs');
  });
});

describe('a condition', () => {
  const threshold = (assertion: string, value: number | null, held: boolean) => ({ assertion, value, held });

  function judged(
    ledger: Partial<BenchResult['ledger']>,
    ...thresholds: BenchResult['thresholds']
  ): string | undefined {
    return judge({ ...lossless, thresholds, ledger: { ...lossless.ledger, ...ledger } })?.message;
  }

  it('that holds is no fault', () => {
    expect(judged({}, threshold('p99 < 10ms', 9999, true))).toBeUndefined();
  });

  it.each([
    [threshold('p99 < 10ms', 10_004, false), 'p99 was 10.004 ms, not < 10ms'],
    [threshold('puback.p99 < 10us', 12, false), 'puback.p99 was 12 us, not < 10us'],
    [threshold('delivered/s >= 20k', 19_999.6, false), 'delivered/s was 19999.6, not >= 20k'],
    [threshold('duplicated == 0', 3, false), 'duplicated was 3, not == 0'],
    [threshold('lost% < 0.1', 0.25, false), 'lost% was 0.25 %, not < 0.1'],
    [threshold('tls.p99 < 10ms', null, false), 'tls.p99 was not measured, asked was < 10ms'],
  ])('that did not hold says measure, value and what was asked: %j', (missed, message) => {
    expect(judged({}, missed)).toBe(message);
  });

  it('on a latency that was not measured is told which ones were', () => {
    const failure = judge({ ...lossless, thresholds: [threshold('pubcomp.p99 < 10ms', null, false)] });
    expect(failure?.hint).toMatch(/^Measured were: .*puback\.p99, endToEnd\.p99, endToEndService\.p99$/);
    expect(judge({ ...lossless, thresholds: [threshold('p99 < 1us', 5, false)] })?.hint).toBeUndefined();
    expect(judge({ ...lossless, thresholds: [threshold('refused == 0', null, false)] })?.hint).toBeUndefined();
  });

  it('about losses decides in place of the rule that nothing may be lost', () => {
    const lossy = { lost: 5, delivered: 995 };
    expect(judged(lossy, threshold('lost < 10', 5, true))).toBeUndefined();
    expect(judged(lossy, threshold('lost < 1%', 0.5, true))).toBeUndefined();
    expect(judged(lossy, threshold('lost == 0', 5, false))).toBe('lost was 5, not == 0');
    expect(judged(lossy, threshold('p99 < 10ms', 1, true))).toBe('5 of 1,000 deliveries were lost');
  });

  it('about one count leaves the others to the rule', () => {
    const faulty = { lost: 5, refused: 2 };
    expect(judged(faulty, threshold('lost < 10', 5, true))).toBe('2 of 1,000 messages were refused');
    expect(judged(faulty, threshold('refused < 3', 2, true))).toBe('5 of 1,000 deliveries were lost');
    expect(judged({ timedOut: 1 }, threshold('timedOut <= 1', 1, true))).toBeUndefined();
  });

  it('says what did not come any more of a run that stopped by itself', () => {
    const { config } = lossless;
    const stalled = (scenario: typeof config.scenario): string | undefined =>
      describeEnd({ ...lossless, config: { ...config, scenario }, outcome: { kind: 'stalled' } });
    expect(stalled('pubsub')).toMatch(/, for nothing was delivered any more$/);
    expect(stalled('pub')).toMatch(/, for nothing was accepted any more$/);
  });

  it('says of a run that only receives how much had come', () => {
    const { config, ledger } = lossless;
    const came = { ...ledger, attempted: 0, delivered: 700, duplicated: 3 };
    const ended = (messages: number | null): string | undefined =>
      describeEnd({
        ...lossless,
        config: { ...config, scenario: 'sub', messages },
        ledger: came,
        outcome: { kind: 'interrupted', signal: 'SIGINT' },
      });
    expect(ended(1000)).toBe('stopped by SIGINT after 703 of 1,000 messages');
    expect(ended(null)).toBe('stopped by SIGINT after 703 messages');
  });

  it('does not excuse a run that was cut short', () => {
    const failure = judge({
      ...lossless,
      outcome: { kind: 'stalled' },
      thresholds: [threshold('lost < 10', 5, true)],
    });
    expect(failure?.message).toMatch(/^sending stopped after/);
  });

  it('about connections decides on those of conn', () => {
    const conn = {
      ...lossless,
      config: { ...lossless.config, scenario: 'conn' as const },
      connections: { attempted: 100, connected: 98, failed: 2, lost: 1, reasons: [] },
    };
    expect(judge(conn)?.message).toBe('2 of 100 connections could not be opened; 1 of 98 connections was lost');
    const tolerant = [threshold('connections.failed < 5', 2, true), threshold('connections.lost < 5', 1, true)];
    expect(judge({ ...conn, thresholds: tolerant })).toBeUndefined();
  });
});

describe('thresholds', () => {
  it('hold what was measured against the bound, for every operator', () => {
    const held = (text: string): boolean[] =>
      checkThresholds(parseAssertions(text), lossless).map((threshold) => threshold.held);
    expect(held('attempted < 1000, attempted <= 1000, attempted > 1000, attempted >= 1000')).toEqual([
      false,
      true,
      false,
      true,
    ]);
    expect(held('attempted == 1000, attempted != 1000, attempted == 1k')).toEqual([true, false, true]);
  });

  it('do not hold where nothing was measured', () => {
    const nothing = { ...lossless, ledger: sumLedgers([]), rates: ratesOf({ measured: NONE, durations: NEVER }) };
    const all = 'lost == 0, lost% < 1, refused == 0, attempted < 5, delivered/s < 5, tls.p99 < 1s';
    expect(checkThresholds(parseAssertions(all), nothing)).toEqual(
      all.split(', ').map((assertion) => ({ assertion, value: null, held: false })),
    );
  });

  it('read each measure from where it stands in the result', () => {
    const values = (text: string): (number | null)[] =>
      checkThresholds(parseAssertions(text), lossless).map(({ value }) => value);
    const { latency, rates } = lossless;
    expect(values('p99 < 1s, p999 < 1s, endToEnd.mean < 1s, puback.max < 1s, endToEndService.min < 1s')).toEqual([
      latency.endToEnd.p99,
      latency.endToEnd.p999,
      latency.endToEnd.mean,
      latency.puback.max,
      latency.endToEndService.min,
    ]);
    expect(values('sent/s > 1, accepted/s > 1, delivered/s > 1')).toEqual([
      rates.sentPerSecond,
      rates.acceptedPerSecond,
      rates.deliveredPerSecond,
    ]);
    expect(values('connections.connected > 0, foreign == 0, altered == 0')).toEqual([
      lossless.connections.connected,
      lossless.ignored.foreign,
      lossless.ignored.altered,
    ]);
  });
});

const NONE = { attempted: 0, accepted: 0, delivered: 0 };
const NEVER = { unit: 'us', send: null, accept: null, deliver: null } as const;
