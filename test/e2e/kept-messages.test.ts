/** mqtt-sub acknowledges a message when it is written, and not before: whatever ends it, nothing is missing afterwards. */
import { closeSync, openSync, readFileSync, statSync } from 'node:fs';
import { expect, it, onTestFinished } from 'vitest';
import { runChild } from '../support/child.ts';
import { readOverKills } from '../support/kill-reading.ts';
import { mosquittoPub } from '../support/mosquitto-clients.ts';
import { describeWith } from '../support/needs.ts';
import { shareMosquitto } from '../support/shared-mosquitto.ts';
import { binOf, runSpawnedCli, spawnCli } from '../support/spawn-cli.ts';
import { makeTempFolder } from '../support/temp-folder.ts';

const KILLS = 10;

describeWith(['mosquitto', 'mosquitto_pub'], 'What mqtt-sub could not write', () => {
  const mosquitto = shareMosquitto({ settings: ['max_queued_messages 0'] });

  it.each(['1', '2'] as const)('stays with the broker when it is killed, at QoS %s', async (qos) => {
    const delivery = await readOverKills(mosquitto.broker, { qos, kills: KILLS, linesEach: 300, seed: Number(qos) });
    expect(delivery).toMatchObject({ lost: 0, isInOrder: true });
  });

  /** A session that the broker keeps, with these messages waiting for it. */
  async function keep(id: string, qos: string, ...messages: string[]): Promise<string[]> {
    const words = [...mosquitto.at, '-t', id, '-q', qos, '-i', id, '-c', '-x', '3600'];
    await runSpawnedCli('mqtt-sub', [...words, '-E']);
    for (const message of messages) await mosquittoPub(mosquitto.broker, '-t', id, '-m', message, '-q', qos);
    return words;
  }

  it.each(['1', '2'])('stays with the broker when the disk is full, at QoS %s', async (qos) => {
    const words = await keep(`full-${qos}`, qos, 'x', 'y');
    const full = openSync('/dev/full', 'w');
    onTestFinished(() => closeSync(full));
    const { exitCode, stderr } = await spawnCli('mqtt-sub', words, { stdio: ['ignore', full, 'pipe'] }).exit();
    expect(stderr).toBe('mqtt-sub: cannot write to standard output: no space left on the device\n');
    expect(exitCode).toBe(1);
    expect((await runSpawnedCli('mqtt-sub', [...words, '-C', '2'])).stdout.toString()).toBe('x\ny\n');
  });

  it('stays with the broker when a file has reached the size that it may have', async () => {
    const words = await keep('limit', '1', 'x'.repeat(3000), 'y'.repeat(3000));
    const folder = makeTempFolder();
    onTestFinished(() => folder.remove());
    const path = folder.file('output');
    // 4 blocks of 1024 bytes: the second message fits in part.
    const script = `trap "" XFSZ; ulimit -f 4; exec "$0" "$@" > ${path}`;
    const { exitCode, stderr } = await runChild('bash', ['-c', script, process.execPath, binOf('mqtt-sub'), ...words]);
    expect(stderr).toMatch(/^mqtt-sub: cannot write to standard output: .+\n$/);
    expect(exitCode).toBe(1);
    expect(statSync(path).size).toBe(4096);
    expect(readFileSync(path, 'latin1').startsWith(`${'x'.repeat(3000)}\n`)).toBe(true);
    // What was read together is written together, and acknowledged together.
    const rest = await runSpawnedCli('mqtt-sub', [...words, '--idle', '300ms']);
    expect(rest.stdout.toString()).toMatch(/^(x{3000}\n)?y{3000}\n$/);
  });

  it.each(['1', '2'])('goes to the next reader when the one before has gone, at QoS %s', async (qos) => {
    const words = await keep(`gone-${qos}`, qos, 'x', 'y');
    const script = 'set -o pipefail; "$0" "$@" | true; echo "exit $?"';
    // Nobody reads: the pipe is closed before or while the first message comes.
    const gone = await runChild('bash', ['-c', script, process.execPath, binOf('mqtt-sub'), ...words]);
    expect(gone).toMatchObject({ stdout: Buffer.from('exit 0\n'), stderr: '' });
    const { stdout } = await runSpawnedCli('mqtt-sub', [...words, '--idle', '300ms']);
    expect(['x\ny\n', 'y\n']).toContain(stdout.toString());
  });
});
