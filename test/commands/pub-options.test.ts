/** What the options of mqtt-pub do to the packets: --repeat, -D, Topic Alias, versions. */
import { describe, expect, it } from 'vitest';
import { FakeClock, settle } from '../support/fake-clock.ts';
import { FakeBroker, type FakeScript, type FakeSession } from '../support/fake-session.ts';
import { acceptConnect, startLiar } from '../support/liar.ts';
import type { Peer } from '../support/peer.ts';
import { type CliResult, runCli, startCli } from '../support/run-cli.ts';

const MESSAGE = ['-t', 'a', '-m', 'x'];

function outcome(exitCode: number, ...lines: string[]): CliResult {
  return { exitCode, stdout: Buffer.alloc(0), stderr: lines.map((line) => `${line}\n`).join('') } as CliResult;
}

async function publish(argv: readonly string[], script: FakeScript = {}): Promise<[CliResult, FakeSession]> {
  const broker = new FakeBroker(script);
  const result = await runCli('mqtt-pub', argv, { broker });
  return [result, await broker.session()];
}

function isPublished(count: number): (session: FakeSession) => boolean {
  return ({ published }) => published.length >= count;
}

describe('--repeat', () => {
  it.each([['-m', 'x'], ['-n'], ['-s']])('publishes the one message of %s so many times', async (...source) => {
    const [result, session] = await publish(['-t', 'a', '--repeat', '3', ...source]);
    expect(result).toEqual(outcome(0));
    expect(session.published.length).toBe(3);
    expect(new Set(session.published.map(({ payload }) => payload.toString())).size).toBe(1);
  });

  it.each(['1', '2'])('publishes the next one only when that before was delivered at QoS %s', async (qos) => {
    const answers: (() => void)[] = [];
    const broker = new FakeBroker({
      publish: () => new Promise((resolve) => answers.push(() => resolve({ reasonCode: 0 }))),
    });
    const cli = startCli('mqtt-pub', [...MESSAGE, '-q', qos, '--repeat', '3'], { broker });
    const session = await broker.session();
    for (let number = 1; number <= 3; number += 1) {
      await session.waitUntil(isPublished(number));
      await settle();
      expect(session.published.length).toBe(number);
      answers[number - 1]?.();
    }
    expect(await cli.result).toEqual(outcome(0));
  });

  it('goes on after a message that was refused, and counts', async () => {
    const [result, session] = await publish([...MESSAGE, '-q', '1', '--repeat', '4'], {
      publish: (_message, index) => ({ reasonCode: index % 2 === 0 ? 0x87 : 0 }),
    });
    expect(result).toEqual(outcome(9, 'mqtt-pub: the broker refused 2 of 4 messages: a: Not authorized (0x87)'));
    expect(session.published.length).toBe(4);
  });

  it('is without effect for lines, as with mosquitto_pub', async () => {
    const broker = new FakeBroker();
    const argv = ['-t', 'a', '-l', '--repeat', '3', '--repeat-delay', '9'];
    expect(await runCli('mqtt-pub', argv, { broker, stdin: '1\n2\n' })).toEqual(outcome(0));
    expect((await broker.session()).published.length).toBe(2);
  });

  it.each(['0', '-1', '1.5', 'x', ''])('%j is refused', async (count) => {
    const { exitCode, stderr } = await runCli('mqtt-pub', [...MESSAGE, '--repeat', count]);
    expect(stderr).toMatch(/^mqtt-pub: --repeat .+: must be a whole number from 1 up\n$/);
    expect(exitCode).toBe(2);
  });
});

describe('--repeat-delay', () => {
  it('waits after each delivery, and not after the last one', async () => {
    const clock = new FakeClock();
    const broker = new FakeBroker();
    const argv = [...MESSAGE, '-q', '1', '--repeat', '3', '--repeat-delay', '1.5'];
    const cli = startCli('mqtt-pub', argv, { broker, clock });
    const session = await broker.session();
    for (let number = 1; number <= 2; number += 1) {
      await session.waitUntil(isPublished(number));
      await clock.advance(1499);
      expect(session.published.length).toBe(number);
      await clock.advance(1);
    }
    expect(await cli.result).toEqual(outcome(0));
    expect(clock.monotonicMs()).toBe(3000);
    expect(session.published.length).toBe(3);
  });

  it('begins at the answer, not at the message', async () => {
    const clock = new FakeClock();
    const broker = new FakeBroker({
      publish: () =>
        new Promise((resolve) => {
          clock.setTimer(() => resolve({ reasonCode: 0 }), 5000);
        }),
    });
    const cli = startCli('mqtt-pub', [...MESSAGE, '-q', '1', '--repeat', '2', '--repeat-delay', '1'], {
      broker,
      clock,
    });
    const session = await broker.session();
    await session.waitUntil(isPublished(1));
    await clock.advance(5999);
    expect(session.published.length).toBe(1);
    await clock.advance(1);
    expect(session.published.length).toBe(2);
    await clock.advance(5000);
    expect(await cli.result).toEqual(outcome(0));
  });

  it('takes 0, and without --repeat has no effect', async () => {
    const [zero] = await publish([...MESSAGE, '--repeat', '2', '--repeat-delay', '0']);
    expect(zero).toEqual(outcome(0));
    const [alone, session] = await publish([...MESSAGE, '--repeat-delay', '60']);
    expect(alone).toEqual(outcome(0));
    expect(session.published.length).toBe(1);
  });
});

describe('-D', () => {
  it('publish gives each message its properties', async () => {
    const argv = ['publish content-type text/plain', 'publish user-property a 1', 'publish user-property a 2'];
    const words = argv.flatMap((line) => ['-D', ...line.split(' ')]);
    const [result, session] = await publish([...MESSAGE, ...words, '--repeat', '2']);
    expect(result).toEqual(outcome(0));
    const properties = {
      contentType: 'text/plain',
      userProperties: [
        ['a', '1'],
        ['a', '2'],
      ],
    };
    expect(session.published).toMatchObject([{ properties }, { properties }]);
  });

  it('disconnect goes with DISCONNECT, after a failure too', async () => {
    const words = ['-D', 'disconnect', 'session-expiry-interval', '60', '-D', 'disconnect', 'user-property', 'a', 'b'];
    const wanted = { sessionExpiryInterval: 60, userProperties: [['a', 'b']] };
    const [, accepted] = await publish([...MESSAGE, ...words]);
    expect(accepted.closedProperties).toEqual(wanted);
    const [, refused] = await publish([...MESSAGE, '-q', '1', ...words], { publish: () => ({ reasonCode: 0x87 }) });
    expect(refused.closedProperties).toEqual(wanted);
  });

  it('connect and will go with CONNECT', async () => {
    const words = ['-D', 'connect', 'topic-alias-maximum', '3', '-D', 'will', 'will-delay-interval', '9'];
    const broker = new FakeBroker();
    await runCli('mqtt-pub', [...MESSAGE, '--will-topic', 'w', ...words], { broker });
    expect(broker.plans).toMatchObject([
      { version: 5, properties: { topicAliasMaximum: 3 }, will: { properties: { willDelayInterval: 9 } } },
    ]);
  });

  it.each([
    ['publish', 'content-type'],
    ['disconnect', 'reason-string'],
    ['connect', 'receive-maximum'],
    ['will', 'content-type'],
    ['auth', 'reason-string'],
  ])('%s %s given twice is refused before anything is sent', async (packet, name) => {
    const broker = new FakeBroker();
    const twice = [1, 2].flatMap((value) => ['-D', packet, name, String(value)]);
    expect(await runCli('mqtt-pub', [...MESSAGE, '--will-topic', 'w', ...twice], { broker })).toEqual(
      outcome(2, `mqtt-pub: -D ${packet} ${name} was given twice`),
    );
    expect(broker.plans).toEqual([]);
  });

  it.each([
    ['-V', '311'],
    ['-V', '31'],
  ])('needs MQTT 5, and says so for %s %s', async (...version) => {
    const words = ['-D', 'publish', 'content-type', 'x'];
    const broker = new FakeBroker();
    for (const argv of [
      [...version, ...words],
      [...words, ...version],
    ]) {
      expect(await runCli('mqtt-pub', [...MESSAGE, ...argv], { broker })).toEqual(
        outcome(2, 'mqtt-pub: -D needs MQTT 5, and -V asks for another version'),
      );
    }
    expect(broker.plans).toEqual([]);
  });

  it('asks for MQTT 5, so that no broker that refuses it loses the properties in silence', async () => {
    const broker = new FakeBroker();
    await runCli('mqtt-pub', [...MESSAGE, '-D', 'publish', 'content-type', 'x'], { broker });
    await runCli('mqtt-pub', [...MESSAGE, '-x', '10'], { broker });
    expect(broker.plans.map(({ version }) => version)).toEqual([5, 5]);
  });
});

describe('a Topic Alias', () => {
  it('that the broker does not take is refused before it is sent [MQTT-3.3.2-9]', async () => {
    const words = ['-D', 'publish', 'topic-alias', '3'];
    const [none, session] = await publish([...MESSAGE, ...words]);
    expect(none).toEqual(outcome(9, 'mqtt-pub: the broker takes no Topic Alias, not 3'));
    expect(session.published).toEqual([]);
    const [few] = await publish([...MESSAGE, ...words], { info: { topicAliasMaximum: 2 } });
    expect(few).toEqual(outcome(9, 'mqtt-pub: the broker takes Topic Aliases up to 2, not 3'));
  });

  it('is set once, and stands for the topic after that; over a new connection it is set again', async () => {
    const peers: Peer[] = [];
    const liar = await startLiar(async (peer, connection) => {
      peers.push(peer);
      await acceptConnect(peer, { properties: { topicAliasMaximum: 5 } });
      for (let number = 1; ; number += 1) {
        const { messageId = 0 } = await peer.receive('publish');
        // The first connection is lost with the third message unanswered.
        if (connection === 1 && number === 3) {
          peer.socket.destroy();
          return;
        }
        peer.send({ cmd: 'puback', messageId });
        if (connection === 2 && number === 2) return;
      }
    });
    try {
      const argv = ['-h', '127.0.0.1', '-p', `${liar.port}`, '-t', 'a/b', '-q', '1', '-l', '-M', '1'];
      const cli = await runCli('mqtt-pub', [...argv, '-D', 'publish', 'topic-alias', '5'], {
        real: true,
        stdin: '1\n2\n3\n4\n',
      });
      expect(cli.exitCode).toBe(0);
      const sent = peers.map(({ packets }) =>
        packets.flatMap((packet) =>
          packet.cmd === 'publish' ? [[packet.topic, packet.properties?.topicAlias, packet.payload.toString()]] : [],
        ),
      );
      expect(sent).toEqual([
        [
          ['a/b', 5, '1'],
          ['', 5, '2'],
          ['', 5, '3'],
        ],
        [
          ['a/b', 5, '3'],
          ['', 5, '4'],
        ],
      ]);
    } finally {
      await liar.close();
    }
  });
});
