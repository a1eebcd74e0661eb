import { type AddressInfo, createServer } from 'node:net';

/**
 * Ports on 127.0.0.1 that the system says are free. Another process may take one before it is used: whoever starts a
 * server with them tries again.
 */
export async function findFreePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(Array.from({ length: count }, listen));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/** A port at which nothing listens. */
export async function findClosedPort(): Promise<number> {
  const [port] = await findFreePorts(1);
  return port as number;
}

function listen(): Promise<ReturnType<typeof createServer>> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve(server));
  });
}
