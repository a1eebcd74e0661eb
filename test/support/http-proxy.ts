import { createServer, type IncomingMessage } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';

/** An HTTP proxy that tunnels by CONNECT. */
export interface HttpProxy {
  readonly port: number;
  /** Of each request: what it wants to reach, and its headers. */
  readonly requests: readonly { readonly target: string; readonly headers: IncomingMessage['headers'] }[];
  close(): Promise<void>;
}

export interface HttpProxyOptions {
  /** What `Proxy-Authorization` must be, such as `Basic YTpi`; otherwise the answer is 407. */
  readonly authorization?: string;
  /** The answer to every request instead of a tunnel, such as `HTTP/1.1 403 Forbidden\r\n\r\n`; `never`: none. */
  readonly answer?: string;
  /** What a tunnel is announced with; default `HTTP/1.1 200 Connection established`. */
  readonly established?: string;
  /** Where a name leads, which the proxy alone knows. */
  readonly hosts?: Readonly<Record<string, string>>;
}

/** Starts it on 127.0.0.1, at a free port. */
export async function startHttpProxy(options: HttpProxyOptions = {}): Promise<HttpProxy> {
  const { authorization, answer, established = 'HTTP/1.1 200 Connection established', hosts = {} } = options;
  const requests: { target: string; headers: IncomingMessage['headers'] }[] = [];
  const sockets = new Set<Socket>();
  const server = createServer();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
  });
  server.on('connect', (request: IncomingMessage, client: Socket) => {
    const target = request.url ?? '';
    requests.push({ target, headers: request.headers });
    if (answer === 'never') return;
    if (answer !== undefined) return void client.end(answer);
    if (authorization !== undefined && request.headers['proxy-authorization'] !== authorization) {
      return void client.end('HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\n\r\n');
    }
    const { hostname, port } = new URL(`http://${target}`);
    const host = hostname.replace(/^\[|\]$/g, '');
    const upstream = connect(Number(port), hosts[host] ?? host);
    sockets.add(upstream);
    upstream.once('connect', () => {
      client.write(`${established}\r\n\r\n`);
      upstream.pipe(client).pipe(upstream);
    });
    upstream.on('error', () => client.end('HTTP/1.1 502 Bad Gateway\r\n\r\n'));
    client.on('close', () => upstream.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    requests,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
