import type { ConnectionPlan } from '../mqtt/connection-plan.ts';
import type { PacketProperties } from '../mqtt/properties.ts';
import type { QoS, SessionInfo } from '../mqtt/session.ts';

/** For how long the broker is to keep the session of a publisher that was cut off, in seconds. */
const EXPIRY_SECONDS = 300;

/** How the session outlives its connections, and ends with the run. */
export interface Persistence {
  readonly connection: ConnectionPlan;
  /** The plan for the connection after this one. */
  again(info: SessionInfo): ConnectionPlan;
  readonly disconnectProperties: PacketProperties | undefined;
}

/**
 * At QoS 1 and 2 the broker is asked to keep the session over a lost connection: then it knows what it has received
 * already. With MQTT 5 that leaves nothing behind. Before, a session would stay at the broker for ever: it is kept only
 * where `-c` asks for it.
 */
export function resolvePersistence(plan: ConnectionPlan, qos: QoS, mayReconnect: boolean): Persistence {
  const isOurs = mayReconnect && qos > 0 && plan.cleanStart && plan.sessionExpiryInterval === undefined;
  const isKept = mayReconnect && qos > 0 && (isOurs || plan.sessionExpiryInterval !== 0);
  return {
    connection: isOurs ? { ...plan, sessionExpiryInterval: EXPIRY_SECONDS } : plan,
    again: ({ version, clientId }) => ({
      ...plan,
      ...(isOurs && { sessionExpiryInterval: EXPIRY_SECONDS }),
      // What was agreed at first holds for the run: a reconnect does not negotiate again.
      version,
      // Without a name of its own a session cannot be found again.
      ...(isKept && version === 5 && clientId !== '' && { clientId, cleanStart: false }),
    }),
    disconnectProperties: isOurs ? { sessionExpiryInterval: 0 } : undefined,
  };
}
