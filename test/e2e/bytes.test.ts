/** Payloads, byte for byte, through the built commands. */
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { expect, it, onTestFinished } from 'vitest';
import { waitForSubscription } from '../support/mosquitto-clients.ts';
import { describeWith } from '../support/needs.ts';
import { shareMosquitto } from '../support/shared-mosquitto.ts';
import { runSpawnedCli, spawnCli } from '../support/spawn-cli.ts';
import { makeTempFolder } from '../support/temp-folder.ts';

const LINES = 200_000;

describeWith(['mosquitto'], 'Bytes', () => {
  // Without these limits mosquitto drops what a subscriber does not take at once.
  const mosquitto = shareMosquitto({ settings: ['max_queued_messages 0', 'max_inflight_messages 0'] });

  async function subscribe(topic: string, ...words: string[]): Promise<ReturnType<typeof spawnCli>> {
    const child = spawnCli('mqtt-sub', [...mosquitto.at, '-t', topic, '-i', topic, ...words]);
    await waitForSubscription(mosquitto.broker, topic, child);
    return child;
  }

  const hostile = Buffer.from([0x00, 0xff, 0x1b, ...Buffer.from('[31m'), 0x0d, 0x0a, 0xc3, 0x28, 0x00]);

  it.each(['0', '1', '2'])('of standard input as one message arrive as they are, QoS %s', async (qos) => {
    const subscriber = await subscribe(`exact/${qos}`, '-C', '1', '-N', '-q', qos);
    const words = [...mosquitto.at, '-t', `exact/${qos}`, '-s', '-q', qos];
    expect(await runSpawnedCli('mqtt-pub', words, { input: hostile })).toMatchObject({ exitCode: 0, stderr: '' });
    expect((await subscriber.exit()).stdout.toString('hex')).toBe(hostile.toString('hex'));
  });

  it('of a file arrive as they are, ten megabytes of them', async () => {
    const folder = makeTempFolder();
    onTestFinished(() => folder.remove());
    const content = Buffer.alloc(10_000_000);
    for (let index = 0; index < content.length; index++) content[index] = (index * 31) % 251;
    writeFileSync(folder.file('content'), content);
    const subscriber = await subscribe('file', '-C', '1', '-N', '-q', '1');
    await runSpawnedCli('mqtt-pub', [...mosquitto.at, '-t', 'file', '-f', folder.file('content'), '-q', '1']);
    expect((await subscriber.exit()).stdout.equals(content)).toBe(true);
  });

  it('of a message as typed arrive as typed', async () => {
    const typed = '"ein" \'Wort\'\t--message=7 -r 007 1e3 \u{1f980}';
    const subscriber = await subscribe('typed', '-C', '1', '-N');
    await runSpawnedCli('mqtt-pub', [...mosquitto.at, '-t', 'typed', '-m', typed]);
    expect((await subscriber.exit()).stdout.toString()).toBe(typed);
  });

  it('of --json are enough to have the message again', async () => {
    const subscriber = await subscribe('json', '-C', '1', '--json');
    await runSpawnedCli('mqtt-pub', [...mosquitto.at, '-t', 'json', '-s'], { input: hostile });
    const { payload, encoding, size } = JSON.parse((await subscriber.exit()).stdout.toString());
    expect({ encoding, size }).toEqual({ encoding: 'base64', size: hostile.length });
    expect(Buffer.from(payload, 'base64').equals(hostile)).toBe(true);
  });

  it('of 200,000 lines arrive in order at QoS 1, every one', async () => {
    const lines = Array.from({ length: LINES }, (_, index) => `line ${index}`).join('\n');
    const subscriber = await subscribe('lines', '-C', String(LINES), '-q', '1');
    const published = await runSpawnedCli('mqtt-pub', [...mosquitto.at, '-t', 'lines', '-l', '-q', '1'], {
      input: `${lines}\n`,
    });
    expect(published).toMatchObject({ exitCode: 0, stderr: '' });
    const { exitCode, stdout } = await subscriber.exit();
    expect(exitCode).toBe(0);
    // The hash first: a difference would be shown as two megabytes of text.
    const hash = (text: string | Buffer) => createHash('sha256').update(text).digest('hex');
    if (hash(stdout) !== hash(`${lines}\n`)) {
      const received = stdout.toString().split('\n');
      const index = received.findIndex((line, at) => line !== `line ${at}`);
      expect({ count: received.length - 1, index, line: received[index] }).toBeUndefined();
    }
  });

  it('of lines are those between the line feeds', async () => {
    const subscriber = await subscribe('edges', '-C', '5', '--json');
    const input = Buffer.from('plain\r\n\n \xff\n\0\nlast without a line feed', 'latin1');
    await runSpawnedCli('mqtt-pub', [...mosquitto.at, '-t', 'edges', '-l'], { input });
    const received = (await subscriber.exit()).stdout.toString().trim().split('\n');
    const payloads = received.map((line) => {
      const { encoding, payload } = JSON.parse(line);
      return Buffer.from(payload, encoding).toString('latin1');
    });
    expect(payloads).toEqual(['plain\r', '', ' \xff', '\0', 'last without a line feed']);
  });
});
