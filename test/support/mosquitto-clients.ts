import { type Child, type ChildExit, runChild, startInTest } from './child.ts';
import type { Mosquitto } from './mosquitto.ts';
import { findCommand } from './needs.ts';
import { DEADLINE_MS } from './transcript.ts';

/** The protocol versions, as mosquitto's clients and ours spell them. */
export const VERSIONS = ['5', '311', '31'] as const;

/** Debian's `mosquitto_pub`, at the plain listener of a broker. */
export function mosquittoPub(broker: Pick<Mosquitto, 'port'>, ...words: string[]): Promise<ChildExit> {
  return runChild(findCommand('mosquitto_pub') ?? '', [...at(broker), ...words]);
}

/** Starts Debian's `mosquitto_sub`; resolves once the broker has answered its SUBSCRIBE. */
export async function startMosquittoSub(broker: Mosquitto, clientId: string, ...words: string[]): Promise<Child> {
  const child = startInTest(findCommand('mosquitto_sub') ?? '', [...at(broker), '-i', clientId, ...words]);
  await waitForSubscription(broker, clientId, child);
  return child;
}

/** Resolves once the broker has answered the SUBSCRIBE of this client; rejects when the client ended without. */
export async function waitForSubscription(broker: Mosquitto, clientId: string, client?: Child): Promise<void> {
  // A quiet broker logs the subscription alone, right before it answers: its QoS and its filter follow.
  const line = broker.isQuiet ? `\n${clientId} ` : `Sending SUBACK to ${clientId}\n`;
  const answer = broker.log.waitFor(line);
  const early = client?.exit(2 * DEADLINE_MS).then(async ({ exitCode, stderr }) => {
    // A client that had all it wanted may be gone before its line in the log was read.
    await broker.log.waitFor(line, 1000).catch(() => {
      throw new Error(`${clientId} ended with ${exitCode} before it had subscribed:\n${stderr}`);
    });
  });
  answer.catch(() => undefined);
  await Promise.race(early === undefined ? [answer] : [answer, early]);
}

function at({ port }: Pick<Mosquitto, 'port'>): string[] {
  return ['-h', '127.0.0.1', '-p', String(port)];
}
