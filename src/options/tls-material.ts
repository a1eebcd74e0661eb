/** Certificates, keys and lists of ciphers, looked at before anything is connected, so that each fault names its file. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { UsageError } from '../errors.ts';
import type { TlsPlan } from '../mqtt/connection-plan.ts';
import { quote } from '../output/escape.ts';

/** Where the parts of a plan come from: the option as the user knows it, and the file. */
export type Origins = Readonly<Partial<Record<'cert' | 'key' | 'pfx' | 'passphrase', string>>>;

const CERTIFICATE = /-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----/gs;

/** Throws UsageError when `text` holds a certificate that cannot be read: Node would pass over it and all after it. */
export function checkCertificates(origin: string, text: string): void {
  for (const [at, [pem]] of [...text.matchAll(CERTIFICATE)].entries()) {
    if (!isCertificate(pem)) throw new UsageError(`${origin}: certificate ${at + 1} of the file cannot be read`);
  }
}

export function isCertificate(content: Buffer | string): boolean {
  try {
    return new X509Certificate(content).raw.length > 0;
  } catch {
    return false;
  }
}

/** Throws UsageError for a certificate and key that cannot be used, or do not belong together. */
export function checkOwnCertificate(own: Partial<TlsPlan>, origins: Origins): void {
  const { cert, key, pfx, passphrase } = own;
  try {
    createSecureContext({ cert, key, pfx, passphrase });
  } catch (error) {
    throw pfx ? describePfxFault(error as Error, origins) : describeFault(error as Error, own, origins);
  }
  // OpenSSL keeps certificates and keys of different kinds beside each other, and then sends neither.
  if (cert && key && !new X509Certificate(cert).checkPrivateKey(createPrivateKey({ key, passphrase }))) {
    throw mismatch(origins);
  }
}

const HINT_FOR_ENCRYPTED = 'Its passphrase comes from a file: --passphrase-file FILE';

function describePfxFault(error: Error, { pfx, passphrase }: Origins): UsageError {
  if (/mac verify|decrypt|password/i.test(error.message)) {
    return passphrase === undefined
      ? new UsageError(`${pfx}: is encrypted`, HINT_FOR_ENCRYPTED)
      : new UsageError(`${passphrase}: is not the passphrase of ${pfx}`);
  }
  return /unsupported/i.test(error.message)
    ? new UsageError(
        `${pfx}: is encrypted in an old way that OpenSSL 3 does not know any more`,
        'Convert it: openssl pkcs12 -legacy -in OLD -nodes -out ALL.pem; openssl pkcs12 -export -in ALL.pem -out NEW',
      )
    : new UsageError(`${pfx}: is no PKCS#12 file (${reasonOf(error)})`);
}

function describeFault(error: Error, { cert, key }: Partial<TlsPlan>, origins: Origins): UsageError {
  const reason = reasonOf(error);
  if (cert && !(cert.includes('-----BEGIN') && isCertificate(cert)))
    return new UsageError(`${origins.cert}: holds no PEM certificate`);
  if (/mismatch/.test(reason)) return mismatch(origins);
  if (/key too small|md too weak/.test(reason)) {
    return new UsageError(`${origins.cert}: is too weak for TLS today (${reason})`);
  }
  if (key?.includes('ENCRYPTED')) {
    return origins.passphrase === undefined
      ? new UsageError(`${origins.key}: is encrypted`, HINT_FOR_ENCRYPTED)
      : new UsageError(`${origins.passphrase}: is not the passphrase of ${origins.key}`);
  }
  return new UsageError(`${origins.key}: holds no PEM private key (${reason})`);
}

function mismatch({ cert, key }: Origins): UsageError {
  return new UsageError(`${cert} and ${key} do not belong together`);
}

/** Throws UsageError for a list that OpenSSL does not understand. */
export function checkCiphers(spelled: string, ciphers: string): void {
  try {
    createSecureContext({ ciphers });
  } catch (error) {
    throw new UsageError(
      `${spelled} ${quote(ciphers)}: ${reasonOf(error as Error)}`,
      'It is a list of names apart by colons, as `openssl ciphers` prints it.',
    );
  }
}

/** OpenSSL's words without its numbers: `error:0A0000B9:SSL routines::no cipher match`. */
function reasonOf({ message }: Error): string {
  return message.replace(/^error:[^:]*:[^:]*:[^:]*:/, '');
}
