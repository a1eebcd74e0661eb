/** Lines that come late, readers that leave, outputs that are full. */
import { closeSync, openSync } from 'node:fs';
import { expect, it, onTestFinished } from 'vitest';
import { runChild } from '../support/child.ts';
import { mosquittoPub, startMosquittoSub, waitForSubscription } from '../support/mosquitto-clients.ts';
import { describeWith } from '../support/needs.ts';
import { shareMosquitto } from '../support/shared-mosquitto.ts';
import { binOf, runSpawnedCli, spawnCli } from '../support/spawn-cli.ts';

describeWith(['mosquitto', 'mosquitto_pub', 'mosquitto_sub'], 'Streams', () => {
  const mosquitto = shareMosquitto();

  it.each(['0', '1'])('mqtt-pub -l sends each line when it comes, QoS %s', async (qos) => {
    const topic = `late/${qos}`;
    const theirs = await startMosquittoSub(mosquitto.broker, topic, '-t', topic, '-q', qos, '-C', '3');
    const publisher = spawnCli('mqtt-pub', [...mosquitto.at, '-t', topic, '-l', '-q', qos]);
    for (const line of ['first', 'second', 'third']) {
      publisher.stdin.write(`${line}\n`);
      await theirs.stdout.waitFor(`${line}\n`);
    }
    publisher.stdin.end();
    expect(await publisher.exit()).toMatchObject({ exitCode: 0, stderr: '' });
  });

  it('mqtt-pub -l waits for the rest of a line', async () => {
    const theirs = await startMosquittoSub(mosquitto.broker, 'parts', '-t', 'parts', '-C', '2');
    const publisher = spawnCli('mqtt-pub', [...mosquitto.at, '-t', 'parts', '-l', '-q', '1']);
    publisher.stdin.write('one\ntw');
    await theirs.stdout.waitFor('one\n');
    publisher.stdin.end('o');
    expect((await theirs.exit()).stdout.toString()).toBe('one\ntwo\n');
  });

  it('mqtt-pub -l with no line at all succeeds', async () => {
    expect(await runSpawnedCli('mqtt-pub', [...mosquitto.at, '-t', 'none', '-l', '-q', '1'])).toMatchObject({
      exitCode: 0,
      stderr: '',
    });
  });

  it('mqtt-pub -l -r leaves out blank lines, which would delete what is retained, and says so', async () => {
    const words = [...mosquitto.at, '-t', 'kept', '-l', '-r', '-q', '1'];
    expect(await runSpawnedCli('mqtt-pub', words, { input: 'on\n\n\n' })).toMatchObject({
      exitCode: 0,
      stderr:
        'mqtt-pub: 2 blank lines were skipped: with -r an empty message would delete the retained one (-n -r does)\n',
    });
    const kept = await runSpawnedCli('mqtt-sub', [...mosquitto.at, '-t', 'kept', '-C', '1']);
    expect(kept.stdout.toString()).toBe('on\n');
  });

  it.each(['0', '1', '2'])('mqtt-sub prints large messages among small ones byte for byte, QoS %s', async (qos) => {
    // Of a size around that from which on a message is read to its place, and of many reads.
    const sizes = [3, 131_060, 5, 131_090, 262_144, 1, 1_500_000, 65_536, 200_000, 2];
    const input = sizes.map((size, index) => `${String.fromCharCode(97 + index).repeat(size)}\n`).join('');
    const topic = `sizes/${qos}`;
    const words = [...mosquitto.at, '-t', topic, '-i', topic, '-q', qos, '-C', String(sizes.length)];
    const subscriber = spawnCli('mqtt-sub', words);
    await waitForSubscription(mosquitto.broker, topic);
    const published = await runSpawnedCli('mqtt-pub', [...mosquitto.at, '-t', topic, '-l', '-q', qos], { input });
    expect(published).toMatchObject({ exitCode: 0, stderr: '' });
    const { exitCode, stdout } = await subscriber.exit();
    expect([exitCode, stdout.toString() === input]).toEqual([0, true]);
  });

  it('mqtt-sub | head -1 ends without a word', async () => {
    await runSpawnedCli('mqtt-pub', [...mosquitto.at, '-t', 'pipe/old', '-m', 'old', '-r']);
    const script = 'set -o pipefail; "$0" "$@" | head -1; echo "exit $?"';
    const words = [binOf('mqtt-sub'), ...mosquitto.at, '-t', 'pipe/#', '-i', 'pipe'];
    const pipeline = runChild('bash', ['-c', script, process.execPath, ...words]);
    // `head` has gone with the first message; mqtt-sub learns of it when it writes the next.
    await waitForSubscription(mosquitto.broker, 'pipe');
    let isDone = false;
    const done = pipeline.finally(() => {
      isDone = true;
    });
    while (!isDone) await mosquittoPub(mosquitto.broker, '-t', 'pipe/new', '-m', 'new');
    expect(await done).toMatchObject({ stdout: Buffer.from('old\nexit 0\n'), stderr: '' });
  });

  it('mqtt-sub says that the disk is full', async () => {
    await runSpawnedCli('mqtt-pub', [...mosquitto.at, '-t', 'full', '-m', 'x', '-r']);
    const full = openSync('/dev/full', 'w');
    onTestFinished(() => closeSync(full));
    const words = [...mosquitto.at, '-t', 'full', '-q', '1'];
    const { exitCode, stderr } = await spawnCli('mqtt-sub', words, { stdio: ['ignore', full, 'pipe'] }).exit();
    expect(stderr).toBe('mqtt-sub: cannot write to standard output: no space left on the device\n');
    expect(exitCode).toBe(1);
  });

  it('mqtt-sub writes everything before it ends, to a reader that is slow', async () => {
    const payload = 'x'.repeat(5_000_000);
    await runSpawnedCli('mqtt-pub', [...mosquitto.at, '-t', 'slow', '-s', '-r', '-q', '1'], { input: payload });
    const subscriber = spawnCli('mqtt-sub', [...mosquitto.at, '-t', 'slow', '-C', '1', '-i', 'slow']);
    subscriber.process.stdout?.pause();
    await mosquitto.broker.log.waitFor(/Sending PUBLISH to slow /);
    subscriber.process.stdout?.resume();
    const { exitCode, stdout } = await subscriber.exit();
    expect({ exitCode, length: stdout.length }).toEqual({ exitCode: 0, length: payload.length + 1 });
  });

  it('a command whose stderr is closed does its work all the same', async () => {
    const script = '"$0" "$@" 2>&-; echo "exit $?"';
    const words = [binOf('mqtt-pub'), ...mosquitto.at, '-t', 'a', '-m', 'x', '-q', '1', '-d'];
    expect((await runChild('bash', ['-c', script, process.execPath, ...words])).stdout.toString()).toBe('exit 0\n');
  });
});
