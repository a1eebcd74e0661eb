import type { ConnectionPlan } from '../../mqtt/connection-plan.ts';
import type { ConnectionConfig } from '../result/result.ts';

const PROTOCOLS = { auto: 'auto', 3: '3.1', 4: '3.1.1', 5: '5' } as const;

/** What of the connections was asked for, without anything that is secret or names a user. */
export function describeConnection(plan: ConnectionPlan): ConnectionConfig {
  const { endpoint, password, receiveMaximum, sessionExpiryInterval, username, will } = plan;
  const { proxy, tls } = endpoint;
  return {
    protocol: PROTOCOLS[plan.version],
    cleanStart: plan.cleanStart,
    keepAliveSeconds: plan.keepAliveSeconds,
    sessionExpirySeconds: sessionExpiryInterval ?? null,
    receiveMaximum: receiveMaximum ?? null,
    connectTimeoutMs: plan.connectTimeoutMs,
    proxy: proxy?.kind ?? null,
    tls: tls === undefined ? null : { verified: !tls.insecure, clientCertificate: Boolean(tls.cert ?? tls.pfx) },
    credentials: username !== undefined || password !== undefined,
    will: will !== undefined,
  };
}
