import { createHash, type X509Certificate } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import { isIP, type Socket } from 'node:net';
import { type ConnectionOptions, connect, createSecureContext, type SecureContext, type TLSSocket } from 'node:tls';
import { CliError, TlsError, UsageError } from '../errors.ts';
import type { Endpoint, TlsPlan } from './connection-plan.ts';
import type { OpeningTimer } from './opening-times.ts';
import { readSystemStore } from './system-store.ts';
import { describeBadCertificate, UntrustedError } from './tls-error.ts';
import { openSocket, settled } from './transport.ts';

/**
 * What was made of a plan: to read certificates takes milliseconds and memory, all those of a system a tenth of a second and
 * a megabyte, and a benchmark opens thousands of connections by one plan.
 */
const contexts = new WeakMap<TlsPlan, SecureContext>();
/** Plans whose broker is trusted by the certificates of the system: the plan that has them. */
const trustingSystem = new WeakMap<TlsPlan, TlsPlan>();

/**
 * Node brings certificates of its own, which are at hand; those of the system, where a company puts its own authority,
 * take fifteen times as long to load. So they are asked second; by the next connection of a plan that needed them, first.
 * Throws what {@link openTls} throws.
 */
export async function openSecured(
  endpoint: Endpoint,
  tls: TlsPlan,
  abort: AbortSignal,
  readStore = readSystemStore,
  timer?: OpeningTimer,
): Promise<TLSSocket> {
  const open = async (plan: TlsPlan): Promise<TLSSocket> =>
    openTls(endpoint, plan, await openSocket(endpoint, abort, { timer }), abort, timer);
  const known = trustingSystem.get(tls);
  if (known !== undefined) return open(known);
  try {
    return await open(tls);
  } catch (error) {
    const store = error instanceof UntrustedError && tls.ca === undefined ? await readStore() : undefined;
    if (store === undefined) throw error;
    const withStore = { ...tls, ca: [store] };
    try {
      const socket = await open(withStore);
      trustingSystem.set(tls, withStore);
      return socket;
    } catch (second) {
      throw second instanceof UntrustedError ? error : second;
    }
  }
}

/**
 * Makes a connection a verified TLS connection. Throws TlsError when the certificate is not acceptable, before a byte
 * of MQTT is sent, and UsageError for a key or certificate of ours that cannot be used.
 */
export async function openTls(
  endpoint: Endpoint,
  tls: TlsPlan,
  raw: Socket,
  abort: AbortSignal,
  timer?: OpeningTimer,
): Promise<TLSSocket> {
  timer?.begin();
  try {
    const socket = await settled(start(endpoint, tls, raw), 'secureConnect', abort);
    timer?.end('tls');
    verify(endpoint, tls, socket);
    return socket;
  } catch (error) {
    raw.destroy();
    throw error;
  }
}

function start(endpoint: Endpoint, tls: TlsPlan, raw: Socket): TLSSocket {
  const { keyLogFile } = tls;
  try {
    const socket = connect(makeOptions(endpoint, tls, raw));
    if (keyLogFile !== undefined) socket.on('keylog', (line) => appendKeyLog(socket, keyLogFile, line));
    return socket;
  } catch (error) {
    // The parts were looked at one by one before; this is about what they are together.
    const reason = error instanceof Error ? error.message.replace(/^error:[^:]*:[^:]*:[^:]*:/, '') : String(error);
    throw new UsageError(`the TLS options cannot be used together: ${reason}`, undefined, { cause: error });
  }
}

function makeOptions({ host, unix }: Endpoint, tls: TlsPlan, socket: Socket): ConnectionOptions {
  const name = tls.serverName ?? (unix ? '' : host);
  const { alpn, psk } = tls;
  const secureContext = contexts.get(tls) ?? makeContext(tls);
  contexts.set(tls, secureContext);
  return {
    socket,
    secureContext,
    host: name,
    // An IP address cannot be asked for by SNI. [RFC6066 3]
    servername: isIP(name) === 0 ? name : '',
    // The verdict is read from `authorized`: that way the certificate is at hand to explain it.
    rejectUnauthorized: false,
    ...(alpn !== undefined && { ALPNProtocols: [alpn] }),
    ...(psk && { pskCallback: () => ({ identity: psk.identity, psk: psk.key }) }),
  };
}

function makeContext({ ca, cert, ciphers, key, minVersion, passphrase, pfx, psk }: TlsPlan): SecureContext {
  return createSecureContext({
    minVersion: minVersion ?? 'TLSv1.2',
    ...(ca && { ca: [...ca] }),
    ...(cert && { cert }),
    ...(key && { key }),
    ...(pfx && { pfx }),
    ...(passphrase !== undefined && { passphrase }),
    ...(ciphers !== undefined && { ciphers }),
    // Node knows pre-shared keys up to TLS 1.2, and takes part in them only by cipher suites that say so.
    ...(psk && { maxVersion: 'TLSv1.2' as const, ciphers: ciphers ?? 'PSK' }),
  });
}

function appendKeyLog(socket: TLSSocket, path: string, line: Buffer): void {
  try {
    appendFileSync(path, line, { mode: 0o600 });
  } catch (error) {
    socket.destroy(new CliError(`--tls-keylog ${path}: ${(error as Error).message}`));
  }
}

/** Throws TlsError. */
function verify(endpoint: Endpoint, tls: TlsPlan, socket: TLSSocket): void {
  // Who knows the key is who we mean. With other suites in --ciphers the broker may have shown a certificate instead.
  if (tls.psk && socket.getCipher().name.includes('PSK')) return;
  const certificate = socket.getPeerX509Certificate();
  if (!tls.insecure) {
    const isNameless = endpoint.unix === true && tls.serverName === undefined;
    // Node has looked at the chain first, then at the name; a socket file has no name that a certificate could bear.
    const fault = socket.authorized ? undefined : String(socket.authorizationError);
    if (fault !== undefined && !(isNameless && fault === 'ERR_TLS_CERT_ALTNAME_INVALID')) {
      throw describeBadCertificate(tls.serverName ?? endpoint.host, fault, certificate, tls);
    }
  }
  if (tls.pin !== undefined && !(certificate && hashesOf(certificate).includes(tls.pin))) {
    const seen = certificate ? ` (it is ${hashesOf(certificate)[0]})` : '';
    throw new TlsError(
      `the certificate of ${endpoint.host} is not the pinned one${seen}`,
      'Was it renewed? Make sure before you change --pin.',
    );
  }
}

/** SHA-256 of the certificate, and of its public key, which stays the same when a certificate is renewed. */
function hashesOf(certificate: X509Certificate): readonly string[] {
  const publicKey = certificate.publicKey.export({ type: 'spki', format: 'der' });
  return [certificate.raw, publicKey].map((bytes) => createHash('sha256').update(bytes).digest('hex'));
}
