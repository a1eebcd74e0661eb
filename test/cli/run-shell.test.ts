import { readFileSync } from 'node:fs';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { StopReason } from '../../src/cli/context.ts';
import { runShell } from '../../src/cli/run-shell.ts';
import { InterruptedError } from '../../src/errors.ts';
import { runCli } from '../support/run-cli.ts';
import { makeTempFolder } from '../support/temp-folder.ts';

const NEVER = new AbortController().signal;

describe('the shell', () => {
  it.each([
    ['printf "a b"', 0, 'a b'],
    ['echo one; echo two', 0, 'one\ntwo\n'],
    ["printf '\\377\\000'", 0, '\xff\0'],
    ['echo said; exit 3', 3, 'said\n'],
    ['true', 0, ''],
    ['no-such-command-anywhere 2>/dev/null', 127, ''],
    ['kill -TERM $$', 1, ''],
  ])('runs %j', async (command, exitCode, output) => {
    const result = await runShell(command, NEVER);
    expect(result.exitCode).toBe(exitCode);
    expect(result.stdout.toString('latin1')).toBe(output);
  });

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('is ended by our %s, and so are we', async (signal) => {
    const controller = new AbortController();
    const reason: StopReason = { signal };
    const running = runShell('exec sleep 600', controller.signal).catch((error: unknown) => error);
    controller.abort(reason);
    const error = await running;
    expect(error).toBeInstanceOf(InterruptedError);
    expect(error).toMatchObject({
      message: `stopped by ${signal} while a command ran`,
      exitCode: { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 }[signal],
    });
  });

  it('is not started after a signal', async () => {
    const folder = makeTempFolder();
    onTestFinished(() => folder.remove());
    const controller = new AbortController();
    controller.abort({ signal: 'SIGINT' });
    await expect(runShell(`exec sleep 600 > ${folder.file('started')}`, controller.signal)).rejects.toBeInstanceOf(
      InterruptedError,
    );
  });

  it('is not listened to for ever', async () => {
    const { stdout } = await runShell('yes', NEVER);
    expect(stdout.length).toBeGreaterThanOrEqual(1_048_576);
    expect(stdout.length).toBeLessThan(4_000_000);
  });
});

describe('--password-command', () => {
  const message = ['-t', 'a', '-m', 'x', '-u', 'u'];

  async function passwordOf(command: string): Promise<Buffer | undefined> {
    const { broker, ...result } = await run(command);
    expect(result).toMatchObject({ exitCode: 0, stderr: '' });
    return broker?.plans[0]?.password;
  }

  async function run(command: string) {
    const { FakeBroker } = await import('../support/fake-session.ts');
    const broker = new FakeBroker();
    const result = await runCli('mqtt-pub', [...message, '--password-command', command], { broker });
    return { ...result, broker };
  }

  it.each([
    ['echo secret', 'secret'],
    ['printf secret', 'secret'],
    ['printf "secret\\r\\nmore\\n"', 'secret'],
    ['printf " two words "', ' two words '],
    ['printf \'a%sb\' "$HOME" | head -c 1', 'a'],
    ['set -- x; case "$#" in 1) echo posix;; esac', 'posix'],
  ])('%s', async (command, password) => {
    expect((await passwordOf(command))?.toString()).toBe(password);
  });

  it('may give bytes that are no UTF-8', async () => {
    expect(await passwordOf("printf '\\377\\376'")).toEqual(Buffer.from([0xff, 0xfe]));
  });

  it.each([
    ['exit 3', '--password-command: the command ended with exit code 3'],
    ['echo sentinel; exit 1', '--password-command: the command ended with exit code 1'],
    ['true', '--password-command: the command printed nothing'],
    ['echo; echo sentinel', '--password-command: the command printed nothing'],
    ['yes sentinel | head -c 80000 | tr -d "\\n"', '--password-command: a password must be at most 65535 bytes long'],
    ['kill -KILL $$ # sentinel', '--password-command: the command ended with exit code 1'],
  ])('%s is refused before anything is connected, and not shown', async (command, said) => {
    const { exitCode, stderr, broker } = await run(command);
    expect(exitCode).toBe(2);
    expect(stderr).toBe(`mqtt-pub: ${said}\n`);
    expect(broker.plans).toEqual([]);
  });

  it('is not run where another password is stronger, or where there is no user', async () => {
    const folder = makeTempFolder();
    onTestFinished(() => folder.remove());
    const trace = folder.file('trace');
    const argv = ['-t', 'a', '-m', 'x', '--password-command', `echo run >> '${trace}'; echo p`];
    const { exitCode } = await runCli('mqtt-pub', [...argv, '-u', 'u', '-P', 'q']);
    expect(exitCode).toBe(2);
    expect((await runCli('mqtt-pub', argv)).stderr).toBe(
      'mqtt-pub: --password-command: a password needs a user name\n  Add -u NAME.\n',
    );
    expect(() => readFileSync(trace)).toThrow('ENOENT');
    expect((await runCli('mqtt-pub', [...argv, '-u', 'u'])).exitCode).toBe(0);
    expect(readFileSync(trace, 'utf8')).toBe('run\n');
  });
});
