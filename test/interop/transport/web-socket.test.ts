/** MQTT over WebSocket with mosquitto, and with servers that record the request or answer something else. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { createWebSocketStream, WebSocketServer } from 'ws';
import { type Certificates, makeCertificates, readIdentity } from '../../support/certificates.ts';
import { type Mosquitto, startMosquitto } from '../../support/mosquitto.ts';
import { mosquittoPub, waitForSubscription } from '../../support/mosquitto-clients.ts';
import { describeWith } from '../../support/needs.ts';
import { makePeer } from '../../support/peer.ts';
import { startServer } from '../../support/server.ts';
import { runSpawnedCli, spawnCli } from '../../support/spawn-cli.ts';
import { makeTempFolder } from '../../support/temp-folder.ts';
import { failed, letIn, publish, SENT } from './publishing.ts';

interface Recorder {
  readonly port: number;
  readonly requests: IncomingMessage[];
}

/** A broker that takes WebSockets on every path, and keeps the requests for them. */
async function record(tls?: { cert: string; key: string }, protocol: string | false = 'mqtt'): Promise<Recorder> {
  const requests: IncomingMessage[] = [];
  const server = tls ? createTlsServer(tls) : createServer();
  const webSockets = new WebSocketServer({ server, handleProtocols: () => protocol });
  webSockets.on('connection', (webSocket, request) => {
    requests.push(request);
    letIn(makePeer(createWebSocketStream(webSocket) as unknown as Socket)).catch(() => webSocket.terminate());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    for (const webSocket of webSockets.clients) webSocket.terminate();
    webSockets.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return { port: (server.address() as AddressInfo).port, requests };
}

/** A web server that answers like this, whatever is asked for. */
async function answer(how: (response: ServerResponse) => void): Promise<number> {
  const server = createServer((_request, response) => how(response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return (server.address() as AddressInfo).port;
}

describe('the request for a WebSocket', () => {
  it.each([
    [[], '/mqtt'],
    [['--ws-path', '/other/path?a=b'], '/other/path?a=b'],
    [['--ws-path', '/%7Euser/~a'], '/%7Euser/~a'],
  ])('of --ws %j is for %s', async (words, path) => {
    const { port, requests } = await record();
    expect(await publish(['-h', '127.0.0.1', '-p', String(port), '--ws', ...words])).toEqual(SENT);
    expect(requests.map(({ method, url }) => [method, url])).toEqual([['GET', path]]);
    expect(requests[0]?.headers).toMatchObject({
      host: `127.0.0.1:${port}`,
      upgrade: 'websocket',
      'sec-websocket-protocol': 'mqtt',
      'sec-websocket-version': '13',
    });
    expect(requests[0]?.headers).not.toHaveProperty('sec-websocket-extensions');
    expect(requests[0]?.headers).not.toHaveProperty('authorization');
  });

  it.each([
    ['', '/mqtt'],
    ['/', '/mqtt'],
    ['/ws', '/ws'],
    ['/ws/?token=x%2Fy&z', '/ws/?token=x%2Fy&z'],
  ])('of a URL that ends with "%s" is for %s', async (end, path) => {
    const { port, requests } = await record();
    expect(await publish([`ws://127.0.0.1:${port}${end}`])).toEqual(SENT);
    expect(requests[0]?.url).toBe(path);
  });

  it('of -L is always for /mqtt: what follows the host is the topic', async () => {
    const { port, requests } = await record();
    expect(await publish(['-L', `ws://127.0.0.1:${port}/my/topic`])).toEqual(SENT);
    expect(await publish([`ws://127.0.0.1:${port}/a`, '--ws-path', '/b'])).toEqual(SENT);
    expect(requests.map(({ url }) => url)).toEqual(['/mqtt', '/b']);
  });

  it('has the headers of --ws-header, all of them', async () => {
    const { port, requests } = await record();
    const headers = ['Authorization: Bearer a:b==', 'X-One: 1', 'x-one: 2', 'Host: broker.example.com', 'Empty:'];
    const words = headers.flatMap((header) => ['--ws-header', header]);
    expect(await publish(['-h', '127.0.0.1', '-p', String(port), ...words])).toEqual(SENT);
    const [request] = requests;
    expect(request?.headers).toMatchObject({
      authorization: 'Bearer a:b==',
      'x-one': '1, 2',
      host: 'broker.example.com',
      empty: '',
    });
    expect(request?.rawHeaders).toContain('X-One');
  });

  it('does not have the user name and password of a URL: they are for MQTT', async () => {
    const { port, requests } = await record();
    expect(await publish([`ws://user:secret@127.0.0.1:${port}`])).toEqual(SENT);
    expect(JSON.stringify(requests[0]?.rawHeaders)).not.toMatch(/secret|authorization/i);
  });
});

describe('what is no WebSocket for MQTT', () => {
  it.each<[string, (response: ServerResponse) => void, number, string, string]>([
    [
      'a page',
      (response) => response.end('hello'),
      3,
      'answered "200 OK" instead of opening a WebSocket',
      'Is the path right? Brokers use /mqtt or /ws: ws://HOST:PORT/PATH',
    ],
    [
      'no page',
      (response) => response.writeHead(404).end('no'),
      3,
      'answered "404 Not Found" instead of opening a WebSocket',
      'Is the path right? Brokers use /mqtt or /ws: ws://HOST:PORT/PATH',
    ],
    [
      'a status that would act on a terminal',
      (response) => response.socket?.end('HTTP/1.1 500 \x1b]0;title\x07 Oops\r\n\r\n'),
      3,
      'answered "500 \\e]0;title\\x07 Oops" instead of opening a WebSocket',
      'Is the path right? Brokers use /mqtt or /ws: ws://HOST:PORT/PATH',
    ],
    [
      'another address',
      (response) => response.writeHead(302, { location: 'wss://example.com/mqtt?sig=sentinel' }).end(),
      3,
      'answered "302 Found" instead of opening a WebSocket',
      'It says to go to "wss://example.com/mqtt?***"',
    ],
    [
      'a login',
      (response) => response.writeHead(401).end(),
      5,
      'refused the WebSocket: "401 Unauthorized"',
      "Credentials for it go into a header: --ws-header 'Authorization: ...'",
    ],
    [
      'a ban',
      (response) => response.writeHead(403).end(),
      5,
      'refused the WebSocket: "403 Forbidden"',
      "Credentials for it go into a header: --ws-header 'Authorization: ...'",
    ],
  ])('%s', async (_, how, exitCode, said, hint) => {
    const port = await answer(how);
    expect(await publish([`ws://127.0.0.1:${port}/mqtt?token=sentinel`, '-d'])).toEqual(
      failed(exitCode, `ws://127.0.0.1:${port}/mqtt?*** ${said}`, hint),
    );
  });

  const listener = 'Is this the port of the WebSocket listener (often 9001 or 8083)?';

  it('another protocol', async () => {
    const server = await startServer((socket) => void socket.end('SSH-2.0-OpenSSH_9.2\r\n'));
    onTestFinished(() => server.close());
    const [exitCode, stderr] = await publish([`ws://127.0.0.1:${server.port}`]);
    expect(stderr).toMatch(/^mqtt-pub: ws:\/\/127\.0\.0\.1:\d+\/mqtt is no MQTT WebSocket: .*\n/);
    expect(stderr).toContain(listener);
    expect(exitCode).toBe(3);
  });

  it.each([['other'], [false]] as const)('a WebSocket with the subprotocol %s', async (protocol) => {
    const { port } = await record(undefined, protocol);
    const [exitCode, stderr] = await publish([`ws://127.0.0.1:${port}`]);
    expect(stderr).toMatch(/^mqtt-pub: ws:\/\/127\.0\.0\.1:\d+\/mqtt is no MQTT WebSocket: .*subprotocol.*\n/);
    expect(exitCode).toBe(3);
  });

  it('a server that never answers', async () => {
    const server = await startServer(() => undefined);
    onTestFinished(() => server.close());
    expect(await publish([`ws://127.0.0.1:${server.port}`, '--connect-timeout', '100ms'])).toEqual(
      failed(
        3,
        `no answer from 127.0.0.1:${server.port} in 100 ms`,
        'Is a firewall between here and there? Is the port right?',
      ),
    );
  });
});

describeWith(['mosquitto', 'mosquitto_pub', 'openssl'], 'WebSocket with mosquitto', () => {
  const folder = makeTempFolder();
  let certificates: Certificates;
  let broker: Mosquitto;

  beforeAll(async () => {
    certificates = await makeCertificates(folder);
    broker = await startMosquitto({
      listeners: { ws: { webSocket: true }, wss: { webSocket: true, tls: certificates.server } },
    });
  });
  afterAll(async () => {
    await broker?.remove();
    folder.remove();
  });

  it.each(['5', '311', '31'])('both commands, -V %s', async (version) => {
    const words = ['-h', 'localhost', '-p', String(broker.ports['ws']), '--ws', '-V', version];
    const id = `ws-${version}`;
    const subscriber = spawnCli('mqtt-sub', [...words, '-t', id, '-i', id, '-C', '3', '-v']);
    await waitForSubscription(broker, id, subscriber);
    await mosquittoPub(broker, '-t', id, '-m', 'theirs');
    // An empty message is an empty frame for some libraries, which some brokers take for an error.
    expect(await runSpawnedCli('mqtt-pub', [...words, '-t', id, '-n'])).toMatchObject({ exitCode: 0, stderr: '' });
    expect(await runSpawnedCli('mqtt-pub', [...words, '-t', id, '-m', 'ours'])).toMatchObject({ exitCode: 0 });
    expect(await subscriber.exit()).toMatchObject({
      exitCode: 0,
      stdout: Buffer.from(`${id} theirs\n${id} (null)\n${id} ours\n`),
      stderr: '',
    });
  });

  it('CONNECT has its properties there too: a session is kept', async () => {
    const words = [`ws://localhost:${broker.ports['ws']}`, '-i', 'kept', '-c', '-t', 'kept', '-q', '1'];
    const first = spawnCli('mqtt-sub', [...words, '-E']);
    expect((await first.exit()).exitCode).toBe(0);
    await mosquittoPub(broker, '-t', 'kept', '-m', 'meanwhile', '-q', '1');
    const second = spawnCli('mqtt-sub', [...words, '-C', '1']);
    expect(await second.exit()).toMatchObject({ exitCode: 0, stdout: Buffer.from('meanwhile\n') });
  });

  it('wss by URL, by --ws and --cafile, and with --servername', async () => {
    const port = String(broker.ports['wss']);
    const trust = ['--cafile', certificates.caFile];
    expect(await publish([`wss://localhost:${port}`, ...trust])).toEqual(SENT);
    expect(await publish(['-h', 'localhost', '-p', port, '--ws', ...trust])).toEqual(SENT);
    const { port: other, requests } = await record(readIdentity(certificates.wrongName));
    const words = [`wss://127.0.0.1:${other}`, ...trust];
    expect(await publish([...words, '--servername', 'broker.example.com'])).toEqual(SENT);
    expect((await publish(words))[0]).toBe(4);
    // Nothing of HTTP was sent to the one that is not who it should be.
    expect(requests.length).toBe(1);
  });
});
