/** What ends the built commands from outside. */
import { expect, it } from 'vitest';
import { startLiar } from '../support/liar.ts';
import { mosquittoPub, startMosquittoSub, waitForSubscription } from '../support/mosquitto-clients.ts';
import { describeWith } from '../support/needs.ts';
import { shareMosquitto } from '../support/shared-mosquitto.ts';
import { runSpawnedCli, spawnCli } from '../support/spawn-cli.ts';

describeWith(['mosquitto', 'mosquitto_pub', 'mosquitto_sub'], 'Signals', () => {
  const mosquitto = shareMosquitto();

  async function subscribe(id: string, ...words: string[]): Promise<ReturnType<typeof spawnCli>> {
    const child = spawnCli('mqtt-sub', [...mosquitto.at, '-t', id, '-i', id, ...words]);
    await waitForSubscription(mosquitto.broker, id, child);
    return child;
  }

  it.each(['SIGINT', 'SIGTERM'] as const)(
    '%s ends mqtt-sub without a goal: 0, and DISCONNECT is sent',
    async (signal) => {
      const subscriber = await subscribe(`plain-${signal}`);
      subscriber.kill(signal);
      expect(await subscriber.exit()).toMatchObject({ exitCode: 0, signal: null, stderr: '' });
      await mosquitto.broker.log.waitFor(`Received DISCONNECT from plain-${signal}\n`);
    },
  );

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)('%s before the goal ends mqtt-sub with %d', async (signal, exitCode) => {
    const subscriber = await subscribe(`goal-${signal}`, '-C', '5');
    await mosquittoPub(mosquitto.broker, '-t', `goal-${signal}`, '-m', 'x');
    await subscriber.stdout.waitFor('x\n');
    subscriber.kill(signal);
    expect(await subscriber.exit()).toMatchObject({
      exitCode,
      stderr: `mqtt-sub: stopped by ${signal}: 1 of 5 messages\n`,
    });
  });

  it('SIGHUP ends mqtt-sub without a goal with 129', async () => {
    const subscriber = await subscribe('hangup');
    subscriber.kill('SIGHUP');
    expect(await subscriber.exit()).toMatchObject({
      exitCode: 129,
      stderr: 'mqtt-sub: stopped by SIGHUP: 0 messages\n',
    });
  });

  it('-W ends mqtt-sub with 27', async () => {
    expect(await runSpawnedCli('mqtt-sub', [...mosquitto.at, '-t', 'w', '-C', '2', '-W', '100ms'])).toMatchObject({
      exitCode: 27,
      stderr: 'mqtt-sub: time ran out after 100 ms (-W): 0 of 2 messages\n',
    });
  });

  it('SIGINT ends mqtt-pub -l that waits for a line', async () => {
    const publisher = spawnCli('mqtt-pub', [...mosquitto.at, '-t', 'a', '-l', '-q', '1', '-i', 'waits']);
    await mosquitto.broker.log.waitFor(/as waits /);
    publisher.kill('SIGINT');
    expect(await publisher.exit(5000)).toMatchObject({ exitCode: 130, signal: null });
  });

  it('SIGINT ends mqtt-pub -s that waits for the end of its input', async () => {
    const publisher = spawnCli('mqtt-pub', [...mosquitto.at, '-t', 'a', '-s', '-q', '1']);
    // More than a pipe holds: when it is gone, it is being read.
    await new Promise((resolve) => publisher.stdin.write(Buffer.alloc(1_000_000), resolve));
    publisher.kill('SIGINT');
    expect(await publisher.exit(5000)).toMatchObject({ exitCode: 130, signal: null });
  });

  it('SIGINT ends a command that waits for CONNACK', async () => {
    const liar = await startLiar((peer) => peer.receive('connect').then(() => connected()));
    let connected: () => void = () => undefined;
    const arrival = new Promise<void>((resolve) => {
      connected = resolve;
    });
    const publisher = spawnCli('mqtt-pub', ['-h', '127.0.0.1', '-p', String(liar.port), '-t', 'a', '-m', 'x']);
    await arrival;
    publisher.kill('SIGINT');
    expect(await publisher.exit(5000)).toMatchObject({
      exitCode: 130,
      stderr: 'mqtt-pub: stopped by SIGINT while connecting\n',
    });
    await liar.close();
  });

  it('the Will is published when mqtt-sub is killed or stopped by a signal, not when it has reached its goal', async () => {
    const watcher = await startMosquittoSub(mosquitto.broker, 'watcher', '-t', 'will/#', '-v');
    const will = (id: string) => ['--will-topic', `will/${id}`, '--will-payload', 'gone', '--will-qos', '1'];
    const reaches = await subscribe('reaches', ...will('reaches'), '-C', '1');
    await mosquittoPub(mosquitto.broker, '-t', 'reaches', '-m', 'x');
    await reaches.exit();
    const killed = await subscribe('killed', ...will('killed'));
    killed.kill('SIGKILL');
    await watcher.stdout.waitFor('will/killed gone\n');
    // As mosquitto_sub does it, by Disconnect with Will Message. [MQTT5 3.14.2.1]
    const stopped = await subscribe('stopped', ...will('stopped'));
    stopped.kill('SIGINT');
    await watcher.stdout.waitFor('will/stopped gone\n');
    expect(watcher.stdout.text).toBe('will/killed gone\nwill/stopped gone\n');
  });
});
