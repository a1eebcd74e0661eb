/** mqtt-pub from its words to its exit code, in process: what is published, what is said, by exact text. */
import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { UnauthorizedError, UnreachableError } from '../../src/errors.ts';
import { FakeClock, settle } from '../support/fake-clock.ts';
import { FakeBroker, type FakeScript, type FakeSession } from '../support/fake-session.ts';
import { MemoryInput } from '../support/memory-streams.ts';
import { type CliResult, type RunningCli, runCli, startCli, type World } from '../support/run-cli.ts';
import { makeTempFolder } from '../support/temp-folder.ts';

const MESSAGE = ['-t', 'a/b', '-m', 'hello'];

function pub(argv: readonly string[], world?: World): Promise<CliResult> {
  return runCli('mqtt-pub', argv, world);
}

/** Runs it to the end on a broker of this kind, and returns the session too. */
async function publishTo(
  script: FakeScript,
  argv: readonly string[],
  world?: World,
): Promise<[CliResult, FakeSession]> {
  const broker = new FakeBroker(script);
  const result = await pub(argv, { ...world, broker });
  return [result, await broker.session()];
}

function start(argv: readonly string[], world?: World): RunningCli {
  return startCli('mqtt-pub', argv, world);
}

function outcome(exitCode: number, ...lines: string[]): CliResult {
  return { exitCode, stdout: Buffer.alloc(0), stderr: lines.map((line) => `${line}\n`).join('') } as CliResult;
}

describe('mqtt-pub publishes', () => {
  it('a message as typed, at QoS 0, and closes', async () => {
    const [result, session] = await publishTo({}, MESSAGE);
    expect(result).toEqual(outcome(0));
    expect(session.published).toEqual([{ topic: 'a/b', payload: Buffer.from('hello'), qos: 0, retain: false }]);
    expect(session.closedWith).toBe(0);
  });

  it.each([0, 1, 2] as const)('with -q %d -r', async (qos) => {
    const [result, session] = await publishTo({}, [...MESSAGE, '-q', String(qos), '-r']);
    expect(result).toEqual(outcome(0));
    expect(session.published).toMatchObject([{ qos, retain: true }]);
  });

  it.each([
    ['-r'],
    ['--help'],
    ['-'],
    [''],
    ['"on"'],
    ["'"],
    ['007'],
    ['1e3'],
    ['a=b'],
    ['{"a": [1]}'],
    ['\u{1f980} ünï'],
    ['-m'],
  ])('%j, whatever it looks like', async (message) => {
    const [result, session] = await publishTo({}, ['-t', 'a', '-m', message]);
    expect(result).toEqual(outcome(0));
    expect(session.published[0]?.payload.toString()).toBe(message);
  });

  it('standard input as one message', async () => {
    const stdin = Buffer.from([0, 255, 10, 27, 10]);
    const [result, session] = await publishTo({}, ['-t', 'a', '-s'], { stdin });
    expect(result).toEqual(outcome(0));
    expect(session.published.map(({ payload }) => payload)).toEqual([stdin]);
  });

  it('the lines of standard input', async () => {
    const [result, session] = await publishTo({}, ['-t', 'a', '-l', '-q', '1'], { stdin: 'one\n\ntwo\r\nlast' });
    expect(result).toEqual(outcome(0));
    expect(session.published.map(({ payload }) => payload.toString())).toEqual(['one', '', 'two\r', 'last']);
  });

  it('an empty message', async () => {
    const [result, session] = await publishTo({}, ['-t', 'a', '-n', '-r']);
    expect(result).toEqual(outcome(0));
    expect(session.published).toEqual([{ topic: 'a', payload: Buffer.alloc(0), qos: 0, retain: true }]);
  });

  it('blank lines with -r not at all, and says so', async () => {
    const one = await publishTo({}, ['-t', 'a', '-l', '-r'], { stdin: 'x\n\n' });
    expect(one[0]).toEqual(
      outcome(
        0,
        'mqtt-pub: 1 blank line was skipped: with -r an empty message would delete the retained one (-n -r does)',
      ),
    );
    expect(one[1].published.length).toBe(1);
    const many = await publishTo({}, ['-t', 'a', '-l', '-r'], { stdin: '\n\n\n' });
    expect(many[0].stderr).toMatch(/^mqtt-pub: 3 blank lines were skipped: /);
    expect(await pub(['-t', 'a', '-l', '-r', '--quiet'], { stdin: '\n' })).toEqual(outcome(0));
  });

  it('does not let an empty standard input delete a retained message', async () => {
    expect(await pub(['-t', 'a', '-s', '-r'], { stdin: '' })).toEqual(
      outcome(
        2,
        'mqtt-pub: standard input is empty, and with -r an empty message would delete the retained one',
        '  Where that is meant: -n -r',
      ),
    );
  });

  describe('a file', () => {
    const folder = makeTempFolder();
    beforeAll(() => writeFileSync(folder.file('payload'), Buffer.from([0, 1, 2, 255])));
    afterAll(() => folder.remove());

    it('byte for byte', async () => {
      const [result, session] = await publishTo({}, ['-t', 'a', '-f', folder.file('payload')]);
      expect(result).toEqual(outcome(0));
      expect(session.published[0]?.payload).toEqual(Buffer.from([0, 1, 2, 255]));
    });

    it('that cannot be read: nothing is connected', async () => {
      const broker = new FakeBroker();
      const missing = folder.file('missing');
      expect(await pub(['-t', 'a', '-f', missing], { broker })).toEqual(
        outcome(2, `mqtt-pub: -f ${missing}: no such file`),
      );
      expect(await pub(['-t', 'a', '-f', folder.path], { broker })).toEqual(
        outcome(2, `mqtt-pub: -f ${folder.path}: is a folder`),
      );
      expect(broker.plans).toEqual([]);
    });
  });

  it('no more than Receive Maximum at once', async () => {
    const broker = new FakeBroker({ info: { receiveMaximum: 3 }, publish: () => 'never' });
    const stdin = new MemoryInput();
    const cli = start(['-t', 'a', '-l', '-q', '1'], { broker, stdin });
    stdin.feed('1\n2\n3\n4\n5\n');
    const session = await broker.session();
    await session.waitUntil(({ published }) => published.length === 3);
    await settle();
    expect(session.published.length).toBe(3);
    cli.stop('SIGTERM');
    expect(await cli.result).toEqual(outcome(143, 'mqtt-pub: stopped by SIGTERM: 0 of 3 messages accepted'));
  });
});

describe('mqtt-pub connects', () => {
  async function planOf(
    argv: readonly string[],
    world: World = {},
    warning = '',
  ): Promise<FakeBroker['plans'][number]> {
    const broker = new FakeBroker();
    const result = await pub([...argv, ...MESSAGE], { ...world, broker });
    expect(result.stderr).toBe(warning);
    expect(broker.plans.length).toBe(1);
    return broker.plans[0] as FakeBroker['plans'][number];
  }

  it('to localhost by default', async () => {
    expect(await planOf([])).toMatchObject({
      endpoint: { host: 'localhost', port: 1883 },
      version: 'auto',
      clientId: '',
      keepAliveSeconds: 60,
      cleanStart: true,
      connectTimeoutMs: 10_000,
    });
  });

  it.each<[string[], object]>([
    [['-h', 'broker.lan', '-p', '1884'], { endpoint: { host: 'broker.lan', port: 1884 } }],
    [['-h', '::1'], { endpoint: { host: '::1', port: 1883 } }],
    [['mqtt://broker.lan'], { endpoint: { host: 'broker.lan', port: 1883 } }],
    [['mqtt://[::1]:1885'], { endpoint: { host: '::1', port: 1885 } }],
    [['mqtts://broker.lan'], { endpoint: { host: 'broker.lan', port: 8883, tls: { insecure: false } } }],
    [['ws://broker.lan'], { endpoint: { host: 'broker.lan', port: 80, webSocketPath: '/mqtt' } }],
    [['ws://broker.lan:9001/other'], { endpoint: { host: 'broker.lan', port: 9001, webSocketPath: '/other' } }],
    [['wss://broker.lan'], { endpoint: { port: 443, webSocketPath: '/mqtt', tls: { insecure: false } } }],
    [['-p', '8883'], { endpoint: { host: 'localhost', port: 8883, tls: { insecure: false } } }],
    [['mqtt://u:p%40@broker.lan'], { username: 'u', password: Buffer.from('p@'), passwordSource: 'the URL' }],
    [['-u', 'ann', '-P', '123'], { username: 'ann', password: Buffer.from('123'), passwordSource: '-P' }],
    [['-i', '007'], { clientId: '007' }],
    [['-I', 'pre-'], { clientId: 'pre-4711' }],
    [['-k', '5'], { keepAliveSeconds: 5 }],
    [['-c', '-i', 'me'], { cleanStart: false, clientId: 'me', sessionExpiryInterval: 4_294_967_295 }],
    [['-c', '-i', 'me', '-x', '60'], { cleanStart: false, sessionExpiryInterval: 60 }],
    [['-V', '5'], { version: 5 }],
    [['-V', 'mqttv311'], { version: 4 }],
    [['-V', '31'], { version: 3 }],
    [['-V', 'auto'], { version: 'auto' }],
    [['--connect-timeout', '1500ms'], { connectTimeoutMs: 1500 }],
    [
      ['--will-topic', 'w', '--will-payload', 'x', '--will-qos', '2', '--will-retain'],
      { will: { topic: 'w', payload: Buffer.from('x'), qos: 2, retain: true } },
    ],
  ])('as %j says', async (argv, plan) => {
    expect(await planOf(argv)).toMatchObject(plan);
  });

  it('as the environment says, and the command line overrules it', async () => {
    const env = { MQTT_HOST: 'env.lan', MQTT_PORT: '1999', MQTT_USERNAME: 'eve', MQTT_PASSWORD: 'pw' };
    expect(await planOf([], { env })).toMatchObject({
      endpoint: { host: 'env.lan', port: 1999 },
      username: 'eve',
      password: Buffer.from('pw'),
      passwordSource: 'MQTT_PASSWORD',
    });
    expect(await planOf(['-p', '2000', '-u', 'ann', '-P', 'x'], { env })).toMatchObject({
      endpoint: { host: 'env.lan', port: 2000 },
      username: 'ann',
      passwordSource: '-P',
    });
    expect(await planOf([], { env: { MQTT_URL: 'mqtt://url.lan:1234' } })).toMatchObject({
      endpoint: { host: 'url.lan', port: 1234 },
    });
  });

  it('without the credentials of a URL whose host the command line replaces', async () => {
    const plan = await planOf(
      ['-h', 'other.lan'],
      { env: { MQTT_URL: 'mqtt://eve:secret@url.lan' } },
      'mqtt-pub: the credentials of MQTT_URL are for another host, and are not sent to other.lan:1883\n',
    );
    expect(plan).toMatchObject({ endpoint: { host: 'other.lan' } });
    expect(plan.username).toBeUndefined();
    expect(plan.password).toBeUndefined();
  });

  it('with -L, which names the topic too', async () => {
    const broker = new FakeBroker();
    expect(await pub(['-L', 'mqtt://broker.lan/x/y', '-m', 'z'], { broker })).toEqual(outcome(0));
    expect(broker.plans).toMatchObject([{ endpoint: { host: 'broker.lan', port: 1883 } }]);
    expect((await broker.session()).published).toMatchObject([{ topic: 'x/y' }]);
  });
});

describe('mqtt-pub ends with 2, and connects to nothing, for', () => {
  const wrong: readonly [argv: string[], ...lines: string[]][] = [
    [['-m', 'x'], 'mqtt-pub: there is no topic', '  Give one: -t TOPIC'],
    [
      ['-t', 'a'],
      'mqtt-pub: there is no message',
      "  Give one: -m 'text', -f FILE, -s or -l for standard input, -n for none.",
    ],
    [['-t', 'a', '-m', 'x', '-n'], 'mqtt-pub: -m and -n both give the message', '  Give one of them.'],
    [['-t', 'a', '-s', '-l'], 'mqtt-pub: -s and -l both give the message', '  Give one of them.'],
    [['-t', 'a', '-m', 'x', '-m', 'y'], 'mqtt-pub: -m was given twice'],
    [
      ['-t', 'a/#', '-m', 'x'],
      'mqtt-pub: -t a/#: must not hold the wildcards + and #',
      '  Messages are published to one topic; wildcards are for mqtt-sub.',
    ],
    [['-t', '', '-m', 'x'], 'mqtt-pub: -t "": must not be empty'],
    [['-t', 'a\u0007', '-m', 'x'], 'mqtt-pub: -t "a\\x07": must not hold the control character U+0007'],
    [['-t', 'a', '-m'], 'mqtt-pub: -m needs a value: -m MESSAGE'],
    [[...MESSAGE, '-q', '3'], 'mqtt-pub: -q 3: must be 0, 1 or 2'],
    [[...MESSAGE, '-q', 'abc'], 'mqtt-pub: -q abc: must be 0, 1 or 2'],
    [[...MESSAGE, '--qos=1.5'], 'mqtt-pub: --qos 1.5: must be 0, 1 or 2'],
    [[...MESSAGE, '-p', '70000'], 'mqtt-pub: -p 70000: must be a whole number from 0 to 65535'],
    [[...MESSAGE, '-k', '4'], 'mqtt-pub: -k 4: must be a whole number from 5 to 65535, in seconds'],
    [[...MESSAGE, '-V', '6'], 'mqtt-pub: -V 6: must be auto, 5, 311 or 31'],
    [[...MESSAGE, '--retian'], 'mqtt-pub: unknown option --retian', '  Did you mean --retain?'],
    [[...MESSAGE, '--zzzzz'], 'mqtt-pub: unknown option --zzzzz'],
    [[...MESSAGE, '--retain=yes'], 'mqtt-pub: --retain takes no value'],
    [
      [...MESSAGE, '-c'],
      'mqtt-pub: -c needs a Client Identifier to keep the session under',
      '  Add -i NAME, the same at every run.',
    ],
    [[...MESSAGE, '-i', 'a', '-I', 'b'], 'mqtt-pub: -i and -I exclude each other'],
    [[...MESSAGE, '-x', '1', '-V', '311'], 'mqtt-pub: -x needs MQTT 5, and -V asks for another version'],
    [[...MESSAGE, '--will-payload', 'x'], 'mqtt-pub: --will-payload needs --will-topic'],
    [
      ['mqtt://broker.lan/a/b', '-m', 'x'],
      'mqtt-pub: URL mqtt://broker.lan/a/b: must not have a path',
      "  The topic is given with -t: -t 'a/b'",
    ],
    [[...MESSAGE, '--connect-timeout', '0'], 'mqtt-pub: --connect-timeout 0: must be a duration from 1ms to 596h'],
    [
      [...MESSAGE, '--broker', 'embedded', '-h', 'x'],
      'mqtt-pub: --broker embedded and -h name two brokers',
      '  Give one of them.',
    ],
  ];
  it.each(wrong)('%j', async (argv, ...lines) => {
    const broker = new FakeBroker();
    expect(await pub(argv, { broker })).toEqual(outcome(2, ...lines));
    expect(broker.plans).toEqual([]);
  });

  it('a wrong environment variable, which it names', async () => {
    expect(await pub(MESSAGE, { env: { MQTT_PORT: 'http' } })).toEqual(
      outcome(2, 'mqtt-pub: MQTT_PORT http: must be a whole number from 0 to 65535'),
    );
  });

  it('a wrong option, also with --quiet', async () => {
    expect(await pub([...MESSAGE, '--quiet', '-q', '3'])).toEqual(outcome(2, 'mqtt-pub: -q 3: must be 0, 1 or 2'));
  });

  it('no words at all, in at most twelve lines', async () => {
    const { exitCode, stdout, stderr } = await pub([]);
    expect({ exitCode, stdout: stdout.length }).toEqual({ exitCode: 2, stdout: 0 });
    expect(stderr.split('\n').length).toBeLessThanOrEqual(12);
    expect(stderr).toMatch(
      /^mqtt-pub: .*\n\nusage: mqtt-pub .*\n\n {2}mqtt-pub .*\n {2}mqtt-pub .*\n\nAll options: mqtt-pub --help\n$/,
    );
  });

  it('never shows the password of a URL', async () => {
    const { exitCode, stderr } = await pub(['mqtt://eve:secret@broker.lan/path', ...MESSAGE]);
    expect(exitCode).toBe(2);
    expect(stderr).not.toContain('secret');
  });
});

describe('mqtt-pub says why, for', () => {
  it('a broker that cannot be reached', async () => {
    const error = new UnreachableError('nothing is listening on localhost:1883', 'Is the broker running?');
    expect(await pub(MESSAGE, { broker: new FakeBroker(error) })).toEqual(
      outcome(3, 'mqtt-pub: nothing is listening on localhost:1883', '  Is the broker running?'),
    );
  });

  it('a refused login', async () => {
    const error = new UnauthorizedError('the broker refused the login: Not authorized (0x87)', 'User a was sent.');
    expect(await pub(MESSAGE, { broker: new FakeBroker(error) })).toEqual(
      outcome(5, 'mqtt-pub: the broker refused the login: Not authorized (0x87)', '  User a was sent.'),
    );
  });

  it.each([1, 2] as const)('a refused message at QoS %d', async (qos) => {
    const refused = { reasonCode: 0x97, reasonString: 'disk full' };
    const [result] = await publishTo({ publish: () => refused }, [...MESSAGE, '-q', String(qos)]);
    expect(result).toEqual(
      outcome(9, 'mqtt-pub: the broker refused the message: a/b: Quota exceeded (0x97): disk full'),
    );
  });

  it('some refused lines of many', async () => {
    const publish: NonNullable<FakeScript['publish']> = (_message, index) => ({
      reasonCode: index % 2 === 0 ? 0x87 : 0,
    });
    const [result, session] = await publishTo({ publish }, ['-t', 'a', '-l', '-q', '1'], { stdin: '1\n2\n3\n4\n5\n' });
    expect(result).toEqual(outcome(9, 'mqtt-pub: the broker refused 3 of 5 messages: a: Not authorized (0x87)'));
    expect(session.published.length).toBe(5);
  });

  it('"No matching subscribers", nothing', async () => {
    const [result] = await publishTo({ publish: () => ({ reasonCode: 0x10 }) }, [...MESSAGE, '-q', '1']);
    expect(result).toEqual(outcome(0));
  });

  it('what the broker said in CONNACK it does not take', async () => {
    const [qos] = await publishTo({ info: { maximumQoS: 1 } }, [...MESSAGE, '-q', '2']);
    expect(qos).toEqual(outcome(9, 'mqtt-pub: the broker takes messages up to QoS 1, not 2', '  Use -q 1.'));
    const [retain] = await publishTo({ info: { retainAvailable: false } }, [...MESSAGE, '-r']);
    expect(retain).toEqual(outcome(9, 'mqtt-pub: the broker does not retain messages', '  Leave -r away.'));
    const [size, session] = await publishTo({ info: { maximumPacketSize: 10 } }, MESSAGE);
    expect(size).toEqual(
      outcome(9, 'mqtt-pub: a message of 5 bytes is too large for the broker (packets up to 10 bytes)'),
    );
    expect(session.published).toEqual([]);
  });

  it('QoS 0 that was not confirmed in time', async () => {
    const clock = new FakeClock();
    const cli = start(MESSAGE, { clock, broker: new FakeBroker({ ping: 'never' }) });
    await clock.waitForTimer((delayMs) => delayMs === 10_000);
    await clock.advance(10_000);
    const { exitCode, stderr } = await cli.result;
    expect(stderr).toMatch(/^mqtt-pub: the broker did not confirm within 10 s .*\(PINGREQ was not answered\)\n$/);
    expect(exitCode).toBe(7);
  });

  it('a message that is larger than MQTT can carry', async () => {
    const { exitCode, stderr } = await pub(['-t', 'a', '-s'], { stdin: Buffer.alloc(268_435_450) });
    expect(stderr).toBe('mqtt-pub: a message of 268435450 bytes is more than MQTT can carry (268435449)\n');
    expect(exitCode).toBe(2);
  });
});

describe('mqtt-pub is stopped', () => {
  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)('by %s while it waits for an answer', async (signal, exitCode) => {
    const broker = new FakeBroker({ publish: () => 'never' });
    const cli = start([...MESSAGE, '-q', '1'], { broker });
    const session = await broker.session();
    await session.waitUntil(({ published }) => published.length === 1);
    cli.stop(signal);
    expect(await cli.result).toEqual(outcome(exitCode, `mqtt-pub: stopped by ${signal}: 0 of 1 message accepted`));
    // Disconnect with Will Message [MQTT5 3.14.2.1]
    expect(session.closedWith).toBe(0x04);
  });

  it('by SIGINT while it waits for a line', async () => {
    const stdin = new MemoryInput();
    const cli = start(['-t', 'a', '-l', '-q', '1'], { stdin });
    stdin.feed('one\ntwo\nthr');
    const session = await cli.broker.session();
    await session.waitUntil(({ published }) => published.length === 2);
    await settle();
    cli.stop('SIGINT');
    expect(await cli.result).toEqual(outcome(130, 'mqtt-pub: stopped by SIGINT: 2 of 2 messages accepted'));
  });

  it.each([
    ['SIGINT', true, '\nmqtt-pub: stopped by SIGINT: nothing was sent\n'],
    ['SIGTERM', true, 'mqtt-pub: stopped by SIGTERM: nothing was sent\n'],
    ['SIGINT', false, 'mqtt-pub: stopped by SIGINT: nothing was sent\n'],
  ] as const)('by %s says so on a line of its own, below ^C on a terminal: %s', async (signal, isTerminal, said) => {
    const cli = start(['-t', 'a', '-s', '--no-color'], {
      stdin: new MemoryInput(),
      terminal: { stderr: isTerminal },
    });
    await settle();
    cli.stop(signal);
    expect((await cli.result).stderr).toBe(said);
  });

  it('by SIGINT while it waits for the end of its input', async () => {
    const stdin = new MemoryInput();
    const cli = start(['-t', 'a', '-s'], { stdin });
    stdin.feed('half');
    await settle();
    cli.stop('SIGINT');
    expect(await cli.result).toEqual(outcome(130, 'mqtt-pub: stopped by SIGINT: nothing was sent'));
    expect(cli.broker.sessions.flatMap(({ published }) => published)).toEqual([]);
  });
});

describe('mqtt-pub loses its connection', () => {
  it('before the only message was accepted', async () => {
    const broker = new FakeBroker({ publish: () => 'never' });
    const cli = start([...MESSAGE, '-q', '1', '--retry', '0'], { broker });
    const session = await broker.session();
    await session.waitUntil(({ published }) => published.length === 1);
    session.end({ kind: 'lost', reason: 'the broker reset it' });
    const { exitCode, stderr } = await cli.result;
    expect(stderr).toContain('the connection was lost (the broker reset it)');
    expect(exitCode).toBe(7);
  });

  it('to another client of the same name', async () => {
    const broker = new FakeBroker({ publish: () => 'never' });
    const cli = start([...MESSAGE, '-q', '1'], { broker });
    const session = await broker.session();
    await session.waitUntil(({ published }) => published.length === 1);
    const reason = 'the broker disconnected us: Session taken over (0x8E)';
    session.end({ kind: 'disconnected', reason, reasonCode: 0x8e });
    const { exitCode, stderr } = await cli.result;
    expect(stderr).toContain('Session taken over (0x8E)');
    expect(exitCode).toBe(7);
    expect(broker.plans.length).toBe(1);
  });
});

describe('mqtt-pub writes', () => {
  it('nothing to stdout and nothing to stderr when all is well, on a terminal too', async () => {
    expect(await pub(MESSAGE, { terminal: true })).toEqual(outcome(0));
  });

  it('nothing to stderr with --quiet', async () => {
    const error = new UnreachableError('nothing is listening on localhost:1883');
    expect(await pub([...MESSAGE, '--quiet'], { broker: new FakeBroker(error) })).toEqual(outcome(3));
  });

  it('errors in colour to a terminal, and plain where colour is not wanted', async () => {
    const red = '\u001b[31mmqtt-pub:\u001b[39m -q 3: must be 0, 1 or 2\n';
    const plain = 'mqtt-pub: -q 3: must be 0, 1 or 2\n';
    const argv = [...MESSAGE, '-q', '3'];
    const stderrOf = async (world: World, ...more: string[]) => (await pub([...argv, ...more], world)).stderr;
    expect(await stderrOf({ terminal: true })).toBe(red);
    expect(await stderrOf({ terminal: { stdout: true } })).toBe(plain);
    expect(await stderrOf({ terminal: true, env: { NO_COLOR: '1' } })).toBe(plain);
    expect(await stderrOf({ terminal: true, env: { TERM: 'dumb' } })).toBe(plain);
    expect(await stderrOf({ terminal: true }, '--no-color')).toBe(plain);
    expect(await stderrOf({ env: { FORCE_COLOR: '1' } })).toBe(red);
  });

  it('the protocol trace of -d to stderr', async () => {
    const broker = new FakeBroker({ publish: () => 'never' });
    const cli = start([...MESSAGE, '-q', '1', '-d'], { broker });
    const session = await broker.session();
    session.handlers.onTrace?.('sending PUBLISH (QoS 1, \u001b[31m)');
    cli.stop('SIGINT');
    const { stderr } = await cli.result;
    expect(stderr).toMatch(/^mqtt-pub: sending PUBLISH \(QoS 1, \\e\[31m\)\n/);
  });

  it('help and version to stdout, with 0', async () => {
    for (const words of [['--help'], ['-h'], [...MESSAGE, '--help'], ['--nonsense', '--help']]) {
      const { exitCode, stdout, stderr } = await pub(words);
      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
      expect(stdout.toString()).toMatch(/^mqtt-pub: publish a message.*\n\nusage: mqtt-pub /);
    }
    const { exitCode, stdout } = await pub(['--version']);
    expect(stdout.toString()).toMatch(/^mqtt-pub \d+\.\d+\.\d+\n$/);
    expect(exitCode).toBe(0);
  });
});
