/** Addresses of brokers in messages. */
import { quote } from '../output/escape.ts';

/** `host:port` with an IPv6 address in brackets; of a Unix socket its path. */
export function formatAddress({
  host,
  port,
  unix,
}: {
  host: string;
  port: number;
  unix?: boolean | undefined;
}): string {
  if (unix) return host;
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** How to follow a Server Reference: `host` or `host:port`, several of them apart by spaces. [MQTT5 4.11] */
export function hintForServer(serverReference: string): string {
  // What a broker says is to be typed into a shell must be a name and no more.
  if (!/^[\w.:[\] -]+$/.test(serverReference)) return `It names ${quote(serverReference)}`;
  const servers = serverReference.split(' ').map((server) => {
    const match = /^(\[.+\]|[^:]+):(\d+)$/.exec(server);
    return match ? `-h ${match[1]?.replace(/^\[|\]$/g, '')} -p ${match[2]}` : `-h ${server}`;
  });
  return `Connect there: ${servers.join(' or ')}`;
}

/** The query of a WebSocket URL or path is often what lets one in, such as a signature: it is in no message. */
export function redactQuery(text: string): string {
  return text.replace(/\?.*/s, '?***');
}
