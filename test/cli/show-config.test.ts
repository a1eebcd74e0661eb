/** `--show-config`, to the letter. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { COMMANDS } from '../../src/cli/command-table.ts';
import { urlArgument } from '../../src/options/connection.ts';
import { runCli } from '../support/run-cli.ts';
import { makeTempFolder } from '../support/temp-folder.ts';

/** Rows that are not default, of a command that must say nothing else. */
async function heldBy(
  argv: readonly string[],
  env: Readonly<Record<string, string>> = {},
  command = 'mqtt-pub',
): Promise<readonly string[]> {
  const { exitCode, stdout, stderr } = await runCli(command, [...argv, '--show-config'], { env });
  expect(stderr).toBe('');
  expect(exitCode).toBe(0);
  const lines = stdout.toString().split('\n');
  expect(lines.pop()).toBe('');
  return lines.filter((line) => !line.endsWith(' default')).map((line) => line.replace(/ {2,}/g, '  '));
}

function fileWith(content: string): string {
  const folder = makeTempFolder();
  onTestFinished(() => folder.remove());
  writeFileSync(folder.file('options'), content);
  return folder.file('options');
}

describe('--show-config', () => {
  it('prints every option of the command, with its default, in the order of the help', async () => {
    for (const [name, load] of Object.entries(COMMANDS)) {
      const { exitCode, stdout } = await runCli(name, ['--show-config']);
      expect(exitCode).toBe(0);
      const shown = stdout
        .toString()
        .trimEnd()
        .split('\n')
        .map((line) => line.split(/ {2,}/));
      const { options } = await load();
      const names = options
        .filter(({ long }) => !['help', 'version', 'show-config'].includes(long))
        .map((spec) => (spec === urlArgument ? 'URL' : `--${spec.long}`));
      expect(shown.map(([option]) => option)).toEqual(names);
      expect(new Set(shown.map(([, , source]) => source))).toEqual(new Set(['default']));
      for (const [, value = ''] of shown) expect(value).not.toBe('');
    }
  });

  it('prints three columns that stand below each other', async () => {
    const { stdout } = await runCli('mqtt-pub', ['-h', 'broker.example.com', '-t', 'a b', '--show-config']);
    expect(
      stdout
        .toString()
        .split('\n')
        .filter((line) => /^--(topic|message|host|port|ws-path) /.test(line)),
    ).toEqual([
      '--topic                    "a b"                                     -t',
      '--message                  -                                         default',
      '--host                     broker.example.com                        -h',
      '--port                     1883, with TLS 8883                       default',
      '--ws-path                  /mqtt                                     default',
    ]);
  });

  it('says where each value comes from', async () => {
    const file = fileWith('-i file\n-k 10\n-q 1\n');
    const env = { MQTT_HOST: 'env', MQTT_PORT: '1', MQTT_USERNAME: 'ann', MQTT_PASSWORD: 'sentinel' };
    expect(await heldBy(['-o', file, '-q', '2', '--retain', '-t', 'typed', '--port=7'], env)).toEqual([
      '--topic  typed  -t',
      '--qos  2  -q',
      '--retain  on  --retain',
      '--host  env  MQTT_HOST',
      '--port  7  --port',
      `--keepalive  10  ${file}:2`,
      '--username  ann  MQTT_USERNAME',
      '--pw  "***"  MQTT_PASSWORD',
      `--id  file  ${file}:1`,
      `--options-file  ${file}  -o`,
    ]);
  });

  it('takes a URL apart', async () => {
    expect(await heldBy(['mqtts://ann:sentinel@h:7'])).toEqual([
      '--host  h  in the URL',
      '--port  7  in the URL',
      'URL  "mqtts://***@h:7"  command line',
      '--username  ann  in the URL',
      '--pw  "***"  in the URL',
    ]);
    expect(await heldBy(['-L', 'mqtt://ann@h/a/b'])).toEqual([
      '--topic  a/b  in the URL of -L',
      '--host  h  in the URL of -L',
      '--port  1883  in the URL of -L',
      '--url  "mqtt://***@h/a/b"  -L',
      '--username  ann  in the URL of -L',
    ]);
    expect(await heldBy([], { MQTT_URL: 'wss://h/mqtt?token=sentinel' })).toEqual([
      '--host  h  in the URL of MQTT_URL',
      '--port  443  in the URL of MQTT_URL',
      'URL  "wss://h/mqtt?***"  MQTT_URL',
    ]);
    expect(await heldBy(['--unix', '/run/b.sock'])).toEqual([
      '--host  /run/b.sock  --unix',
      '--port  0  --unix',
      '--unix  /run/b.sock  --unix',
    ]);
  });

  it('shows nothing of a URL that is overruled, but its topic', async () => {
    const env = { MQTT_URL: 'mqtts://ann:sentinel@elsewhere:7' };
    expect(await heldBy(['-h', 'here'], env)).toEqual(['--host  here  -h']);
    const file = fileWith('-L mqtts://ann:sentinel@elsewhere:7/topic\n');
    expect(await heldBy(['-o', file, '-h', 'here'])).toEqual([
      `--topic  topic  in the URL of ${file}:1`,
      '--host  here  -h',
      `--options-file  ${file}  -o`,
    ]);
  });

  it('shows no credentials that belong to another host', async () => {
    const file = fileWith(
      [
        '-h elsewhere',
        '-u ann',
        '-P sentinel',
        '--ws-header Authorization: sentinel',
        '-D connect authentication-method x',
        '-D connect authentication-data sentinel',
        '-D connect user-property a b',
        '',
      ].join('\n'),
    );
    expect(await heldBy(['-o', file, '-h', 'here'])).toEqual([
      '--host  here  -h',
      `--property  connect user-property a b  ${file}:7`,
      `--options-file  ${file}  -o`,
    ]);
  });

  it('shows all values of what may be given many times, and of flags how often', async () => {
    const argv = ['-t', 'a', '-t', 'b/#', '-dd', '-D', 'connect', 'user-property', 'a', 'b c'];
    expect(await heldBy(argv, {}, 'mqtt-sub')).toEqual([
      '--topic  a  -t',
      '--topic  b/#  -t',
      '--property  connect user-property a "b c"  -D',
      '--debug  on  -d',
      '--debug  on  -d',
    ]);
  });

  it.each([
    ['-P', 'sentinel'],
    ['mqtt://u:sentinel@h'],
    ['-L', 'mqtt://u:sentinel@h/t'],
    ['ws://h/?sentinel'],
    ['--ws-path', '/?sentinel'],
    ['--ws-header', 'Authorization: sentinel'],
    ['--proxy', 'socks5h://u:sentinel@p'],
    ['--http-proxy', 'u:sentinel@p'],
    ['--psk', '5e9711e1'],
    ['--password-command', 'echo sentinel'],
    ['-D', 'connect', 'authentication-data', 'sentinel'],
    ['-D', 'auth', 'Authentication-Data', 'sentinel'],
  ])('masks the secret of %j %j', async (...argv) => {
    const { exitCode, stdout } = await runCli('mqtt-pub', [...argv, '--show-config']);
    expect(exitCode).toBe(0);
    expect(stdout.toString()).toContain('***');
    expect(stdout.toString()).not.toMatch(/sentinel|5e9711e1/);
  });

  it('shows control characters escaped', async () => {
    const { stdout } = await runCli('mqtt-pub', ['-i', '\x1b]0;title\x07', '-m', 'a\nb\u202e', '--show-config']);
    expect(stdout.toString()).toContain('"\\e]0;title\\x07"');
    expect(stdout.toString()).toContain('"a\\nb\\u202e"');
    expect(stdout.toString()).not.toMatch(/[\x1b\u202e]/);
  });

  it('does not connect, nor ask for a password, nor read a file', async () => {
    const argv = ['-t', 'a', '-m', 'x', '-u', 'u', '--ask-password', '--cafile', '/none', '--show-config'];
    const context = {
      openSession: () => Promise.reject(new Error('connected')),
      askSecret: () => Promise.reject(new Error('asked')),
    };
    expect(await runCli('mqtt-pub', argv, { context })).toMatchObject({ exitCode: 0, stderr: '' });
  });

  it('refuses what cannot be understood, as ever', async () => {
    const { exitCode, stdout, stderr } = await runCli('mqtt-pub', ['-q', '3', '--show-config']);
    expect([exitCode, stdout.length, stderr]).toEqual([2, 0, 'mqtt-pub: -q 3: must be 0, 1 or 2\n']);
  });

  it('names the file of a profile', async () => {
    const folder = makeTempFolder();
    onTestFinished(() => folder.remove());
    mkdirSync(folder.file('mqtt-toolkit/profiles'), { recursive: true });
    writeFileSync(folder.file('mqtt-toolkit/profiles/lab'), '-h lab\n');
    expect(await heldBy(['--profile', 'lab'], { XDG_CONFIG_HOME: folder.path })).toEqual([
      `--host  lab  ${folder.file('mqtt-toolkit/profiles/lab')}:1`,
      '--profile  lab  --profile',
    ]);
  });
});
