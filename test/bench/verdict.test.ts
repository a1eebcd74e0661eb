import { describe, expect, it } from 'vitest';
import type { BenchResult } from '../../src/bench/result.ts';
import { judge } from '../../src/bench/verdict.ts';
import { ExitCode } from '../../src/cli/exit-codes.ts';
import { readStored } from './support/stored.ts';

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
});
