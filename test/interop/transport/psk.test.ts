/** Pre-shared keys with mosquitto. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Certificates, makeCertificates } from '../../support/certificates.ts';
import { type Mosquitto, startMosquitto } from '../../support/mosquitto.ts';
import { waitForSubscription } from '../../support/mosquitto-clients.ts';
import { describeWith } from '../../support/needs.ts';
import { runSpawnedCli, spawnCli } from '../../support/spawn-cli.ts';
import { makeTempFolder } from '../../support/temp-folder.ts';
import { failed, publish, SENT } from './publishing.ts';

describeWith(['mosquitto', 'openssl'], 'A pre-shared key', () => {
  const folder = makeTempFolder();
  let certificates: Certificates;
  let broker: Mosquitto;

  beforeAll(async () => {
    certificates = await makeCertificates(folder);
    broker = await startMosquitto({
      psk: { ann: '0123456789abcdef', 'ö d': 'abc' },
      listeners: {
        psk: { psk: true },
        named: { psk: true, settings: ['use_identity_as_username true'] },
        tls: { tls: certificates.server },
      },
    });
  });
  afterAll(async () => {
    await broker?.remove();
    folder.remove();
  });

  function at(listener: string, key: string, identity: string): string[] {
    return ['-h', 'localhost', '-p', String(broker.ports[listener]), '--psk', key, '--psk-identity', identity];
  }
  const address = (listener: string): string => `localhost:${broker.ports[listener]}`;

  it('lets both commands in, and needs no certificate', async () => {
    const words = at('psk', '0123456789abcdef', 'ann');
    const subscriber = spawnCli('mqtt-sub', [...words, '-t', 'keyed', '-i', 'keyed', '-C', '1']);
    await waitForSubscription(broker, 'keyed', subscriber);
    expect(await runSpawnedCli('mqtt-pub', [...words, '-t', 'keyed', '-m', 'x'])).toMatchObject({
      exitCode: 0,
      stderr: '',
    });
    expect(await subscriber.exit()).toMatchObject({ exitCode: 0, stdout: Buffer.from('x\n'), stderr: '' });
  });

  it('may be in capitals, and of an odd number of digits', async () => {
    expect(await publish(at('psk', '0123456789ABCDEF', 'ann'))).toEqual(SENT);
    expect(await publish(at('psk', 'aBc', 'ö d'))).toEqual(SENT);
    expect(await publish(at('psk', '0ABC', 'ö d'))).toEqual(SENT);
  });

  it('is the user, where the broker wants that', async () => {
    expect(await publish([...at('named', '0123456789abcdef', 'ann'), '-i', 'who'])).toEqual(SENT);
    await broker.log.waitFor(/as who \(p\d, c1, k60, u'ann'\)/);
  });

  it('goes by URL, too, and by --ciphers that are for it', async () => {
    const words = at('psk', '0123456789abcdef', 'ann').slice(4);
    const url = `mqtts://localhost:${broker.ports['psk']}`;
    expect(await publish([url, ...words])).toEqual(SENT);
    expect(await publish([url, ...words, '--ciphers', 'PSK-AES128-GCM-SHA256', '--tls-version', 'tlsv1.2'])).toEqual(
      SENT,
    );
  });

  it('that is wrong, of the wrong name, or of no name that the broker knows', async () => {
    expect(await publish(at('psk', '0123456789abcdee', 'ann'))).toEqual(
      failed(4, `${address('psk')} has another pre-shared key for ann`, 'Is --psk right?'),
    );
    expect(await publish(at('psk', '0123456789abcdef', 'ö d'))).toEqual(
      failed(4, `${address('psk')} has another pre-shared key for "ö d"`, 'Is --psk right?'),
    );
    expect(await publish(at('psk', '0123456789abcdef', 'bob'))).toEqual(
      failed(4, `${address('psk')} knows no pre-shared key of bob`, 'Is --psk-identity right?'),
    );
  });

  it('is not for TLS 1.3', async () => {
    expect(await publish([...at('psk', '0123456789abcdef', 'ann'), '--tls-version', 'tlsv1.3'])).toEqual(
      failed(2, '--psk works up to TLS 1.2'),
    );
  });

  it('does not open a listener with certificates, nor a certificate one with keys', async () => {
    expect(await publish(at('tls', '0123456789abcdef', 'ann'))).toEqual(
      failed(4, `${address('tls')} takes no pre-shared key`, 'Does it want certificates? --cafile FILE'),
    );
    const [exitCode, stderr] = await publish([
      `mqtts://localhost:${broker.ports['psk']}`,
      '--cafile',
      certificates.caFile,
    ]);
    expect(stderr).toContain(`${address('psk')} refuses the TLS handshake\n`);
    expect(exitCode).toBe(4);
  });

  it('does not stand for a certificate: with other --ciphers that is looked at as ever', async () => {
    const words = [...at('tls', '0123456789abcdef', 'ann'), '--ciphers', 'ALL'];
    const [exitCode, stderr] = await publish(words);
    expect(stderr).toMatch(/^mqtt-pub: the certificate of localhost is signed by "Example Test CA", not trusted here/);
    expect(exitCode).toBe(4);
  });

  it('is in no output', async () => {
    const words = at('psk', '5e9711e15e9711e1', 'ann');
    const [, stderr] = await publish([...words, '-dd']);
    const { stdout } = await runSpawnedCli('mqtt-pub', [...words, '--show-config']);
    expect(stderr + stdout.toString()).not.toMatch(/5e9711e1/i);
  });
});
