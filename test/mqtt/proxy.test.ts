/** Proxies that do as a test says, byte by byte: the wire of SOCKS5 and of CONNECT, and what their refusals are called. */
import { connect, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { UnreachableError } from '../../src/errors.ts';
import type { Endpoint, ProxyPlan } from '../../src/mqtt/connection-plan.ts';
import { openThroughProxy } from '../../src/mqtt/proxy.ts';
import { startServer } from '../support/server.ts';

const NEVER = new AbortController().signal;

/** What a proxy reads and says, in this order. */
class Script {
  readonly seen: Buffer[] = [];
  readonly #socket: Socket;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  async read(): Promise<Buffer> {
    const chunk = await new Promise<Buffer>((resolve) => this.#socket.once('data', resolve));
    this.seen.push(chunk);
    return chunk;
  }

  say(...bytes: readonly (number | string)[]): void {
    for (const part of bytes) this.#socket.write(typeof part === 'string' ? part : Uint8Array.of(part));
  }

  end(): void {
    this.#socket.end();
  }
}

/** Starts a proxy and opens a connection to `target` through it. */
async function through(
  kind: ProxyPlan['kind'],
  script: (proxy: Script) => Promise<void>,
  target: Partial<Endpoint> = {},
  login: Pick<ProxyPlan, 'username' | 'password'> = {},
  abort: AbortSignal = NEVER,
): Promise<{ socket: Socket; seen: readonly Buffer[]; port: number }> {
  let running: Script | undefined;
  const server = await startServer((connection) => {
    running = new Script(connection);
    void script(running);
  });
  onTestFinished(() => server.close());
  const { port } = server;
  const proxy = { kind, host: '127.0.0.1', port, ...login };
  const connecting = new Promise<Socket>((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(socket));
  });
  const endpoint = { host: 'broker.invalid', port: 1883, ...target };
  const socket = await openThroughProxy(endpoint, proxy, connecting, abort).catch((error: unknown) => {
    throw error instanceof UnreachableError ? new Error(textOf(error).replaceAll(String(port), 'PORT')) : error;
  });
  onTestFinished(() => void socket.destroy());
  return { socket, seen: running?.seen ?? [], port };
}

function textOf({ message, hint }: UnreachableError): string {
  return hint === undefined ? message : `${message}\n${hint}`;
}

const OPEN = [5, 0, 0, 1, 127, 0, 0, 1, 7, 91];

async function openSocks(proxy: Script): Promise<void> {
  await proxy.read();
  proxy.say(5, 0);
  await proxy.read();
  proxy.say(...OPEN);
}

describe('SOCKS5 [RFC1928]', () => {
  it('asks the proxy for the name, which is not looked up here', async () => {
    const { seen } = await through('socks5', openSocks);
    expect(seen[0]).toEqual(Buffer.from([5, 1, 0]));
    expect(seen[1]).toEqual(Buffer.from([5, 1, 0, 3, 14, ...Buffer.from('broker.invalid'), 0x07, 0x5b]));
  });

  it.each<[string, number[]]>([
    ['127.0.0.2', [1, 127, 0, 0, 2]],
    ['::1', [4, ...Array.from({ length: 15 }, () => 0), 1]],
  ])('asks for the address %s as an address', async (host, address) => {
    const { seen } = await through('socks5', openSocks, { host, port: 1 });
    expect(seen[1]).toEqual(Buffer.from([5, 1, 0, ...address, 0, 1]));
  });

  it('logs in with user name and password, of any characters [RFC1929]', async () => {
    const login = { username: 'ä', password: ':@%' };
    const { seen } = await through(
      'socks5',
      async (proxy) => {
        await proxy.read();
        proxy.say(5, 2);
        await proxy.read();
        proxy.say(1, 0);
        await proxy.read();
        proxy.say(...OPEN);
      },
      {},
      login,
    );
    expect(seen[0]).toEqual(Buffer.from([5, 2, 0, 2]));
    expect(seen[1]).toEqual(Buffer.from([1, 2, ...Buffer.from('ä'), 3, ...Buffer.from(':@%')]));
  });

  it('takes an answer that comes in pieces, with a name in it, and hands on what follows it', async () => {
    const { socket } = await through('socks5', async (proxy) => {
      await proxy.read();
      proxy.say(5);
      proxy.say(0);
      await proxy.read();
      proxy.say(5, 0, 0, 3, 1, 'h', 0, 1, 'early');
    });
    const chunk = await new Promise<Buffer>((resolve) => socket.once('data', resolve));
    expect(chunk.toString()).toBe('early');
  });

  it.each<[number, string]>([
    [1, 'it failed, and does not say why'],
    [2, 'its rules do not allow it'],
    [3, 'network unreachable'],
    [4, 'host unreachable'],
    [5, 'connection refused'],
    [6, 'no answer'],
    [7, 'it cannot make connections'],
    [8, 'it does not know this kind of address'],
  ])('tells the answer %i in words [RFC1928 6]', async (code, reason) => {
    const refused = through('socks5', async (proxy) => {
      await proxy.read();
      proxy.say(5, 0);
      await proxy.read();
      proxy.say(5, code, 0, 1, 0, 0, 0, 0, 0, 0);
    });
    await expect(refused).rejects.toThrow(
      new Error(
        `the proxy 127.0.0.1:PORT does not connect to broker.invalid:1883: ${reason}\n` +
          'Is the broker running? The proxy looks up the name of the broker itself.',
      ),
    );
  });

  const login = 'The user name and password of the proxy stand in its URL: socks5h://USER:PASSWORD@HOST';

  it.each<[string, number[][], Pick<ProxyPlan, 'username' | 'password'>, string]>([
    [
      'it refuses the login',
      [
        [5, 2],
        [1, 1],
      ],
      { username: 'u' },
      `wrong user name or password\n${login}`,
    ],
    ['it wants a login', [[5, 0xff]], {}, `it wants a user name and password\n${login}`],
    [
      'it takes no login',
      [[5, 0xff]],
      { username: 'u', password: 'p' },
      `it takes no user name and password\n${login}`,
    ],
    [
      'it speaks HTTP',
      [[...Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')]],
      {},
      'it does not speak SOCKS5\nIs it an HTTP proxy? --http-proxy http://HOST',
    ],
  ])('tells that %s', async (_, answers, credentials, reason) => {
    const refused = through(
      'socks5',
      async (proxy) => {
        for (const answer of answers) {
          await proxy.read();
          proxy.say(...answer);
        }
      },
      {},
      credentials,
    );
    await expect(refused).rejects.toThrow(
      new Error(`the proxy 127.0.0.1:PORT does not connect to broker.invalid:1883: ${reason}`),
    );
  });

  it('tells that the proxy closed the connection', async () => {
    const refused = through('socks5', async (proxy) => {
      await proxy.read();
      proxy.end();
    });
    await expect(refused).rejects.toThrow(
      new Error('the proxy 127.0.0.1:PORT does not connect to broker.invalid:1883: it closed the connection'),
    );
  });
});

describe('CONNECT of HTTP [RFC9110 9.3.6]', () => {
  const answering =
    (answer: string) =>
    async (proxy: Script): Promise<void> => {
      await proxy.read();
      proxy.say(answer);
    };

  it.each([
    ['broker.invalid', 'broker.invalid:1883'],
    ['::1', '[::1]:1883'],
  ])('asks for %s by host and port', async (host, authority) => {
    const { seen } = await through('http', answering('HTTP/1.1 200 OK\r\n\r\n'), { host });
    const [request = '', ...headers] = String(seen[0]).trimEnd().split('\r\n');
    expect(request).toBe(`CONNECT ${authority} HTTP/1.1`);
    expect(headers).toContain(`host: ${authority}`);
    expect(String(seen[0])).not.toMatch(/authorization/i);
  });

  it('sends user name and password as Basic [RFC7617]', async () => {
    const login = { username: 'ä', password: 'p:@%' };
    const { seen } = await through('http', answering('HTTP/1.1 200 OK\r\n\r\n'), {}, login);
    expect(String(seen[0])).toContain(`\r\nproxy-authorization: Basic ${Buffer.from('ä:p:@%').toString('base64')}\r\n`);
  });

  it.each(['HTTP/1.0 200 Connection established', 'HTTP/1.1 201 Created', 'HTTP/1.1 299'])(
    'takes "%s" for a tunnel, and hands on what follows it',
    async (status) => {
      const { socket } = await through('http', answering(`${status}\r\nContent-Length: 3\r\n\r\nearly`));
      const chunk = await new Promise<Buffer>((resolve) => socket.once('data', resolve));
      expect(chunk.toString()).toBe('early');
    },
  );

  const target = 'Is the broker running? The proxy looks up the name of the broker itself.';

  it.each([
    [
      'HTTP/1.1 407 Proxy Authentication Required\r\n\r\n',
      'it answered "407 Proxy Authentication Required"\n' +
        'The user name and password of the proxy stand in its URL: http://USER:PASSWORD@HOST',
    ],
    [
      'HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno',
      'it answered "403 Forbidden"\nDoes it allow this port? Many proxies tunnel to port 443 alone.',
    ],
    ['HTTP/1.1 502 Bad Gateway\r\n\r\n', `it answered "502 Bad Gateway"\n${target}`],
    ['HTTP/1.1 504\r\n\r\n', `it answered 504\n${target}`],
    ['HTTP/1.1 302 \x1b[31mFound\r\n\r\n', 'it answered "302 \\e[31mFound"'],
    ['SSH-2.0-OpenSSH_9.2\r\n', 'it does not speak HTTP\nIs it a SOCKS5 proxy? --proxy socks5h://HOST'],
  ])('tells of %j', async (answer, reason) => {
    await expect(through('http', answering(answer))).rejects.toThrow(
      new Error(`the proxy 127.0.0.1:PORT does not connect to broker.invalid:1883: ${reason}`),
    );
  });

  it('tells that the proxy closed the connection', async () => {
    const refused = through('http', async (proxy) => {
      await proxy.read();
      proxy.end();
    });
    await expect(refused).rejects.toThrow(
      new Error('the proxy 127.0.0.1:PORT does not connect to broker.invalid:1883: it closed the connection'),
    );
  });
});

describe.each(['socks5', 'http'] as const)('a proxy of kind %s', (kind) => {
  it.each<[string, string]>([
    ['ECONNREFUSED', 'nothing is listening there\nIs the proxy running?'],
    ['ENOTFOUND', 'host name not found\nIs it spelled right?'],
    ['EAI_AGAIN', 'DNS does not answer\nIs the proxy running?'],
    ['ETIMEDOUT', 'no answer\nIs the proxy running?'],
    ['EHOSTUNREACH', 'network or host unreachable\nIs the proxy running?'],
    ['EPERM', 'the words of the system\nIs the proxy running?'],
  ])('that cannot be reached with %s', async (code, reason) => {
    const error = Object.assign(new Error('the words of the system'), { code });
    const proxy = { kind, host: '::1', port: 1 };
    const failed = openThroughProxy({ host: 'h', port: 2 }, proxy, Promise.reject(error), NEVER);
    const said = await failed.catch(textOf);
    expect(said).toBe(`cannot reach the proxy [::1]:1: ${reason}`);
  });

  it('that does not answer is given up, with the reason of whoever gave up', async () => {
    const controller = new AbortController();
    const reason = new Error('given up');
    const opening = through(
      kind,
      async (proxy) => {
        await proxy.read();
        controller.abort(reason);
      },
      {},
      {},
      controller.signal,
    );
    await expect(opening).rejects.toBe(reason);
  });

  it('that is given up while it is connected to', async () => {
    const reason = new Error('given up');
    const proxy = { kind, host: 'p', port: 1 };
    const opening = openThroughProxy({ host: 'h', port: 2 }, proxy, Promise.reject(reason), AbortSignal.abort(reason));
    await expect(opening).rejects.toBe(reason);
  });
});
