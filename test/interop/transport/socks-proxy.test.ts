/** `--proxy` with microsocks. */
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { type Certificates, makeCertificates } from '../../support/certificates.ts';
import { findClosedPort } from '../../support/free-port.ts';
import { hasIpv6 } from '../../support/ipv6.ts';
import { acceptConnect, startLiar } from '../../support/liar.ts';
import { type Mosquitto, startMosquitto } from '../../support/mosquitto.ts';
import { mosquittoPub, waitForSubscription } from '../../support/mosquitto-clients.ts';
import { describeWith } from '../../support/needs.ts';
import { type SocksProxy, startSocksProxy } from '../../support/socks-proxy.ts';
import { spawnCli } from '../../support/spawn-cli.ts';
import { makeTempFolder } from '../../support/temp-folder.ts';
import { failed, publish, SENT } from './publishing.ts';

describeWith(['mosquitto', 'mosquitto_pub', 'microsocks', 'openssl'], 'Through a SOCKS5 proxy', () => {
  const folder = makeTempFolder();
  const login = { username: 'user', password: 'p@ss:w/rd%' };
  let certificates: Certificates;
  let broker: Mosquitto;
  let open: SocksProxy;
  let closed: SocksProxy;

  beforeAll(async () => {
    certificates = await makeCertificates(folder);
    [broker, open, closed] = await Promise.all([
      startMosquitto({
        listeners: {
          tls: { tls: certificates.server },
          wrongName: { tls: certificates.wrongName },
          wss: { tls: certificates.server, webSocket: true },
        },
      }),
      startSocksProxy(),
      startSocksProxy(login),
    ]);
  });
  afterAll(async () => {
    await Promise.all([broker?.remove(), open?.remove(), closed?.remove()]);
    folder.remove();
  });

  const to = (port = broker.port): string[] => ['-h', 'localhost', '-p', String(port)];
  const through = (proxy: SocksProxy, user = ''): string[] => ['--proxy', `socks5h://${user}127.0.0.1:${proxy.port}`];
  const escaped = `${login.username}:${encodeURIComponent(login.password)}@`;
  const hint = 'The user name and password of the proxy stand in its URL: socks5h://USER:PASSWORD@HOST';

  it('the proxy is told the name of the broker', async () => {
    expect(await publish([...to(), ...through(open)])).toEqual(SENT);
    await open.log.waitFor(`connected to localhost:${broker.port}\n`);
  });

  it('mqtt-sub receives', async () => {
    const words = ['-t', 'proxied', '-C', '1', '-i', 'proxied'];
    const subscriber = spawnCli('mqtt-sub', [...to(), ...through(open), ...words]);
    await waitForSubscription(broker, 'proxied', subscriber);
    await mosquittoPub(broker, '-t', 'proxied', '-m', 'x');
    expect(await subscriber.exit()).toMatchObject({ exitCode: 0, stdout: Buffer.from('x\n'), stderr: '' });
  });

  it('with user name and password, escaped or not', async () => {
    expect(await publish([...to(), ...through(closed, escaped)])).toEqual(SENT);
    // Only the slash and the percent sign must be escaped.
    expect(await publish([...to(), ...through(closed, 'user:p@ss:w%2Frd%25@')])).toEqual(SENT);
  });

  it('with user name and password that the proxy does not ask for', async () => {
    expect(await publish([...to(), ...through(open, 'who:ever@')])).toEqual(SENT);
  });

  it.each([
    ['a wrong password', 'user:wrong@', 'wrong user name or password'],
    ['no password', 'user@', 'wrong user name or password'],
    ['no user name', '', 'it wants a user name and password'],
  ])('with %s', async (_, user, reason) => {
    const said = `the proxy 127.0.0.1:${closed.port} does not connect to localhost:${broker.port}: ${reason}`;
    expect(await publish([...to(), ...through(closed, user)])).toEqual(failed(3, said, hint));
  });

  it('TLS is between us and the broker: its name is checked, not that of the proxy', async () => {
    const { caFile } = certificates;
    const { tls, wrongName, wss } = broker.ports;
    expect(await publish([...to(tls), ...through(open), '--cafile', caFile])).toEqual(SENT);
    expect(await publish([`wss://localhost:${wss}`, ...through(open), '--cafile', caFile])).toEqual(SENT);
    expect(await publish([...to(wrongName), ...through(open), '--cafile', caFile])).toEqual(
      failed(
        4,
        'the certificate of localhost is for broker.example.com, not localhost',
        'Connect with that name: -h broker.example.com, or where it leads elsewhere: --servername broker.example.com',
      ),
    );
  });

  it.skipIf(!hasIpv6)('to an IPv6 address', async () => {
    const liar = await startLiar(
      async (peer) => {
        await acceptConnect(peer);
        await peer.receive('publish').then(({ messageId }) => peer.send({ cmd: 'puback', messageId: messageId ?? 0 }));
        await peer.receive('disconnect').then(() => peer.end());
      },
      { host: '::1' },
    );
    onTestFinished(() => liar.close());
    expect(await publish([`mqtt://[::1]:${liar.port}`, ...through(open)])).toEqual(SENT);
    await open.log.waitFor(`connected to ::1:${liar.port}\n`);
  });

  it('that is down', async () => {
    const port = await findClosedPort();
    expect(await publish([...to(), '--proxy', `socks5h://localhost:${port}`])).toEqual(
      failed(3, `cannot reach the proxy localhost:${port}: nothing is listening there`, 'Is the proxy running?'),
    );
    const [exitCode, stderr] = await publish([...to(), '--proxy', 'socks5h://proxy.invalid']);
    // Without a network there is nobody who could say that there is no such name.
    expect(stderr).toMatch(
      /^mqtt-pub: cannot reach the proxy proxy\.invalid:1080: (host name not found|DNS does not answer)\n/,
    );
    expect(exitCode).toBe(3);
  });

  it('to a broker that is down, or that the proxy does not know', async () => {
    const port = await findClosedPort();
    const target = 'Is the broker running? The proxy looks up the name of the broker itself.';
    const said = `the proxy 127.0.0.1:${open.port} does not connect to`;
    expect(await publish([...to(port), ...through(open)])).toEqual(
      failed(3, `${said} localhost:${port}: connection refused`, target),
    );
    expect(await publish(['-h', 'broker.invalid', ...through(open)])).toEqual(
      failed(3, `${said} broker.invalid:1883: it failed, and does not say why`, target),
    );
  });

  it('that is no SOCKS5 proxy', async () => {
    expect(await publish([...to(), '--proxy', `socks5h://localhost:${broker.port}`])).toEqual(
      failed(
        3,
        `the proxy localhost:${broker.port} does not connect to localhost:${broker.port}: it closed the connection`,
      ),
    );
  });

  it('the password is in no output', async () => {
    const [exitCode, stderr] = await publish([...to(), ...through(closed, 'user:sentinel@'), '-dd']);
    expect(stderr).toContain('caused by');
    expect(stderr).not.toContain('sentinel');
    expect(exitCode).toBe(3);
  });
});
