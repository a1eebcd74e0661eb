import type { ClientRequest, IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { createWebSocketStream, WebSocket } from 'ws';
import { UnreachableError } from '../errors.ts';
import { formatAddress } from './address.ts';
import type { Endpoint } from './connection-plan.ts';

/** MQTT over WebSocket, on a socket that is open already. [MQTT5 6] */
export async function openWebSocket(
  endpoint: Endpoint,
  path: string,
  socket: Socket,
  abort: AbortSignal,
): Promise<Duplex> {
  const authority = endpoint.unix ? 'localhost' : formatAddress(endpoint);
  // The scheme is that of the address only: TLS, where it is wanted, is on the socket already.
  const url = `${endpoint.tls ? 'wss' : 'ws'}://${authority}${path}`;
  const webSocket = new WebSocket(url, ['mqtt'], {
    createConnection: () => socket,
    perMessageDeflate: false,
    headers: Object.fromEntries(endpoint.webSocketHeaders ?? []),
  });
  await new Promise<void>((resolve, reject) => {
    const fail = (error: unknown): void => {
      webSocket.on('error', () => undefined);
      webSocket.terminate();
      reject(error);
    };
    if (abort.aborted) return fail(abort.reason);
    abort.addEventListener('abort', () => fail(abort.reason), { once: true });
    webSocket.once('unexpected-response', (_request: ClientRequest, response: IncomingMessage) =>
      fail(describeResponse(response, url)),
    );
    webSocket.once('error', (error) => fail(describeHandshakeFailure(error, url)));
    webSocket.once('open', resolve);
  });
  const stream = createWebSocketStream(webSocket);
  // Until somebody listens an error must not end the process; who comes then finds it in `errored`.
  stream.on('error', () => undefined);
  return stream;
}

function describeResponse({ statusCode, statusMessage }: IncomingMessage, url: string): UnreachableError {
  return new UnreachableError(
    `${url} answered "${statusCode} ${statusMessage ?? ''}" instead of opening a WebSocket`,
    'Is the path right? Brokers use /mqtt or /ws: ws://HOST:PORT/PATH',
  );
}

function describeHandshakeFailure(error: Error & { code?: string }, url: string): Error {
  if (error.code !== undefined && !error.code.startsWith('HPE_')) return error;
  return new UnreachableError(
    `${url} is no MQTT WebSocket: ${error.message}`,
    'Is this the port of the WebSocket listener (often 9001 or 8083)?',
    { cause: error },
  );
}
