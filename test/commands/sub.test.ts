/** mqtt-sub from its words to its exit code, in process: what is printed, said and acknowledged, by exact text. */
import { describe, expect, it } from 'vitest';
import { TlsError, UnauthorizedError, UnreachableError } from '../../src/errors.ts';
import type { ReceivedMessage } from '../../src/mqtt/session.ts';
import { FakeClock, settle } from '../support/fake-clock.ts';
import { FakeBroker, type FakeScript, type FakeSession } from '../support/fake-session.ts';
import { MemoryOutput } from '../support/memory-streams.ts';
import { type CliResult, type RunningCli, runCli, startCli, type World } from '../support/run-cli.ts';

type Message = Partial<Omit<ReceivedMessage, 'payload'>> & { readonly payload?: Buffer | string };

interface Listening extends RunningCli {
  readonly session: FakeSession;
}

/** Starts it; resolves when it has subscribed. */
async function listen(argv: readonly string[], world: World = {}): Promise<Listening> {
  const cli = startCli('mqtt-sub', argv, world);
  const session = await cli.broker.session();
  await session.waitUntil(({ subscribed }) => subscribed.length > 0);
  await settle();
  return { ...cli, session };
}

/** What is printed of these messages, in this order. */
async function printed(argv: readonly string[], messages: readonly Message[], world?: World): Promise<string> {
  const cli = await listen(['-t', '#', ...argv], world);
  for (const message of messages) await cli.session.deliver(message);
  cli.stop('SIGINT');
  const { exitCode, stdout } = await cli.result;
  expect(exitCode).toBe(0);
  return stdout.toString('latin1');
}

function outcome(exitCode: number, stdout: string, ...lines: string[]): CliResult {
  return { exitCode, stdout: Buffer.from(stdout), stderr: lines.map((line) => `${line}\n`).join('') } as CliResult;
}

describe('mqtt-sub subscribes', () => {
  it('to every -t, at the QoS of -q', async () => {
    const cli = await listen(['-t', 'a/#', '-t', '+/b', '-t', '$SYS/x', '-q', '2']);
    expect(cli.session.subscribed).toMatchObject([
      [
        { filter: 'a/#', qos: 2 },
        { filter: '+/b', qos: 2 },
        { filter: '$SYS/x', qos: 2 },
      ],
    ]);
    cli.stop('SIGTERM');
    expect(await cli.result).toEqual(outcome(0, ''));
  });

  it('at QoS 0 by default, and to the topic of -L', async () => {
    const cli = await listen(['-L', 'mqtt://broker.lan/a/+']);
    expect(cli.session.subscribed).toMatchObject([[{ filter: 'a/+', qos: 0 }]]);
    expect(cli.broker.plans).toMatchObject([{ endpoint: { host: 'broker.lan' } }]);
    cli.stop('SIGTERM');
    await cli.result;
  });

  it('asking for no more messages at once than -C wants', async () => {
    const cli = await listen(['-t', 'a', '-C', '3']);
    expect(cli.broker.plans).toMatchObject([{ receiveMaximum: 3 }]);
    cli.stop('SIGTERM');
    await cli.result;
  });
});

describe('mqtt-sub prints, where stdout is no terminal,', () => {
  const bytes = Buffer.from([0, 0xff, 0x1b, 0x5b, 0x0a]);

  it('payloads byte for byte, each with a line feed', async () => {
    expect(await printed([], [{ payload: '21.5' }, { payload: bytes }])).toBe(`21.5\n${bytes.toString('latin1')}\n`);
  });

  it('topics too with -v', async () => {
    expect(
      await printed(
        ['-v'],
        [
          { topic: 'a/b c', payload: 'x' },
          { topic: 'a', payload: '' },
        ],
      ),
    ).toBe('a/b c x\na (null)\n');
  });

  it('nothing after a payload with -N', async () => {
    expect(await printed(['-N'], [{ payload: bytes }, { payload: 'x' }])).toBe(`${bytes.toString('latin1')}x`);
  });

  it('nothing for an empty payload', async () => {
    expect(await printed([], [{ payload: '' }])).toBe('');
  });

  it('one JSON object a line with --json', async () => {
    const messages: Message[] = [
      { topic: 'a/b', payload: '21.5', qos: 1, packetId: 7, properties: { contentType: 'text/plain' } },
      {
        topic: 'a/b',
        payload: bytes,
        retain: true,
        properties: {
          userProperties: [
            ['k', 'v'],
            ['k', 'w'],
          ],
        },
      },
      {
        topic: 'a',
        payload: 'two\nlines "\u2028',
        dup: true,
        qos: 2,
        packetId: 8,
        properties: { correlationData: bytes },
      },
    ];
    const time = '"v":1,"time":"2026-01-02T03:04:05.678Z"';
    expect(await printed(['--json'], messages)).toBe(
      Buffer.from(
        `{${time},"topic":"a/b","qos":1,"retain":false,"dup":false,"size":4,"encoding":"utf8","payload":"21.5","properties":{"contentType":"text/plain"}}\n` +
          `{${time},"topic":"a/b","qos":0,"retain":true,"dup":false,"size":5,"encoding":"base64","payload":"AP8bWwo=","properties":{"userProperties":[["k","v"],["k","w"]]}}\n` +
          `{${time},"topic":"a","qos":2,"retain":false,"dup":true,"size":14,"encoding":"utf8","payload":"two\\nlines \\"\u2028","properties":{"correlationData":"AP8bWwo="}}\n`,
      ).toString('latin1'),
    );
  });

  it('without properties before MQTT 5', async () => {
    const broker = new FakeBroker({ info: { version: 4 } });
    const [line = ''] = (await printed(['--json'], [{ payload: 'x' }], { broker })).split('\n');
    expect(Object.keys(JSON.parse(line))).toEqual([
      'v',
      'time',
      'topic',
      'qos',
      'retain',
      'dup',
      'size',
      'encoding',
      'payload',
    ]);
  });

  it('payloads that are JSON in place with --parse-json', async () => {
    const lines = await printed(
      ['--parse-json'],
      [{ payload: '{"b": 1.0,\n "a": 12345678901234567890}' }, { payload: 'no' }],
    );
    expect(lines).toContain('"encoding":"json","payload":{"b":1.0,"a":12345678901234567890}');
    expect(lines).toContain('"encoding":"utf8","payload":"no"');
  });

  it('no message of a topic that -T matches, none that was retained with -R', async () => {
    const messages: Message[] = [
      { topic: 'a/noise', payload: '1' },
      { topic: 'a/b', payload: '2', retain: true },
      { topic: 'a/b', payload: '3' },
      { topic: 'x/noise', payload: '4' },
    ];
    expect(await printed(['-T', '+/noise', '-T', 'z', '-R', '-v'], messages)).toBe('a/b 3\n');
  });
});

describe('mqtt-sub prints, on a terminal,', () => {
  const terminal = { terminal: { stdout: true } };

  it('nothing that could act on it', async () => {
    const payload = '\u001b[31mred\u001b]0;title\u0007\u009b\u202e\r';
    expect(await printed(['-v'], [{ topic: 'a\u0085', payload }], terminal)).toBe(
      'a\\x85 \\e[31mred\\e]0;title\\x07\\x9b\\u202e\\r\n',
    );
  });

  it('line feeds and tabs as they are', async () => {
    expect(await printed([], [{ payload: 'a\tb\nc' }], terminal)).toBe('a\tb\nc\n');
  });

  it('binary payloads by size and first bytes', async () => {
    const payload = Buffer.alloc(48_000, 0xff);
    expect(
      await printed(
        ['-v'],
        [
          { topic: 'cam', payload },
          { topic: 'b', payload: Buffer.from([0, 1]) },
        ],
        terminal,
      ),
    ).toBe('cam <binary, 48 kB> ff ff ff ff ff ff ff ff ff ff ff ff ff ff ff ff ...\nb <binary, 2 B> 00 01\n');
  });

  it('payloads byte for byte with --raw', async () => {
    expect(await printed(['--raw'], [{ payload: '\u001b[31m' }], terminal)).toBe('\u001b[31m\n');
  });

  it('JSON in which no string can act', async () => {
    expect(await printed(['--json'], [{ payload: '\u009b31m\u202e' }], terminal)).toContain(
      '"payload":"\\u009b31m\\u202e"',
    );
  });
});

describe('mqtt-sub says, on a terminal,', () => {
  it('where it listens, and at the end how much came', async () => {
    const clock = new FakeClock();
    const cli = await listen(['-t', 'home/#', '-t', 'x'], { clock, terminal: true });
    expect(cli.stderr.text).toBe('Connected to localhost:1883 (MQTT 5). Listening on home/#, x. Ctrl-C stops.\n');
    await cli.session.deliver({ payload: 'abc' });
    await clock.advance(12_000);
    cli.stop('SIGINT');
    // Below the line in which the terminal shows ^C.
    expect((await cli.result).stderr.split('\n').slice(1)).toEqual(['', '1 message, 3 B in 12 s', '']);
  });

  it('nothing with --quiet', async () => {
    const cli = await listen(['-t', 'a', '--quiet'], { terminal: true });
    cli.stop('SIGINT');
    expect(await cli.result).toEqual(outcome(0, ''));
  });
});

describe('mqtt-sub ends', () => {
  it('with 0 when -C messages were printed', async () => {
    const cli = await listen(['-t', 'a', '-C', '2', '-q', '1']);
    const deliveries = ['1', '2', '3'].map((payload, index) =>
      cli.session.deliver({ payload, qos: 1, packetId: index + 1 }),
    );
    expect(await cli.result).toEqual(outcome(0, '1\n2\n'));
    await Promise.race([Promise.all(deliveries), settle()]);
    // The third one was never acknowledged: the broker keeps it.
    expect(cli.session.acknowledged.map(({ packetId }) => packetId)).toEqual([1, 2]);
    expect(cli.session.closedWith).toBe(0);
  });

  it('with 27 when -W ran out, and asks for its Will to be published', async () => {
    const clock = new FakeClock();
    const cli = await listen(['-t', 'a', '-W', '1.5', '-C', '5'], { clock });
    await cli.session.deliver({ payload: 'x' });
    await clock.advance(1500);
    expect(await cli.result).toEqual(outcome(27, 'x\n', 'mqtt-sub: time ran out after 1.5 s (-W): 1 of 5 messages'));
    expect(cli.session.closedWith).toBe(4);
  });

  it('with 27 when -W ran out before CONNACK', async () => {
    const clock = new FakeClock();
    const cli = startCli('mqtt-sub', ['-t', 'a', '-W', '2'], { clock, broker: new FakeBroker('never') });
    await cli.broker.attempts(1);
    await clock.advance(2000);
    expect(await cli.result).toEqual(outcome(27, '', 'mqtt-sub: time ran out after 2 s (-W): 0 messages'));
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)('with its code when %s comes before the goal', async (signal, exitCode) => {
    const cli = await listen(['-t', 'a', '-C', '2']);
    await cli.session.deliver({ payload: 'x' });
    cli.stop(signal);
    expect(await cli.result).toEqual(outcome(exitCode, 'x\n', `mqtt-sub: stopped by ${signal}: 1 of 2 messages`));
  });

  it('with 129 at SIGHUP, without a goal too', async () => {
    const cli = await listen(['-t', 'a']);
    cli.stop('SIGHUP');
    expect(await cli.result).toEqual(outcome(129, '', 'mqtt-sub: stopped by SIGHUP: 0 messages'));
  });

  it('with 0 when the reader has closed the pipe', async () => {
    const cli = await listen(['-t', 'a', '-C', '9']);
    cli.stdout.failWith('EPIPE');
    void cli.session.deliver({ payload: 'x', qos: 1, packetId: 1 });
    expect(await cli.result).toEqual(outcome(0, ''));
    expect(cli.session.acknowledged).toEqual([]);
  });

  it.each([
    ['ENOSPC', 'no space left on the device'],
    ['EIO', 'EIO: write'],
  ])('with 1 when the output fails by %s', async (code, reason) => {
    const cli = await listen(['-t', 'a']);
    cli.stdout.failWith(code);
    void cli.session.deliver({ payload: 'x', qos: 1, packetId: 1 });
    expect(await cli.result).toEqual(outcome(1, '', `mqtt-sub: cannot write to standard output: ${reason}`));
    expect(cli.session.acknowledged).toEqual([]);
  });
});

describe('mqtt-sub acknowledges', () => {
  it.each([1, 2] as const)('QoS %d only when the bytes were taken', async (qos) => {
    const cli = await listen(['-t', 'a', '-q', '2']);
    cli.stdout.hold();
    const delivery = cli.session.deliver({ payload: 'x', qos, packetId: 1 });
    await settle();
    expect(cli.session.acknowledged).toEqual([]);
    cli.stdout.release();
    await delivery;
    expect(cli.stdout.text).toBe('x\n');
    cli.stop('SIGINT');
    await cli.result;
  });

  it('what it leaves out', async () => {
    const cli = await listen(['-t', '#', '-T', 'noise', '-R', '-q', '1']);
    await cli.session.deliver({ topic: 'noise', payload: 'x', qos: 1, packetId: 1 });
    await cli.session.deliver({ topic: 'a', payload: 'x', retain: true, qos: 1, packetId: 2 });
    await cli.session.deliver({ topic: 'a', payload: '', qos: 1, packetId: 3 });
    expect(cli.session.acknowledged.length).toBe(3);
    cli.stop('SIGINT');
    expect(await cli.result).toEqual(outcome(0, ''));
  });

  it('QoS 0 without waiting as long as there is room, then it waits for the reader', async () => {
    const cli = await listen(['-t', 'a'], { stdout: new MemoryOutput({ highWaterMark: 10 }) });
    cli.stdout.hold();
    await cli.session.deliver({ payload: '1234' });
    void cli.session.deliver({ payload: '1234567' });
    await settle();
    expect(cli.session.acknowledged.length).toBe(1);
    cli.stdout.release();
    await settle();
    expect(cli.session.acknowledged.length).toBe(2);
    cli.stop('SIGINT');
    await cli.result;
  });
});

describe('mqtt-sub, when a subscription is denied,', () => {
  const denies = (denied: string): FakeScript => ({
    subscribe: ({ filter, qos }) => ({ reasonCode: filter.startsWith(denied) ? 0x87 : qos }),
  });

  it('ends with 8 when it was the only one', async () => {
    const broker = new FakeBroker(denies('a'));
    expect(await runCli('mqtt-sub', ['-t', 'a/#'], { broker })).toEqual(
      outcome(8, '', 'mqtt-sub: subscription not allowed: a/#: Not authorized (0x87)'),
    );
    expect((await broker.session()).closedWith).toBe(0);
  });

  it('ends with 8 when all were, each with its reason', async () => {
    const broker = new FakeBroker({ subscribe: () => ({ reasonCode: 0x8f, reasonString: 'no #' }) });
    expect(await runCli('mqtt-sub', ['-t', 'a', '-t', 'b c'], { broker })).toEqual(
      outcome(
        8,
        '',
        'mqtt-sub: subscription not allowed: a: Topic Filter invalid (0x8F): no #; "b c": Topic Filter invalid (0x8F): no #',
      ),
    );
  });

  it('says which one, and goes on with the others', async () => {
    const cli = await listen(['-t', 'a', '-t', 'b', '-C', '1'], { broker: new FakeBroker(denies('a')) });
    await cli.session.deliver({ topic: 'b', payload: 'x' });
    expect(await cli.result).toEqual(outcome(0, 'x\n', 'mqtt-sub: subscription not allowed: a: Not authorized (0x87)'));
  });

  it('says when less QoS was granted than asked for', async () => {
    const broker = new FakeBroker({ subscribe: () => ({ reasonCode: 0 }) });
    const cli = await listen(['-t', 'a', '-q', '2', '-C', '1'], { broker });
    await cli.session.deliver({ payload: 'x' });
    expect(await cli.result).toEqual(outcome(0, 'x\n', 'mqtt-sub: the broker granted a at QoS 0, not 2'));
  });
});

describe('mqtt-sub, when it loses its connection,', () => {
  const lost = { kind: 'lost', reason: 'the broker reset it' } as const;

  /** Moves the clock to the next attempt to connect. */
  async function nextAttempt(clock: FakeClock): Promise<number> {
    const delayMs = await clock.waitForTimer(() => true);
    await clock.advance(delayMs);
    return delayMs;
  }

  it('connects and subscribes again, and says both', async () => {
    const clock = new FakeClock();
    const cli = await listen(['-t', 'a', '-C', '2'], { clock });
    await cli.session.deliver({ payload: 'before' });
    cli.session.end(lost);
    expect(await nextAttempt(clock)).toBeLessThanOrEqual(100);
    const second = await cli.broker.session(2);
    await second.waitUntil(({ subscribed }) => subscribed.length > 0);
    expect(second.subscribed).toMatchObject([[{ filter: 'a', qos: 0 }]]);
    await settle();
    await second.deliver({ payload: 'after' });
    const { exitCode, stdout, stderr } = await cli.result;
    expect({ exitCode, stdout: stdout.toString() }).toEqual({ exitCode: 0, stdout: 'before\nafter\n' });
    expect(stderr).toBe(
      'mqtt-sub: connection lost (the broker reset it), trying again ...\nmqtt-sub: connected again after 0.1 s\n',
    );
  });

  it.each([
    [true, 'session resumed'],
    [false, 'session lost: messages in between may be missing'],
  ])('says with -c what became of the session: present %s', async (sessionPresent, says) => {
    const clock = new FakeClock();
    const broker = new FakeBroker({}, { info: { sessionPresent } });
    const cli = await listen(['-t', 'a', '-c', '-i', 'me'], { clock, broker });
    cli.session.end(lost);
    await nextAttempt(clock);
    await cli.stderr.transcript.waitFor(`connected again after 0.1 s, ${says}\n`);
    cli.stop('SIGINT');
    expect((await cli.result).exitCode).toBe(0);
  });

  it('waits longer after each attempt that fails, up to half a minute, and without end', async () => {
    const clock = new FakeClock();
    const unreachable = new UnreachableError('nothing is listening on localhost:1883');
    const failures = Array.from({ length: 14 }, () => unreachable);
    const cli = await listen(['-t', 'a', '-C', '1'], { clock, broker: new FakeBroker({}, ...failures, {}) });
    cli.session.end(lost);
    for (let attempt = 0; attempt < 15; attempt++) {
      const limitMs = Math.min(30_000, 100 * 2 ** attempt);
      const delayMs = await nextAttempt(clock);
      expect(delayMs).toBeGreaterThanOrEqual(limitMs / 2);
      expect(delayMs).toBeLessThanOrEqual(limitMs);
    }
    const second = await cli.broker.session(2);
    await second.waitUntil(({ subscribed }) => subscribed.length > 0);
    await settle();
    await second.deliver({ payload: 'x' });
    expect(await cli.result).toMatchObject({ exitCode: 0, stdout: Buffer.from('x\n') });
  });

  it('keeps the version that was agreed on', async () => {
    const clock = new FakeClock();
    const cli = await listen(['-t', 'a'], { clock, broker: new FakeBroker({ info: { version: 4 } }) });
    cli.session.end(lost);
    await nextAttempt(clock);
    await cli.broker.session(2);
    expect(cli.broker.plans.map(({ version }) => version)).toEqual(['auto', 4]);
    cli.stop('SIGINT');
    await cli.result;
  });

  it('ends when the broker no longer lets it in', async () => {
    const clock = new FakeClock();
    const refused = new UnauthorizedError('the broker refused the login: Not authorized (0x87)');
    const cli = await listen(['-t', 'a'], { clock, broker: new FakeBroker({}, refused) });
    cli.session.end(lost);
    await nextAttempt(clock);
    expect(await cli.result).toEqual(
      outcome(
        5,
        '',
        'mqtt-sub: connection lost (the broker reset it), trying again ...',
        'mqtt-sub: the broker refused the login: Not authorized (0x87)',
      ),
    );
  });

  it('does not fight with another client of the same name', async () => {
    const cli = await listen(['-t', 'a']);
    cli.session.end({ kind: 'disconnected', reason: 'Session taken over (0x8E)', reasonCode: 0x8e });
    expect(await cli.result).toEqual(
      outcome(
        7,
        '',
        'mqtt-sub: another client connected with the same Client Identifier: Session taken over (0x8E)',
        '  Give each client its own: -i NAME',
      ),
    );
    expect(cli.broker.plans.length).toBe(1);
  });

  it('does not go where it was told that the broker is no more', async () => {
    const cli = await listen(['-t', 'a']);
    const end = {
      kind: 'disconnected',
      reason: 'Server moved (0x9D)',
      reasonCode: 0x9d,
      serverReference: 'b.lan',
    } as const;
    cli.session.end(end);
    const { exitCode, stderr } = await cli.result;
    expect(stderr).toContain('Server moved (0x9D)');
    expect(exitCode).toBe(7);
    expect(cli.broker.plans.length).toBe(1);
  });

  it('can be stopped between two attempts', async () => {
    const clock = new FakeClock();
    const cli = await listen(['-t', 'a', '-C', '1'], { clock });
    cli.session.end(lost);
    await clock.waitForTimer(() => true);
    cli.stop('SIGINT');
    expect((await cli.result).exitCode).toBe(130);
    expect(clock.pendingMs).toEqual([]);
  });
});

describe('mqtt-sub cannot connect', () => {
  it.each([
    [3, new UnreachableError('no answer from broker.lan:1883 in 10 s', 'Is a firewall between?')],
    [4, new TlsError('the certificate of broker.lan is for localhost, not broker.lan', 'Connect with that name.')],
    [5, new UnauthorizedError('the broker refused the login: Bad User Name or Password (0x86)', 'User x was sent.')],
  ])('and ends with %d, once', async (exitCode, error) => {
    const broker = new FakeBroker(error);
    expect(await runCli('mqtt-sub', ['-t', 'a'], { broker, terminal: { stdout: true } })).toEqual(
      outcome(exitCode, '', `mqtt-sub: ${error.message}`, `  ${error.hint}`),
    );
    expect(broker.plans.length).toBe(1);
  });
});

describe('mqtt-sub ends with 2, and connects to nothing, for', () => {
  const wrong: readonly [argv: string[], ...lines: string[]][] = [
    [['-v'], 'mqtt-sub: there is no topic', "  Give one or more: -t 'sensors/#'"],
    [['-t', 'a/#/b'], 'mqtt-sub: -t a/#/b: "#" must stand alone in the last level', '  For everything below a: a/#'],
    [['-t', 'a+/b'], 'mqtt-sub: -t a+/b: "+" must stand alone in its level', '  For one level of any name: a/+/c'],
    [['-t', ''], 'mqtt-sub: -t "": must not be empty'],
    [
      ['-t', '$share/a'],
      'mqtt-sub: -t $share/a: must have a Topic Filter after the ShareName',
      '  A Shared Subscription is $share/NAME/FILTER.',
    ],
    [
      ['-t', 'a', '-T', '#b'],
      'mqtt-sub: -T #b: "#" must stand alone in the last level',
      '  For everything below a: a/#',
    ],
    [['-t', 'a', '-q', '3'], 'mqtt-sub: -q 3: must be 0, 1 or 2'],
    [['-t', 'a', '-C', '0'], 'mqtt-sub: -C 0: must be a whole number from 1 up'],
    [['-t', 'a', '-C', '1.5'], 'mqtt-sub: -C 1.5: must be a whole number from 1 up'],
    [
      ['-t', 'a', '-W', 'soon'],
      'mqtt-sub: -W soon: must be a duration such as 500ms, 10s or 5m; a bare number is seconds',
    ],
    [['-t', 'a', '--json', '-v'], 'mqtt-sub: -v is for text, and --json prints JSON'],
    [['-t', 'a', '--parse-json', '-N'], 'mqtt-sub: -N is for text, and --parse-json prints JSON'],
    [['-t', 'a', '-m', 'x'], 'mqtt-sub: unknown option -m'],
    [['-t', 'a', '--jsno'], 'mqtt-sub: unknown option --jsno', '  Did you mean --json?'],
  ];
  it.each(wrong)('%j', async (argv, ...lines) => {
    const broker = new FakeBroker();
    expect(await runCli('mqtt-sub', argv, { broker })).toEqual(outcome(2, '', ...lines));
    expect(broker.plans).toEqual([]);
  });

  it('no words at all, in at most twelve lines', async () => {
    const { exitCode, stderr } = await runCli('mqtt-sub', []);
    expect(exitCode).toBe(2);
    expect(stderr.split('\n').length).toBeLessThanOrEqual(12);
    expect(stderr).toMatch(
      /^mqtt-sub: .*\n\nusage: mqtt-sub .*\n\n {2}mqtt-sub .*\n {2}mqtt-sub .*\n\nAll options: mqtt-sub --help\n$/,
    );
  });
});
