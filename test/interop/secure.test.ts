/** TLS and WebSocket with Debian's mosquitto: what is let through, and how each fault is told. */
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Certificates, type Identity, makeCertificates } from '../support/certificates.ts';
import { type Mosquitto, secureListeners, startMosquitto } from '../support/mosquitto.ts';
import { startMosquittoSub, waitForSubscription } from '../support/mosquitto-clients.ts';
import { describeWith } from '../support/needs.ts';
import { runCli } from '../support/run-cli.ts';
import { runSpawnedCli, spawnCli } from '../support/spawn-cli.ts';
import { makeTempFolder } from '../support/temp-folder.ts';

describeWith(['mosquitto', 'mosquitto_sub', 'openssl'], 'TLS and WebSocket', () => {
  const folder = makeTempFolder();
  let certificates: Certificates;
  let broker: Mosquitto;
  const message = ['-t', 'secure', '-m', 'x', '-q', '1'];

  beforeAll(async () => {
    certificates = await makeCertificates(folder);
    broker = await startMosquitto({ listeners: secureListeners(certificates) });
  });
  afterAll(async () => {
    await broker?.remove();
    folder.remove();
  });

  function url(listener: string): string {
    const scheme = { ws: 'ws', wss: 'wss' }[listener] ?? 'mqtts';
    return `${scheme}://localhost:${broker.ports[listener]}`;
  }

  function identityWords({ certFile, keyFile }: Identity): string[] {
    return ['--cert', certFile, '--key', keyFile];
  }

  async function failure(...words: string[]): Promise<{ exitCode: number; stderr: string }> {
    const { exitCode, stderr, stdout } = await runCli('mqtt-pub', [...words, ...message], { real: true });
    expect(stdout.length).toBe(0);
    return { exitCode, stderr };
  }

  it.each(['tls', 'ws', 'wss', 'mutual'])('the built commands publish and subscribe through %s', async (listener) => {
    const words = [url(listener), '--cafile', certificates.caFile];
    if (listener === 'ws') words.splice(1);
    if (listener === 'mutual') words.push(...identityWords(certificates.client));
    const topic = `through/${listener}`;
    const theirs = await startMosquittoSub(broker, topic, '-t', topic, '-C', '1');
    const ours = spawnCli('mqtt-sub', [...words, '-t', topic, '-i', `ours-${listener}`, '-C', '1']);
    await waitForSubscription(broker, `ours-${listener}`, ours);
    const published = await runSpawnedCli('mqtt-pub', [...words, '-t', topic, '-m', 'x', '-q', '1']);
    expect(published).toMatchObject({ exitCode: 0, stderr: '' });
    expect((await theirs.exit()).stdout.toString()).toBe('x\n');
    expect(await ours.exit()).toMatchObject({ exitCode: 0, stdout: Buffer.from('x\n'), stderr: '' });
  });

  it('a message of many frames passes through WebSocket', async () => {
    const up = Buffer.alloc(1_000_000, 'äöü');
    const tcp = `mqtt://localhost:${broker.port}`;
    const overTcp = spawnCli('mqtt-sub', [tcp, '-t', 'up', '-i', 'up', '-C', '1', '-N']);
    await waitForSubscription(broker, 'up', overTcp);
    const words = ['-t', 'up', '-s', '-q', '1'];
    expect(await runSpawnedCli('mqtt-pub', [url('ws'), ...words], { input: up })).toMatchObject({
      exitCode: 0,
      stderr: '',
    });
    expect((await overTcp.exit()).stdout.equals(up)).toBe(true);
    // This mosquitto sends 4 kB in 100 ms through a WebSocket, so no more of it this way.
    const down = Buffer.alloc(20_000, 'äöü');
    const overWebSocket = spawnCli('mqtt-sub', [url('ws'), '-t', 'down', '-i', 'down', '-C', '1', '-N']);
    await waitForSubscription(broker, 'down', overWebSocket);
    expect((await runSpawnedCli('mqtt-pub', [tcp, '-t', 'down', '-s'], { input: down })).exitCode).toBe(0);
    expect((await overWebSocket.exit()).stdout.equals(down)).toBe(true);
  });

  it('a folder of certificates is trusted with --capath', async () => {
    expect(await failure(url('tls'), '--capath', folder.path)).toEqual({ exitCode: 0, stderr: '' });
  });

  it.each(['tls', 'wss'])('an unknown CA, at %s', async (listener) => {
    const { validFrom, validTo } = new X509Certificate(readFileSync(certificates.server.certFile));
    const details = `it is for localhost, 127.0.0.1, 0:0:0:0:0:0:0:1, valid from ${validFrom} to ${validTo}\n`;
    const hint = '  Give the certificate of that CA: --cafile ca.crt\n';
    expect(await failure(url(listener), '--cafile', certificates.otherCaFile)).toEqual({
      exitCode: 4,
      stderr: `mqtt-pub: the certificate of localhost is signed by "Example Test CA", which is none of the given CA certificates (UNABLE_TO_VERIFY_LEAF_SIGNATURE); ${details}${hint}`,
    });
    expect(await failure(url(listener))).toEqual({
      exitCode: 4,
      stderr: `mqtt-pub: the certificate of localhost is signed by "Example Test CA", not trusted here (UNABLE_TO_VERIFY_LEAF_SIGNATURE); ${details}${hint}`,
    });
  });

  it('a certificate for another name', async () => {
    expect(await failure(url('wrongName'), '--cafile', certificates.caFile)).toEqual({
      exitCode: 4,
      stderr:
        'mqtt-pub: the certificate of localhost is for broker.example.com, not localhost\n' +
        '  Connect with that name: -h broker.example.com, or where it leads elsewhere: --servername broker.example.com\n',
    });
  });

  it('an expired certificate, and one that is not valid yet', async () => {
    const hint = '  Is the clock of this machine right?\n';
    expect(await failure(url('expired'), '--cafile', certificates.caFile)).toEqual({
      exitCode: 4,
      stderr: `mqtt-pub: the certificate of localhost, or one that signed it, has expired: valid from Jan  1 00:00:00 2020 GMT to Jan  1 00:00:00 2021 GMT\n${hint}`,
    });
    expect(await failure(url('notYetValid'), '--cafile', certificates.caFile)).toEqual({
      exitCode: 4,
      stderr: `mqtt-pub: the certificate of localhost is not valid yet: valid from Jan  1 00:00:00 2099 GMT to Dec 31 00:00:00 2099 GMT\n${hint}`,
    });
  });

  it('--insecure takes any of them, and says so', async () => {
    for (const listener of ['tls', 'wrongName', 'expired', 'wss']) {
      expect(await failure(url(listener), '--insecure')).toEqual({
        exitCode: 0,
        stderr: 'mqtt-pub: --insecure: neither the certificate nor the host name of the broker is checked\n',
      });
    }
  });

  it('a client certificate that is missing, or of a CA that the broker does not trust', async () => {
    const words = [url('mutual'), '--cafile', certificates.caFile];
    const { mutual } = broker.ports;
    expect(await failure(...words)).toEqual({
      exitCode: 4,
      stderr: `mqtt-pub: localhost:${mutual} wants a client certificate\n  Give --cert FILE and --key FILE.\n`,
    });
    expect(await failure(...words, ...identityWords(certificates.strangeClient))).toEqual({
      exitCode: 4,
      stderr:
        `mqtt-pub: localhost:${mutual} refuses our client certificate (unknown ca)\n` +
        '  Is it valid, and signed by the CA that the broker trusts?\n',
    });
  });

  it('a certificate and a key that do not belong together', async () => {
    const { certFile } = certificates.client;
    const { keyFile } = certificates.strangeClient;
    expect(await failure(url('mutual'), '--cafile', certificates.caFile, '--cert', certFile, '--key', keyFile)).toEqual(
      {
        exitCode: 2,
        stderr: `mqtt-pub: --cert ${certFile} and --key ${keyFile} do not belong together\n`,
      },
    );
  });

  it('a plain connection to a TLS port, and TLS to a plain port', async () => {
    const { tls, ws, wss } = broker.ports;
    const closes = (port: number | undefined): string =>
      `mqtt-pub: localhost:${port} closed the connection before CONNACK\n`;
    expect(await failure(`mqtt://localhost:${tls}`)).toEqual({
      exitCode: 3,
      stderr: `${closes(tls)}  Is it a TLS port? Try mqtts://localhost:${tls}\n`,
    });
    expect(await failure(`ws://localhost:${wss}`)).toEqual({
      exitCode: 3,
      stderr: `${closes(wss)}  Is this the port of the WebSocket listener (often 9001 or 8083)? With TLS: wss://localhost:${wss}/mqtt\n`,
    });
    expect(await failure(`mqtts://localhost:${broker.port}`)).toEqual({
      exitCode: 4,
      stderr:
        `mqtt-pub: localhost:${broker.port} closed the connection in the TLS handshake\n` +
        `  Does it speak TLS? Try mqtt://localhost:${broker.port}\n`,
    });
    expect(await failure(`wss://localhost:${ws}`)).toEqual({
      exitCode: 4,
      stderr: `mqtt-pub: localhost:${ws} does not speak TLS\n  Try ws://localhost:${ws}/mqtt\n`,
    });
  });
});
