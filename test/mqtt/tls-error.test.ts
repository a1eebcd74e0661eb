import { X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { TlsError } from '../../src/errors.ts';
import type { TlsPlan } from '../../src/mqtt/connection-plan.ts';
import { describeBadCertificate, describeTlsAlert, UntrustedError } from '../../src/mqtt/tls-error.ts';
import { CERTIFICATE } from '../options/identities.ts';

const PLAN: TlsPlan = { insecure: false };
const WITH_CERT: TlsPlan = { ...PLAN, cert: Buffer.from('x'), key: Buffer.from('x') };
const WITH_PSK: TlsPlan = { ...PLAN, psk: { identity: 'device 1', key: Buffer.from('sentinel') } };

function textOf({ message, hint }: TlsError): string {
  return hint === undefined ? message : `${message}\n${hint}`;
}

describe('a certificate that is not acceptable', () => {
  const certificate = new X509Certificate(CERTIFICATE);
  const VALIDITY = `valid from ${certificate.validFrom} to ${certificate.validTo}`;
  const said = (fault: string, tls = PLAN, shown: X509Certificate | undefined = certificate): string =>
    textOf(describeBadCertificate('h', fault, shown, tls));

  it('is told with its signer, names and dates, and what to type', () => {
    expect(said('DEPTH_ZERO_SELF_SIGNED_CERT')).toBe(
      `the certificate of h is signed by "Test one", not trusted here (DEPTH_ZERO_SELF_SIGNED_CERT); it is for Test one, ${VALIDITY}\n` +
        'Give the certificate of that CA: --cafile ca.crt',
    );
    expect(said('UNABLE_TO_VERIFY_LEAF_SIGNATURE', { ...PLAN, ca: ['x'] })).toContain(
      'is signed by "Test one", which is none of the given CA certificates (UNABLE_TO_VERIFY_LEAF_SIGNATURE)',
    );
    expect(describeBadCertificate('h', 'X', certificate, PLAN)).toBeInstanceOf(UntrustedError);
  });

  it('for another name is told with its names', () => {
    expect(said('ERR_TLS_CERT_ALTNAME_INVALID')).toBe(
      'the certificate of h is for Test one, not h\nConnect with that name: -h Test one, or where it leads elsewhere: --servername Test one',
    );
    const names = { subjectAltName: 'DNS:*.example.com, IP Address:192.0.2.1' } as X509Certificate;
    expect(said('ERR_TLS_CERT_ALTNAME_INVALID', PLAN, names)).toBe(
      'the certificate of h is for *.example.com, 192.0.2.1, not h\n' +
        'Connect with that name: -h 192.0.2.1, or where it leads elsewhere: --servername 192.0.2.1',
    );
  });

  it('out of its time is told with its dates', () => {
    const hint = 'Is the clock of this machine right?';
    expect(said('CERT_HAS_EXPIRED')).toBe(
      `the certificate of h, or one that signed it, has expired: ${VALIDITY}\n${hint}`,
    );
    expect(said('CERT_NOT_YET_VALID')).toBe(`the certificate of h is not valid yet: ${VALIDITY}\n${hint}`);
  });

  it('may not even have been shown', () => {
    const none = (fault: string) => textOf(describeBadCertificate('h', fault, undefined, PLAN));
    expect(none('CERT_HAS_EXPIRED')).toContain('has expired\n');
    expect(none('X')).toContain('is signed by "nobody known", not trusted here (X)\n');
  });
});

describe('a handshake that the broker broke off', () => {
  it.each<[string, TlsPlan, string]>([
    ['TLSV13_ALERT_CERTIFICATE_REQUIRED', PLAN, 'h:8883 wants a client certificate\nGive --cert FILE and --key FILE.'],
    ['SSLV3_ALERT_BAD_CERTIFICATE', PLAN, 'h:8883 wants a client certificate\nGive --cert FILE and --key FILE.'],
    [
      'TLSV1_ALERT_UNKNOWN_CA',
      WITH_CERT,
      'h:8883 refuses our client certificate (unknown ca)\nIs it valid, and signed by the CA that the broker trusts?',
    ],
    [
      'SSLV3_ALERT_CERTIFICATE_EXPIRED',
      { ...PLAN, pfx: Buffer.from('x') },
      'h:8883 refuses our client certificate (certificate expired)\nIs it valid, and signed by the CA that the broker trusts?',
    ],
    ['SSLV3_ALERT_HANDSHAKE_FAILURE', WITH_CERT, 'h:8883 refuses the TLS handshake\nIt may know none of our ciphers.'],
    [
      'TLSV1_ALERT_PROTOCOL_VERSION',
      PLAN,
      'h:8883 speaks no TLS version that is allowed here\nIt must be TLS 1.2 or 1.3.',
    ],
    [
      'UNSUPPORTED_PROTOCOL',
      { ...PLAN, minVersion: 'TLSv1.3' },
      'h:8883 speaks no TLS version that is allowed here\nLeave --tls-version tlsv1.3 away.',
    ],
    [
      'TLSV1_ALERT_PROTOCOL_VERSION',
      WITH_PSK,
      'h:8883 speaks no TLS version that is allowed here\nWith a pre-shared key it must be TLS 1.2.',
    ],
    [
      'TLSV1_ALERT_NO_APPLICATION_PROTOCOL',
      { ...PLAN, alpn: 'x y' },
      'h:8883 does not speak the protocol "x y"\nIs --tls-alpn right?',
    ],
    [
      'TLSV1_UNRECOGNIZED_NAME',
      { ...PLAN, serverName: 'x' },
      'h:8883 has no certificate for x\nAsk for another name: --servername NAME',
    ],
    ['TLSV1_UNKNOWN_PSK_IDENTITY', WITH_PSK, 'h:8883 knows no pre-shared key of "device 1"\nIs --psk-identity right?'],
    ['SSLV3_ALERT_BAD_RECORD_MAC', WITH_PSK, 'h:8883 has another pre-shared key for "device 1"\nIs --psk right?'],
    [
      'SSLV3_ALERT_HANDSHAKE_FAILURE',
      WITH_PSK,
      'h:8883 takes no pre-shared key\nDoes it want certificates? --cafile FILE',
    ],
    ['TLSV1_ALERT_INTERNAL_ERROR', PLAN, 'the TLS handshake with h:8883 failed: internal error'],
  ])('with %s and %j', (alert, tls, text) => {
    const error = Object.assign(new Error('x'), { code: `ERR_SSL_${alert}` });
    const failure = describeTlsAlert(error, { host: 'h', port: 8883, tls });
    expect(textOf(failure)).toBe(text);
    expect(failure).toMatchObject({ exitCode: 4, cause: error });
    expect(textOf(failure)).not.toContain('sentinel');
  });
});
