/** How much memory the commands take at the most: for the largest payload, long inputs, and readers that stand still. */
import { createHash } from 'node:crypto';
import { closeSync, createReadStream, openSync, readFileSync, writeSync } from 'node:fs';
import mqtt from 'mqtt';
import { expect, it, onTestFinished } from 'vitest';
import type { Child } from '../support/child.ts';
import { waitForSubscription } from '../support/mosquitto-clients.ts';
import { describeWith } from '../support/needs.ts';
import { shareMosquitto } from '../support/shared-mosquitto.ts';
import { spawnCli } from '../support/spawn-cli.ts';
import { makeTempFolder } from '../support/temp-folder.ts';

const PATIENCE_MS = 900_000;
const MIB = 1_048_576;
/** The largest payload that MQTT has room for, beside a topic of a few letters. */
const LARGEST_BYTES = 256 * MIB - 64;

/** Peak and present memory of a process, in MiB. */
function memoryOf({ pid }: Child): { readonly peakMib: number; readonly nowMib: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  const read = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]) / 1024;
  return { peakMib: read('VmHWM'), nowMib: read('VmRSS') };
}

/** Looks again and again until the process ends; returns the peak, in MiB. */
async function watchPeak(child: Child): Promise<number> {
  let peakMib = 0;
  const timer = setInterval(() => {
    try {
      peakMib = Math.max(peakMib, memoryOf(child).peakMib || 0);
    } catch {
      // It has just ended.
    }
  }, 20);
  await child.exit(PATIENCE_MS).finally(() => clearInterval(timer));
  return Math.round(peakMib);
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

const UNLIMITED = ['max_queued_messages 0', 'max_inflight_messages 0'];

describeWith(['mosquitto'], 'Memory', () => {
  const mosquitto = shareMosquitto({ settings: UNLIMITED });

  it.each([
    ['-f', '0'],
    ['-f', '1'],
    ['-s', '1'],
  ])('the largest payload goes in by %s and out, at QoS %s', async (source, qos) => {
    const folder = makeTempFolder();
    onTestFinished(() => folder.remove());
    const file = openSync(folder.file('in'), 'w');
    const block = Buffer.alloc(MIB);
    for (let left = LARGEST_BYTES; left > 0; left -= block.length) {
      block.writeUInt32LE(left, 0);
      writeSync(file, block, 0, Math.min(left, block.length));
    }
    closeSync(file);
    const output = openSync(folder.file('out'), 'w');
    const id = `largest${source}${qos}`;
    const reader = spawnCli('mqtt-sub', [...mosquitto.at, '-t', id, '-i', id, '-q', qos, '-C', '1', '-N'], {
      stdio: ['ignore', output, 'pipe'],
    });
    closeSync(output);
    await waitForSubscription(mosquitto.broker, id, reader);
    const input = openSync(folder.file('in'), 'r');
    const words = [...mosquitto.at, '-t', id, '-q', qos, '-k', '600', '--connect-timeout', '120s'];
    const given = source === '-f' ? ['-f', folder.file('in')] : ['-s'];
    const publisher = spawnCli('mqtt-pub', [...words, ...given], { stdio: [input, 'pipe', 'pipe'] });
    closeSync(input);
    const [publisherMib, readerMib] = await Promise.all([watchPeak(publisher), watchPeak(reader)]);
    console.log(
      `256 MiB by ${source}, QoS ${qos}: mqtt-pub ${publisherMib} MiB, mqtt-sub ${readerMib} MiB at the most`,
    );
    expect([publisher.process.exitCode, reader.process.exitCode]).toEqual([0, 0]);
    expect(await hashOf(folder.file('out'))).toBe(await hashOf(folder.file('in')));
    // A file is sent as it was read; a pipe is read in parts, which are then joined.
    expect(publisherMib).toBeLessThan((source === '-f' ? 256 : 2 * 256) + 150);
    expect(readerMib).toBeLessThan(256 + 150);
  });

  it.each(['0', '1'])('a reader that stands still holds up mqtt-sub, at QoS %s', async (qos) => {
    const id = `still-${qos}`;
    const subscriber = spawnCli('mqtt-sub', [...mosquitto.at, '-t', id, '-i', id, '-q', qos, '-k', '5']);
    subscriber.process.stdout?.pause();
    await waitForSubscription(mosquitto.broker, id, subscriber);
    const before = memoryOf(subscriber).nowMib;
    const publisher = await mqtt.connectAsync(`mqtt://127.0.0.1:${mosquitto.broker.port}`, { protocolVersion: 5 });
    const payload = Buffer.alloc(100_000);
    for (let message = 0; message < 2000; message += 1) await publisher.publishAsync(id, payload, { qos: 1 });
    await mosquitto.broker.log.waitFor(new RegExp(`(Received PINGREQ from ${id}\n[^]*){2}`));
    const grownMib = Math.round(memoryOf(subscriber).peakMib - before);
    console.log(`200 MB for a reader that stands still, QoS ${qos}: mqtt-sub grew by ${grownMib} MiB at the most`);
    await publisher.endAsync();
    expect(grownMib).toBeLessThan(100);
  });

  it.each<[string, string, string[]]>([
    ['mqtt-pub', '100,000 repeats', ['-t', 'again', '-m', 'x', '-q', '1', '--repeat', '100000']],
    ['mqtt-rr', '20,000 requests', ['-t', 'echo', '-e', 'echo', '--each-line', '-V', '311']],
  ])('of %s stays as it is over %s', async (name, what, words) => {
    const child = spawnCli(name, [...mosquitto.at, ...words]);
    child.process.stdout?.resume();
    child.stdin.end('line\n'.repeat(20_000));
    const looks: number[] = [];
    const timer = setInterval(() => {
      try {
        looks.push(memoryOf(child).nowMib);
      } catch {
        // It has just ended.
      }
    }, 50);
    const { exitCode } = await child.exit(PATIENCE_MS).finally(() => clearInterval(timer));
    const sound = looks.filter((look) => look > 0);
    const half = sound[Math.floor(sound.length / 2)] ?? 0;
    const last = sound.at(-1) ?? 0;
    console.log(`${what} of ${name}: ${Math.round(half)} MiB in the middle, ${Math.round(last)} MiB at the end`);
    expect(exitCode).toBe(0);
    expect(last - half).toBeLessThan(30);
  });
});

describeWith(['mosquitto'], 'Memory for many lines', () => {
  const mosquitto = shareMosquitto({ settings: UNLIMITED, isQuiet: true });

  it.each(['0', '1'])('a gigabyte of lines passes through mqtt-pub -l, at QoS %s', async (qos) => {
    const publisher = spawnCli('mqtt-pub', [...mosquitto.at, '-t', 'nobody', '-l', '-q', qos]);
    const peak = watchPeak(publisher);
    const lines = Buffer.from(`${'x'.repeat(999)}\n`.repeat(1000));
    for (let block = 0; block < 1000; block += 1) {
      if (!publisher.stdin.write(lines)) await new Promise((resolve) => publisher.stdin.once('drain', resolve));
    }
    publisher.stdin.end();
    const peakMib = await peak;
    console.log(`1 GB of lines, QoS ${qos}: mqtt-pub ${peakMib} MiB at the most`);
    expect(publisher.process.exitCode).toBe(0);
    expect(peakMib).toBeLessThan(200);
  });
});
