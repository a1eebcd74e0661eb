import { CliError } from '../../errors.ts';
import type { ConnectionPlan } from '../../mqtt/connection-plan.ts';
import type { Session, SessionInfo } from '../../mqtt/session.ts';
import type { BenchWorld } from '../scenario/run.ts';
import { within } from '../scenario/within.ts';
import { SYSTEM_PREFIX, SystemTopics } from './system-topics.ts';

/** How long the broker may take to say what it is, and how long to give its first figures. */
const LIMIT_MS = 1000;

/** What the broker says of itself while a run lasts. */
export interface BrokerWatch {
  /** Of the first connection of the run: what the broker takes is known before any other is opened. */
  readonly info: SessionInfo;
  readonly topics: SystemTopics;
  /** Its connection, unless that had to end. */
  readonly session: Session | undefined;
  /** Never rejects. */
  close(graceMs?: number): Promise<void>;
}

/**
 * Listens to `$SYS` on a connection of its own, since some brokers end the connection that asks for it; then, and where
 * it is denied, nothing is known. Throws what opening the connection throws, and the reason of `abort`.
 */
export async function watchBroker(
  plan: ConnectionPlan,
  { openSession, clock, handlers }: Pick<BenchWorld, 'openSession' | 'clock' | 'handlers'>,
  abort: AbortSignal,
): Promise<BrokerWatch> {
  const topics = new SystemTopics();
  const clientId = plan.clientId === '' ? '' : `${plan.clientId}-identify`;
  const session = await openSession(
    { ...plan, clientId },
    {
      ...handlers,
      onMessage: ({ payload, topic }) => {
        topics.take(topic, payload);
        return undefined;
      },
    },
  );
  const ask = (name: string): Promise<boolean> =>
    within(subscribe(session, name), LIMIT_MS, clock, abort).then(Boolean);
  let isWatching = false;
  try {
    // The version alone first: a broker may tell it and yet end the connection that asks for more.
    isWatching = (await ask('version')) && (await ask('#'));
  } finally {
    if (!isWatching) await session.close(undefined, undefined, abort.aborted ? 0 : undefined);
  }
  return {
    info: session.info,
    topics,
    session: isWatching ? session : undefined,
    close: (graceMs) => session.close(undefined, undefined, graceMs),
  };
}

/** True when what is retained there has come: it comes before the answer to a PINGREQ that follows. */
async function subscribe(session: Session, name: string): Promise<boolean> {
  try {
    const [outcome] = await session.subscribe([{ filter: `${SYSTEM_PREFIX}${name}`, qos: 0 }]);
    await session.ping();
    return outcome !== undefined && outcome.reasonCode < 0x80;
  } catch (error) {
    if (error instanceof CliError) return false;
    throw error;
  }
}
