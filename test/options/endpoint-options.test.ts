/** Ways to the broker beside host, port and URL: proxies, sockets, WebSocket options. */
import { describe, expect, it } from 'vitest';
import type { Endpoint } from '../../src/mqtt/connection-plan.ts';
import { faultOfAsync } from './parsing.ts';
import { resolve } from './resolving.ts';

async function endpointOf(argv: string[], env: Record<string, string> = {}): Promise<Endpoint> {
  return (await resolve(argv, env)).endpoint;
}

const fault = (argv: string[], env: Record<string, string> = {}): Promise<string> => faultOfAsync(resolve(argv, env));

describe('a WebSocket', () => {
  it.each<[string[], object]>([
    [['--ws'], { port: 1883, webSocketPath: '/mqtt' }],
    [['--ws-path', '/x?y=z'], { port: 1883, webSocketPath: '/x?y=z' }],
    [['ws://h/a', '--ws-path', '/b'], { port: 80, webSocketPath: '/b' }],
    [
      ['--ws-header', 'A: b', '--ws-header=A:c d ', '--ws-header', 'X-Y:'],
      {
        webSocketPath: '/mqtt',
        webSocketHeaders: [
          ['A', 'b'],
          ['A', 'c d '],
          ['X-Y', ''],
        ],
      },
    ],
  ])('of %j', async (argv, endpoint) => {
    expect(await endpointOf(argv)).toMatchObject(endpoint);
  });

  it.each([
    [['--ws-path', 'x'], '--ws-path x: must start with / and hold no blanks and no #'],
    [['--ws-path', '/a b'], '--ws-path "/a b": must start with / and hold no blanks and no #'],
    [['--ws-path', '/\r\nA: b'], '--ws-path "/\\r\\nA: b": must start with / and hold no blanks and no #'],
    [['--ws-header', 'Authorization'], "--ws-header Authorization: must be 'Name: value'"],
    [['--ws-header', 'Authorization: sentinel\r\nX: y'], '--ws-header "Authorization: ***": must be \'Name: value\''],
    [['--ws-header', 'A b: c'], '--ws-header "A: ***": must be \'Name: value\''],
  ])('of %j is refused', async (argv, message) => {
    expect(await fault(argv)).toBe(message);
  });
});

describe('a proxy', () => {
  it.each<[string[], Record<string, string>, object]>([
    [['--proxy', 'socks5h://p'], {}, { kind: 'socks5', host: 'p', port: 1080 }],
    [
      ['--proxy', 'SOCKS5H://u:%40@[::1]:1/'],
      {},
      { kind: 'socks5', host: '::1', port: 1, username: 'u', password: '@' },
    ],
    [['--http-proxy', 'http://p'], {}, { kind: 'http', host: 'p', port: 8080 }],
    [['--http-proxy', 'p:3128'], {}, { kind: 'http', host: 'p', port: 3128 }],
    [['--http-proxy', 'env'], { HTTPS_PROXY: 'http://p:1' }, { kind: 'http', host: 'p', port: 1 }],
    [['--http-proxy', 'env'], { https_proxy: 'http://p:1' }, { kind: 'http', host: 'p', port: 1 }],
  ])('of %j and %j', async (argv, env, proxy) => {
    expect((await endpointOf(argv, env)).proxy).toEqual(proxy);
  });

  it('is not taken from the environment unless that is asked for', async () => {
    const env = { HTTPS_PROXY: 'http://p', https_proxy: 'http://p', ALL_PROXY: 'http://p', HTTP_PROXY: 'http://p' };
    expect(await endpointOf([], env)).toEqual({ host: 'localhost', port: 1883 });
  });

  it.each<[string[], Record<string, string>, string]>([
    [['--proxy', 'socks5://u:sentinel@p'], {}, '--proxy "socks5://***@p": must be socks5h://'],
    [['--proxy', 'p:1080'], {}, '--proxy p:1080: must be socks5h://'],
    [['--http-proxy', 'https://u:sentinel@p'], {}, '--http-proxy "https://***@p": '],
    [['--proxy', 'socks5h://p', '--http-proxy', 'p'], {}, '--proxy and --http-proxy exclude each other'],
    [['--http-proxy', 'env'], {}, '--http-proxy env: HTTPS_PROXY is not set'],
    [['--http-proxy', 'env'], { HTTPS_PROXY: 'http://u:sentinel@p:x' }, 'HTTPS_PROXY: does not name a host and port'],
  ])('of %j and %j is refused', async (argv, env, message) => {
    const said = await fault(argv, env);
    expect(said).toContain(message);
    expect(said).not.toContain('sentinel');
  });
});

describe('a Unix socket', () => {
  it.each<[string[], object]>([
    [['--unix', '/run/b.sock'], { host: '/run/b.sock', port: 0, unix: true }],
    [['-h', './b.sock', '-p', '0'], { host: './b.sock', port: 0, unix: true }],
    [['--unix', '/run/b.sock', '-h', 'h', '-p', '1'], { host: 'h', port: 1 }],
    [['-h', 'h', '-p', '1', '--unix', '/run/b.sock'], { host: '/run/b.sock', port: 0, unix: true }],
  ])('of %j', async (argv, endpoint) => {
    expect(await endpointOf(argv)).toEqual(endpoint);
  });

  it('is stronger than a URL in the environment, whose credentials it does not get', async () => {
    const plan = await resolve(['--unix', '/run/b.sock'], { MQTT_URL: 'mqtts://u:sentinel@h' });
    expect(plan.endpoint).toEqual({ host: '/run/b.sock', port: 0, unix: true });
    expect(plan).not.toHaveProperty('password');
  });

  it.each([
    [['--unix', ''], '--unix "": must be a path of 1 to 107 bytes'],
    [['--unix', `/${'x'.repeat(107)}`], 'must be a path of 1 to 107 bytes'],
    [['-h', 'h', '-p', '0'], '-p 0 is for a Unix socket, and h is no path'],
    [['--unix', '/x', '-S'], '--unix and -S exclude each other'],
    [['--unix', '/x', '--proxy', 'socks5h://p'], '--unix and a proxy exclude each other'],
    [['--unix', '/x', '-A', '127.0.0.1'], '--unix and -A exclude each other'],
  ])('of %j is refused', async (argv, message) => {
    expect(await fault(argv)).toContain(message);
  });
});

describe('a local address', () => {
  it('is one of this machine, by number or name', async () => {
    expect(await endpointOf(['-A', '127.0.0.1'])).toMatchObject({ localAddress: '127.0.0.1' });
    expect(await endpointOf(['-A', '::1'])).toMatchObject({ localAddress: '::1' });
    expect((await endpointOf(['-A', 'localhost'])).localAddress).toMatch(/^(127\.0\.0\.1|::1)$/);
  });
});
