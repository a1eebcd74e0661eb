import { type Child, type ChildExit, runChild, startInTest } from './child.ts';
import type { Mosquitto } from './mosquitto.ts';
import { findCommand } from './needs.ts';

/** The protocol versions, as mosquitto's clients and ours spell them. */
export const VERSIONS = ['5', '311', '31'] as const;

/** Debian's `mosquitto_pub`, at the plain listener of a broker. */
export function mosquittoPub(broker: Pick<Mosquitto, 'port'>, ...words: string[]): Promise<ChildExit> {
  return runChild(findCommand('mosquitto_pub') ?? '', [...at(broker), ...words]);
}

/** Starts Debian's `mosquitto_sub`; resolves once the broker has answered its SUBSCRIBE. */
export async function startMosquittoSub(broker: Mosquitto, clientId: string, ...words: string[]): Promise<Child> {
  const child = startInTest(findCommand('mosquitto_sub') ?? '', [...at(broker), '-i', clientId, ...words]);
  await waitForSubscription(broker, clientId);
  return child;
}

/** Resolves once the broker has answered the SUBSCRIBE of this client. */
export async function waitForSubscription(broker: Mosquitto, clientId: string): Promise<void> {
  await broker.log.waitFor(`Sending SUBACK to ${clientId}\n`);
}

function at({ port }: Pick<Mosquitto, 'port'>): string[] {
  return ['-h', '127.0.0.1', '-p', String(port)];
}
