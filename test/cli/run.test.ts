import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../../src/cli/command-table.ts';
import { run } from '../../src/cli/run.ts';
import { VERSION } from '../../src/cli/version.ts';
import { UnreachableError } from '../../src/errors.ts';
import { FakeBroker } from '../support/fake-session.ts';
import { MemoryOutput } from '../support/memory-streams.ts';
import { runCli } from '../support/run-cli.ts';

const NAMES = Object.keys(COMMANDS);
const NOTHING = Buffer.alloc(0);

describe.each(NAMES)('%s', (name) => {
  it('without arguments says on stderr, in 12 lines, what is missing and two examples, and exits with 2', async () => {
    const { exitCode, stdout, stderr } = await runCli(name, []);
    expect(exitCode).toBe(2);
    expect(stdout).toEqual(NOTHING);
    expect(stderr.endsWith('\n')).toBe(true);
    const lines = stderr.slice(0, -1).split('\n');
    expect(lines.length).toBeLessThanOrEqual(12);
    expect(stderr).toContain(`usage: ${name} `);
    expect(lines.filter((line) => line.startsWith(`  ${name}`) || line.includes(`| ${name} `)).length).toBe(2);
    expect(stderr).toContain(`All options: ${name} --help`);
  });

  it.each([
    [['--help']],
    [['-d', '--help']],
    [['--help', '-q', 'nonsense']],
    [['--help', '--version']],
    [['--frobnicate', '--help']],
    [['stray', '--help']],
    [['-h']],
    [['-d', '-h']],
    [['-u', 'x', '-h']],
  ])('%j is a plea for help: on stdout, exit 0, nothing checked', async (argv) => {
    const { exitCode, stdout, stderr } = await runCli(name, argv);
    expect([exitCode, stderr]).toEqual([0, '']);
    expect(stdout.toString()).toContain(`usage: ${name} `);
    expect(stdout.toString()).toContain('-h, --host HOST');
  });

  it('--version is its name and version, on stdout, exit 0', async () => {
    const { exitCode, stdout, stderr } = await runCli(name, ['--version', '-q', 'nonsense']);
    expect([exitCode, stdout.toString(), stderr]).toEqual([0, `${name} ${VERSION}\n`, '']);
  });

  it('takes -h that is followed by a host, or is the value of another option, for no plea', async () => {
    for (const argv of [
      ['-h', 'x', '--frobnicate'],
      ['--frobnicate', '-u', '-h'],
      ['--frobnicate', '-h'],
    ]) {
      const { exitCode, stderr, stdout } = await runCli(name, argv);
      expect([exitCode, stdout]).toEqual([2, NOTHING]);
      expect(stderr).toMatch(/unknown option --frobnicate|-h needs a value: -h HOST/);
    }
  });

  it('refuses what it does not know, and sends nothing', async () => {
    const broker = new FakeBroker();
    const { exitCode, stderr } = await runCli(name, ['-t', 'a', '--hots', 'x'], { broker });
    expect([exitCode, stderr]).toEqual([2, `${name}: unknown option --hots\n  Did you mean --host?\n`]);
    expect(broker.plans).toEqual([]);
  });
});

describe('help and version that cannot be written', () => {
  it.each([[['--help']], [['--version']], [['--show-config']]])('%j fails when the disk is full', async (argv) => {
    const stdout = new MemoryOutput();
    stdout.failWith('ENOSPC');
    expect(await runCli('mqtt-pub', argv, { stdout })).toMatchObject({
      exitCode: 1,
      stderr: 'mqtt-pub: cannot write to standard output: no space left on the device\n',
    });
  });

  it('are a success when the reader wants no more', async () => {
    const stdout = new MemoryOutput();
    stdout.failWith('EPIPE');
    expect(await runCli('mqtt-pub', ['--help'], { stdout })).toMatchObject({ exitCode: 0, stderr: '' });
  });

  it('wait for a slow reader', async () => {
    const stdout = new MemoryOutput();
    stdout.hold();
    let exitCode: number | undefined;
    const done = runCli('mqtt-pub', ['--version'], { stdout }).then((result) => {
      exitCode = result.exitCode;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(exitCode).toBe(undefined);
    stdout.release();
    await done;
    expect(exitCode).toBe(0);
  });
});

describe('run', () => {
  it('knows no other commands', async () => {
    const { exitCode, stderr } = await runCli('mqtt-nope', ['--help']);
    expect([exitCode, stderr]).toEqual([2, 'mqtt-nope: unknown command mqtt-nope\n']);
  });

  it('never throws, whatever a command does', async () => {
    const broken = { openSession: () => Promise.reject(new TypeError('x is not a function')) };
    const { exitCode, stderr } = await runCli('mqtt-pub', ['-t', 'a', '-m', 'b'], { context: broken });
    expect(exitCode).toBe(70);
    expect(stderr).toMatch(/^mqtt-pub: internal error: TypeError: x is not a function\n {4}at /);
    expect(stderr).toContain('This is a bug in mqtt-toolkit. Please report it with the lines above.\n');
  });

  it.each(['a string', undefined, null, 42])('tells of %j that was thrown', async (thrown) => {
    const broken = { openSession: () => Promise.reject(thrown) };
    const { exitCode, stderr } = await runCli('mqtt-pub', ['-t', 'a', '-m', 'b'], { context: broken });
    expect(exitCode).toBe(70);
    expect(stderr).toContain(`mqtt-pub: internal error: ${String(thrown)}\n`);
  });

  it('returns the exit code of the command', async () => {
    const ok = await runCli('mqtt-pub', ['-t', 'a', '-m', 'b', '-q', '1']);
    expect(ok).toMatchObject({ exitCode: 0, stderr: '', stdout: NOTHING });
    const broker = new FakeBroker(new UnreachableError('nothing there'));
    expect((await runCli('mqtt-pub', ['-t', 'a', '-m', 'b'], { broker })).exitCode).toBe(3);
  });

  it('is the only thing that a caller needs', async () => {
    const stdout = new MemoryOutput();
    const context = { env: {}, stdout, stderr: new MemoryOutput() };
    expect(await run('mqtt-pub', ['--version'], context as never)).toBe(0);
    expect(stdout.text).toBe(`mqtt-pub ${VERSION}\n`);
  });
});
