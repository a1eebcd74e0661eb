import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import type { BenchResult } from '../../src/bench/result/result.ts';
import { type Child, startInTest } from './child.ts';
import { runSpawnedCli } from './spawn-cli.ts';

/** What mqtt-bench may take up for each connection that it holds. */
export const MOST_BYTES_PER_CONNECTION = 25 * 1024;

/** Starts a broker that answers CONNECT and PINGREQ and costs next to nothing; its port. It ends with the test. */
export async function startAcceptingBroker(): Promise<number> {
  const file = fileURLToPath(new URL('discarding-broker.mjs', import.meta.url));
  const child: Child = startInTest(process.execPath, [file]);
  await child.stdout.waitFor(/^\d+\n/);
  return Number(child.stdout.text);
}

/** How many connections the files of this machine allow, for this process and what it starts; a few are left over. */
export function mostConnections(): number {
  const [, limit = '1024'] = /^Max open files +(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
  return Number(limit) - 100;
}

/** Bytes of memory that each of `count` connections takes up in mqtt-bench, by what a run with ten of them takes. */
export async function bytesPerConnection(port: number, count: number, words: readonly string[] = []): Promise<number> {
  const few = 10;
  const least = await memoryWith(port, few, words);
  const most = await memoryWith(port, count, words);
  return (most - least) / (count - few);
}

async function memoryWith(port: number, count: number, words: readonly string[]): Promise<number> {
  const held = ['--connections', String(count), '--hold', '2500ms', '--json'];
  const argv = ['conn', '-h', '127.0.0.1', '-p', String(port), ...held, ...words];
  const { exitCode, stderr, stdout } = await runSpawnedCli('mqtt-bench', argv);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  const { connections, openings, samples } = JSON.parse(stdout.toString()) as BenchResult;
  expect(connections).toMatchObject({ failed: 0, lost: 0 });
  expect(openings?.at(-1)).toMatchObject({ connected: count });
  const whole = samples.filter((sample) => sample.connections >= count);
  return Math.max(...whole.map(({ generator }) => generator.memoryBytes));
}
