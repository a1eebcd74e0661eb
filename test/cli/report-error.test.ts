import { describe, expect, it } from 'vitest';
import { ConnectionLostError, InternalError, UnreachableError } from '../../src/errors.ts';
import { FakeBroker } from '../support/fake-session.ts';
import { runCli, type World } from '../support/run-cli.ts';

const ERROR = new UnreachableError('nothing there', 'Is it running?\nReally?', { cause: new Error('below') });

/** What mqtt-pub says on stderr when its broker cannot be reached. */
async function said(argv: readonly string[], world: World = {}): Promise<string> {
  const { exitCode, stderr, stdout } = await runCli('mqtt-pub', ['-t', 'a', ...argv], {
    broker: new FakeBroker(ERROR),
    ...world,
  });
  expect(exitCode).toBe(3);
  expect(stdout.length).toBe(0);
  return stderr;
}

const PLAIN = 'mqtt-pub: nothing there\n  Is it running?\n  Really?\n';
const COLORED =
  '\u001b[31mmqtt-pub:\u001b[39m nothing there\n\u001b[2m  Is it running?\u001b[22m\n\u001b[2m  Really?\u001b[22m\n';

describe('an error', () => {
  it('is one line and a hint, once, without a stack', async () => {
    expect(await said(['-m', 'x'])).toBe(PLAIN);
    expect(await said(['-m', 'x', '-d'])).toBe(PLAIN);
  });

  it.each([[['-dd']], [['-d', '-d']], [['--debug', '-d']], [['-rdd']], [['-d', '--debug', '-d']]])(
    'has a stack, and that of its cause, with %j',
    async (argv) => {
      const text = await said(['-m', 'x', ...argv]);
      expect(text.startsWith(PLAIN)).toBe(true);
      expect(text).toContain('\n  UnreachableError: nothing there\n      at ');
      expect(text).toContain('\n  caused by Error: below\n      at ');
    },
  );

  it('says nothing with --quiet: the exit code tells', async () => {
    expect(await said(['-m', 'x', '--quiet'])).toBe('');
    expect(await said(['-m', 'x', '--quiet', '-dd'])).toBe('');
  });

  it('says so where --quiet, -dd or --no-color is a message, not an option', async () => {
    expect(await said(['-m', '--quiet'])).toBe(PLAIN);
    expect(await said(['-m', '-dd'])).toBe(PLAIN);
    expect(await said(['--will-topic', 'a', '--will-payload', '--quiet', '-m', 'x'])).toBe(PLAIN);
    expect(await said(['-m', '--no-color'], { terminal: true })).toBe(COLORED);
  });

  it('of usage is said with --quiet too, for no option was understood', async () => {
    expect(await runCli('mqtt-pub', ['--quiet', '-t', 'a', '-q', '3'])).toMatchObject({
      exitCode: 2,
      stderr: 'mqtt-pub: -q 3: must be 0, 1 or 2\n',
    });
  });

  it.each<[string, string[], World, boolean]>([
    ['on a terminal', [], { terminal: true }, true],
    ['where stderr is a terminal and stdout is none', [], { terminal: { stderr: true } }, true],
    ['where stdout is a terminal and stderr is none', [], { terminal: { stdout: true } }, false],
    ['with NO_COLOR', [], { terminal: true, env: { NO_COLOR: '1' } }, false],
    ['with TERM=dumb', [], { terminal: true, env: { TERM: 'dumb' } }, false],
    ['with --no-color', ['--no-color'], { terminal: true }, false],
    ['with FORCE_COLOR', [], { env: { FORCE_COLOR: '1' } }, true],
    ['with FORCE_COLOR and --no-color', ['--no-color'], { env: { FORCE_COLOR: '1' } }, false],
  ])('has colour %s', async (_when, argv, world, colored) => {
    expect(await said(['-m', 'x', ...argv], world)).toBe(colored ? COLORED : PLAIN);
  });

  it('of usage has colour by the same rules', async () => {
    const usage = async (argv: string[]) => (await runCli('mqtt-pub', argv, { terminal: true })).stderr;
    expect(await usage(['-q', '3'])).toBe('\u001b[31mmqtt-pub:\u001b[39m -q 3: must be 0, 1 or 2\n');
    expect(await usage(['--no-color', '-q', '3'])).toBe('mqtt-pub: -q 3: must be 0, 1 or 2\n');
  });

  it('lets nothing of what a broker says act on a terminal, or look like lines of ours', async () => {
    const error = new ConnectionLostError('because\u001b[2J\nmqtt-pub: ok\r', '\u009b31m hint\u202e\r\n');
    const { stderr } = await runCli('mqtt-pub', ['-t', 'a', '-m', 'x'], { broker: new FakeBroker(error) });
    expect(stderr).toBe('mqtt-pub: because\\e[2J\\nmqtt-pub: ok\\r\n  \\x9b31m hint\\u202e\\r\n  \n');
  });

  it('that cannot happen is a bug of ours', async () => {
    const broker = new FakeBroker(new InternalError('both at once'));
    const { stderr, exitCode } = await runCli('mqtt-pub', ['-t', 'a', '-m', 'x'], { broker });
    expect(exitCode).toBe(70);
    expect(stderr).toMatch(/^mqtt-pub: internal error: InternalError: both at once\n {4}at /);
    expect(stderr).toContain('Please report it with the lines above.');
  });

  it('that is ours is told whole, safely', async () => {
    const broken = { openSession: () => Promise.reject(new RangeError('bad \u001b[2J')) };
    const { stderr, exitCode } = await runCli('mqtt-pub', ['-t', 'a', '-m', 'x'], { context: broken });
    expect(exitCode).toBe(70);
    expect(stderr).toMatch(/^mqtt-pub: internal error: RangeError: bad \\e\[2J\n {4}at /);
    expect(stderr).not.toContain('\u001b');
  });
});
