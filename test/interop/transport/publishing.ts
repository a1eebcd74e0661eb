import { expect } from 'vitest';
import { runCli, type World } from '../../support/run-cli.ts';

/** What became of a message: `[0, '']` when all was well. */
export type Outcome = readonly [exitCode: number, stderr: string];

/** Sends one message at QoS 1 by the real network. */
export async function publish(words: readonly string[], world: World = {}): Promise<Outcome> {
  const argv = [...words, '-t', 'a', '-m', 'x', '-q', '1'];
  const { exitCode, stdout, stderr } = await runCli('mqtt-pub', argv, { real: true, ...world });
  expect(stdout.length).toBe(0);
  return [exitCode, stderr];
}

export const SENT: Outcome = [0, ''];

/** An outcome with these lines on stderr; the first one is the error. */
export function failed(exitCode: number, message: string, ...hint: readonly string[]): Outcome {
  return [exitCode, [`mqtt-pub: ${message}`, ...hint.map((line) => `  ${line}`), ''].join('\n')];
}
