import { describe, expect, it } from 'vitest';
import { describeConnection } from '../../../src/bench/plan/connection-config.ts';
import { makeConnection } from '../support/drive.ts';

describe('what a result says of the connections', () => {
  it('is what was asked for', () => {
    expect(describeConnection(makeConnection())).toEqual({
      protocol: 'auto',
      cleanStart: true,
      keepAliveSeconds: 60,
      sessionExpirySeconds: null,
      receiveMaximum: null,
      connectTimeoutMs: 10_000,
      proxy: null,
      tls: null,
      credentials: false,
      will: false,
    });
  });

  it('is nothing that is secret or names a user', () => {
    const secret = 'hunter2';
    const bytes = Buffer.from(secret);
    const plan = makeConnection({
      version: 4,
      username: secret,
      password: bytes,
      passwordSource: secret,
      receiveMaximum: 10,
      endpoint: {
        host: secret,
        port: 8883,
        proxy: { kind: 'http', host: secret, port: 1, username: secret, password: secret },
        tls: { insecure: true, key: bytes, cert: bytes, passphrase: secret },
        webSocketHeaders: [['Authorization', secret]],
      },
      will: { topic: secret, payload: bytes, qos: 0, retain: false },
    });
    const config = describeConnection(plan);
    expect(config).toMatchObject({
      protocol: '3.1.1',
      receiveMaximum: 10,
      proxy: 'http',
      credentials: true,
      will: true,
    });
    expect(config.tls).toEqual({ verified: false, clientCertificate: true });
    expect(JSON.stringify(config)).not.toMatch(/hunter2|aHVudGVyMg|104,117/);
  });
});
