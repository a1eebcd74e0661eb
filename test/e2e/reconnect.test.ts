/** A broker that restarts under a running mqtt-sub. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Mosquitto, startMosquitto } from '../support/mosquitto.ts';
import { mosquittoPub, waitForSubscription } from '../support/mosquitto-clients.ts';
import { describeWith } from '../support/needs.ts';
import { spawnCli } from '../support/spawn-cli.ts';
import { makeTempFolder, type TempFolder } from '../support/temp-folder.ts';

describeWith(['mosquitto', 'mosquitto_pub'], 'A broker that restarts', () => {
  let broker: Mosquitto;
  let folder: TempFolder;

  beforeEach(async () => {
    folder = makeTempFolder();
    // Stopping it writes the sessions to the file, starting it reads them.
    broker = await startMosquitto({ settings: ['persistence true', `persistence_location ${folder.path}/`] });
  });
  afterEach(async () => {
    await broker.remove();
    folder.remove();
  });

  async function subscribe(...words: string[]): Promise<ReturnType<typeof spawnCli>> {
    const argv = ['-h', '127.0.0.1', '-p', String(broker.port), '-t', 't/#', '-i', 'sub', '-q', '1', ...words];
    const child = spawnCli('mqtt-sub', argv);
    await waitForSubscription(broker, 'sub', child);
    return child;
  }

  /** Without it the broker would be right to send the message again. */
  const acknowledged = () => broker.log.waitFor(/^Received PUBACK from sub /m);

  const publish = (payload: string) => mosquittoPub(broker, '-t', 't/a', '-m', payload, '-q', '1');

  it.each(['crash', 'stop'] as const)('after a %s mqtt-sub comes back, subscribes again and says both', async (how) => {
    const subscriber = await subscribe('-C', '2');
    await publish('before');
    await subscriber.stdout.waitFor('before\n');
    await broker[how]();
    await subscriber.stderr.waitFor('trying again ...\n');
    await broker.start();
    await waitForSubscription(broker, 'sub', subscriber);
    await publish('after');
    const { exitCode, stdout, stderr } = await subscriber.exit();
    expect(stdout.toString()).toBe('before\nafter\n');
    expect(stderr).toMatch(
      /^mqtt-sub: connection lost \(the broker [^)]*(\(0x8B\))?\), trying again \.\.\.\n(mqtt-sub: nothing is listening .*\n)*mqtt-sub: connected again after \d+\.\d s\n$/,
    );
    expect(exitCode).toBe(0);
  });

  it('a session that was kept is resumed: nothing is missing', async () => {
    const subscriber = await subscribe('-C', '2', '-c');
    await publish('before');
    await acknowledged();
    await broker.stop();
    await subscriber.stderr.waitFor('trying again ...\n');
    subscriber.kill('SIGSTOP');
    await broker.start();
    await publish('meanwhile');
    subscriber.kill('SIGCONT');
    const { exitCode, stdout, stderr } = await subscriber.exit();
    expect(stdout.toString()).toBe('before\nmeanwhile\n');
    expect(stderr).toMatch(/connected again after \d+\.\d s, session resumed\n$/);
    expect(exitCode).toBe(0);
  });

  it('a signal ends mqtt-sub between two attempts', async () => {
    const subscriber = await subscribe('-C', '1');
    await broker.stop();
    await subscriber.stderr.waitFor('trying again ...\n');
    subscriber.kill('SIGINT');
    expect(await subscriber.exit(5000)).toMatchObject({ exitCode: 130 });
  });

  it('mqtt-pub -l comes back, and sends again what was not accepted', async () => {
    const subscriber = await subscribe('-C', '3', '-c');
    const argv = ['-h', '127.0.0.1', '-p', String(broker.port), '-t', 't/a', '-l', '-q', '1', '-i', 'pub'];
    const publisher = spawnCli('mqtt-pub', argv);
    publisher.stdin.write('one\n');
    await acknowledged();
    await broker.stop();
    await publisher.stderr.waitFor('trying again ...\n');
    publisher.stdin.end('two\nthree\n');
    await broker.start();
    const { exitCode, stderr } = await publisher.exit();
    expect(stderr).toMatch(
      /^mqtt-pub: connection lost \(.*\), trying again \.\.\.\n(.*\n)*mqtt-pub: connected again after .*\n$/,
    );
    expect(exitCode).toBe(0);
    expect((await subscriber.exit()).stdout.toString()).toBe('one\ntwo\nthree\n');
  });
});
