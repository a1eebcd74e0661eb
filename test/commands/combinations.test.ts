/** Options that lack their value, have a wrong one, or do not go together: exit code 2, one line, nothing connected. */
import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { COMMANDS } from '../../src/cli/command-table.ts';
import { FakeBroker } from '../support/fake-session.ts';
import { MemoryInput } from '../support/memory-streams.ts';
import { runCli } from '../support/run-cli.ts';
import { makeTempFolder } from '../support/temp-folder.ts';

/** The least that each command needs. */
const ENOUGH: Readonly<Record<string, readonly string[]>> = {
  'mqtt-pub': ['-t', 'a', '-m', 'x'],
  'mqtt-sub': ['-t', 'a'],
  'mqtt-rr': ['-t', 'a', '-e', 'b', '-m', 'x'],
};

/** Runs it; it must end with 2, before it has connected, read its input or printed anything. Returns what it said. */
async function refuse(command: string, argv: readonly string[]): Promise<string> {
  const broker = new FakeBroker();
  const stdin = new MemoryInput();
  stdin.feed('line\n');
  const { exitCode, stdout, stderr } = await runCli(command, argv, { broker, stdin });
  expect({ exitCode, stdout: stdout.length, plans: broker.plans }, argv.join(' ')).toEqual({
    exitCode: 2,
    stdout: 0,
    plans: [],
  });
  expect(stdin.read()?.toString()).toBe('line\n');
  const [line = '', ...hint] = stderr.trimEnd().split('\n');
  // One line, and perhaps a hint of what to type.
  expect(hint.filter((more) => !more.startsWith('  '))).toEqual([]);
  expect(line.startsWith(`${command}: `), line).toBe(true);
  return line.slice(command.length + 2);
}

describe.each(Object.keys(ENOUGH))('every option of %s', (name) => {
  const enough = ENOUGH[name] ?? [];

  it('that lacks its value says so', async () => {
    const command = await COMMANDS[name]?.();
    for (const { long, short, valueNames } of command?.options ?? []) {
      if (valueNames.length === 0) continue;
      const spellings = [`--${long}`, ...(short === undefined ? [] : [`-${short}`])];
      for (const spelled of spellings) {
        // A plea for help.
        if (spelled === '-h') continue;
        const missing = valueNames.slice(1).map(() => 'publish');
        expect(await refuse(name, [...enough, spelled, ...missing])).toBe(
          `${spelled} needs a value: ${spelled} ${valueNames.join(' ')}`,
        );
      }
    }
  });

  it('that is a flag takes no value', async () => {
    const command = await COMMANDS[name]?.();
    for (const { long, valueNames } of command?.options ?? []) {
      if (valueNames.length > 0) continue;
      expect(await refuse(name, [...enough, `--${long}=x`])).toBe(`--${long} takes no value`);
    }
  });
});

describe.each(Object.keys(ENOUGH))('%s refuses', (name) => {
  const folder = makeTempFolder();
  const file = folder.file('file');
  beforeAll(() => writeFileSync(file, ''));
  afterAll(() => folder.remove());

  it.each<[string[], string]>([
    [['-i', 'a', '-I', 'b'], '-i and -I exclude each other'],
    [['-c'], '-c needs a Client Identifier to keep the session under'],
    [['-c', '-x', '10'], '-c needs a Client Identifier to keep the session under'],
    [['-x', '-1'], '-x needs a Client Identifier to keep the session under'],
    [['-x', '10', '-V', 'mqttv311'], '-x needs MQTT 5, and -V asks for another version'],
    [['-D', 'connect', 'user-property', 'a', 'b', '-V', '31'], '-D needs MQTT 5, and -V asks for another version'],
    [
      ['-x', '1', '-D', 'connect', 'session-expiry-interval', '1'],
      '-x and -D connect session-expiry-interval both give it',
    ],
    [
      ['-D', 'connect', 'authentication-data', 'x'],
      '-D connect authentication-data needs -D connect authentication-method',
    ],
    [['--will-payload', 'x'], '--will-payload needs --will-topic'],
    [['--will-qos', '1'], '--will-qos needs --will-topic'],
    [['--will-retain'], '--will-retain needs --will-topic'],
    [['-D', 'will', 'content-type', 'x'], '-D will needs --will-topic'],
    [['--will-topic', 'a/#'], '--will-topic a/#: must not hold the wildcards + and #'],
    [['-P', 'x'], '-P: a password needs a user name'],
    [['-u', 'u', '-P', 'x', '--password-file', file], '-P and --password-file both give the password'],
    [['--unix', '/tmp/s', '-S'], '--unix and -S exclude each other'],
    [['--unix', '/tmp/s', '-A', '127.0.0.1'], '--unix and -A exclude each other'],
    [['--unix', '/tmp/s', '--proxy', 'socks5h://p'], '--unix and a proxy exclude each other'],
    [['--proxy', 'socks5h://p', '--http-proxy', 'http://p'], '--proxy and --http-proxy exclude each other'],
    [['--http-proxy', 'env'], '--http-proxy env: HTTPS_PROXY is not set'],
    [['--proxy', 'socks5://p'], '--proxy socks5://p: must be socks5h://[USER[:PASSWORD]@]HOST[:PORT]'],
    [['-p', '0'], '-p 0 is for a Unix socket, and localhost is no path'],
    [['-p', '8883', '--cert', file], '--cert needs --key too'],
    [['-p', '8883', '--key', file], '--key needs --cert too'],
    [['-p', '8883', '--keyform', 'pem'], '--keyform needs --key'],
    [['-p', '8883', '--pfx', file, '--cert', file, '--key', file], '--pfx and --cert exclude each other'],
    [['-p', '8883', '--passphrase-file', file], '--passphrase-file needs --key or --pfx'],
    [['--psk', 'ab'], '--psk needs --psk-identity'],
    [['-p', '8883', '--psk-identity', 'x'], '--psk-identity needs --psk'],
    [['--psk', 'ab', '--psk-identity', 'x', '--tls-version', 'tlsv1.3'], '--psk works up to TLS 1.2'],
    [['--insecure'], '--insecure is for TLS, and this connection has none'],
    [['--tls-alpn', 'mqtt'], '--tls-alpn is for TLS, and this connection has none'],
    [['-o', file, '-o', file], '-o was given twice'],
    [['-o', `${file}.missing`], `-o ${file}.missing: no such file`],
    [['--broker', 'embedded', '-h', 'x'], '--broker embedded and -h name two brokers'],
    [['mqtt://a', 'mqtt://b'], 'unexpected argument mqtt://b'],
  ])('%j', async (argv, says) => {
    expect(await refuse(name, [...(ENOUGH[name] ?? []), ...argv])).toBe(says);
  });

  it.each([
    ['--tls-engine', 'x'],
    ['--tls-engine-kpass-sha1', 'ab'],
    ['--keyform', 'engine'],
  ])('%s, which Node does not offer', async (...argv) => {
    const says = await refuse(name, [...(ENOUGH[name] ?? []), '-p', '8883', ...argv]);
    expect(says.startsWith(`${argv[0]} `)).toBe(true);
    expect(says).toMatch(/engine/);
  });
});

describe('mqtt-pub refuses', () => {
  const sources = [['-m', 'x'], ['-f', 'x'], ['-s'], ['-l'], ['-n']];
  const pairs = sources.flatMap((first) => sources.flatMap((second) => (first === second ? [] : [[first, second]])));

  it.each(pairs as [string[], string[]][])('%j and %j', async (first, second) => {
    const says = await refuse('mqtt-pub', ['-t', 'a', ...first, ...second]);
    // In the order of the table, whatever the order they were typed in.
    expect([...says.matchAll(/-[a-z]\b/g)].map(([option]) => option).sort()).toEqual([first[0], second[0]].sort());
    expect(says).toContain('both give the message');
  });

  it.each<[string[], string]>([
    [['-m', 'x'], 'there is no topic'],
    [['-t', 'a'], 'there is no message'],
    [['-t', 'a', '-f', 'x', '-f', 'x'], '-f was given twice'],
    [['-t', 'a', '-m', 'x', '-D', 'subscribe', 'subscription-identifier', '1'], '-D subscribe '],
    [['-t', 'a', '-m', 'x', '-D', 'unsubscribe', 'user-property', 'a', 'b'], '-D unsubscribe '],
  ])('%j', async (argv, says) => {
    expect(await refuse('mqtt-pub', argv)).toContain(says);
  });
});

describe('mqtt-sub refuses', () => {
  it.each<[string[], string]>([
    [[], 'there is no topic'],
    [['-R', '--retained-only'], '-R and --retained-only together leave no message'],
    [['--dry-run'], '--dry-run needs --remove-retained'],
    ...['--json', '--parse-json'].flatMap((json): [string[], string][] => [
      [['-t', 'a', json, '-v'], `-v is for text, and ${json} prints JSON`],
      [['-t', 'a', '-N', json], `-N is for text, and ${json} prints JSON`],
      [['-t', 'a', json, '--raw'], `--raw is for text, and ${json} prints JSON`],
      [['-t', 'a', json, '-F', '%p'], `-F is for text, and ${json} prints JSON`],
      [['-t', 'a', '-w', json], `-w is for text, and ${json} prints JSON`],
    ]),
    [['-t', 'a', '-F', 'x%'], '-F: incomplete format specifier at position 2'],
    [['-t', 'a', '--format', '%t %Z'], '--format: unknown format specifier %Z at position 4'],
    [['-t', 'a', '-F', '\\q'], '-F: unknown escape \\q at position 1'],
    [['-t', 'a', '-D', 'publish', 'content-type', 'x'], '-D publish content-type'],
  ])('%j', async (argv, says) => {
    const needsTopic = argv.length > 0 && !argv.includes('-t');
    const words = needsTopic ? ['-t', 'a', ...argv] : argv.length === 0 ? ['-v'] : argv;
    expect(await refuse('mqtt-sub', words)).toContain(says);
  });
});

describe('mqtt-rr refuses', () => {
  it.each<[string[], string]>([
    [['-e', 'b', '-m', 'x'], 'there is no topic'],
    [['-t', 'a', '-m', 'x'], 'there is no topic for the answer'],
    [['-t', 'a', '-e', 'b'], 'there is no message'],
    [['-t', 'a', '-e', 'b', '-m', 'x', '-n'], '-m and -n both give the message'],
    [['-t', 'a', '-e', 'b', '-m', 'x', '--each-line'], '-m and --each-line both give the request'],
    [['-t', 'a', '-e', 'b/#', '-m', 'x'], '-e b/#: must not hold the wildcards + and #'],
    [
      ['-t', 'a', '-e', 'b', '-m', 'x', '-D', 'publish', 'response-topic', 'c'],
      '-D publish response-topic and -e both give the Response Topic',
    ],
    [['-t', 'a', '-e', 'b', '-m', 'x', '--json', '-v'], '-v is for text, and --json prints JSON'],
    [['-t', 'a', '-e', 'b', '-m', 'x', '-F', '%'], '-F: incomplete format specifier at position 1'],
  ])('%j', async (argv, says) => {
    expect(await refuse('mqtt-rr', argv)).toContain(says);
  });

  it('nothing of MQTT 5 over 3.1.1, but says that it has no effect', async () => {
    const broker = new FakeBroker({ info: { version: 4 }, publish: () => ({ reasonCode: 0x80 }) });
    const argv = ['-t', 'a', '-e', 'b', '-m', 'x', '--retain-handling', 'new', '--retain-as-published'];
    const { stderr } = await runCli('mqtt-rr', argv, { broker });
    expect(stderr).toMatch(
      /^mqtt-rr: --retain-as-published and --retain-handling need MQTT 5, and this connection speaks MQTT 3\.1\.1\n/,
    );
  });
});
