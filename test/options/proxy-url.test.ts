import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ProxyPlan } from '../../src/mqtt/connection-plan.ts';
import { parseHttpProxyUrl, parseSocksUrl } from '../../src/options/proxy-url.ts';
import { ValueError } from '../../src/options/spec.ts';
import { anyText } from './parsing.ts';

function reasonOf(parse: () => unknown): string {
  try {
    parse();
  } catch (error) {
    expect(error).toBeInstanceOf(ValueError);
    const { message, hint } = error as ValueError;
    return hint === undefined ? message : `${message}\n${hint}`;
  }
  throw new Error('nothing was thrown');
}

describe('the URL of a SOCKS5 proxy', () => {
  it.each<[string, Omit<ProxyPlan, 'kind'>]>([
    ['socks5h://p', { host: 'p', port: 1080 }],
    ['socks5h://p/', { host: 'p', port: 1080 }],
    ['SOCKS5H://Proxy.Lan:1', { host: 'Proxy.Lan', port: 1 }],
    ['socks5h://127.0.0.1:65535', { host: '127.0.0.1', port: 65_535 }],
    ['socks5h://[::1]', { host: '::1', port: 1080 }],
    ['socks5h://[fe80::1%eth0]:1081/', { host: 'fe80::1%eth0', port: 1081 }],
    ['socks5h://u@p', { host: 'p', port: 1080, username: 'u' }],
    ['socks5h://u:@p', { host: 'p', port: 1080, username: 'u', password: '' }],
    ['socks5h://u:p@p:2', { host: 'p', port: 2, username: 'u', password: 'p' }],
    ['socks5h://u:p@ss:w@p', { host: 'p', port: 1080, username: 'u', password: 'p@ss:w' }],
    // mosquitto makes a colon of %40.
    ['socks5h://a%40b:%3A%25%2F%40@p', { host: 'p', port: 1080, username: 'a@b', password: ':%/@' }],
    ['socks5h://%C3%A9:é@[::1]:1', { host: '::1', port: 1, username: 'é', password: 'é' }],
    [`socks5h://u:${'x'.repeat(255)}@p`, { host: 'p', port: 1080, username: 'u', password: 'x'.repeat(255) }],
  ])('%s', (text, plan) => {
    expect(parseSocksUrl(text)).toEqual({ kind: 'socks5', ...plan });
  });

  const form = 'must be socks5h://[USER[:PASSWORD]@]HOST[:PORT]';
  const example = 'Such as socks5h://localhost:1080';

  it.each([
    ['', form],
    ['p', form],
    ['p:1080', form],
    ['socks5://p', form],
    ['socks4://p', form],
    ['socks://p', form],
    ['http://p', form],
    ['socks5h:p', form],
    ['socks5h://p/path', form],
    ['socks5h://p?x', form],
    ['socks5h://u:a/b@p', form],
    ['socks5h://', `does not name a host and port\n${example}`],
    ['socks5h://:1080', `does not name a host and port\n${example}`],
    ['socks5h://::1', `does not name a host and port\n${example}`],
    ['socks5h://p:', `does not name a host and port\n${example}`],
    ['socks5h://p:x', `does not name a host and port\n${example}`],
    ['socks5h://a b', `does not name a host and port\n${example}`],
    ['socks5h://p:0', `has a port that is not from 1 to 65535\n${example}`],
    ['socks5h://p:65536', `has a port that is not from 1 to 65535\n${example}`],
    ['socks5h://u:%zz@p', 'has a user name or password with a broken %-escape\nA percent sign itself is written %25.'],
    [`socks5h://${'x'.repeat(256)}@p`, 'has a user name or password of more than 255 bytes'],
    [`socks5h://u:${'é'.repeat(128)}@p`, 'has a user name or password of more than 255 bytes'],
  ])('is not %j [RFC1929 2]', (text, reason) => {
    expect(reasonOf(() => parseSocksUrl(text))).toBe(reason);
  });
});

describe('the URL of an HTTP proxy', () => {
  it.each<[string, Omit<ProxyPlan, 'kind'>]>([
    ['http://p', { host: 'p', port: 8080 }],
    ['HTTP://p:3128/', { host: 'p', port: 3128 }],
    ['p', { host: 'p', port: 8080 }],
    ['p:3128', { host: 'p', port: 3128 }],
    ['[::1]:3128', { host: '::1', port: 3128 }],
    ['u:p%40@p', { host: 'p', port: 8080, username: 'u', password: 'p@' }],
    ['http://u:p@p:1', { host: 'p', port: 1, username: 'u', password: 'p' }],
  ])('%s', (text, plan) => {
    expect(parseHttpProxyUrl(text)).toEqual({ kind: 'http', ...plan });
  });

  it.each(['https://p', 'socks5h://p', 'http://p/path', 'http://p?x', 'http://p#x', 'p/x'])('is not %s', (text) => {
    expect(reasonOf(() => parseHttpProxyUrl(text))).toBe('must be http://[USER[:PASSWORD]@]HOST[:PORT]');
  });

  it.each(['', 'http://', ':1', 'p:x', 'a b', '::1'])('does not name a host: "%s"', (text) => {
    expect(reasonOf(() => parseHttpProxyUrl(text))).toBe(
      'does not name a host and port\nSuch as http://localhost:8080',
    );
  });
});

describe.each([
  ['SOCKS5', parseSocksUrl, 'socks5h://'],
  ['HTTP', parseHttpProxyUrl, 'http://'],
] as const)('a proxy of %s', (_, parse, scheme) => {
  const short = anyText.filter((text) => text.isWellFormed() && Buffer.byteLength(text) <= 255);

  it('has any user name and password, escaped', () => {
    fc.assert(
      fc.property(short, short, fc.integer({ min: 1, max: 65_535 }), (username, password, port) => {
        const url = `${scheme}${encodeURIComponent(username)}:${encodeURIComponent(password)}@p:${port}`;
        const { kind: _kind, ...plan } = parse(url);
        expect(plan).toEqual({ host: 'p', port, password, ...(username !== '' && { username }) });
      }),
    );
  });

  it('is understood or refused, whatever it is', () => {
    fc.assert(
      fc.property(fc.constantFrom(scheme, scheme.toUpperCase(), ''), anyText, (start, rest) => {
        try {
          const { host, port } = parse(start + rest);
          expect(host).not.toMatch(/^$|\s/);
          expect(port).toBeGreaterThan(0);
          expect(port).toBeLessThan(65_536);
        } catch (error) {
          expect(error).toBeInstanceOf(ValueError);
          // What is wrong is said without the value, which may hold a password.
          expect((error as ValueError).message.length).toBeLessThan(80);
        }
      }),
      { numRuns: 300 },
    );
  });
});
