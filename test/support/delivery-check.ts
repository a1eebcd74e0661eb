/** What is left of many numbered lines when they have gone from mqtt-pub through a broker to mqtt-sub. */
import { expect } from 'vitest';
import type { Child } from './child.ts';
import type { Mosquitto } from './mosquitto.ts';
import { mosquittoPub, waitForSubscription } from './mosquitto-clients.ts';
import { spawnCli } from './spawn-cli.ts';

export interface Delivery {
  readonly lost: number;
  readonly duplicated: number;
  /** Whether the first of each came in order. */
  readonly isInOrder: boolean;
}

/** Numbered lines, of so many bytes each at least, with their newlines. */
export function numberedLines(count: number, bytes: number): string {
  return Array.from({ length: count }, (_, index) => `${String(index).padEnd(bytes, '.')}\n`).join('');
}

/** Starts the subscriber that counts; its session stays over reconnects. */
export async function startCounting(broker: Mosquitto, topic: string, qos: string): Promise<Child> {
  const at = ['-h', '127.0.0.1', '-p', String(broker.port)];
  const clientId = `counting-${topic}`;
  const subscriber = spawnCli('mqtt-sub', [...at, '-t', topic, '-q', qos, '-i', clientId, '-c', '-x', '3600']);
  await waitForSubscription(broker, clientId, subscriber);
  return subscriber;
}

/** Ends the counting behind a last message, which comes after all that the broker has accepted. */
export async function conclude(
  subscriber: Child,
  broker: Mosquitto,
  topic: string,
  count: number,
  patienceMs = 60_000,
): Promise<Delivery> {
  await mosquittoPub(broker, '-t', topic, '-m', 'the end', '-q', '2');
  await subscriber.stdout.waitFor('the end\n', patienceMs);
  const numbers = subscriber.stdout.text
    .split('\n')
    .filter((line) => /^\d/.test(line))
    .map((line) => Number.parseInt(line, 10));
  return deliveryOf(numbers, count);
}

/** `numbers`: the lines in the order in which they came, of `count`. */
export function deliveryOf(numbers: readonly number[], count: number): Delivery {
  const distinct = [...new Set(numbers)];
  expect(distinct.every((number) => number >= 0 && number < count)).toBe(true);
  return {
    lost: count - distinct.length,
    duplicated: numbers.length - distinct.length,
    isInOrder: distinct.every((number, index) => index === 0 || number > (distinct[index - 1] ?? 0)),
  };
}
