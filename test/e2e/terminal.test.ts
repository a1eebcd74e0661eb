/** The built commands on a real terminal, as `script` makes one. */
import { expect, it } from 'vitest';
import { type Child, startInTest } from '../support/child.ts';
import { findClosedPort } from '../support/free-port.ts';
import { mosquittoPub, waitForSubscription } from '../support/mosquitto-clients.ts';
import { describeWith } from '../support/needs.ts';
import { shareMosquitto } from '../support/shared-mosquitto.ts';
import { binOf } from '../support/spawn-cli.ts';

/** Starts a command on a terminal of its own; stdout is everything that the terminal shows. */
function startOnTerminal(name: string, argv: readonly string[], env: Record<string, string> = {}): Child {
  const words = [process.execPath, binOf(name), ...argv].map((word) => `'${word.replaceAll("'", "'\\''")}'`);
  return startInTest(
    'script',
    ['--quiet', '--return', '--flush', '--command', `exec ${words.join(' ')}`, '/dev/null'],
    {
      env: { TERM: 'xterm-256color', SHELL: '/bin/sh', ...env },
    },
  );
}

const CTRL_C = '\x03';

describeWith(['mosquitto', 'mosquitto_pub', 'script'], 'On a terminal', () => {
  const mosquitto = shareMosquitto();

  async function subscribe(id: string, ...words: string[]): Promise<Child> {
    const argv = [...mosquitto.at, '-t', `${id}/#`, '-i', id, ...words];
    const terminal = startOnTerminal('mqtt-sub', argv, { NO_COLOR: '1' });
    await waitForSubscription(mosquitto.broker, id, terminal);
    return terminal;
  }

  it('mqtt-sub says where it listens, shows no control bytes, and sums up at Ctrl-C', async () => {
    const terminal = await subscribe('safe', '-v');
    const { port } = mosquitto.broker;
    await terminal.stdout.waitFor(`Connected to 127.0.0.1:${port} (MQTT 5). Listening on safe/#. Ctrl-C stops.\r\n`);
    await mosquittoPub(mosquitto.broker, '-t', 'safe/a', '-m', '\x1b[31m\x1b]0;title\x07\u202etxt');
    await mosquittoPub(mosquitto.broker, '-t', 'safe/b', '-m', 'two\nlines\r');
    await terminal.stdout.waitFor('lines');
    terminal.stdin.write(CTRL_C);
    const { exitCode, stdout } = await terminal.exit();
    const [, ...lines] = stdout.toString().replace('^C', '').split('\r\n');
    expect(lines.slice(0, 3)).toEqual(['safe/a \\e[31m\\e]0;title\\x07\\u202etxt', 'safe/b two', 'lines\\r']);
    expect(lines[3]).toBe('');
    expect(lines[4]).toMatch(/^2 messages, 31 B in \d+(\.\d)? m?s$/);
    expect(stdout.includes(0x1b)).toBe(false);
    expect(exitCode).toBe(0);
  });

  it('mqtt-sub --raw gives the bytes there too', async () => {
    const terminal = await subscribe('raw', '--raw', '-C', '1', '--quiet');
    await mosquittoPub(mosquitto.broker, '-t', 'raw/a', '-m', '\x1b[31mred');
    expect((await terminal.exit()).stdout.toString()).toBe('\x1b[31mred\r\n');
  });

  it('errors have colour, unless NO_COLOR says no', async () => {
    const argv = ['-h', '127.0.0.1', '-p', String(await findClosedPort()), '-t', 'a', '-m', 'x'];
    const coloured = await startOnTerminal('mqtt-pub', argv).exit();
    expect(coloured.stdout.toString()).toMatch(/^\x1b\[[\d;]+mmqtt-pub:\x1b\[[\d;]+m nothing is listening on /);
    const plain = await startOnTerminal('mqtt-pub', argv, { NO_COLOR: '1' }).exit();
    expect(plain.stdout.toString()).toMatch(/^mqtt-pub: nothing is listening on /);
    expect([coloured.exitCode, plain.exitCode]).toEqual([3, 3]);
  });

  it('mqtt-pub -l takes the lines that are typed, to Ctrl-D', async () => {
    const reader = await subscribe('typed', '-C', '2');
    const terminal = startOnTerminal('mqtt-pub', [...mosquitto.at, '-t', 'typed/a', '-l', '-q', '1', '-i', 'typist']);
    await mosquitto.broker.log.waitFor(/as typist /);
    terminal.stdin.write('one\ntwo\n\x04');
    expect((await terminal.exit()).exitCode).toBe(0);
    expect((await reader.exit()).stdout.toString()).toContain('one\r\ntwo\r\n');
  });
});
