import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { DirectSocket } from '../../src/mqtt/direct-socket.ts';

/** A socket and its peer. */
async function connectPair(): Promise<{ socket: DirectSocket; peer: Socket }> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const accepted = once(server, 'connection') as Promise<[Socket]>;
  const socket = new DirectSocket();
  socket.connect({ host: '127.0.0.1', port: (server.address() as AddressInfo).port });
  const [peer] = await accepted;
  onTestFinished(() => {
    socket.destroy();
    peer.destroy();
    server.close();
  });
  return { socket, peer };
}

const bytes = (length: number): Buffer => Buffer.from(Uint8Array.from({ length }, (_, index) => index % 251));

it('tells what came before anybody listened, in order, and then the end', async () => {
  const { socket, peer } = await connectPair();
  const sent = bytes(300_000);
  peer.end(sent);
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    // What is kept is not written over by what comes later.
    socket.pause();
    setImmediate(() => socket.resume());
  });
  socket.resume();
  await once(socket, 'end');
  expect(chunks.length).toBeGreaterThan(1);
  expect(Buffer.concat(chunks).equals(sent)).toBe(true);
});

it('reads to where it is told, as far as that reaches, and what follows elsewhere', async () => {
  const { socket, peer } = await connectPair();
  const target = Buffer.alloc(200_000);
  const others: Buffer[] = [];
  let filled = 0;
  let total = 0;
  const done = new Promise<void>((resolve) => {
    socket.on('data', (chunk: Buffer) => {
      total += chunk.length;
      if (total === 1) {
        expect(chunk.toString()).toBe('x');
        socket.readInto(target);
        peer.write(bytes(200_000 + 70_000));
      } else if (chunk.buffer === target.buffer) {
        expect(chunk.byteOffset - target.byteOffset).toBe(filled);
        filled += chunk.length;
      } else others.push(chunk);
      if (total === 270_001) resolve();
    });
  });
  socket.resume();
  peer.write('x');
  await done;
  expect(filled).toBe(200_000);
  expect(Buffer.concat([target, ...others]).equals(bytes(270_000))).toBe(true);
});
