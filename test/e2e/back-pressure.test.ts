/** A reader that stops reading: the broker is not read from either, and the connection holds. */
import { readFileSync } from 'node:fs';
import mqtt from 'mqtt';
import { expect, it } from 'vitest';
import { waitForSubscription } from '../support/mosquitto-clients.ts';
import { describeWith } from '../support/needs.ts';
import { shareMosquitto } from '../support/shared-mosquitto.ts';
import { spawnCli } from '../support/spawn-cli.ts';

const MESSAGES = 15_000;
const PAYLOAD = 'x'.repeat(4000);

/** Memory of a process, in megabytes. */
function residentMb(pid: number): number {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kilobytes) / 1000;
}

describeWith(['mosquitto'], 'Back-pressure', () => {
  const mosquitto = shareMosquitto({ settings: ['max_queued_messages 0', 'max_inflight_messages 0'] });

  it.each(['0', '1'])('a reader that stands still for several Keep Alives loses nothing, QoS %s', async (qos) => {
    const id = `slow-${qos}`;
    const words = [...mosquitto.at, '-t', id, '-i', id, '-q', qos, '-C', String(MESSAGES), '-k', '5'];
    const subscriber = spawnCli('mqtt-sub', words);
    const { stdout } = subscriber.process;
    stdout?.pause();
    await waitForSubscription(mosquitto.broker, id, subscriber);
    const idleMb = residentMb(subscriber.pid);
    const publisher = await mqtt.connectAsync(`mqtt://127.0.0.1:${mosquitto.broker.port}`, { protocolVersion: 5 });
    const publishing = publishAll(publisher, id, Number(qos) as 0 | 1);
    // Three PINGREQs while nothing is read: without them the broker would have closed after seven and a half seconds.
    await mosquitto.broker.log.waitFor(new RegExp(`(Received PINGREQ from ${id}\n[^]*){3}`));
    expect(residentMb(subscriber.pid) - idleMb).toBeLessThan(100);
    stdout?.resume();
    await publishing;
    const { exitCode, stdout: received, stderr } = await subscriber.exit();
    await publisher.endAsync();
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    const lines = received.toString().split('\n');
    expect(lines.findIndex((line, index) => line !== `${index} ${PAYLOAD}`)).toBe(MESSAGES);
  });
});

/** 60 MB, far more than all the buffers on the way hold. */
async function publishAll(publisher: mqtt.MqttClient, topic: string, qos: 0 | 1): Promise<void> {
  let last: Promise<unknown> = Promise.resolve();
  for (let index = 0; index < MESSAGES; index++) {
    last = publisher.publishAsync(topic, `${index} ${PAYLOAD}`, { qos });
    if (index % 100 === 99) await last;
  }
  await last;
}
