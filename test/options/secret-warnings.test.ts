import { chmodSync, writeFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { FakeBroker } from '../support/fake-session.ts';
import { runCli } from '../support/run-cli.ts';
import { makeTempFolder } from '../support/temp-folder.ts';

const SECRET = 'sentinel';
const folder = makeTempFolder();
afterAll(() => folder.remove());

function fileWith(content: string, mode: number): string {
  const path = folder.file(`file-${Math.random().toString(36).slice(2)}`);
  writeFileSync(path, content);
  chmodSync(path, mode);
  return path;
}

/** Publishes; what was said, and what was sent. */
async function publish(argv: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const broker = new FakeBroker();
  const { exitCode, stderr } = await runCli('mqtt-pub', ['-t', 'a', '-m', 'x', ...argv], { env, broker });
  expect(exitCode).toBe(0);
  expect(stderr).not.toContain(SECRET);
  const [plan] = broker.plans;
  return { lines: stderr.split('\n').slice(0, -1), username: plan?.username, password: plan?.password?.toString() };
}

describe('credentials that stay behind are announced', () => {
  it.each<[string, string[], Record<string, string>, string]>([
    [
      'of a URL',
      ['-h', 'other'],
      { MQTT_URL: `mqtt://u:${SECRET}@h` },
      'mqtt-pub: the credentials of MQTT_URL are for another host, and are not sent to other:1883',
    ],
    [
      'of a URL whose user is another one',
      ['-u', 'v'],
      { MQTT_URL: `mqtt://u:${SECRET}@h` },
      'mqtt-pub: the password of MQTT_URL is for user u, and is not sent for v',
    ],
    [
      'of a URL that a later one replaces',
      ['mqtt://other'],
      { MQTT_URL: `mqtt://u:${SECRET}@h` },
      'mqtt-pub: the credentials of MQTT_URL are for another host, and are not sent to other:1883',
    ],
  ])('%s', async (_what, argv, env, line) => {
    const { lines, password } = await publish(argv, env);
    expect({ lines, password }).toEqual({ lines: [line], password: undefined });
  });

  it('of an options file, once, and nothing of it is sent', async () => {
    const path = fileWith(`-h h\n-u u\n-P ${SECRET}\n`, 0o600);
    const { lines, ...sent } = await publish(['-o', path, '-h', 'other']);
    expect(lines).toEqual([
      `mqtt-pub: the credentials of ${path} are for another host, and are not sent to other:1883`,
    ]);
    expect(sent).toEqual({ username: undefined, password: undefined });
  });

  it('of a header, whatever the login is', async () => {
    const path = fileWith(`-h h\n--ws-header Authorization: Bearer ${SECRET}\n`, 0o600);
    const { lines } = await publish(['-o', path, 'ws://other/mqtt', '-u', 'v']);
    expect(lines).toEqual([`mqtt-pub: the credentials of ${path} are for another host, and are not sent to other:80`]);
  });

  it.each<[string, string[], Record<string, string>]>([
    ['that are replaced', ['-h', 'other', '-u', 'v', '-P', 'p'], { MQTT_URL: `mqtt://u:${SECRET}@h` }],
    ['that are sent', [], { MQTT_URL: `mqtt://u:${SECRET}@h` }],
    ['of which there are none', ['-h', 'other'], { MQTT_URL: 'mqtt://h' }],
    ['with --quiet', ['-h', 'other', '--quiet'], { MQTT_URL: `mqtt://u:${SECRET}@h` }],
  ])('but not those %s', async (_what, argv, env) => {
    expect((await publish(argv, env)).lines).toEqual([]);
  });
});

describe('a file with a secret that everybody can read gives a warning', () => {
  const warning = (path: string): string[] => [
    `mqtt-pub: ${path} holds a secret, and every user of this machine can read it: chmod o-r`,
  ];

  it.each([
    [0o644, true],
    [0o604, true],
    [0o640, false],
    [0o600, false],
  ])('mode %o: %s', async (mode, isTold) => {
    const path = fileWith(`${SECRET}\n`, mode);
    const { lines, password } = await publish(['-u', 'u', '--password-file', path]);
    expect({ lines, password }).toEqual({ lines: isTold ? warning(path) : [], password: SECRET });
  });

  it('that is an options file', async () => {
    const path = fileWith(`-u u\n-P ${SECRET}\n`, 0o644);
    expect((await publish(['-o', path])).lines).toEqual(warning(path));
    const plain = fileWith('-u u\n', 0o644);
    expect((await publish(['-o', plain])).lines).toEqual([]);
  });

  it.each([
    [`-L mqtt://u:${SECRET}@h/a`, true],
    [`--proxy socks5h://u:${SECRET}@p`, true],
    ['--proxy socks5h://p', false],
    [`--http-proxy http://u:${SECRET}@p`, true],
    ['--http-proxy http://p', false],
    [`--ws-header Authorization: Bearer ${SECRET}`, true],
    [`--ws-header X-Api-Key: ${SECRET}`, true],
    ['--ws-header X-Trace: 7', false],
    [`-D connect authentication-method m\n-D connect authentication-data ${SECRET}`, true],
    ['-D connect authentication-method m', false],
    [`--psk-identity u\n--psk ${Buffer.from(SECRET).toString('hex')}`, true],
  ])('that is an options file with %s: %s', async (text, isTold) => {
    const path = fileWith(`${text}\n`, 0o644);
    expect((await publish(['-o', path])).lines).toEqual(isTold ? warning(path) : []);
    expect((await publish(['-o', fileWith(`${text}\n`, 0o640)])).lines).toEqual([]);
  });
});
