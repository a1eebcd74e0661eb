/** mqtt-pub -l over a broker that is killed and started again. */
import { onTestFinished } from 'vitest';
import { startChaosProxy } from './chaos-proxy.ts';
import { type Delivery, deliveryOf, numberedLines } from './delivery-check.ts';
import { startMosquitto } from './mosquitto.ts';
import { spawnCli } from './spawn-cli.ts';
import { makeTempFolder } from './temp-folder.ts';
import { makeWitness } from './witness.ts';

export interface Killing {
  readonly qos: string;
  readonly kills: number;
  /** Published between two kills; the kill comes when half of them have come. */
  readonly linesEach: number;
  /** Whether the broker has the session in a file, and knows it again. */
  readonly isPersistent: boolean;
}

/** More lines than the first connection carries. */
const FIRST_LINES = 20;
const FIRST_BYTES = 600;

/** Returns what came of it; throws when mqtt-pub does not end with 0. */
export async function publishOverKills({ qos, kills, linesEach, isPersistent }: Killing): Promise<Delivery> {
  const folder = makeTempFolder();
  onTestFinished(() => folder.remove());
  // It saves when it is told to: what it saves in the midst of things is old when it is killed.
  const persistence = ['persistence true', `persistence_location ${folder.path}/`, 'autosave_interval 0'];
  const settings = ['max_queued_messages 0', 'max_inflight_messages 0', ...(isPersistent ? persistence : [])];
  const broker = await startMosquitto({ settings });
  onTestFinished(() => broker.remove());
  // The publisher comes back only when there is somebody to witness what it publishes.
  let isOpen = true;
  const proxy = await startChaosProxy(broker.port, (connection) => {
    if (!isOpen) return { cut: { direction: 'up', afterBytes: 1 } };
    // mosquitto 2.0.11 saves no session that began with Clean Start; that of a connection which takes it up again it does.
    return connection === 1 ? { cut: { direction: 'up', afterBytes: FIRST_BYTES } } : undefined;
  });
  onTestFinished(() => proxy.close());
  const witness = makeWitness(broker.port, 'killed');
  await witness.open();
  const lines = numberedLines(linesEach * (kills + 1), 60);
  const portion = lines.length / (kills + 1);
  const argv = ['-h', '127.0.0.1', '-p', String(proxy.port), '-V', '5', '-t', 'killed', '-q', qos, '-l'];
  const publisher = spawnCli('mqtt-pub', argv);
  let written = 0;
  const feed = (upTo: number): void => {
    publisher.stdin.write(lines.slice(written, upTo));
    written = upTo;
  };
  // The session is there, and at rest, when it is saved.
  feed((FIRST_LINES * portion) / linesEach);
  await witness.until(FIRST_LINES - 1);
  for (let kill = 0; kill < kills; kill += 1) {
    if (isPersistent) await broker.save();
    feed((kill + 1) * portion);
    await witness.until((kill + 0.5) * linesEach);
    isOpen = false;
    await broker.crash();
    await witness.closed();
    await broker.start();
    await witness.open();
    isOpen = true;
    // The next kill finds a session that was at rest when it was saved.
    await witness.until((kill + 1) * linesEach - 1);
  }
  publisher.stdin.end(lines.slice(written));
  const { exitCode, stderr } = await publisher.exit(600_000);
  if (exitCode !== 0) throw new Error(stderr);
  // What was accepted last is on its way to the witness.
  await broker.stop();
  await witness.closed();
  return deliveryOf(witness.numbers, linesEach * (kills + 1));
}
