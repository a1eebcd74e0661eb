import type { IConnectPacket } from 'mqtt-packet';
import { expect } from 'vitest';
import type { Peer } from '../../support/peer.ts';
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

/** Takes whatever one client sends, as a broker does; for {@link startLiar}. */
export async function letIn(peer: Peer): Promise<IConnectPacket> {
  const connect = await peer.receive('connect');
  peer.send({ cmd: 'connack', returnCode: 0, reasonCode: 0, sessionPresent: false });
  const { messageId = 0 } = await peer.receive('publish');
  peer.send({ cmd: 'puback', messageId });
  await peer.receive('disconnect');
  peer.end();
  return connect;
}
