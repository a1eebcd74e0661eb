import { describe, expect, it } from 'vitest';
import { resolvePersistence } from '../../src/commands/persistence.ts';
import type { ConnectionPlan } from '../../src/mqtt/connection-plan.ts';
import type { SessionInfo } from '../../src/mqtt/session.ts';

const PLAN: ConnectionPlan = {
  endpoint: { host: 'h', port: 1883 },
  version: 'auto',
  clientId: '',
  generatedClientIdPrefix: 'mqtt-pub-',
  keepAliveSeconds: 60,
  cleanStart: true,
  connectTimeoutMs: 10_000,
};
const INFO = { version: 5, clientId: 'assigned' } as SessionInfo;

describe('the session of a publisher that connects again', () => {
  it('is kept for five minutes, and ends with its DISCONNECT', () => {
    const { connection, again, disconnectProperties } = resolvePersistence(PLAN, 1, true);
    expect(connection).toEqual({ ...PLAN, sessionExpiryInterval: 300 });
    expect(again(INFO)).toEqual({
      ...PLAN,
      version: 5,
      clientId: 'assigned',
      cleanStart: false,
      sessionExpiryInterval: 300,
    });
    expect(disconnectProperties).toEqual({ sessionExpiryInterval: 0 });
  });

  it('is kept for as long as -x says, and is left as -x says', () => {
    const plan = { ...PLAN, sessionExpiryInterval: 60 };
    const { connection, again, disconnectProperties } = resolvePersistence(plan, 2, true);
    expect(connection).toBe(plan);
    expect(again(INFO)).toEqual({ ...plan, version: 5, clientId: 'assigned', cleanStart: false });
    expect(disconnectProperties).toBeUndefined();
    expect(resolvePersistence({ ...PLAN, sessionExpiryInterval: 0 }, 2, true).again(INFO).cleanStart).toBe(true);
  });

  it('is the one of -c where that was given', () => {
    const plan = { ...PLAN, cleanStart: false, clientId: 'own' };
    const { connection, again, disconnectProperties } = resolvePersistence(plan, 1, true);
    expect(connection).toBe(plan);
    expect(again({ ...INFO, clientId: 'own' })).toEqual({ ...plan, version: 5 });
    expect(again({ ...INFO, clientId: 'own', version: 4 })).toEqual({ ...plan, version: 4 });
    expect(disconnectProperties).toBeUndefined();
  });

  it.each([
    ['at QoS 0', 0, true, INFO],
    ['without a second connection', 1, false, INFO],
    ['before MQTT 5', 1, true, { ...INFO, version: 4 }],
    ['without a name', 1, true, { ...INFO, clientId: '' }],
  ] as const)('is new each time %s', (_what, qos, mayReconnect, info) => {
    const next = resolvePersistence(PLAN, qos, mayReconnect).again(info as SessionInfo);
    expect({ cleanStart: next.cleanStart, clientId: next.clientId }).toEqual({ cleanStart: true, clientId: '' });
  });
});
