/** TLS failures in words: who signed the certificate, for which names, until when, what to type. */
import type { X509Certificate } from 'node:crypto';
import { TlsError } from '../errors.ts';
import { quote } from '../output/escape.ts';
import { formatAddress } from './address.ts';
import type { Endpoint, TlsPlan } from './connection-plan.ts';

/** The certificate is signed by nobody who is trusted. */
export class UntrustedError extends TlsError {}

/** `host`: the name that was asked for. `fault` is the code of the verification error, such as `CERT_HAS_EXPIRED`. */
export function describeBadCertificate(
  host: string,
  fault: string,
  certificate: X509Certificate | undefined,
  tls: TlsPlan,
): TlsError {
  const names = certificate ? namesOf(certificate) : 'no name';
  switch (fault) {
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return new TlsError(`the certificate of ${host} is for ${names}, not ${host}`, hintForName(names.split(', ')));
    case 'CERT_HAS_EXPIRED':
      return new TlsError(
        `the certificate of ${host}, or one that signed it, has expired${certificate ? `: ${validity(certificate)}` : ''}`,
        'Is the clock of this machine right?',
      );
    case 'CERT_NOT_YET_VALID':
      return new TlsError(
        `the certificate of ${host} is not valid yet${certificate ? `: ${validity(certificate)}` : ''}`,
        'Is the clock of this machine right?',
        undefined,
        true,
      );
    default: {
      const signer = certificate ? commonName(certificate.issuer) : 'nobody known';
      const details = certificate ? `; it is for ${names}, ${validity(certificate)}` : '';
      const trusted =
        tls.ca === undefined ? 'not trusted here' : `which is none of ${tls.caOrigin ?? 'the given CA certificates'}`;
      return new UntrustedError(
        `the certificate of ${host} is signed by "${signer}", ${trusted} (${fault})${details}`,
        'Give the certificate of that CA: --cafile ca.crt',
      );
    }
  }
}

/** A pattern such as `*.example.com` is no name to connect to. */
function hintForName(names: readonly string[]): string {
  const name = names.find((one) => !one.includes('*')) ?? 'NAME';
  return `Connect with that name: -h ${name}, or where it leads elsewhere: --servername ${name}`;
}

function namesOf(certificate: X509Certificate): string {
  const alternatives = certificate.subjectAltName?.split(', ').map((name) => name.replace(/^(DNS|IP Address):/, ''));
  return alternatives?.join(', ') ?? commonName(certificate.subject);
}

function commonName(name: string): string {
  return /^CN=(.*)$/m.exec(name)?.[1] ?? name.replaceAll('\n', ', ');
}

function validity(certificate: X509Certificate): string {
  // Certificates state their own dates: no clock of ours takes part, so that this is true on a machine with a wrong one.
  return `valid from ${certificate.validFrom} to ${certificate.validTo}`;
}

/** A handshake that the broker broke off; in TLS 1.3 it does so only after what is the end of it for us. */
export function describeTlsAlert(error: Error & { readonly code?: string }, endpoint: Endpoint): TlsError {
  const { code = '' } = error;
  const [message, hint] = explainAlert(code, formatAddress(endpoint), endpoint) ?? [
    `the TLS handshake with ${formatAddress(endpoint)} failed: ${alertName(code) || error.message}`,
  ];
  return new TlsError(message, hint, { cause: error });
}

type Explanation = readonly [message: string, hint?: string];

function explainAlert(code: string, address: string, { host, tls }: Endpoint): Explanation | undefined {
  if (/PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL/.test(code)) {
    return [`${address} speaks no TLS version that is allowed here`, hintForVersion(tls)];
  }
  if (/NO_APPLICATION_PROTOCOL/.test(code)) {
    return [`${address} does not speak the protocol ${quote(tls?.alpn ?? '')}`, 'Is --tls-alpn right?'];
  }
  if (/UNRECOGNIZED_NAME/.test(code)) {
    return [`${address} has no certificate for ${tls?.serverName ?? host}`, 'Ask for another name: --servername NAME'];
  }
  return tls?.psk ? explainPskAlert(code, address, tls.psk.identity) : explainCertificateAlert(code, address, tls);
}

function hintForVersion(tls: TlsPlan | undefined): string {
  if (tls?.psk) return 'With a pre-shared key it must be TLS 1.2.';
  return tls?.minVersion === 'TLSv1.3' ? 'Leave --tls-version tlsv1.3 away.' : 'It must be TLS 1.2 or 1.3.';
}

function explainPskAlert(code: string, address: string, identity: string): Explanation | undefined {
  if (/UNKNOWN_PSK_IDENTITY/.test(code)) {
    return [`${address} knows no pre-shared key of ${quote(identity)}`, 'Is --psk-identity right?'];
  }
  if (/BAD_RECORD_MAC|DECRYPT/.test(code)) {
    return [`${address} has another pre-shared key for ${quote(identity)}`, 'Is --psk right?'];
  }
  if (/HANDSHAKE_FAILURE|NO_SHARED_CIPHER/.test(code)) {
    return [`${address} takes no pre-shared key`, 'Does it want certificates? --cafile FILE'];
  }
  return undefined;
}

function explainCertificateAlert(code: string, address: string, tls: TlsPlan | undefined): Explanation | undefined {
  const hasOwn = tls?.cert !== undefined || tls?.pfx !== undefined;
  if (/HANDSHAKE_FAILURE/.test(code)) {
    const wish = hasOwn ? '' : 'It may want a client certificate: --cert FILE and --key FILE. ';
    return [`${address} refuses the TLS handshake`, `${wish}It may know none of our ciphers.`];
  }
  if (!/CERTIFICATE|UNKNOWN_CA|ACCESS_DENIED|DECRYPT_ERROR/.test(code)) return undefined;
  return hasOwn
    ? [
        `${address} refuses our client certificate (${alertName(code)})`,
        'Is it valid, and signed by the CA that the broker trusts?',
      ]
    : [`${address} wants a client certificate`, 'Give --cert FILE and --key FILE.'];
}

/** `ERR_SSL_TLSV1_ALERT_UNKNOWN_CA` to `unknown ca`. */
function alertName(code: string): string {
  return code
    .replace(/^ERR_SSL_(.*ALERT_)?/, '')
    .replaceAll('_', ' ')
    .toLowerCase();
}
