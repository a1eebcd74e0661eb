import { once } from 'node:events';
import { createServer, type IncomingMessage, STATUS_CODES } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import type { Duplex } from 'node:stream';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { UnreachableError } from '../../src/errors.ts';
import { describeConnectFailure } from '../../src/mqtt/connect-error.ts';
import type { Endpoint } from '../../src/mqtt/connection-plan.ts';
import { openTransport } from '../../src/mqtt/transport.ts';
import { settle } from '../support/fake-clock.ts';
import { deferred } from './talking.ts';

interface Meeting {
  readonly endpoint: Endpoint;
  /** The server's end of the first connection, and how it was asked for. */
  readonly met: Promise<[WebSocket, IncomingMessage]>;
}

/** A WebSocket server that speaks `protocol`; with `status` it answers so, and is none. */
async function serve(protocol: string | false = 'mqtt', status?: number): Promise<Meeting> {
  const http = createServer();
  const met = deferred<[WebSocket, IncomingMessage]>();
  const server = status === undefined && new WebSocketServer({ server: http, handleProtocols: () => protocol });
  if (server) server.on('connection', (socket, request) => met.resolve([socket, request]));
  if (status !== undefined) {
    http.on('upgrade', (_request, socket) => void socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n\r\n`));
  }
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    if (server) for (const client of server.clients) client.terminate();
    http.closeAllConnections();
    http.close();
  });
  const { port } = http.address() as AddressInfo;
  return { endpoint: { host: '127.0.0.1', port, webSocketPath: '/mqtt' }, met: met.promise };
}

async function open(endpoint: Endpoint, abort = new AbortController().signal): Promise<Duplex> {
  const stream = await openTransport(endpoint, abort);
  onTestFinished(() => void stream.destroy());
  return stream;
}

describe('MQTT over WebSocket [MQTT5 6]', () => {
  it('asks for the subprotocol mqtt, at the path and with the headers of the plan [MQTT-6.0.0-3]', async () => {
    const { endpoint, met } = await serve();
    const webSocketHeaders = [['X-Token', 'a b']] as const;
    await open({ ...endpoint, webSocketPath: '/x/y?z=1', webSocketHeaders });
    const [socket, request] = await met;
    expect(socket.protocol).toBe('mqtt');
    expect(request.url).toBe('/x/y?z=1');
    expect(request.headers).toMatchObject({
      'sec-websocket-protocol': 'mqtt',
      'x-token': 'a b',
      host: `127.0.0.1:${endpoint.port}`,
    });
    expect(request.headers).not.toHaveProperty('sec-websocket-extensions');
    expect(request.headers).not.toHaveProperty('origin');
  });

  it('sends binary frames [MQTT-6.0.0-1]', async () => {
    const { endpoint, met } = await serve();
    const stream = await open(endpoint);
    const [socket] = await met;
    stream.write(Buffer.from([0, 0xff]));
    const [data, isBinary] = await once(socket, 'message');
    expect([data, isBinary]).toEqual([Buffer.from([0, 0xff]), true]);
  });

  it('reads packets however they are cut into frames [MQTT-6.0.0-2]', async () => {
    const { endpoint, met } = await serve();
    const stream = await open(endpoint);
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    const [socket] = await met;
    for (const piece of ['ab', '', 'c']) socket.send(Buffer.from(piece));
    socket.close();
    await once(stream, 'end');
    expect(Buffer.concat(chunks).toString()).toBe('abc');
  });

  it('ends no process when it breaks before anybody listens', async () => {
    const { endpoint, met } = await serve();
    const stream = await open(endpoint);
    const [socket] = await met;
    // A frame that no server may send.
    (socket as unknown as { _socket: Duplex })._socket.write(Buffer.from([0xff, 0xff, 0xff]));
    await new Promise((resolve) => stream.once('close', resolve));
    await settle();
    expect(stream.errored).toBeInstanceOf(Error);
  });

  it('is not a server that answers otherwise', async () => {
    const { endpoint } = await serve('mqtt', 404);
    const failure = await open(endpoint).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(UnreachableError);
    expect(failure).toMatchObject({
      message: `ws://127.0.0.1:${endpoint.port}/mqtt answered "404 Not Found" instead of opening a WebSocket`,
      hint: 'Is the path right? Brokers use /mqtt or /ws: ws://HOST:PORT/PATH',
    });
  });

  it('is not a server that speaks no mqtt', async () => {
    const { endpoint } = await serve(false);
    await expect(open(endpoint)).rejects.toMatchObject({
      message: expect.stringMatching(/^ws:\/\/127\.0\.0\.1:\d+\/mqtt is no MQTT WebSocket: .*subprotocol/),
      hint: 'Is this the port of the WebSocket listener (often 9001 or 8083)?',
    });
  });

  it.each([
    ['a greeting', 'SSH-2.0-OpenSSH\r\n', /is no MQTT WebSocket: /],
    ['nothing', '', /closed the connection before CONNACK/],
  ])('is not a server that answers with %s', async (_what, answer, message) => {
    const server = createTcpServer(
      (socket) =>
        void socket
          .end(answer)
          .on('error', () => undefined)
          .resume(),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const endpoint = { host: '127.0.0.1', port, webSocketPath: '/mqtt' };
    const failure = await open(endpoint).catch((error: Error) =>
      error instanceof UnreachableError ? error : describeConnectFailure(error, endpoint),
    );
    expect((failure as Error).message).toMatch(message);
  });

  it('is given up when that is asked for', async () => {
    const server = createTcpServer((socket) => void socket.on('error', () => undefined).resume());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const controller = new AbortController();
    const reason = new Error('given up');
    server.once('connection', (socket) => socket.once('data', () => controller.abort(reason)));
    const { port } = server.address() as AddressInfo;
    await expect(open({ host: '127.0.0.1', port, webSocketPath: '/' }, controller.signal)).rejects.toBe(reason);
  });
});
