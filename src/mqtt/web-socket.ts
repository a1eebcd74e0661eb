import type { ClientRequest, IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { createWebSocketStream, WebSocket } from 'ws';
import { type CliError, UnauthorizedError, UnreachableError } from '../errors.ts';
import { quote } from '../output/escape.ts';
import { formatAddress, redactQuery } from './address.ts';
import type { Endpoint } from './connection-plan.ts';

/** MQTT over WebSocket, on a socket that is open already. [MQTT5 6] */
export async function openWebSocket(
  endpoint: Endpoint,
  path: string,
  socket: Socket,
  abort: AbortSignal,
): Promise<Duplex> {
  // The zone of an IPv6 address means something on this machine alone.
  const authority = endpoint.unix ? 'localhost' : formatAddress(endpoint).replace(/%[^\]]*/, '');
  // The scheme is that of the address only: TLS, where it is wanted, is on the socket already.
  const url = `${endpoint.tls ? 'wss' : 'ws'}://${authority}${path}`;
  const shown = redactQuery(url);
  const webSocket = new WebSocket(url, ['mqtt'], {
    createConnection: () => socket,
    perMessageDeflate: false,
    headers: groupHeaders(endpoint.webSocketHeaders ?? []),
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
      fail(describeResponse(response, shown)),
    );
    webSocket.once('error', (error) => fail(describeHandshakeFailure(error, shown)));
    webSocket.once('open', resolve);
  });
  const stream = createWebSocketStream(webSocket);
  // Until somebody listens an error must not end the process; who comes then finds it in `errored`.
  stream.on('error', () => undefined);
  return stream;
}

/** A header that is given twice is sent twice, whatever the case of its letters. [RFC9110 5.1] */
function groupHeaders(headers: NonNullable<Endpoint['webSocketHeaders']>): Record<string, string[]> {
  const groups = new Map<string, [name: string, values: string[]]>();
  for (const [name, value] of headers) {
    const group = groups.get(name.toLowerCase());
    if (group === undefined) groups.set(name.toLowerCase(), [name, [value]]);
    else group[1].push(value);
  }
  return Object.fromEntries(groups.values());
}

function describeResponse({ statusCode = 0, statusMessage, headers }: IncomingMessage, url: string): CliError {
  const answer = quote(`${statusCode} ${statusMessage ?? ''}`.trim());
  if (statusCode === 401 || statusCode === 403) {
    return new UnauthorizedError(
      `${url} refused the WebSocket: ${answer}`,
      "Credentials for it go into a header: --ws-header 'Authorization: ...'",
    );
  }
  const { location } = headers;
  return new UnreachableError(
    `${url} answered ${answer} instead of opening a WebSocket`,
    statusCode >= 300 && statusCode < 400 && location !== undefined
      ? `It says to go to ${quote(redactQuery(location))}`
      : 'Is the path right? Brokers use /mqtt or /ws: ws://HOST:PORT/PATH',
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
