/** The byte stream under the client: TCP or a Unix socket, through a proxy or not, then TLS, then WebSocket. */
import { isIP, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Endpoint } from './connection-plan.ts';
import { DirectSocket } from './direct-socket.ts';
import type { OpeningTimer } from './opening-times.ts';

/** What else is asked of a transport. */
export interface TransportWishes {
  readonly timer?: OpeningTimer | undefined;
  /** A {@link DirectSocket}, where the bytes of the socket are those of MQTT. */
  readonly readsLarge?: boolean;
}

/**
 * Opens the stream of an endpoint. Rejects with the system's own error (see `describeConnectFailure`), with a TlsError
 * for a certificate that is not acceptable, and with the reason of `abort`.
 */
export async function openTransport(
  endpoint: Endpoint,
  abort: AbortSignal,
  { timer, readsLarge = false }: TransportWishes = {},
): Promise<Duplex> {
  const { tls, webSocketPath } = endpoint;
  const secured = tls
    ? await (await import('./tls.ts')).openSecured(endpoint, tls, abort, undefined, timer)
    : await openSocket(endpoint, abort, { timer, readsLarge: readsLarge && webSocketPath === undefined });
  if (webSocketPath === undefined) return secured;
  const { openWebSocket } = await import('./web-socket.ts');
  return openWebSocket(endpoint, webSocketPath, secured, abort);
}

/** TCP or a Unix socket, through the proxy if there is one. */
export async function openSocket(
  endpoint: Endpoint,
  abort: AbortSignal,
  { timer, readsLarge = false }: TransportWishes,
): Promise<Socket> {
  timer?.begin();
  const socket = await openUntimed(endpoint, abort, readsLarge);
  timer?.end('connect');
  return socket;
}

async function openUntimed(endpoint: Endpoint, abort: AbortSignal, readsLarge: boolean): Promise<Socket> {
  const { host, port, unix, proxy, localAddress } = endpoint;
  const makeSocket = (): Socket => (readsLarge ? new DirectSocket() : new Socket());
  if (unix) return settled(makeSocket().connect({ path: host }), 'connect', abort);
  if (proxy === undefined) return openTcp(makeSocket(), host, port, localAddress, abort);
  const { openThroughProxy } = await import('./proxy.ts');
  const toProxy = openTcp(new Socket(), proxy.host, proxy.port, localAddress, abort);
  return openThroughProxy(endpoint, proxy, toProxy, abort);
}

function openTcp(
  unconnected: Socket,
  host: string,
  port: number,
  localAddress: string | undefined,
  abort: AbortSignal,
): Promise<Socket> {
  const socket = unconnected.setNoDelay().connect({
    host,
    port,
    // Of several addresses each gets half a second; Node's quarter is short for a satellite.
    autoSelectFamilyAttemptTimeout: 500,
    // Node tries one address alone then: it must be one of the kind that can be reached from there.
    ...(localAddress !== undefined && { localAddress, family: isIP(localAddress) }),
  });
  return settled(socket, 'connect', abort);
}

/** Resolves with the socket at `event`; destroys it when an error or `abort` comes first. */
export function settled<T extends Socket>(socket: T, event: string, abort: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const fail = (error: unknown): void => {
      cleanUp();
      // What happens to the socket from here on is nobody's concern.
      socket.on('error', () => undefined);
      socket.destroy();
      reject(error);
    };
    const onAbort = (): void => fail(abort.reason);
    const onClose = (): void =>
      fail(
        socket.errored ?? Object.assign(new Error('closed before the handshake was complete'), { code: 'ECONNRESET' }),
      );
    const onReady = (): void => {
      cleanUp();
      // Until somebody listens an error must not end the process; who comes then finds it in `errored`.
      socket.on('error', () => undefined);
      resolve(socket);
    };
    const cleanUp = (): void => {
      abort.removeEventListener('abort', onAbort);
      socket.off('error', fail).off('close', onClose).off(event, onReady);
    };
    if (abort.aborted) return onAbort();
    if (socket.destroyed) return onClose();
    abort.addEventListener('abort', onAbort);
    socket.once('error', fail).once('close', onClose).once(event, onReady);
  });
}
