/** Passwords from wherever they may come, as a broker sees them in CONNECT, and where they must not be seen. */

import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startLiar } from '../../support/liar.ts';
import { describeWith } from '../../support/needs.ts';
import { startServer } from '../../support/server.ts';
import { binOf, runSpawnedCli } from '../../support/spawn-cli.ts';
import { makeTempFolder, type TempFolder } from '../../support/temp-folder.ts';
import { shellCommand, startOnTerminal } from '../../support/terminal.ts';
import { Transcript } from '../../support/transcript.ts';
import { letIn, publish, SENT } from './publishing.ts';

interface Recorder {
  readonly port: number;
  /** `-h 127.0.0.1 -p PORT` */
  readonly at: readonly string[];
  /** User name and password of each CONNECT. */
  readonly logins: (readonly [username: string | undefined, password: string | undefined])[];
  /** All bytes that came. */
  readonly bytes: () => Buffer;
}

async function record(): Promise<Recorder> {
  const logins: Recorder['logins'][number][] = [];
  const chunks: Buffer[] = [];
  const liar = await startLiar(async (peer) => {
    peer.socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    const { username, password } = await letIn(peer);
    logins.push([username, password?.toString()]);
  });
  onTestFinished(() => liar.close());
  const at = ['-h', '127.0.0.1', '-p', String(liar.port)];
  return { port: liar.port, at, logins, bytes: () => Buffer.concat(chunks) };
}

function makeFolder(files: Readonly<Record<string, string | Buffer>>): TempFolder {
  const folder = makeTempFolder();
  onTestFinished(() => folder.remove());
  for (const [name, content] of Object.entries(files)) writeFileSync(folder.file(name), content, { mode: 0o600 });
  return folder;
}

const message = ['-t', 'a', '-m', 'x', '-q', '1'];

describe('a password', () => {
  it('from the command line, the environment, a URL, a file, a command and an options file', async () => {
    const { port, at, logins } = await record();
    const folder = makeFolder({ password: 'from file\r\nmore\n', options: '-u ann\n-P  from options \n' });
    const url = `mqtt://ann:from%20url@127.0.0.1:${port}`;
    const ann = [...at, '-u', 'ann'];
    expect(await publish([...ann, '-P', 'typed'])).toEqual(SENT);
    expect(await publish(ann, { env: { MQTT_PASSWORD: 'from variable' } })).toEqual(SENT);
    expect(await publish([url])).toEqual(SENT);
    expect(await publish([], { env: { MQTT_URL: url } })).toEqual(SENT);
    expect(await publish(['-L', `${url}/a`])).toEqual(SENT);
    expect(await publish([...ann, '--password-file', folder.file('password')])).toEqual(SENT);
    expect(await publish([...ann, '--password-command', 'echo "from $((1 + 1)) commands"'])).toEqual(SENT);
    expect(await publish([...at, '-o', folder.file('options')])).toEqual(SENT);
    expect(await publish(ann)).toEqual(SENT);
    expect(await publish(at)).toEqual(SENT);
    expect(logins).toEqual([
      ['ann', 'typed'],
      ['ann', 'from variable'],
      ['ann', 'from url'],
      ['ann', 'from url'],
      ['ann', 'from url'],
      ['ann', 'from file'],
      ['ann', 'from 2 commands'],
      ['ann', 'from options '],
      ['ann', undefined],
      [undefined, undefined],
    ]);
  });

  it('is sent byte for byte', async () => {
    const { at, bytes } = await record();
    const secret = Buffer.from([0xff, 0xfe, 0x00, 0x20, 0xc3]);
    const folder = makeFolder({ password: Buffer.concat([secret, Buffer.from('\n')]) });
    expect(await publish([...at, '-u', 'ann', '--password-file', folder.file('password')])).toEqual(SENT);
    expect(
      bytes().includes(Buffer.concat([Buffer.from([0, 3]), Buffer.from('ann'), Buffer.from([0, 5]), secret])),
    ).toBe(true);
  });

  it('may come through a pipe', async () => {
    const { at, logins } = await record();
    const command = `${shellCommand('mqtt-pub', [...at, '-u', 'ann', ...message])} --password-file <(echo piped)`;
    const child = spawn('bash', ['-c', command], { stdio: 'ignore' });
    expect(await new Promise((resolve) => child.once('exit', resolve))).toBe(0);
    expect(logins).toEqual([['ann', 'piped']]);
  });

  it('of a command that asks on standard error and is told on standard input', async () => {
    const { at, logins } = await record();
    const argv = [
      ...at,
      '-u',
      'ann',
      ...message,
      '--password-command',
      'echo Who? >&2; read -r answer; echo "$answer"',
    ];
    expect(await runSpawnedCli('mqtt-pub', argv, { input: 'me\n' })).toMatchObject({ exitCode: 0, stderr: 'Who?\n' });
    expect(logins).toEqual([['ann', 'me']]);
  });
});

describe('credentials that came with a host are never sent to another one', () => {
  const URL = 'mqtts://ann:sentinel@elsewhere.invalid:7';
  const FILE = [
    '-h elsewhere.invalid',
    '-u ann',
    '-P sentinel',
    '-D connect authentication-method sentinel',
    '-D connect authentication-data sentinel',
    '',
  ].join('\n');
  const WITH_FILE = '-h elsewhere.invalid\n-u ann\n--password-file SECRET\n';
  const WITH_COMMAND = '-h elsewhere.invalid\n-u ann\n--password-command echo sentinel\n';

  /** Everything that options may come from; SECRET in a file is the path of a file with the secret. */
  interface Sources {
    readonly env?: Readonly<Record<string, string>>;
    readonly options?: string;
    readonly profile?: string;
  }

  /** The words and the world in which these sources hold. */
  function arrange({ env, options, profile }: Sources): { words: string[]; world: { env: Record<string, string> } } {
    const folder = makeFolder({ secret: 'sentinel\n' });
    mkdirSync(folder.file('mqtt-toolkit/profiles'), { recursive: true });
    const words: string[] = [];
    if (options !== undefined) {
      writeFileSync(folder.file('options'), options.replace('SECRET', folder.file('secret')), { mode: 0o600 });
      words.push('-o', folder.file('options'));
    }
    if (profile !== undefined) {
      writeFileSync(folder.file('mqtt-toolkit/profiles/elsewhere'), profile.replace('SECRET', folder.file('secret')), {
        mode: 0o600,
      });
      words.push('--profile', 'elsewhere');
    }
    return { words, world: { env: { ...env, XDG_CONFIG_HOME: folder.path } } };
  }

  function waysTo(port: number): readonly string[][] {
    return [
      ['-h', '127.0.0.1', '-p', String(port)],
      [`mqtt://127.0.0.1:${port}`],
      ['-L', `mqtt://127.0.0.1:${port}/a`],
    ];
  }

  it.each<[string, Sources]>([
    ['MQTT_URL', { env: { MQTT_URL: URL } }],
    ['an options file', { options: FILE }],
    ['a URL in an options file', { options: `-L ${URL}/topic\n` }],
    ['a profile', { profile: FILE }],
    ['the file of a password in a profile', { profile: WITH_FILE }],
    ['a command in a profile', { profile: WITH_COMMAND }],
    ['an options file beside a profile for another host', { options: FILE, profile: '-h other.invalid\n' }],
  ])('from %s, to the host of the command line', async (_, sources) => {
    const { port, bytes, logins } = await record();
    const { words, world } = arrange(sources);
    for (const way of waysTo(port)) {
      const [exitCode, stderr] = await publish([...words, ...way, '-d'], world);
      expect(exitCode).toBe(0);
      expect(stderr).toContain('sending CONNECT');
      expect(stderr).not.toContain('sentinel');
    }
    expect(bytes().includes('sentinel')).toBe(false);
    expect(logins).toEqual(waysTo(port).map(() => [undefined, undefined]));
  });

  it('from an options file, by way of a profile for another host', async () => {
    const { port, bytes, logins } = await record();
    const profile = `-h 127.0.0.1\n-p ${port}\n`;
    for (const options of [FILE, `-L ${URL.replace('mqtts', 'mqtt')}/topic\n`, `-L ${URL}/topic\n`]) {
      const { words, world } = arrange({ options, profile });
      const [exitCode, stderr] = await publish(words, world);
      expect(exitCode).toBe(0);
      expect(stderr).toMatch(/^mqtt-pub: the credentials of .*options are for another host, and are not sent to .*\n$/);
    }
    expect(bytes().includes('sentinel')).toBe(false);
    expect(logins).toEqual([1, 2, 3].map(() => [undefined, undefined]));
  });

  it('in a header of WebSocket', async () => {
    const chunks: Buffer[] = [];
    const server = await startServer((socket) => {
      socket.once('data', (chunk) => {
        chunks.push(chunk);
        socket.end('HTTP/1.1 404 Not Found\r\n\r\n');
      });
    });
    onTestFinished(() => server.close());
    const { words, world } = arrange({ profile: '-h elsewhere.invalid\n--ws-header Authorization: sentinel\n' });
    for (const way of waysTo(server.port)) {
      const [exitCode, stderr] = await publish([...words, ...way, '--ws-header', 'X-Mine: 1', '-d'], world);
      expect(exitCode).toBe(3);
      expect(stderr).not.toContain('sentinel');
    }
    const requests = Buffer.concat(chunks).toString();
    expect(requests).toContain('X-Mine: 1\r\n');
    expect(requests).not.toContain('sentinel');
  });

  it('from a profile, to the broker of MQTT_URL and MQTT_HOST', async () => {
    const { port, bytes } = await record();
    const folder = makeFolder({});
    mkdirSync(folder.file('mqtt-toolkit/profiles'), { recursive: true });
    writeFileSync(folder.file('mqtt-toolkit/profiles/elsewhere'), '-h elsewhere.invalid\n-u ann\n-P sentinel\n', {
      mode: 0o600,
    });
    const home = { XDG_CONFIG_HOME: folder.path };
    const variables = [{ MQTT_URL: `mqtt://127.0.0.1:${port}` }, { MQTT_HOST: '127.0.0.1', MQTT_PORT: String(port) }];
    for (const env of variables) {
      const [exitCode, stderr] = await publish(['--profile', 'elsewhere'], { env: { ...home, ...env } });
      expect(exitCode).toBe(0);
      expect(stderr).toMatch(
        /^mqtt-pub: the credentials of .*elsewhere are for another host, and are not sent to .*\n$/,
      );
    }
    expect(bytes().includes('sentinel')).toBe(false);
  });

  it('nor when the same broker takes another port, where they are meant', async () => {
    const { port, logins } = await record();
    const folder = makeFolder({ options: '-h 127.0.0.1\n-p 1\n-u ann\n-P meant\n' });
    expect(await publish(['-o', folder.file('options'), '-p', String(port)])).toEqual(SENT);
    expect(logins).toEqual([['ann', 'meant']]);
  });

  it('nor is a redirection followed', async () => {
    const { port, logins } = await record();
    const liar = await startLiar(async (peer) => {
      await peer.receive('connect');
      peer.send({
        cmd: 'connack',
        reasonCode: 0x9c,
        sessionPresent: false,
        properties: { serverReference: `127.0.0.1:${port}` },
      });
    });
    onTestFinished(() => liar.close());
    const [exitCode, stderr] = await publish([`mqtt://ann:sentinel@127.0.0.1:${liar.port}`]);
    expect(stderr).toContain(`Connect there: -h 127.0.0.1 -p ${port}`);
    expect(exitCode).toBe(6);
    expect(logins).toEqual([]);
  });
});

describe('a secret is in no output', () => {
  it.each<[string, (port: number) => readonly string[], Readonly<Record<string, string>>]>([
    ['-P', (port) => ['-h', '127.0.0.1', '-p', String(port), '-u', 'u', '-P', 'sentinel'], {}],
    ['the URL', (port) => [`mqtt://u:sentinel@127.0.0.1:${port}`], {}],
    ['MQTT_PASSWORD', (port) => ['-h', '127.0.0.1', '-p', String(port), '-u', 'u'], { MQTT_PASSWORD: 'sentinel' }],
    [
      'the command',
      (port) => ['-h', '127.0.0.1', '-p', String(port), '-u', 'u', '--password-command', 'echo sentinel'],
      {},
    ],
    [
      'a property',
      (port) => [
        '-h',
        '127.0.0.1',
        '-p',
        String(port),
        '-D',
        'connect',
        'authentication-method',
        'm',
        '-D',
        'connect',
        'authentication-data',
        'sentinel',
      ],
      {},
    ],
  ])('%s, with -dd, when the broker lets it in, refuses it, or closes', async (_, argv, env) => {
    const answers = [{ reasonCode: 0 }, { reasonCode: 0x86, properties: { reasonString: 'no' } }, undefined];
    for (const answer of answers) {
      const liar = await startLiar(async (peer) => {
        await peer.receive('connect');
        if (answer) peer.send({ cmd: 'connack', sessionPresent: false, ...answer });
        peer.end();
      });
      onTestFinished(() => liar.close());
      const [, stderr] = await publish([...argv(liar.port), '-dd', '-V', '5'], { env });
      expect(stderr).toContain('sending CONNECT');
      expect(stderr).not.toContain('sentinel');
    }
  });
});

describeWith(['script', 'bash'], '--ask-password', () => {
  const ask = (recorder: Recorder, ...words: readonly string[]): string =>
    shellCommand('mqtt-pub', [...recorder.at, '-u', 'ann', '--ask-password', ...message, ...words]);

  it.each([
    ['a line', 'secret\r', 'secret'],
    ['Ctrl-D at the end', 'secret\x04', 'secret'],
    ['characters of several bytes', 'grün🚀\r', 'grün🚀'],
    ['a character taken back', 'secreü\x7ft\r', 'secret'],
    ['more taken back than there is', 'a\x7f\x7f\x7f\bsecret\r', 'secret'],
    ['all taken back by Ctrl-U', 'wrong\x15secret\r', 'secret'],
    ['keys that write nothing', '\x1b[Asec\x1b[1;5Cret\x1bOP\x1b[3~\x1a\x1c\r', 'secret'],
    ['nothing', '\r', ''],
  ])('takes %s, and shows nothing of it', async (_, typed, password) => {
    const recorder = await record();
    const terminal = startOnTerminal(ask(recorder));
    await terminal.stdout.waitFor('Password of ann: ');
    terminal.stdin.write(typed);
    const { exitCode, stdout } = await terminal.exit();
    expect(stdout.toString()).toBe('Password of ann: \r\n');
    expect(exitCode).toBe(0);
    expect(recorder.logins).toEqual([['ann', password]]);
  });

  it('ends at Ctrl-C, with the terminal as it was', async () => {
    const recorder = await record();
    const terminal = startOnTerminal(
      `${ask(recorder)}; echo "code $?"; stty -a | tr ' ;' '\\n\\n' | grep -E '^-?(echo|icanon|isig)$'`,
    );
    await terminal.stdout.waitFor('Password of ann: ');
    terminal.stdin.write('sentinel\x03');
    const { stdout } = await terminal.exit();
    expect(stdout.toString().replaceAll('\r', '')).toBe(
      'Password of ann: \nmqtt-pub: stopped while asking for the password\ncode 130\nisig\nicanon\necho\n',
    );
    expect(recorder.logins).toEqual([]);
  });

  it('asks on the terminal when standard input, output and error are something else', async () => {
    const recorder = await record();
    const folder = makeFolder({});
    const command = shellCommand('mqtt-pub', [
      ...recorder.at,
      '-u',
      'ann',
      '--ask-password',
      '-t',
      'a',
      '-s',
      '-q',
      '1',
    ]);
    const terminal = startOnTerminal(`echo x | ${command} > ${folder.file('out')} 2> ${folder.file('err')}`);
    await terminal.stdout.waitFor('Password of ann: ');
    terminal.stdin.write('secret\r');
    expect((await terminal.exit()).stdout.toString()).toBe('Password of ann: \r\n');
    expect(recorder.logins).toEqual([['ann', 'secret']]);
  });

  it('ends with the terminal', async () => {
    const recorder = await record();
    // What the command says then goes into a pipe of its own, which ends with it.
    const terminal = startOnTerminal(`exec ${ask(recorder)} 2>&3`, { stdio: ['pipe', 'pipe', 'pipe', 'pipe'] });
    const stderr = new Transcript(terminal.process.stdio[3] as Readable);
    await terminal.stdout.waitFor('Password of ann: ');
    terminal.kill('SIGKILL');
    await stderr.complete;
    // Node 20 itself may have more to say: it cannot restore a terminal that is gone.
    expect(stderr.text).toMatch(/^mqtt-pub: stopped while asking for the password\n/);
    expect(recorder.logins).toEqual([]);
  });

  it('names the user safely', async () => {
    const recorder = await record();
    const terminal = startOnTerminal(
      shellCommand('mqtt-pub', [...recorder.at, '-u', 'a\x1b[31mb', '--ask-password', ...message]),
    );
    await terminal.stdout.waitFor(/Password of a\\e\[31mb: /);
    terminal.stdin.write('\r');
    await terminal.exit();
  });

  it('says what to do where there is no terminal', async () => {
    // A session of its own has none.
    const words = [binOf('mqtt-pub'), '-h', '127.0.0.1', '-u', 'ann', '--ask-password', ...message];
    const child = spawn(process.execPath, words, { detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    const stderr = new Transcript(child.stderr);
    const exitCode = await new Promise((resolve) => child.once('close', resolve));
    expect(stderr.text).toBe(
      'mqtt-pub: --ask-password: there is no terminal to ask on\n  In a script: --password-file FILE or MQTT_PASSWORD.\n',
    );
    expect(exitCode).toBe(2);
  });
});
