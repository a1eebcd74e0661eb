/** Proxy URLs: `--proxy` (SOCKS5) and `--http-proxy`. */
import type { ProxyPlan } from '../mqtt/connection-plan.ts';
import { ValueError } from './spec.ts';
import { parseAuthority } from './url.ts';

/** mosquitto's: the proxy resolves the host name, so only `socks5h`. */
export function parseSocksUrl(text: string): ProxyPlan {
  const rest = /^socks5h:\/\/([^/?#]*)\/?$/i.exec(text)?.[1];
  if (rest === undefined) throw new ValueError('must be socks5h://[USER[:PASSWORD]@]HOST[:PORT]');
  return { kind: 'socks5', ...parseAuthority(rest, 1080) };
}

export function parseHttpProxyUrl(text: string): ProxyPlan {
  const rest = /^(?:http:\/\/)?([^/?#]*)\/?$/i.exec(text)?.[1];
  if (rest === undefined) throw new ValueError('must be http://[USER[:PASSWORD]@]HOST[:PORT]');
  return { kind: 'http', ...parseAuthority(rest, 8080) };
}
