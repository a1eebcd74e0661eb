/** The byte stream under the client: TCP, TLS, WebSocket. */
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Endpoint } from './connection-plan.ts';

/**
 * Opens the stream of an endpoint. Rejects with the system's own error (see `describeConnectFailure`), with a TlsError
 * for a certificate that is not acceptable, and with the reason of `abort`.
 */
export async function openTransport(endpoint: Endpoint, abort: AbortSignal): Promise<Duplex> {
  const socket = endpoint.tls
    ? await (await import('./tls.ts')).openTls(endpoint, endpoint.tls, abort)
    : await openTcp(endpoint, abort);
  if (endpoint.webSocketPath === undefined) return socket;
  const { openWebSocket } = await import('./web-socket.ts');
  return openWebSocket(endpoint, endpoint.webSocketPath, socket, abort);
}

function openTcp(endpoint: Endpoint, abort: AbortSignal): Promise<Socket> {
  const socket = connectTcp({ ...addressOf(endpoint), noDelay: true });
  return settled(socket, 'connect', abort);
}

/** Host and port for `net.connect`; an attempt at one of several addresses is given up after half a second. */
export function addressOf({ host, port }: Endpoint): {
  host: string;
  port: number;
  autoSelectFamilyAttemptTimeout: number;
} {
  return { host, port, autoSelectFamilyAttemptTimeout: 500 };
}

/** The name that a certificate must bear; an IP address cannot be asked for by SNI. [RFC6066 3] */
export function serverName(host: string): string {
  return isIP(host) === 0 ? host : '';
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
      fail(Object.assign(new Error('closed before the handshake was complete'), { code: 'ECONNRESET' }));
    const onReady = (): void => {
      cleanUp();
      resolve(socket);
    };
    const cleanUp = (): void => {
      abort.removeEventListener('abort', onAbort);
      socket.off('error', fail).off('close', onClose).off(event, onReady);
    };
    if (abort.aborted) return onAbort();
    abort.addEventListener('abort', onAbort);
    socket.once('error', fail).once('close', onClose).once(event, onReady);
  });
}
