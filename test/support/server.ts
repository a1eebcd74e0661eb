import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';

/** A server that a test holds in its hands. */
export interface TestServer {
  /** 0 for a Unix socket. */
  readonly port: number;
  /** Closes its connections, too. */
  close(): Promise<void>;
}

export interface ServerOptions {
  /** The server speaks TLS, and hands over connections whose handshake is complete. */
  readonly tls?: TlsOptions;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** A Unix socket instead of a port. */
  readonly path?: string;
}

/** Starts a server at a free port. */
export async function startServer(
  onConnection: (socket: Socket) => void,
  { tls, host = '127.0.0.1', path }: ServerOptions = {},
): Promise<TestServer> {
  const sockets = new Set<Socket>();
  const talk = (socket: Socket): void => {
    socket.setNoDelay(true);
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
    onConnection(socket);
  };
  const server: Server = tls ? createTlsServer(tls, talk) : createServer(talk);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    if (path === undefined) server.listen(0, host, resolve);
    else server.listen(path, resolve);
  });
  return {
    port: path === undefined ? (server.address() as AddressInfo).port : 0,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
