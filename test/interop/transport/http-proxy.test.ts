/** `--http-proxy` with a proxy that knows CONNECT. */
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { type Certificates, makeCertificates } from '../../support/certificates.ts';
import { findClosedPort } from '../../support/free-port.ts';
import { type HttpProxy, type HttpProxyOptions, startHttpProxy } from '../../support/http-proxy.ts';
import { type Mosquitto, startMosquitto } from '../../support/mosquitto.ts';
import { mosquittoPub, waitForSubscription } from '../../support/mosquitto-clients.ts';
import { describeWith } from '../../support/needs.ts';
import { spawnCli } from '../../support/spawn-cli.ts';
import { makeTempFolder } from '../../support/temp-folder.ts';
import { failed, publish, SENT } from './publishing.ts';

describeWith(['mosquitto', 'mosquitto_pub', 'openssl'], 'Through an HTTP proxy', () => {
  const folder = makeTempFolder();
  const authorization = `Basic ${Buffer.from('user:p@ss:word').toString('base64')}`;
  let certificates: Certificates;
  let broker: Mosquitto;

  beforeAll(async () => {
    certificates = await makeCertificates(folder);
    broker = await startMosquitto({
      listeners: {
        tls: { tls: certificates.server },
        wrongName: { tls: certificates.wrongName },
        ws: { webSocket: true },
        wss: { tls: certificates.server, webSocket: true },
      },
    });
  });
  afterAll(async () => {
    await broker?.remove();
    folder.remove();
  });

  async function proxyWith(options?: HttpProxyOptions): Promise<HttpProxy> {
    const proxy = await startHttpProxy(options);
    onTestFinished(() => proxy.close());
    return proxy;
  }

  const to = (port = broker.port): string[] => ['-h', 'localhost', '-p', String(port)];
  const through = (proxy: HttpProxy, user = ''): string[] => ['--http-proxy', `http://${user}127.0.0.1:${proxy.port}`];

  it('the proxy is told the name of the broker, and looks it up', async () => {
    const proxy = await proxyWith({ hosts: { 'broker.invalid': '127.0.0.1' } });
    expect(await publish(['-h', 'broker.invalid', '-p', String(broker.port), ...through(proxy)])).toEqual(SENT);
    expect(proxy.requests).toMatchObject([{ target: `broker.invalid:${broker.port}` }]);
    expect(proxy.requests[0]?.headers).not.toHaveProperty('proxy-authorization');
  });

  it('mqtt-sub receives', async () => {
    const proxy = await proxyWith();
    const words = ['-t', 'tunnelled', '-C', '1', '-i', 'tunnelled'];
    const subscriber = spawnCli('mqtt-sub', [...to(), ...through(proxy), ...words]);
    await waitForSubscription(broker, 'tunnelled', subscriber);
    await mosquittoPub(broker, '-t', 'tunnelled', '-m', 'x');
    expect(await subscriber.exit()).toMatchObject({ exitCode: 0, stdout: Buffer.from('x\n'), stderr: '' });
  });

  it('TLS and WebSocket are inside the tunnel, and the name of the broker is checked', async () => {
    const proxy = await proxyWith();
    const words = [...through(proxy), '--cafile', certificates.caFile];
    const { tls, ws, wss, wrongName } = broker.ports;
    expect(await publish([...to(tls), ...words])).toEqual(SENT);
    expect(await publish([`ws://localhost:${ws}`, ...through(proxy)])).toEqual(SENT);
    expect(await publish([`wss://localhost:${wss}`, ...words])).toEqual(SENT);
    expect(await publish([...to(wrongName), ...words])).toEqual(
      failed(
        4,
        'the certificate of localhost is for broker.example.com, not localhost',
        'Connect with that name: -h broker.example.com, or where it leads elsewhere: --servername broker.example.com',
      ),
    );
    expect(proxy.requests.map(({ target }) => target)).toEqual(
      [tls, ws, wss, wrongName].map((port) => `localhost:${port}`),
    );
  });

  it('with user name and password', async () => {
    const proxy = await proxyWith({ authorization });
    expect(await publish([...to(), ...through(proxy, 'user:p%40ss:word@')])).toEqual(SENT);
    expect(await publish([...to(), ...through(proxy, 'user:p@ss:word@')])).toEqual(SENT);
  });

  it.each(['', 'user:sentinel@', 'user@'])('with the wrong user name or password "%s"', async (user) => {
    const proxy = await proxyWith({ authorization });
    expect(await publish([...to(), ...through(proxy, user), '-d'])).toEqual(
      failed(
        3,
        `the proxy 127.0.0.1:${proxy.port} does not connect to localhost:${broker.port}: it answered "407 Proxy Authentication Required"`,
        'The user name and password of the proxy stand in its URL: http://USER:PASSWORD@HOST',
      ),
    );
  });

  it('of the environment, when that is asked for', async () => {
    const proxy = await proxyWith({ authorization });
    const env = { HTTPS_PROXY: `http://user:p%40ss:word@127.0.0.1:${proxy.port}/`, MQTT_PORT: String(broker.port) };
    expect(await publish([], { env })).toEqual(SENT);
    expect(proxy.requests.length).toBe(0);
    expect(await publish(['--http-proxy', 'env'], { env })).toEqual(SENT);
    expect(proxy.requests.length).toBe(1);
  });

  it('that is down, closes, or does not answer', async () => {
    const port = await findClosedPort();
    expect(await publish([...to(), '--http-proxy', `localhost:${port}`])).toEqual(
      failed(3, `cannot reach the proxy localhost:${port}: nothing is listening there`, 'Is the proxy running?'),
    );
    expect(await publish([...to(), '--http-proxy', `localhost:${broker.port}`])).toEqual(
      failed(
        3,
        `the proxy localhost:${broker.port} does not connect to localhost:${broker.port}: it closed the connection`,
      ),
    );
    const silent = await proxyWith({ answer: 'never' });
    const [exitCode, stderr] = await publish([...to(), ...through(silent), '--connect-timeout', '100ms']);
    expect(stderr).toMatch(`mqtt-pub: no answer from localhost:${broker.port} `);
    expect(exitCode).toBe(3);
  });

  it('to a broker that is down', async () => {
    const proxy = await proxyWith();
    const port = await findClosedPort();
    expect(await publish([...to(port), ...through(proxy)])).toEqual(
      failed(
        3,
        `the proxy 127.0.0.1:${proxy.port} does not connect to localhost:${port}: it answered "502 Bad Gateway"`,
        'Is the broker running? The proxy looks up the name of the broker itself.',
      ),
    );
  });
});
