/** Connections through SOCKS5 and HTTP proxies. */
import { request } from 'node:http';
import type { Socket } from 'node:net';
import { SocksClient } from 'socks';
import { formatAddress } from './address.ts';
import type { Endpoint, ProxyPlan } from './connection-plan.ts';
import { describeAnswer, describeHttpFailure, describeSocksFailure, describeUnreachableProxy } from './proxy-error.ts';

/** `connecting` is the connection to the proxy. Rejects with UnreachableError, or with the reason of `abort`. */
export async function openThroughProxy(
  endpoint: Endpoint,
  proxy: ProxyPlan,
  connecting: Promise<Socket>,
  abort: AbortSignal,
): Promise<Socket> {
  const socket = await connecting.catch((error: Error & { code?: string }) => {
    throw abort.aborted ? error : describeUnreachableProxy(error, proxy);
  });
  const onAbort = (): void => {
    socket.destroy();
  };
  abort.addEventListener('abort', onAbort);
  try {
    return await (proxy.kind === 'http' ? tunnel(endpoint, proxy, socket) : socks(endpoint, proxy, socket));
  } catch (error) {
    socket.destroy();
    if (abort.aborted) throw abort.reason;
    throw error;
  } finally {
    abort.removeEventListener('abort', onAbort);
  }
}

async function socks({ host, port }: Endpoint, proxy: ProxyPlan, socket: Socket): Promise<Socket> {
  try {
    const { username, password } = proxy;
    const info = await SocksClient.createConnection({
      proxy: {
        host: proxy.host,
        port: proxy.port,
        type: 5,
        ...(username !== undefined && { userId: username, password: password ?? '' }),
      },
      command: 'connect',
      destination: { host, port },
      existing_socket: socket,
      // Bounded by the connect time-out of the whole.
      timeout: 2_147_483_647,
    });
    return info.socket;
  } catch (error) {
    throw describeSocksFailure(error as Error, { host, port }, proxy);
  }
}

/** HTTP CONNECT. [RFC9110 9.3.6] */
function tunnel({ host, port }: Endpoint, proxy: ProxyPlan, socket: Socket): Promise<Socket> {
  const target = formatAddress({ host, port });
  const { username, password } = proxy;
  const credentials =
    username === undefined ? undefined : Buffer.from(`${username}:${password ?? ''}`).toString('base64');
  return new Promise((resolve, reject) => {
    const connectRequest = request({
      method: 'CONNECT',
      path: target,
      headers: {
        host: target,
        ...(credentials !== undefined && { 'proxy-authorization': `Basic ${credentials}` }),
      },
      createConnection: () => socket,
    });
    connectRequest.once('connect', (response, tunnelled, head) => {
      const { statusCode = 0 } = response;
      if (statusCode < 200 || statusCode > 299) return reject(describeAnswer(response, { host, port }, proxy));
      if (head.length > 0) tunnelled.unshift(head);
      resolve(tunnelled as Socket);
    });
    connectRequest.on('error', (error) => reject(describeHttpFailure(error, { host, port }, proxy)));
    connectRequest.end();
  });
}
