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
