import { checkServerIdentity, connect, type TLSSocket } from 'node:tls';
import { UsageError } from '../errors.ts';
import type { Endpoint, TlsPlan } from './connection-plan.ts';
import { describeBadCertificate } from './tls-error.ts';
import { addressOf, serverName, settled } from './transport.ts';

/** Opens a verified TLS connection. Throws TlsError when the certificate is not acceptable, before a byte is sent. */
export async function openTls(endpoint: Endpoint, tls: TlsPlan, abort: AbortSignal): Promise<TLSSocket> {
  const socket = await settled(start(endpoint, tls), 'secureConnect', abort);
  if (tls.insecure) return socket;
  const fault = socket.authorized ? checkName(endpoint.host, socket) : String(socket.authorizationError);
  if (fault === undefined) return socket;
  const certificate = socket.getPeerX509Certificate();
  socket.destroy();
  throw describeBadCertificate(endpoint, fault, certificate, tls);
}

function start(endpoint: Endpoint, tls: TlsPlan): TLSSocket {
  try {
    return connect({
      ...addressOf(endpoint),
      servername: serverName(endpoint.host),
      minVersion: 'TLSv1.2',
      // The verdict is read from `authorized` above: that way the certificate is at hand to explain it.
      rejectUnauthorized: false,
      ...(tls.ca && { ca: [...tls.ca] }),
      ...(tls.cert && { cert: tls.cert }),
      ...(tls.key && { key: tls.key }),
    }).setNoDelay(true);
  } catch (error) {
    // A key or certificate that OpenSSL cannot read fails here.
    const reason = error instanceof Error ? error.message.replace(/^error:[^:]*:[^:]*:[^:]*:/, '') : String(error);
    throw new UsageError(`--cafile, --cert or --key cannot be used: ${reason}`, undefined, { cause: error });
  }
}

/** Node has checked the name already; a second look costs nothing and does not depend on options. */
function checkName(host: string, socket: TLSSocket): string | undefined {
  const error = checkServerIdentity(host, socket.getPeerCertificate(true));
  return error && 'ERR_TLS_CERT_ALTNAME_INVALID';
}
