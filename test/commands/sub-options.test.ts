/** What the options of mqtt-sub do to the SUBSCRIBE, and to what is printed of the messages. */
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { Receiver, type ReceiverOptions } from '../../src/commands/receiver.ts';
import type { ReceivedMessage, Subscription } from '../../src/mqtt/session.ts';
import { topicMatches } from '../../src/mqtt/topic.ts';
import { FakeClock, settle } from '../support/fake-clock.ts';
import { FakeBroker, type FakeScript, type FakeSession } from '../support/fake-session.ts';
import { type CliResult, type RunningCli, runCli, startCli, type World } from '../support/run-cli.ts';

type Message = Partial<Omit<ReceivedMessage, 'payload'>> & { readonly payload?: Buffer | string };

interface Listening extends RunningCli {
  readonly session: FakeSession;
}

async function listen(argv: readonly string[], script: FakeScript = {}, world: World = {}): Promise<Listening> {
  const cli = startCli('mqtt-sub', argv, { broker: new FakeBroker(script), ...world });
  const session = await cli.broker.session();
  await session.waitUntil(({ subscribed }) => subscribed.length > 0);
  await settle();
  return { ...cli, session };
}

/** Subscribes, delivers, and is stopped. */
async function hear(
  argv: readonly string[],
  messages: readonly Message[] = [],
  script: FakeScript = {},
): Promise<CliResult & { readonly session: FakeSession }> {
  const cli = await listen(['-t', '#', ...argv], script);
  for (const message of messages) await cli.session.deliver(message);
  cli.stop('SIGINT');
  return { ...(await cli.result), session: cli.session };
}

function outcome(exitCode: number, stdout: string, ...lines: string[]): CliResult {
  return { exitCode, stdout: Buffer.from(stdout), stderr: lines.map((line) => `${line}\n`).join('') } as CliResult;
}

describe('the SUBSCRIBE [MQTT5 3.8.3.1]', () => {
  it.each<[string[], Partial<Subscription>]>([
    [[], { qos: 0, noLocal: false, retainAsPublished: false }],
    [['-R'], { retainHandling: 2 }],
    [['--retain-handling', 'always'], { retainHandling: 0 }],
    [['--retain-handling', 'new'], { retainHandling: 1 }],
    [['--retain-handling', 'never'], { retainHandling: 2 }],
    [['-R', '--retain-handling', 'new'], { retainHandling: 1 }],
    [['--retain-handling', 'new', '-R'], { retainHandling: 1 }],
    [['--retain-handling', 'never', '--retain-handling', 'always'], { retainHandling: 0 }],
    [['--retain-as-published'], { retainAsPublished: true }],
    [['--no-local'], { noLocal: true }],
    [['--retained-only', '--retain-as-published', '-q', '2'], { qos: 2, retainAsPublished: true }],
  ])('with %j asks for %o', async (argv, wanted) => {
    const { session } = await hear(argv);
    expect(session.subscribed).toMatchObject([[{ filter: '#', ...wanted }]]);
    if (wanted.retainHandling === undefined) expect(session.subscribed[0]?.[0]).not.toHaveProperty('retainHandling');
  });

  it('asks the same for each filter, and the same again after a loss', async () => {
    const clock = new FakeClock();
    const cli = await listen(['-t', 'a', '-t', '$share/g/b', '-q', '1', '--no-local'], {}, { clock });
    cli.session.end({ kind: 'lost', reason: 'the broker reset it' });
    await settle();
    await clock.advance(await clock.waitForTimer(() => true));
    const second = await cli.broker.session(2);
    await second.waitUntil(({ subscribed }) => subscribed.length > 0);
    expect(second.subscribed).toEqual(cli.session.subscribed);
    expect(second.subscribed).toMatchObject([
      [
        { filter: 'a', qos: 1, noLocal: true },
        { filter: '$share/g/b', qos: 1, noLocal: true },
      ],
    ]);
    cli.stop('SIGINT');
    await cli.result;
  });

  it('and UNSUBSCRIBE and DISCONNECT carry the properties of -D', async () => {
    const words = [
      ['subscribe', 'subscription-identifier', '7'],
      ['subscribe', 'user-property', 's', '1'],
      ['unsubscribe', 'user-property', 'u', '2'],
      ['disconnect', 'reason-string', 'bye'],
    ].flatMap((line) => ['-D', ...line]);
    const { session } = await hear(['-U', 'b', ...words]);
    expect(session.subscribedWith).toEqual([{ subscriptionIdentifiers: [7], userProperties: [['s', '1']] }]);
    expect(session.unsubscribedWith).toEqual([{ userProperties: [['u', '2']] }]);
    expect(session.closedProperties).toEqual({ reasonString: 'bye' });
  });

  it.each([[['subscribe', 'subscription-identifier', '1']], [['disconnect', 'reason-string', 'x']]])(
    'is not sent when -D %j is given twice',
    async (words) => {
      const broker = new FakeBroker();
      const argv = ['-t', 'a', '-D', ...words, '-D', ...words];
      expect(await runCli('mqtt-sub', argv, { broker })).toEqual(
        outcome(2, '', `mqtt-sub: -D ${words[0]} ${words[1]} was given twice`),
      );
      expect(broker.plans).toEqual([]);
    },
  );

  it('says which UNSUBSCRIBE was refused, and goes on', async () => {
    const script: FakeScript = { unsubscribe: (filter) => ({ reasonCode: filter === 'b' ? 0x87 : 0x11 }) };
    const { exitCode, stderr } = await hear(['-U', 'b', '-U', 'c'], [], script);
    expect(stderr).toBe('mqtt-sub: unsubscribing not allowed: b: Not authorized (0x87)\n');
    expect(exitCode).toBe(0);
  });
});

describe('options that need MQTT 5', () => {
  it.each([
    [['--no-local'], '--no-local'],
    [['--retain-as-published'], '--retain-as-published'],
    [['--retain-handling', 'new'], '--retain-handling'],
    [['--no-local', '--retain-handling', 'new'], '--retain-handling and --no-local'],
  ])('%j is said to be without effect where 3.1.1 was agreed on', async (argv, named) => {
    const { exitCode, stderr } = await hear(argv, [], { info: { version: 4 } });
    expect(stderr).toMatch(
      new RegExp(
        `^mqtt-sub: ${named} ${named.includes(' and ') ? 'need' : 'needs'} MQTT 5, and this connection speaks MQTT 3\\.1\\.1\\n$`,
      ),
    );
    expect(exitCode).toBe(0);
  });

  it('say nothing over MQTT 5, nor does -R before: it works without', async () => {
    expect((await hear(['--no-local', '--retain-handling', 'new'])).stderr).toBe('');
    expect((await hear(['-R'], [], { info: { version: 4 } })).stderr).toBe('');
  });

  it.each([
    ['-D', 'subscribe', 'subscription-identifier', '1'],
    ['-x', '60'],
  ])('%s is refused with -V 311', async (...words) => {
    const broker = new FakeBroker();
    expect(await runCli('mqtt-sub', ['-t', 'a', '-V', '311', ...words], { broker })).toEqual(
      outcome(2, '', `mqtt-sub: ${words[0]} needs MQTT 5, and -V asks for another version`),
    );
    expect(broker.plans).toEqual([]);
  });
});

describe('-R', () => {
  it('leaves out messages with RETAIN set, acknowledges them and does not count them', async () => {
    const messages: Message[] = [
      { payload: 'old', retain: true, qos: 1, packetId: 1 },
      { payload: 'new', qos: 1, packetId: 2 },
    ];
    const { stdout, session } = await hear(['-R', '-q', '1'], messages);
    expect(stdout.toString()).toBe('new\n');
    expect(session.acknowledged.length).toBe(2);
  });
});

describe('-T', () => {
  it('leaves out what any of its filters matches, by the rules of Topic Filters', async () => {
    const filters = ['a/#', '+/b', '#'];
    const topics = ['a', 'a/x', 'x/b', '$SYS/b', '/b', 'x'];
    for (const filter of filters) {
      const { stdout } = await hear(
        ['-T', filter, '-F', '%t'],
        topics.map((topic) => ({ topic })),
      );
      expect(stdout.toString().split('\n').slice(0, -1)).toEqual(
        topics.filter((topic) => !topicMatches(filter, topic)),
      );
    }
    // [MQTT-4.7.2-1]
    expect((await hear(['-T', '#', '-F', '%t'], [{ topic: '$SYS/x' }, { topic: 'x' }])).stdout.toString()).toBe(
      '$SYS/x\n',
    );
  });
});

describe('--random-filter', () => {
  function receive(percent: number | undefined, random: () => number, messages: number): number {
    let printed = 0;
    const sink = {
      take: (): undefined => {
        printed += 1;
      },
    };
    const options: ReceiverOptions = {
      filterOut: [],
      noRetained: false,
      retainedOnly: false,
      count: undefined,
      randomPercent: percent,
    };
    const receiver = new Receiver(sink, new FakeClock(), options, random);
    const message = { topic: 'a', payload: Buffer.alloc(0), qos: 0, retain: false, dup: false, packetId: 0 } as const;
    for (let number = 0; number < messages; number += 1) void receiver.receive(message);
    expect(receiver.messages).toBe(messages);
    return printed;
  }

  it('prints exactly its percentage of what is evenly spread', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1000 }), (permille) => {
        // Each thousandth once, from its middle.
        let number = 0;
        const random = (): number => {
          number += 1;
          return (((number * 7) % 1000) + 0.5) / 1000;
        };
        expect(receive(permille / 10, random, 1000)).toBe(permille);
      }),
    );
  });

  it('of 100 prints everything, and without it chance is not asked', () => {
    expect(receive(100, () => 1 - Number.EPSILON, 50)).toBe(50);
    const random = vi.fn(() => 1);
    expect(receive(undefined, random, 50)).toBe(50);
    expect(random).not.toHaveBeenCalled();
  });

  it('draws anew for each message, and acknowledges what it does not print', async () => {
    const random = vi
      .spyOn(Math, 'random')
      .mockReturnValueOnce(0.4)
      .mockReturnValueOnce(0.6)
      .mockReturnValueOnce(0.499);
    try {
      const messages = ['1', '2', '3'].map((payload, index) => ({ payload, qos: 1, packetId: index + 1 }) as const);
      const { stdout, session } = await hear(['--random-filter', '50', '-q', '1'], messages);
      expect(stdout.toString()).toBe('1\n3\n');
      expect(session.acknowledged.length).toBe(3);
    } finally {
      random.mockRestore();
    }
  });

  it.each(['0', '0.09', '100.1', '1000', '-5', 'x', '', '1e2', '5%'])('%j is refused', async (percent) => {
    const broker = new FakeBroker();
    const { exitCode, stderr } = await runCli('mqtt-sub', ['-t', 'a', '--random-filter', percent], { broker });
    expect(stderr).toMatch(/^mqtt-sub: --random-filter .+: must be a number from 0\.1 to 100\n$/);
    expect({ exitCode, plans: broker.plans }).toEqual({ exitCode: 2, plans: [] });
  });
});

describe('--strict', () => {
  it('takes a subscription that is denied in part for denied: exit code 8', async () => {
    const broker = new FakeBroker({
      subscribe: ({ filter, qos }) => ({ reasonCode: filter === 'b' ? 0x87 : qos }),
    });
    const argv = ['-t', 'a', '-t', 'b', '--strict'];
    expect(await runCli('mqtt-sub', argv, { broker })).toEqual(
      outcome(8, '', 'mqtt-sub: subscription not allowed: b: Not authorized (0x87)'),
    );
    expect((await broker.session()).closedWith).toBe(0);
  });

  it('does so after a reconnect too', async () => {
    const clock = new FakeClock();
    const broker = new FakeBroker({}, { subscribe: ({ filter }) => ({ reasonCode: filter === 'b' ? 0x97 : 0 }) });
    const cli = await listen(['-t', 'a', '-t', 'b', '--strict'], {}, { clock, broker });
    cli.session.end({ kind: 'lost', reason: 'the broker reset it' });
    await settle();
    await clock.advance(await clock.waitForTimer(() => true));
    expect(await cli.result).toMatchObject({ exitCode: 8 });
  });

  it('does not take less QoS for a denial', async () => {
    const cli = await listen(['-t', 'a', '-q', '2', '--strict', '-C', '1'], { subscribe: () => ({ reasonCode: 1 }) });
    await cli.session.deliver({ payload: 'x' });
    expect(await cli.result).toEqual(outcome(0, 'x\n', 'mqtt-sub: the broker granted a at QoS 1, not 2'));
  });

  it.each([
    [['--parse-json'], '1', 'no JSON', 'the message on a/b is not JSON (--parse-json)'],
    [['-F', '%J'], '1', '{', 'the message on a/b is not JSON (%J)'],
    [['-F', '%d'], '8 bytes!', 'short', 'the message on a/b has 5 bytes, not 8: it is no floating-point number'],
    [['-w', '-F', '%J'], '1', '{', 'the message on a/b is not JSON (%J)'],
  ])(
    'with %j ends at a payload that cannot be decoded, which stays unacknowledged as all after it',
    async (argv, good, bad, says) => {
      const cli = await listen(['-t', '#', '-q', '1', '--strict', ...argv]);
      for (const [index, payload] of [good, bad, good].entries()) {
        void cli.session.deliver({ topic: 'a/b', payload, qos: 1, packetId: index + 1 });
      }
      const { exitCode, stderr } = await cli.result;
      expect(stderr).toBe(`mqtt-sub: ${says}\n`);
      expect(exitCode).toBe(10);
      expect(cli.session.acknowledged.map(({ packetId }) => packetId)).toEqual([1]);
      expect(cli.session.closedWith).toBe(0);
    },
  );

  it('is what it takes: without it such a payload is reported, acknowledged, and counted', async () => {
    const cli = await listen(['-t', '#', '-q', '1', '-F', '<%J>', '-C', '2']);
    await cli.session.deliver({ topic: 'a', payload: '{', qos: 1, packetId: 1 });
    await cli.session.deliver({ topic: 'b', payload: '1', qos: 1, packetId: 2 });
    const { exitCode, stdout, stderr } = await cli.result;
    expect(stdout.toString()).toMatch(/^<>\n<\{"tst":.*"payload":1\}>\n$/);
    expect(stderr).toBe('mqtt-sub: the message on a is not JSON (%J)\n');
    expect(exitCode).toBe(0);
    expect(cli.session.acknowledged.length).toBe(2);
  });

  it('has nothing against bytes where text is not asked for', async () => {
    const payload = Buffer.from([0xff, 0x00]);
    for (const argv of [[], ['-v'], ['--json'], ['-F', '%p'], ['-F', '%j'], ['-F', '%x']]) {
      const { exitCode, stderr } = await hear(['--strict', ...argv], [{ payload }]);
      expect({ exitCode, stderr }, argv.join(' ')).toEqual({ exitCode: 0, stderr: '' });
    }
  });
});

describe('--watch', () => {
  it('writes the codes of a screen on a terminal alone', async () => {
    const show = async (terminal: boolean): Promise<string> => {
      const cli = await listen(['-t', '#', '-w'], {}, { terminal: { stdout: terminal } });
      await cli.session.deliver({ topic: 'a', payload: '1' });
      await cli.session.deliver({ topic: 'a', payload: '2' });
      cli.stop('SIGINT');
      return (await cli.result).stdout.toString();
    };
    expect(await show(true)).toContain('\u001b[2J');
    expect(await show(false)).toBe('1\n2\n');
  });
});
