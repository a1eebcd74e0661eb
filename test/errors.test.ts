import { describe, expect, it } from 'vitest';
import { EXIT_CODE_MEANINGS, ExitCode } from '../src/cli/exit-codes.ts';
import { exitCodeOfSignal } from '../src/cli/signals.ts';
import * as errors from '../src/errors.ts';
import { FakeBroker } from './support/fake-session.ts';
import { runCli } from './support/run-cli.ts';

/** Each class of error with its code for scripts and its exit code, written down apart from the source. */
const CLASSES: readonly (readonly [errors.CliError, string, number])[] = [
  [new errors.CliError('x'), 'E_FAILURE', 1],
  [new errors.UsageError('x'), 'E_USAGE', 2],
  [new errors.UnreachableError('x'), 'E_UNREACHABLE', 3],
  [new errors.TlsError('x'), 'E_TLS', 4],
  [new errors.UnauthorizedError('x'), 'E_UNAUTHORIZED', 5],
  [new errors.RefusedError('x'), 'E_REFUSED', 6],
  [new errors.ConnectionLostError('x'), 'E_CONNECTION_LOST', 7],
  [new errors.SubscriptionDeniedError('x'), 'E_SUBSCRIPTION_DENIED', 8],
  [new errors.PublishRefusedError('x'), 'E_PUBLISH_REFUSED', 9],
  [new errors.UndecodableError('x'), 'E_UNDECODABLE', 10],
  [new errors.BenchFailedError('x'), 'E_BENCH_FAILED', 11],
  [new errors.TimeLimitError('x'), 'E_TIME_LIMIT', 27],
  [new errors.InputError('x'), 'E_INPUT', 1],
  [new errors.OutputError('x'), 'E_OUTPUT', 1],
  [new errors.InterruptedError('x', ExitCode.interrupted), 'E_INTERRUPTED', 130],
  [new errors.InterruptedError('x', ExitCode.terminated), 'E_INTERRUPTED', 143],
  [new errors.InterruptedError('x', ExitCode.hangup), 'E_INTERRUPTED', 129],
  [new errors.InternalError('x'), 'E_INTERNAL', 70],
];

describe('an error', () => {
  it.each(CLASSES.map(([error, code, exitCode]) => [error.name, error, code, exitCode] as const))(
    '%s has the code and the exit code of the table',
    (_name, error, code, exitCode) => {
      expect(error.code).toBe(code);
      expect(error.exitCode).toBe(exitCode);
      expect(error).toBeInstanceOf(errors.CliError);
    },
  );

  it.each(
    CLASSES.filter(([error]) => error.exitCode !== 70).map(
      ([error, , exitCode]) => [error.name, error, exitCode] as const,
    ),
  )('%s ends a command with its exit code and one line on stderr', async (_name, error, exitCode) => {
    const result = await runCli('mqtt-pub', ['-t', 'a', '-m', 'x'], { broker: new FakeBroker(error) });
    expect(result).toMatchObject({ exitCode, stderr: 'mqtt-pub: x\n', stdout: Buffer.alloc(0) });
  });

  it('is in the table whatever its class', () => {
    const classes = Object.values(errors).filter((value) => typeof value === 'function');
    expect(new Set(CLASSES.map(([error]) => error.constructor))).toEqual(new Set(classes));
  });

  it('has a name, a hint and a cause', () => {
    const cause = new Error('below');
    const error = new errors.UnreachableError('x', 'try y', { cause });
    expect(error).toMatchObject({ name: 'UnreachableError', message: 'x', hint: 'try y', cause });
    expect(new errors.RefusedError('x', 'y', true)).toMatchObject({ hint: 'y', temporary: true });
    expect(new errors.RefusedError('x').temporary).toBe(false);
  });
});

describe('exit codes', () => {
  it('have each a meaning, once', () => {
    const codes = EXIT_CODE_MEANINGS.map(([code]) => code);
    expect([...codes].sort((a, b) => a - b)).toEqual([...Object.values(ExitCode)].sort((a, b) => a - b));
    expect(new Set(codes).size).toBe(codes.length);
    for (const [, meaning] of EXIT_CODE_MEANINGS) expect(meaning).not.toBe('');
  });

  it('of a signal are 128 and its number', () => {
    expect(exitCodeOfSignal({ signal: 'SIGHUP' })).toBe(128 + 1);
    expect(exitCodeOfSignal({ signal: 'SIGINT' })).toBe(128 + 2);
    expect(exitCodeOfSignal({ signal: 'SIGTERM' })).toBe(128 + 15);
  });
});
