import { CliError } from '../errors.ts';
import type { ConnectionPlan } from '../mqtt/connection-plan.ts';
import type { BenchWorld } from './run.ts';
import { within } from './within.ts';

/** Where mosquitto and some others retain what they are. */
const VERSION_TOPIC = '$SYS/broker/version';
const LIMIT_MS = 1000;
const LONGEST_NAME = 60;

/** What the broker calls itself. */
export interface BrokerIdentity {
  /** Such as `mosquitto`. */
  readonly name: string;
  readonly version?: string;
}

/**
 * Asks the broker what it is, on a connection of its own, since some brokers end the connection that asks for `$SYS`.
 * Undefined when it does not say. Throws what opening the connection throws.
 */
export async function identifyBroker(
  plan: ConnectionPlan,
  { openSession, clock, handlers }: Pick<BenchWorld, 'openSession' | 'clock' | 'handlers'>,
): Promise<BrokerIdentity | undefined> {
  let said: string | undefined;
  const clientId = plan.clientId === '' ? '' : `${plan.clientId}-identify`;
  const session = await openSession(
    { ...plan, clientId },
    {
      ...handlers,
      onMessage: ({ payload, topic }) => {
        if (topic === VERSION_TOPIC) said ??= payload.toString();
        return undefined;
      },
    },
  );
  try {
    // A retained message comes after SUBACK, and so before the answer to a PINGREQ that follows.
    const asked = session.subscribe([{ filter: VERSION_TOPIC, qos: 0 }]).then(() => session.ping());
    await within(asked, LIMIT_MS, clock);
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
  } finally {
    await session.close();
  }
  return said === undefined ? undefined : parseIdentity(said);
}

/** Reads `mosquitto version 2.0.11`; other texts are taken as a name, cut short. */
export function parseIdentity(said: string): BrokerIdentity | undefined {
  const text = said.replace(/[^\x20-\x7e]/g, ' ').trim();
  const match = /^(\S+) version (\S+)$/.exec(text);
  if (match?.[1] !== undefined && match[2] !== undefined) return { name: match[1], version: match[2] };
  return text === '' ? undefined : { name: text.slice(0, LONGEST_NAME) };
}
