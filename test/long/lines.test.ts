/** A million lines through the built commands: far beyond the 65,535 Packet Identifiers that there are. */
import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { waitForSubscription } from '../support/mosquitto-clients.ts';
import { describeWith } from '../support/needs.ts';
import { shareMosquitto } from '../support/shared-mosquitto.ts';
import { spawnCli } from '../support/spawn-cli.ts';

const LINES = 1_000_000;
const PATIENCE_MS = 900_000;

function hashOf(bytes: string | Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

describeWith(['mosquitto'], 'A million lines', () => {
  // Without these limits mosquitto drops what a subscriber does not take at once.
  const mosquitto = shareMosquitto({
    settings: ['max_queued_messages 0', 'max_inflight_messages 0', 'set_tcp_nodelay true'],
    isQuiet: true,
  });

  it.each(['0', '1', '2'])('arrive in order, every one, at QoS %s', async (qos) => {
    const lines = `${Array.from({ length: LINES }, (_, index) => String(index)).join('\n')}\n`;
    const topic = `million/${qos}`;
    const subscriber = spawnCli('mqtt-sub', [
      ...mosquitto.at,
      ...['-t', topic, '-i', `million-${qos}`, '-q', qos, '-C', String(LINES)],
    ]);
    await waitForSubscription(mosquitto.broker, `million-${qos}`, subscriber);
    const words = [...mosquitto.at, '-t', topic, '-l', '-q', qos];
    const publisher = spawnCli('mqtt-pub', words, { input: lines });
    expect(await publisher.exit(PATIENCE_MS)).toMatchObject({ exitCode: 0, stderr: '' });
    const { exitCode, stdout } = await subscriber.exit(PATIENCE_MS);
    expect({ exitCode, hash: hashOf(stdout) }).toEqual({ exitCode: 0, hash: hashOf(lines) });
  });
});
