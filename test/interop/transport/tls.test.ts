/** The options of TLS with mosquitto, and with servers of Node's where one must look inside the handshake. */
import { createHash, X509Certificate } from 'node:crypto';
import { mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import type { TLSSocket, TlsOptions } from 'node:tls';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import type { Endpoint, TlsPlan } from '../../../src/mqtt/connection-plan.ts';
import { openSecured } from '../../../src/mqtt/tls.ts';
import {
  type Certificates,
  encryptKey,
  type Identity,
  makeCertificates,
  makePkcs12,
  readIdentity,
} from '../../support/certificates.ts';
import { startLiar } from '../../support/liar.ts';
import { type Mosquitto, secureListeners, startMosquitto } from '../../support/mosquitto.ts';
import { waitForSubscription } from '../../support/mosquitto-clients.ts';
import { describeWith } from '../../support/needs.ts';
import { runSpawnedCli, spawnCli } from '../../support/spawn-cli.ts';
import { makeTempFolder } from '../../support/temp-folder.ts';
import { failed, letIn, type Outcome, publish, SENT } from './publishing.ts';

/** A handshake as the server sees it; Node has `false` for what the client did not ask for. */
interface Handshake {
  readonly serverName: unknown;
  readonly alpn: unknown;
  readonly version: string | null;
  readonly cipher: string;
}

describeWith(['mosquitto', 'openssl'], 'TLS', () => {
  const folder = makeTempFolder();
  let certificates: Certificates;
  let broker: Mosquitto;
  /** `--cafile` with the authority of the broker. */
  let trust: string[];

  beforeAll(async () => {
    certificates = await makeCertificates(folder);
    trust = ['--cafile', certificates.caFile];
    const mutualWss = { tls: certificates.server, clientCaFile: certificates.caFile, webSocket: true };
    broker = await startMosquitto({ listeners: { ...secureListeners(certificates), mutualWss } });
  });
  afterAll(async () => {
    await broker?.remove();
    folder.remove();
  });

  const at = (listener: string): string => `mqtts://localhost:${broker.ports[listener]}`;

  function fileWith(name: string, content: string): string {
    const path = folder.file(name);
    writeFileSync(path, content, { mode: 0o600 });
    return path;
  }

  function sha256(bytes: Uint8Array): string {
    return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
  }

  /** A TLS server that lets clients in; its port, and what the first handshake came to. */
  async function serve(options: TlsOptions): Promise<{ port: number; handshake: Promise<Handshake> }> {
    let settle: (seen: Handshake) => void;
    const handshake = new Promise<Handshake>((resolve) => {
      settle = resolve;
    });
    const liar = await startLiar(
      async (peer) => {
        const socket = peer.socket as TLSSocket;
        settle({
          serverName: socket.servername,
          alpn: socket.alpnProtocol,
          version: socket.getProtocol(),
          cipher: socket.getCipher().name,
        });
        await letIn(peer);
      },
      { tls: { ...readIdentity(certificates.server), ...options } },
    );
    onTestFinished(() => liar.close());
    return { port: liar.port, handshake };
  }

  it('TLS is on any port, and for a name or an address', async () => {
    const { tls } = broker.ports;
    expect(await publish([...trust, '-h', 'localhost', '-p', String(tls)])).toEqual(SENT);
    expect(await publish([...trust, '-L', `mqtts://localhost:${tls}/a`])).toEqual(SENT);
    expect(await publish([...trust, '-h', '127.0.0.1', '-p', String(tls)])).toEqual(SENT);
  });

  it('--no-tls overrules what an options file says', async () => {
    const { tls } = broker.ports;
    const file = fileWith('tls-options', `--cafile ${certificates.caFile}\n-h localhost\n-p ${tls}\n--insecure\n`);
    expect((await publish(['-o', file]))[0]).toBe(0);
    expect(await publish(['-o', file, '--no-tls', '-p', String(broker.port)])).toEqual(SENT);
    expect(await publish(['-o', file, '--no-tls'])).toEqual(
      failed(
        3,
        `localhost:${tls} closed the connection before CONNACK`,
        `Is it a TLS port? Try mqtts://localhost:${tls}`,
      ),
    );
  });

  it('--insecure warns each time, but with --quiet', async () => {
    const warning = 'mqtt-pub: --insecure: neither the certificate nor the host name of the broker is checked\n';
    expect(await publish([at('wrongName'), '--insecure'])).toEqual([0, warning]);
    expect(await publish([at('wrongName'), '--insecure'])).toEqual([0, warning]);
    expect(await publish([at('wrongName'), '--insecure', ...trust, '--tls-version', 'tlsv1.3'])).toEqual([0, warning]);
    expect(await publish([at('wrongName'), '--insecure', '--quiet'])).toEqual(SENT);
  });

  it('a folder of hashed certificates is trusted with --capath, as `openssl rehash` leaves it', async () => {
    const path = folder.file('hashed');
    mkdirSync(path);
    symlinkSync(certificates.caFile, `${path}/0123abcd.0`);
    symlinkSync(folder.file('gone'), `${path}/0123abcd.1`);
    expect(await publish([at('tls'), '--capath', path])).toEqual(SENT);
    expect((await publish([at('tls'), '--capath', path, '--cafile', certificates.otherCaFile]))[0]).toBe(0);
  });

  it.each(['--tls-use-os-certs', '--tls-ca-os', ''])(
    'the store of the system is that of SSL_CERT_FILE: %s',
    async (option) => {
      const words = [at('tls'), ...(option === '' ? [] : [option])];
      expect(await publish(words, { env: { SSL_CERT_FILE: certificates.caFile } })).toEqual(SENT);
      const [exitCode, stderr] = await publish(words, { env: { SSL_CERT_FILE: certificates.otherCaFile } });
      expect(stderr).toContain('is signed by "Example Test CA", which is none of those of SSL_CERT_FILE');
      expect(exitCode).toBe(4);
    },
  );

  it('the store of the system is asked when Node’s own knows nobody', async () => {
    const endpoint: Endpoint = { host: 'localhost', port: broker.ports['tls'] ?? 0 };
    const plan: TlsPlan = { insecure: false };
    let asked = 0;
    const open = (tls: TlsPlan, store: string | undefined) =>
      openSecured(endpoint, tls, new AbortController().signal, async () => {
        asked += 1;
        return store;
      }).then((socket) => socket.destroy());
    const ca = readFileSync(certificates.caFile, 'utf8');
    const other = readFileSync(certificates.otherCaFile, 'utf8');
    const trusting = { ...plan };
    await open(trusting, ca);
    expect(asked).toBe(1);
    // The next connection of that plan begins with what the first one needed.
    await open(trusting, other);
    expect(asked).toBe(1);
    await expect(open(plan, other)).rejects.toThrow('is signed by "Example Test CA", not trusted here');
    await expect(open(plan, undefined)).rejects.toThrow('is signed by "Example Test CA", not trusted here');
    expect(asked).toBe(3);
    // Whoever says what to trust means that and nothing else.
    await expect(open({ ...plan, ca: [other] }, ca)).rejects.toThrow('none of the given CA certificates');
    await open({ ...plan, insecure: true }, ca);
    expect(asked).toBe(3);
  });

  it('a client certificate with an encrypted key', async () => {
    const encrypted = await encryptKey(folder, certificates.client, 'pass phräse');
    const right = fileWith('right', 'pass phräse\nsecond line\n');
    const wrong = fileWith('wrong', 'sentinel\n');
    const words = [at('mutual'), ...trust, '--cert', certificates.client.certFile, '--key', encrypted];
    expect(await publish([...words, '--passphrase-file', right])).toEqual(SENT);
    expect(await publish([...words, '--passphrase-file', wrong])).toEqual(
      failed(2, `--passphrase-file ${wrong}: is not the passphrase of --key ${encrypted}`),
    );
    expect(await publish(words)).toEqual(
      failed(2, `--key ${encrypted}: is encrypted`, 'Its passphrase comes from a file: --passphrase-file FILE'),
    );
  });

  it('a client certificate in a PKCS#12 file', async () => {
    const pfx = await makePkcs12(folder, certificates.client, 'geheim');
    const right = fileWith('right-p12', 'geheim');
    const words = [at('mutual'), ...trust, '--passphrase-file', right];
    expect(await publish([...words, '--pfx', pfx])).toEqual(SENT);
    const stranger = await makePkcs12(folder, certificates.strangeClient, 'geheim');
    expect(await publish([...words, '--pfx', stranger])).toEqual(
      failed(
        4,
        `localhost:${broker.ports['mutual']} refuses our client certificate (unknown ca)`,
        'Is it valid, and signed by the CA that the broker trusts?',
      ),
    );
  });

  it('a client certificate is shown with any kind of trust', async () => {
    const { certFile, keyFile } = certificates.client;
    const own = ['--cert', certFile, '--key', keyFile];
    const env = { SSL_CERT_FILE: certificates.caFile };
    expect(await publish([at('mutual'), ...own, '--tls-use-os-certs'], { env })).toEqual(SENT);
    expect((await publish([at('mutual'), ...own, '--insecure']))[0]).toBe(0);
  });

  it('a client certificate that is missing, or refused, under a WebSocket', async () => {
    const port = broker.ports['mutualWss'];
    const words = [`wss://localhost:${port}`, ...trust];
    const { certFile, keyFile } = certificates.client;
    expect(await publish([...words, '--cert', certFile, '--key', keyFile])).toEqual(SENT);
    expect(await publish(words)).toEqual(
      failed(4, `localhost:${port} wants a client certificate`, 'Give --cert FILE and --key FILE.'),
    );
    const stranger = certificates.strangeClient;
    expect(await publish([...words, '--cert', stranger.certFile, '--key', stranger.keyFile])).toEqual(
      failed(
        4,
        `localhost:${port} refuses our client certificate (unknown ca)`,
        'Is it valid, and signed by the CA that the broker trusts?',
      ),
    );
  });

  it('a client certificate that is missing, in TLS 1.2 too, where the broker does not say so', async () => {
    const ca = readFileSync(certificates.caFile);
    const { port } = await serve({ ca, requestCert: true, rejectUnauthorized: true, maxVersion: 'TLSv1.2' });
    const [exitCode, stderr] = await publish([`mqtts://localhost:${port}`, ...trust]);
    expect(stderr).toMatch(/wants a client certificate|closed the connection|refuses the TLS handshake/);
    expect(exitCode).toBe(4);
  });

  it('--servername is asked for and checked', async () => {
    const { port, handshake } = await serve(readIdentity(certificates.wrongName));
    const words = [`mqtts://127.0.0.1:${port}`, ...trust];
    expect(await publish([...words, '--servername', 'broker.example.com'])).toEqual(SENT);
    expect((await handshake).serverName).toBe('broker.example.com');
    expect(await publish([...words, '--servername', 'other.example.com'])).toEqual(
      failed(
        4,
        'the certificate of other.example.com is for broker.example.com, not other.example.com',
        'Connect with that name: -h broker.example.com, or where it leads elsewhere: --servername broker.example.com',
      ),
    );
  });

  it('an address is not asked for by SNI, but checked [RFC6066 3]', async () => {
    const { port, handshake } = await serve({});
    expect(await publish([`mqtts://127.0.0.1:${port}`, ...trust])).toEqual(SENT);
    expect((await handshake).serverName).toBe(false);
    const [, stderr] = await publish([`mqtts://127.0.0.1:${broker.ports['wrongName']}`, ...trust]);
    expect(stderr).toContain('the certificate of 127.0.0.1 is for broker.example.com, not 127.0.0.1\n');
  });

  it('a name that the broker has no certificate for', async () => {
    const { port } = await serve({ SNICallback: (_name, done) => done(new Error('unknown')) });
    const [exitCode, stderr] = await publish([`mqtts://localhost:${port}`, ...trust]);
    expect(stderr).toMatch(/^mqtt-pub: .*localhost:\d+/);
    expect(exitCode).toBe(4);
  });

  describePins();

  function describePins(): void {
    const pins = (identity: Identity) => {
      const { raw, publicKey } = new X509Certificate(readIdentity(identity).cert);
      return { certificate: sha256(raw), key: sha256(publicKey.export({ type: 'spki', format: 'der' })) };
    };
    const wrongPin = (pin: string): Outcome =>
      failed(
        4,
        `the certificate of localhost is not the pinned one (it is ${pin.replace('sha256:', '')})`,
        'Was it renewed? Make sure before you change --pin.',
      );

    it('--pin with the certificate or the public key lets the broker pass, beside the other checks', async () => {
      const { certificate, key } = pins(certificates.server);
      for (const pin of [certificate, key, certificate.toUpperCase().replace('SHA256', 'sha256')]) {
        expect(await publish([at('tls'), ...trust, '--pin', pin])).toEqual(SENT);
      }
      const [, stderr] = await publish([at('tls'), '--pin', certificate]);
      expect(stderr).toContain('is signed by "Example Test CA", not trusted here');
    });

    it('--pin in the form that openssl prints', async () => {
      const { fingerprint256 } = new X509Certificate(readIdentity(certificates.server).cert);
      expect(await publish([at('tls'), ...trust, '--pin', `sha256:${fingerprint256}`])).toEqual(SENT);
    });

    it('--pin with another certificate or key does not', async () => {
      const right = pins(certificates.server).certificate;
      for (const pin of Object.values(pins(certificates.client))) {
        expect(await publish([at('tls'), ...trust, '--pin', pin])).toEqual(wrongPin(right));
      }
    });

    it('--pin with --insecure is all that is checked', async () => {
      const { certificate, key } = pins(certificates.expired);
      const warning = 'mqtt-pub: --insecure: neither the certificate nor the host name of the broker is checked\n';
      expect(await publish([at('expired'), '--insecure', '--pin', certificate])).toEqual([0, warning]);
      expect(await publish([at('expired'), '--insecure', '--pin', key])).toEqual([0, warning]);
      const [exitCode, said] = wrongPin(certificate);
      const wrong = pins(certificates.server).key;
      expect(await publish([at('expired'), '--insecure', '--pin', wrong])).toEqual([exitCode, warning + said]);
    });
  }

  it.each([
    [[], 'TLSv1.3'],
    [['--tls-version', 'tlsv1.2'], 'TLSv1.3'],
    [['--tls-version', 'tlsv1.3'], 'TLSv1.3'],
  ])('%j is TLS 1.2 or newer, or 1.3 alone', async (words, version) => {
    const { port, handshake } = await serve({});
    expect(await publish([`mqtts://localhost:${port}`, ...trust, ...words])).toEqual(SENT);
    expect((await handshake).version).toBe(version);
  });

  it('a broker that has only another version of TLS', async () => {
    const old = await serve({ maxVersion: 'TLSv1.2' });
    const words = [`mqtts://localhost:${old.port}`, ...trust];
    expect(await publish(words)).toEqual(SENT);
    expect((await old.handshake).version).toBe('TLSv1.2');
    const said = `localhost:${old.port} speaks no TLS version that is allowed here`;
    expect(await publish([...words, '--tls-version', 'tlsv1.3'])).toEqual(
      failed(4, said, 'Leave --tls-version tlsv1.3 away.'),
    );
    const ciphers = 'DEFAULT@SECLEVEL=0';
    const ancient = await serve({ minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers });
    expect(await publish([`mqtts://localhost:${ancient.port}`, ...trust])).toEqual(
      failed(4, `localhost:${ancient.port} speaks no TLS version that is allowed here`, 'It must be TLS 1.2 or 1.3.'),
    );
  });

  it.each([
    ['TLS_AES_128_GCM_SHA256', [], 'TLS_AES_128_GCM_SHA256'],
    ['TLS_AES_128_GCM_SHA256', ['--tls-version', 'tlsv1.3'], 'TLS_AES_128_GCM_SHA256'],
    ['TLS_CHACHA20_POLY1305_SHA256:ECDHE-ECDSA-AES128-GCM-SHA256', [], 'TLS_CHACHA20_POLY1305_SHA256'],
  ])('--ciphers %s %j', async (ciphers, words, name) => {
    const { port, handshake } = await serve({});
    expect(await publish([`mqtts://localhost:${port}`, ...trust, '--ciphers', ciphers, ...words])).toEqual(SENT);
    expect((await handshake).cipher).toBe(name);
  });

  it('--ciphers of TLS 1.2 leave TLS 1.3 as it is, as with mosquitto', async () => {
    const words = [...trust, '--ciphers', 'ECDHE-ECDSA-AES128-GCM-SHA256'];
    const old = await serve({ maxVersion: 'TLSv1.2' });
    expect(await publish([`mqtts://localhost:${old.port}`, ...words])).toEqual(SENT);
    expect((await old.handshake).cipher).toBe('ECDHE-ECDSA-AES128-GCM-SHA256');
    const { port, handshake } = await serve({});
    expect(await publish([`mqtts://localhost:${port}`, ...words])).toEqual(SENT);
    expect((await handshake).version).toBe('TLSv1.3');
  });

  it('--ciphers of which the broker has none', async () => {
    const { port } = await serve({ ciphers: 'ECDHE-ECDSA-AES256-GCM-SHA384', maxVersion: 'TLSv1.2' });
    expect(
      await publish([`mqtts://localhost:${port}`, ...trust, '--ciphers', 'ECDHE-ECDSA-AES128-GCM-SHA256']),
    ).toEqual(
      failed(
        4,
        `localhost:${port} refuses the TLS handshake`,
        'It may want a client certificate: --cert FILE and --key FILE. It may know none of our ciphers.',
      ),
    );
  });

  it('--tls-alpn', async () => {
    const { port, handshake } = await serve({ ALPNProtocols: ['h2', 'x-amzn-mqtt-ca'] });
    const words = [`mqtts://localhost:${port}`, ...trust];
    expect(await publish([...words, '--tls-alpn', 'x-amzn-mqtt-ca'])).toEqual(SENT);
    expect((await handshake).alpn).toBe('x-amzn-mqtt-ca');
    expect(await publish([...words, '--tls-alpn', 'mqtt'])).toEqual(
      failed(4, `localhost:${port} does not speak the protocol mqtt`, 'Is --tls-alpn right?'),
    );
    const without = await serve({ ALPNProtocols: ['h2'] });
    expect(await publish([`mqtts://localhost:${without.port}`, ...trust])).toEqual(SENT);
    expect((await without.handshake).alpn).toBe(false);
  });

  it('--tls-keylog appends the secrets of each connection to a file for us alone', async () => {
    const path = folder.file('keys.log');
    const words = [at('tls'), ...trust, '--tls-keylog', path];
    expect(await publish(words)).toEqual(SENT);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const first = readFileSync(path, 'utf8');
    expect(first).toMatch(/^([A-Z_0-9]+ [0-9a-f]{64} [0-9a-f]{64,96}\n)+$/);
    for (const label of ['CLIENT_HANDSHAKE', 'SERVER_HANDSHAKE', 'CLIENT', 'SERVER']) {
      expect(first).toMatch(new RegExp(`^${label}_TRAFFIC_SECRET(_0)? `, 'm'));
    }
    const old = await serve({ maxVersion: 'TLSv1.2' });
    expect(await publish([`mqtts://localhost:${old.port}`, ...trust, '--tls-keylog', path])).toEqual(SENT);
    const both = readFileSync(path, 'utf8');
    expect(both.startsWith(first)).toBe(true);
    expect(both.slice(first.length)).toMatch(/^CLIENT_RANDOM [0-9a-f]{64} [0-9a-f]{96}\n$/);
  });

  it('SSLKEYLOGFILE alone writes nothing', async () => {
    const path = folder.file('not-asked-for.log');
    const words = [at('tls'), ...trust, '-t', 'a', '-m', 'x'];
    expect(await runSpawnedCli('mqtt-pub', words, { env: { SSLKEYLOGFILE: path } })).toMatchObject({ exitCode: 0 });
    expect(statSync(path, { throwIfNoEntry: false })).toBe(undefined);
  });

  it('the built mqtt-sub, by an options file with all of it', async () => {
    const pfx = await makePkcs12(folder, certificates.client, 'geheim');
    const file = fileWith(
      'everything',
      [
        '-h localhost',
        `-p ${broker.ports['mutual']}`,
        `--cafile ${certificates.caFile}`,
        `--pfx ${pfx}`,
        `--passphrase-file ${fileWith('passphrase-of-all', 'geheim\n')}`,
        '--tls-version tlsv1.3',
        `--tls-keylog ${folder.file('all.log')}`,
        '-i secured',
        '-t secured',
        '',
      ].join('\n'),
    );
    const subscriber = spawnCli('mqtt-sub', ['-o', file, '-C', '1']);
    await waitForSubscription(broker, 'secured', subscriber);
    expect(await runSpawnedCli('mqtt-pub', ['-o', file, '-i', 'other', '-m', 'x'])).toMatchObject({ exitCode: 0 });
    expect(await subscriber.exit()).toMatchObject({ exitCode: 0, stdout: Buffer.from('x\n'), stderr: '' });
  });
});
