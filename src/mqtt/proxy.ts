/** Connections through SOCKS5 and HTTP proxies. */
import { request } from 'node:http';
import type { Socket } from 'node:net';
import { SocksClient } from 'socks';
import { UnreachableError } from '../errors.ts';
import { quote } from '../output/escape.ts';
import { formatAddress } from './address.ts';
import type { Endpoint, ProxyPlan } from './connection-plan.ts';

/** `connecting` is the connection to the proxy. Rejects with UnreachableError, or with the reason of `abort`. */
export async function openThroughProxy(
  endpoint: Endpoint,
  proxy: ProxyPlan,
  connecting: Promise<Socket>,
  abort: AbortSignal,
): Promise<Socket> {
  const socket = await connecting.catch((error: Error & { code?: string }) => {
    if (abort.aborted) throw error;
    throw new UnreachableError(
      `cannot reach the proxy ${formatAddress(proxy)}: ${error.code ?? error.message}`,
      'Is the proxy running?',
      { cause: error },
    );
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
    const reason = error instanceof Error ? error.message : String(error);
    const refused = /authenti/i.test(reason);
    throw new UnreachableError(
      `the proxy ${formatAddress(proxy)} does not connect to ${formatAddress({ host, port })}: ${reason}`,
      refused ? 'The user name and password of the proxy stand in its URL: socks5h://USER:PASSWORD@HOST' : undefined,
      { cause: error },
    );
  }
}

/** HTTP CONNECT. [RFC9110 9.3.6] */
function tunnel({ host, port }: Endpoint, proxy: ProxyPlan, socket: Socket): Promise<Socket> {
  const target = formatAddress({ host, port });
  const { username, password } = proxy;
  const credentials =
    username === undefined ? undefined : Buffer.from(`${username}:${password ?? ''}`).toString('base64');
  return new Promise((resolve, reject) => {
    const fail = (reason: string, error?: Error): void =>
      reject(
        new UnreachableError(`the proxy ${formatAddress(proxy)} does not connect to ${target}: ${reason}`, undefined, {
          cause: error,
        }),
      );
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
      if (response.statusCode !== 200) {
        return fail(`${response.statusCode} ${quote(response.statusMessage ?? '')}`);
      }
      if (head.length > 0) tunnelled.unshift(head);
      resolve(tunnelled as Socket);
    });
    connectRequest.once('response', (response) =>
      fail(`${response.statusCode} ${quote(response.statusMessage ?? '')}`),
    );
    connectRequest.once('error', (error) => fail(error.message, error));
    connectRequest.end();
  });
}
