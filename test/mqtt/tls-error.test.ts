import { X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { TlsError } from '../../src/errors.ts';
import type { Endpoint, TlsPlan } from '../../src/mqtt/connection-plan.ts';
import { describeBadCertificate, describeTlsAlert, UntrustedError } from '../../src/mqtt/tls-error.ts';
import { CERTIFICATE } from '../options/identities.ts';

const PLAIN: TlsPlan = { insecure: false };

function textOf(error: TlsError): string {
  expect(error).toBeInstanceOf(TlsError);
  expect(error.exitCode).toBe(4);
  return error.hint === undefined ? error.message : `${error.message}\n${error.hint}`;
}

describe('a certificate that is not acceptable', () => {
  const certificate = new X509Certificate(CERTIFICATE);
  const validity = `valid from ${certificate.validFrom} to ${certificate.validTo}`;
  const say = (fault: string, plan = PLAIN, shown: X509Certificate | undefined = certificate): string =>
    textOf(describeBadCertificate('h', fault, shown, plan));
  /** Only what is read of it. */
  const named = (subjectAltName: string): X509Certificate =>
    ({ subjectAltName, subject: 'CN=x', issuer: 'CN=y', validFrom: 'a', validTo: 'b' }) as X509Certificate;

  it.each([
    ['CERT_HAS_EXPIRED', `the certificate of h, or one that signed it, has expired: ${validity}`],
    ['CERT_NOT_YET_VALID', `the certificate of h is not valid yet: ${validity}`],
  ])('%s', (fault, said) => {
    expect(say(fault)).toBe(`${said}\nIs the clock of this machine right?`);
    expect(describeBadCertificate('h', fault, undefined, PLAIN).message).toBe(said.replace(`: ${validity}`, ''));
  });

  it('of somebody who is not known says whom it wants, and what it is', () => {
    const hint = 'Give the certificate of that CA: --cafile ca.crt';
    const details = `; it is for Test one, ${validity}`;
    expect(say('DEPTH_ZERO_SELF_SIGNED_CERT')).toBe(
      `the certificate of h is signed by "Test one", not trusted here (DEPTH_ZERO_SELF_SIGNED_CERT)${details}\n${hint}`,
    );
    expect(say('SELF_SIGNED_CERT_IN_CHAIN', { ...PLAIN, ca: ['x'] })).toContain(
      'is signed by "Test one", which is none of the given CA certificates (SELF_SIGNED_CERT_IN_CHAIN)',
    );
    expect(describeBadCertificate('h', 'X', undefined, PLAIN)).toBeInstanceOf(UntrustedError);
    expect(describeBadCertificate('h', 'X', undefined, PLAIN).message).toBe(
      'the certificate of h is signed by "nobody known", not trusted here (X)',
    );
  });

  it.each([
    ['DNS:a.example, DNS:b.example', 'a.example, b.example', 'a.example'],
    ['DNS:*.example, DNS:b.example', '*.example, b.example', 'b.example'],
    ['DNS:*.example', '*.example', 'NAME'],
    ['IP Address:192.0.2.1', '192.0.2.1', '192.0.2.1'],
  ])('for %s names a name that can be typed', (subjectAltName, names, name) => {
    expect(say('ERR_TLS_CERT_ALTNAME_INVALID', PLAIN, named(subjectAltName))).toBe(
      `the certificate of h is for ${names}, not h\nConnect with that name: -h ${name}, or where it leads elsewhere: --servername ${name}`,
    );
  });

  it('may only become acceptable by a clock that is set', () => {
    for (const fault of ['CERT_HAS_EXPIRED', 'ERR_TLS_CERT_ALTNAME_INVALID', 'DEPTH_ZERO_SELF_SIGNED_CERT']) {
      expect(describeBadCertificate('h', fault, certificate, PLAIN).temporary).toBe(false);
    }
    expect(describeBadCertificate('h', 'CERT_NOT_YET_VALID', certificate, PLAIN).temporary).toBe(true);
  });
});

describe('a handshake that the broker breaks off', () => {
  const OWN: TlsPlan = { ...PLAIN, cert: Buffer.from('x'), key: Buffer.from('x') };
  const PFX: TlsPlan = { ...PLAIN, pfx: Buffer.from('x') };
  const PSK: TlsPlan = { ...PLAIN, psk: { identity: 'ann', key: Buffer.from('x') } };
  const own = 'Is it valid, and signed by the CA that the broker trusts?';

  it.each<[string, TlsPlan, string]>([
    [
      'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED',
      PLAIN,
      'h:1 wants a client certificate\nGive --cert FILE and --key FILE.',
    ],
    ['ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE', PLAIN, 'h:1 wants a client certificate\nGive --cert FILE and --key FILE.'],
    ['ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', OWN, `h:1 refuses our client certificate (unknown ca)\n${own}`],
    ['ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', PFX, `h:1 refuses our client certificate (unknown ca)\n${own}`],
    [
      'ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED',
      OWN,
      `h:1 refuses our client certificate (certificate expired)\n${own}`,
    ],
    [
      'ERR_SSL_SSLV3_ALERT_CERTIFICATE_REVOKED',
      PFX,
      `h:1 refuses our client certificate (certificate revoked)\n${own}`,
    ],
    ['ERR_SSL_TLSV1_ALERT_ACCESS_DENIED', OWN, `h:1 refuses our client certificate (access denied)\n${own}`],
    [
      'ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE',
      PLAIN,
      'h:1 refuses the TLS handshake\nIt may want a client certificate: --cert FILE and --key FILE. It may know none of our ciphers.',
    ],
    ['ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE', OWN, 'h:1 refuses the TLS handshake\nIt may know none of our ciphers.'],
    [
      'ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE',
      PSK,
      'h:1 takes no pre-shared key\nDoes it want certificates? --cafile FILE',
    ],
    ['ERR_SSL_TLSV1_UNKNOWN_PSK_IDENTITY', PSK, 'h:1 knows no pre-shared key of ann\nIs --psk-identity right?'],
    ['ERR_SSL_SSLV3_ALERT_BAD_RECORD_MAC', PSK, 'h:1 has another pre-shared key for ann\nIs --psk right?'],
    ['ERR_SSL_TLSV1_ALERT_DECRYPT_ERROR', PSK, 'h:1 has another pre-shared key for ann\nIs --psk right?'],
    [
      'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION',
      PLAIN,
      'h:1 speaks no TLS version that is allowed here\nIt must be TLS 1.2 or 1.3.',
    ],
    [
      'ERR_SSL_UNSUPPORTED_PROTOCOL',
      { ...PLAIN, minVersion: 'TLSv1.3' },
      'h:1 speaks no TLS version that is allowed here\nLeave --tls-version tlsv1.3 away.',
    ],
    [
      'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION',
      PSK,
      'h:1 speaks no TLS version that is allowed here\nWith a pre-shared key it must be TLS 1.2.',
    ],
    [
      'ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL',
      { ...PLAIN, alpn: 'my mqtt' },
      'h:1 does not speak the protocol "my mqtt"\nIs --tls-alpn right?',
    ],
    ['ERR_SSL_TLSV1_UNRECOGNIZED_NAME', PLAIN, 'h:1 has no certificate for h\nAsk for another name: --servername NAME'],
    [
      'ERR_SSL_TLSV1_UNRECOGNIZED_NAME',
      { ...PLAIN, serverName: 'x' },
      'h:1 has no certificate for x\nAsk for another name: --servername NAME',
    ],
    ['ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR', PLAIN, 'the TLS handshake with h:1 failed: internal error'],
    ['ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR', OWN, 'the TLS handshake with h:1 failed: internal error'],
    ['', PLAIN, 'the TLS handshake with h:1 failed: the words of OpenSSL'],
  ])('with %s', (code, tls, said) => {
    const endpoint: Endpoint = { host: 'h', port: 1, tls };
    const error = Object.assign(new Error('the words of OpenSSL'), { code });
    expect(textOf(describeTlsAlert(error, endpoint))).toBe(said);
  });
});
