/** TLS failures in words: who signed the certificate, for which names, until when, what to type. */
import type { X509Certificate } from 'node:crypto';
import { TlsError } from '../errors.ts';
import type { TlsPlan } from './connection-plan.ts';

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
      );
    default: {
      const signer = certificate ? commonName(certificate.issuer) : 'nobody known';
      const details = certificate ? `; it is for ${names}, ${validity(certificate)}` : '';
      const trusted = tls.ca === undefined ? 'not trusted here' : 'which is none of the given CA certificates';
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
