import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import type { OpeningTimes } from '../../src/mqtt/opening-times.ts';
import { type Certificates, makeCertificates } from '../support/certificates.ts';
import type { FakeClock } from '../support/fake-clock.ts';
import { acceptConnect, startLiar } from '../support/liar.ts';
import { describeWith } from '../support/needs.ts';
import { makeTempFolder } from '../support/temp-folder.ts';
import { talk } from './talking.ts';

describe('the times of opening a session', () => {
  it('are those of the attempt that succeeded, told once: a refused version is in none [MQTT5 3.1.2.2]', async () => {
    let clock: FakeClock | undefined;
    const told: OpeningTimes[] = [];
    const talking = await talk(
      async (peer, connection) => {
        await peer.receive('connect');
        await clock?.advance(connection === 1 ? 500 : 30);
        peer.send({ cmd: 'connack', reasonCode: connection === 1 ? 0x84 : 0, returnCode: 0, sessionPresent: false });
      },
      { version: 'auto' },
    );
    ({ clock } = talking);
    await talking.connect({ onOpened: (times) => told.push(times) });
    expect(talking.liar.connections).toBe(2);
    expect(told).toEqual([{ connectMs: 0, tlsMs: undefined, connackMs: 30 }]);
  });

  it('are not told of a connection that was refused', async () => {
    const told: OpeningTimes[] = [];
    const { connect } = await talk((peer) => acceptConnect(peer, { reasonCode: 0x87 }));
    await expect(connect({ onOpened: (times) => told.push(times) })).rejects.toThrow();
    expect(told).toEqual([]);
  });
});

describeWith(['openssl'], 'over TLS', () => {
  const folder = makeTempFolder();
  let certificates: Certificates;
  beforeAll(async () => {
    certificates = await makeCertificates(folder);
  });

  it('the handshake has a time of its own', async () => {
    const { server, caFile } = certificates;
    const tls = { cert: readFileSync(server.certFile), key: readFileSync(server.keyFile) };
    const secure = await startLiar((peer) => acceptConnect(peer), { tls });
    const told: OpeningTimes[] = [];
    const { connect } = await talk(() => undefined);
    const endpoint = {
      host: '127.0.0.1',
      port: secure.port,
      tls: { ca: [readFileSync(caFile, 'utf8')], insecure: false },
    };
    const session = await connect({ onOpened: (times) => told.push(times) }, { endpoint });
    expect(told).toEqual([{ connectMs: 0, tlsMs: 0, connackMs: 0 }]);
    await session.close();
    await secure.close();
  });
});
