/** mqtt-pub -l over connections that are cut, frozen, slow: a short form of what test/long does at length. */
import { expect, it, onTestFinished } from 'vitest';
import { type ChaosProxy, type Fault, randomCuts, startChaosProxy } from '../support/chaos-proxy.ts';
import { conclude, numberedLines, startCounting } from '../support/delivery-check.ts';
import { publishOverKills } from '../support/killing.ts';
import { describeWith } from '../support/needs.ts';
import { shareMosquitto } from '../support/shared-mosquitto.ts';
import { spawnCli } from '../support/spawn-cli.ts';

const LINES = 4000;
const LINE_BYTES = 60;
const CUTS = 30;

describeWith(['mosquitto', 'mosquitto_pub'], 'mqtt-pub -l over a network that fails', () => {
  // Without these limits mosquitto drops what a subscriber does not take at once.
  const mosquitto = shareMosquitto({ settings: ['max_queued_messages 0', 'max_inflight_messages 0'] });

  async function proxied(faultOf: (connection: number) => Fault | undefined): Promise<ChaosProxy> {
    const proxy = await startChaosProxy(mosquitto.broker.port, faultOf);
    onTestFinished(() => proxy.close());
    return proxy;
  }

  function publish(proxy: ChaosProxy, count: number, ...words: string[]): ReturnType<typeof spawnCli> {
    const argv = ['-h', '127.0.0.1', '-p', String(proxy.port), '-l', ...words];
    return spawnCli('mqtt-pub', argv, { input: numberedLines(count, LINE_BYTES) });
  }

  it.each([
    ['1', 'loses nothing', {}],
    ['2', 'neither loses nor repeats anything', { duplicated: 0 }],
  ])('cut again and again, at QoS %s %s', async (qos, _what, more) => {
    const topic = `cut/${qos}`;
    const subscriber = await startCounting(mosquitto.broker, topic, qos);
    const proxy = await proxied(randomCuts(Number(qos), CUTS, LINES / CUTS / 2, LINE_BYTES));
    const { exitCode, stderr } = await publish(proxy, LINES, '-V', '5', '-t', topic, '-q', qos).exit(50_000);
    expect(stderr).toContain('connected again after');
    expect({ exitCode, cuts: proxy.cuts }).toEqual({ exitCode: 0, cuts: CUTS });
    expect(await conclude(subscriber, mosquitto.broker, topic, LINES)).toMatchObject({
      lost: 0,
      isInOrder: true,
      ...more,
    });
  });

  it.each([
    // What was accepted and not delivered dies with the broker; what the publisher owes is this.
    ['1', true, { lost: 0 }],
    ['2', true, { duplicated: 0 }],
    ['2', false, { lost: 0 }],
  ] as const)('over a broker that is killed, at QoS %s, persistent: %s', async (qos, isPersistent, expected) => {
    const delivery = await publishOverKills({ qos, kills: 2, linesEach: 2000, isPersistent });
    expect(delivery).toMatchObject(expected);
  });

  it('before MQTT 5 loses nothing either', async () => {
    const subscriber = await startCounting(mosquitto.broker, 'cut/old', '2');
    const proxy = await proxied(randomCuts(4, 10, 60, LINE_BYTES));
    const { exitCode } = await publish(proxy, 1000, '-V', '311', '-t', 'cut/old', '-q', '2').exit(50_000);
    expect({ exitCode, cuts: proxy.cuts }).toEqual({ exitCode: 0, cuts: 10 });
    expect(await conclude(subscriber, mosquitto.broker, 'cut/old', 1000)).toMatchObject({ lost: 0, isInOrder: true });
  });

  it('at QoS 0 loses no more than it says', async () => {
    const subscriber = await startCounting(mosquitto.broker, 'cut/0', '0');
    const proxy = await proxied((connection) =>
      connection <= 5 ? { cut: { direction: 'up', afterBytes: 40_000 }, how: 'reset' } : {},
    );
    const { exitCode, stderr } = await publish(proxy, LINES, '-t', 'cut/0').exit(50_000);
    const [, doubtful] = /up to (\d+) of 4,000 messages at QoS 0 may not have arrived/.exec(stderr) ?? [];
    expect(exitCode).toBe(7);
    const { lost, duplicated } = await conclude(subscriber, mosquitto.broker, 'cut/0', LINES);
    expect(lost).toBeGreaterThan(0);
    expect(lost).toBeLessThanOrEqual(Number(doubtful));
    expect(duplicated).toBe(0);
  });

  it('notices a connection that is frozen, by Keep Alive', async () => {
    const subscriber = await startCounting(mosquitto.broker, 'frozen', '2');
    const proxy = await proxied((connection) =>
      connection === 1 ? { cut: { direction: 'up', afterBytes: 30_000 }, how: 'freeze' } : {},
    );
    const { exitCode, stderr } = await publish(proxy, LINES, '-t', 'frozen', '-q', '2', '-k', '5').exit(50_000);
    expect(stderr).toContain('the broker did not answer PINGREQ for 5 s');
    expect(exitCode).toBe(0);
    expect(await conclude(subscriber, mosquitto.broker, 'frozen', LINES)).toEqual({
      lost: 0,
      duplicated: 0,
      isInOrder: true,
    });
  });

  it('waits for one that is slow', async () => {
    const subscriber = await startCounting(mosquitto.broker, 'slow', '2');
    const proxy = await proxied(() => ({ delayMs: 20, bytesPerSecond: 100_000 }));
    const { exitCode, stderr } = await publish(proxy, 2000, '-t', 'slow', '-q', '2', '--ack-timeout', '2').exit(50_000);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(await conclude(subscriber, mosquitto.broker, 'slow', 2000)).toEqual({
      lost: 0,
      duplicated: 0,
      isInOrder: true,
    });
  });

  it('waits for one message to be written, however long that takes', async () => {
    const proxy = await proxied(() => ({ bytesPerSecond: 10_000_000 }));
    const argv = ['-h', '127.0.0.1', '-p', String(proxy.port), '-t', 'large', '-s', '--connect-timeout', '3'];
    const publisher = spawnCli('mqtt-pub', argv, { input: Buffer.alloc(60_000_000) });
    expect(await publisher.exit(50_000)).toMatchObject({ exitCode: 0, stderr: '' });
  });
});
