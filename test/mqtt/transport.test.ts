import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Endpoint } from '../../src/mqtt/connection-plan.ts';
import { openTransport, settled } from '../../src/mqtt/transport.ts';
import { Wire } from '../../src/mqtt/wire.ts';
import { settle } from '../support/fake-clock.ts';
import { findClosedPort } from '../support/free-port.ts';
import { makeTempFolder } from '../support/temp-folder.ts';

const NEVER = new AbortController().signal;

/** A server that does `onSocket` with each connection; the endpoint that leads to it. */
async function serve(onSocket: (socket: Socket) => void, path?: string): Promise<Endpoint> {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket.on('error', () => undefined));
    onSocket(socket);
  });
  await new Promise<void>((resolve) => {
    if (path === undefined) server.listen(0, '127.0.0.1', resolve);
    else server.listen(path, resolve);
  });
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  if (path !== undefined) return { host: path, port: 0, unix: true };
  return { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
}

async function open(endpoint: Endpoint): Promise<Duplex> {
  const transport = await openTransport(endpoint, NEVER);
  onTestFinished(() => void transport.destroy());
  return transport;
}

function overWire(transport: Duplex): Wire {
  const wire = new Wire(transport, () => () => undefined);
  onTestFinished(() => void wire.destroy());
  return wire;
}

describe('TCP', () => {
  it('carries bytes both ways, without delay', async () => {
    const endpoint = await serve((socket) => socket.pipe(socket));
    const transport = await open(endpoint);
    transport.write('ab');
    expect(String(await once(transport, 'data').then(([chunk]) => chunk))).toBe('ab');
  });

  it('comes from the local address of the plan', async () => {
    let from: string | undefined;
    const endpoint = await serve((socket) => {
      from = socket.remoteAddress;
      socket.end();
    });
    const transport = await open({ ...endpoint, localAddress: '127.0.0.2' });
    await once(transport.resume(), 'end');
    expect(from).toBe('127.0.0.2');
  });

  it('rejects with the error of the system', async () => {
    const port = await findClosedPort();
    await expect(open({ host: '127.0.0.1', port })).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('that breaks before anybody listens is noticed by the wire, and ends no process', async () => {
    const endpoint = await serve((socket) => void socket.once('data', () => socket.resetAndDestroy()));
    const transport = await open(endpoint);
    // As if the MQTT library took its time to load.
    transport.write('x');
    transport.resume();
    await new Promise((resolve) => transport.once('close', resolve));
    await settle();
    const wire = overWire(transport);
    await once(wire, 'close');
    expect(wire.failure).toMatchObject({ code: 'ECONNRESET' });
  });

  it('that ends before anybody listens is noticed too', async () => {
    const endpoint = await serve((socket) => void socket.end('bye'));
    const wire = overWire(await open(endpoint));
    const chunks: Buffer[] = [];
    wire.on('data', (chunk: Buffer) => chunks.push(chunk));
    await once(wire, 'close');
    expect(Buffer.concat(chunks).toString()).toBe('bye');
    expect(wire.failure).toBe(undefined);
  });

  it('is not opened when it was given up before', async () => {
    let connections = 0;
    const endpoint = await serve(() => {
      connections += 1;
    });
    const reason = new Error('given up');
    await expect(openTransport(endpoint, AbortSignal.abort(reason))).rejects.toBe(reason);
    await settle();
    expect(connections).toBe(0);
  });
});

describe('a Unix socket', () => {
  it('carries bytes both ways', async () => {
    const folder = makeTempFolder();
    onTestFinished(() => folder.remove());
    const endpoint = await serve((socket) => socket.pipe(socket), join(folder.path, 'b.sock'));
    const transport = await open(endpoint);
    transport.write('ab');
    expect(String(await once(transport, 'data').then(([chunk]) => chunk))).toBe('ab');
  });

  it('that is not there is an error of the system', async () => {
    await expect(open({ host: '/nonexistent/b.sock', port: 0, unix: true })).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

describe('a handshake', () => {
  /** A connection whose handshake is complete when a test says so. */
  async function connecting(): Promise<Socket> {
    const endpoint = await serve(() => undefined);
    return (await open(endpoint)) as Socket;
  }

  it('that is complete leaves nothing behind', async () => {
    const socket = await connecting();
    const controller = new AbortController();
    const waiting = settled(socket, 'ready-for-test', controller.signal);
    socket.emit('ready-for-test');
    expect(await waiting).toBe(socket);
    controller.abort(new Error('too late'));
    expect(socket.destroyed).toBe(false);
    expect(socket.listenerCount('close')).toBe(0);
  });

  it('that is given up destroys the connection', async () => {
    const socket = await connecting();
    const controller = new AbortController();
    const waiting = settled(socket, 'ready-for-test', controller.signal);
    const reason = new Error('given up');
    controller.abort(reason);
    await expect(waiting).rejects.toBe(reason);
    expect(socket.destroyed).toBe(true);
  });

  it('that the other side ends is a reset', async () => {
    const socket = await connecting();
    const waiting = settled(socket, 'ready-for-test', NEVER);
    socket.destroy();
    await expect(waiting).rejects.toMatchObject({ code: 'ECONNRESET' });
  });

  it('that fails twice fails once', async () => {
    const socket = await connecting();
    const waiting = settled(socket, 'ready-for-test', NEVER);
    socket.emit('error', new Error('first'));
    socket.emit('error', new Error('second'));
    await expect(waiting).rejects.toThrow('first');
  });

  it('on a connection that is gone already fails at once', async () => {
    const socket = await connecting();
    socket.destroy();
    await once(socket, 'close');
    await expect(settled(socket, 'ready-for-test', NEVER)).rejects.toMatchObject({ code: 'ECONNRESET' });
  });
});
