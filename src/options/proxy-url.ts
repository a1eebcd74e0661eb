/** Proxy URLs: `--proxy` (SOCKS5) and `--http-proxy`. */
import type { ProxyPlan } from '../mqtt/connection-plan.ts';
import { ValueError } from './spec.ts';
import { parseAuthority } from './url.ts';

/** What a field of SOCKS5's login holds at most. [RFC1929 2] */
const MAX_LOGIN_BYTES = 255;

/** mosquitto's: the proxy resolves the host name, so only `socks5h`. */
export function parseSocksUrl(text: string): ProxyPlan {
  const rest = /^socks5h:\/\/([^/?#]*)\/?$/i.exec(text)?.[1];
  if (rest === undefined) throw new ValueError('must be socks5h://[USER[:PASSWORD]@]HOST[:PORT]');
  const proxy = parseAuthority(rest, 1080, 'Such as socks5h://localhost:1080');
  if ([proxy.username, proxy.password].some((field = '') => Buffer.byteLength(field) > MAX_LOGIN_BYTES)) {
    throw new ValueError(`has a user name or password of more than ${MAX_LOGIN_BYTES} bytes`);
  }
  return { kind: 'socks5', ...proxy };
}

export function parseHttpProxyUrl(text: string): ProxyPlan {
  const rest = /^(?:http:\/\/)?([^/?#]*)\/?$/i.exec(text)?.[1];
  if (rest === undefined) throw new ValueError('must be http://[USER[:PASSWORD]@]HOST[:PORT]');
  return { kind: 'http', ...parseAuthority(rest, 8080, 'Such as http://localhost:8080') };
}
