/** mqtt-sub that is killed while it reads, and started again with the same session. */
import { closeSync, openSync, readFileSync } from 'node:fs';
import { onTestFinished } from 'vitest';
import { seededRandom } from './chaos-proxy.ts';
import type { Child } from './child.ts';
import { type Delivery, deliveryOf, numberedLines } from './delivery-check.ts';
import type { Mosquitto } from './mosquitto.ts';
import { mosquittoPub, waitForSubscription } from './mosquitto-clients.ts';
import { spawnCli } from './spawn-cli.ts';
import { makeTempFolder } from './temp-folder.ts';

export interface KillReading {
  readonly qos: '1' | '2';
  readonly kills: number;
  /** Published while each of the readers lives. */
  readonly linesEach: number;
  readonly seed: number;
}

/** The longest life of a reader, in milliseconds: from before it is connected to long after it has read everything. */
const LONGEST_LIFE_MS = 500;

/** What all the readers together have written to their outputs, when the last one has come to the end. */
export async function readOverKills(
  broker: Mosquitto,
  { qos, kills, linesEach, seed }: KillReading,
): Promise<Delivery & { readonly written: number }> {
  const folder = makeTempFolder();
  onTestFinished(() => folder.remove());
  const random = seededRandom(seed);
  const at = ['-h', '127.0.0.1', '-p', String(broker.port)];
  const topic = `killed-reader-${qos}`;
  const outputs: string[] = [];
  const read = (): Child => {
    const path = folder.file(`output-${outputs.length}`);
    outputs.push(path);
    const output = openSync(path, 'w');
    const argv = [...at, '-t', topic, '-q', qos, '-i', topic, '-c', '-x', '3600'];
    const child = spawnCli('mqtt-sub', argv, { stdio: ['ignore', output, 'pipe'] });
    closeSync(output);
    return child;
  };
  const publisher = spawnCli('mqtt-pub', [...at, '-t', topic, '-q', qos, '-l']);
  const lines = numberedLines(linesEach * kills, 40).split(/(?<=\n)/);
  let reader = read();
  await waitForSubscription(broker, topic, reader);
  for (let kill = 0; kill < kills; kill += 1) {
    publisher.stdin.write(lines.slice(kill * linesEach, (kill + 1) * linesEach).join(''));
    const lifeMs = LONGEST_LIFE_MS * random();
    await new Promise((resolve) => setTimeout(resolve, lifeMs));
    reader.kill('SIGKILL');
    await reader.exit();
    reader = read();
  }
  publisher.stdin.end();
  const { exitCode, stderr } = await publisher.exit(60_000);
  if (exitCode !== 0) throw new Error(stderr);
  await mosquittoPub(broker, '-t', topic, '-m', 'the end', '-q', '2');
  const isComplete = (): boolean => readFileSync(outputs.at(-1) ?? '').includes('the end\n');
  while (!isComplete()) await new Promise((resolve) => setTimeout(resolve, 20));
  await reader.end();
  const numbers = outputs.flatMap((path) => numbersIn(readFileSync(path, 'latin1')));
  return { ...deliveryOf(numbers, linesEach * kills), written: numbers.length };
}

/** What a killed reader has not written to its end counts for nothing. */
function numbersIn(text: string): number[] {
  return text
    .split(/(?<=\n)/)
    .filter((line) => /^\d+\.*\n$/.test(line))
    .map((line) => Number.parseInt(line, 10));
}
