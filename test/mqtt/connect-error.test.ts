/** Each row of the error catalogue, by its exact words. */
import { describe, expect, it } from 'vitest';
import { type CliError, RefusedError, TlsError, UnauthorizedError, UnreachableError } from '../../src/errors.ts';
import { describeConnectFailure, describeDialFailure } from '../../src/mqtt/connect-error.ts';
import type { ConnectionPlan, Endpoint } from '../../src/mqtt/connection-plan.ts';
import { PLAN } from './talking.ts';

const PLAIN: Endpoint = { host: 'h', port: 1883 };
const TLS: Endpoint = { host: 'h', port: 8883, tls: { insecure: false } };
const WITH_CERT: Endpoint = { ...TLS, tls: { insecure: false, cert: Buffer.from('x'), key: Buffer.from('x') } };
const WS: Endpoint = { host: 'h', port: 80, webSocketPath: '/mqtt' };
const WSS: Endpoint = { ...TLS, webSocketPath: '/mqtt' };
const IPV6: Endpoint = { host: '::1', port: 1883 };
const UNIX: Endpoint = { host: '/run/b.sock', port: 0, unix: true };

/** An error as Node makes them. */
function systemError(code: string, address?: string): Error {
  return Object.assign(new Error(`connect ${code}`), { code, ...(address !== undefined && { address }) });
}

/** What Node throws when every address of a name failed. */
function aggregate(...causes: Error[]): Error {
  return Object.assign(new AggregateError(causes), { code: (causes[0] as Error & { code: string }).code });
}

/** The line and the hint under it. */
function textOf({ message, hint }: CliError): string {
  return hint === undefined ? message : `${message}\n${hint}`;
}

describe('a connection that cannot be made', () => {
  it.each<[Error, Endpoint, new (message: string) => CliError, number, string]>([
    [
      systemError('ECONNREFUSED', 'h'),
      PLAIN,
      UnreachableError,
      3,
      'nothing is listening on h:1883\nIs the broker running? TLS is usually port 8883: mqtts://h',
    ],
    [
      aggregate(systemError('ECONNREFUSED', '::1'), systemError('ECONNREFUSED', '127.0.0.1')),
      PLAIN,
      UnreachableError,
      3,
      'nothing is listening on h:1883 (tried ::1 and 127.0.0.1)\nIs the broker running? TLS is usually port 8883: mqtts://h',
    ],
    [
      aggregate(systemError('ENETUNREACH', '::1'), systemError('ECONNREFUSED', '127.0.0.1')),
      PLAIN,
      UnreachableError,
      3,
      'nothing is listening on h:1883 (tried ::1 and 127.0.0.1)\nIs the broker running? TLS is usually port 8883: mqtts://h',
    ],
    [
      systemError('ECONNREFUSED', '::1'),
      IPV6,
      UnreachableError,
      3,
      'nothing is listening on [::1]:1883\nIs the broker running? TLS is usually port 8883: mqtts://[::1]',
    ],
    [
      systemError('ECONNREFUSED'),
      TLS,
      UnreachableError,
      3,
      'nothing is listening on h:8883\nIs the broker running? TLS is usually port 8883.',
    ],
    [
      systemError('ECONNREFUSED'),
      WS,
      UnreachableError,
      3,
      'nothing is listening on h:80\nIs the broker running? WebSocket is often on port 9001 or 8083.',
    ],
    [
      systemError('ECONNREFUSED'),
      UNIX,
      UnreachableError,
      3,
      'nothing is listening on /run/b.sock\nIs the broker running?',
    ],
    [
      systemError('ENOENT'),
      UNIX,
      UnreachableError,
      3,
      'there is no socket /run/b.sock\nIs the broker running? Is the path right?',
    ],
    [systemError('EACCES'), UNIX, UnreachableError, 3, 'no permission to connect to /run/b.sock'],
    [systemError('ENOTFOUND'), PLAIN, UnreachableError, 3, 'host name h not found\nIs it spelled right?'],
    [
      systemError('ENOTFOUND'),
      { host: 'h:1884', port: 1883 },
      UnreachableError,
      3,
      'host name h:1884 not found\nThe port is given with -p: -h h -p 1884',
    ],
    [
      systemError('ENOTFOUND'),
      { host: 'a b\u001b[2J', port: 1 },
      UnreachableError,
      3,
      'host name "a b\\e[2J" not found\nIs it spelled right?',
    ],
    [
      systemError('EAI_AGAIN'),
      PLAIN,
      UnreachableError,
      3,
      'host name h not found: DNS does not answer\nIs the network up?',
    ],
    [
      systemError('ETIMEDOUT'),
      PLAIN,
      UnreachableError,
      3,
      'no answer from h:1883\nIs a firewall between here and there?',
    ],
    [
      aggregate(systemError('ETIMEDOUT', '::1'), systemError('ETIMEDOUT', '127.0.0.1')),
      PLAIN,
      UnreachableError,
      3,
      'no answer from h:1883\nIs a firewall between here and there?',
    ],
    [
      systemError('EHOSTUNREACH'),
      PLAIN,
      UnreachableError,
      3,
      'no way to h:1883: network or host unreachable\nIs the network up?',
    ],
    [
      systemError('ENETUNREACH'),
      PLAIN,
      UnreachableError,
      3,
      'no way to h:1883: network or host unreachable\nIs the network up?',
    ],
    [
      systemError('EADDRNOTAVAIL'),
      { ...PLAIN, localAddress: '192.0.2.1' },
      UnreachableError,
      3,
      'cannot connect from 192.0.2.1: no such local address',
    ],
    [
      systemError('ECONNRESET'),
      PLAIN,
      UnreachableError,
      3,
      'h:1883 closed the connection before CONNACK\nIs it a TLS port? Try mqtts://h:1883',
    ],
    [
      systemError('EPIPE'),
      IPV6,
      UnreachableError,
      3,
      '[::1]:1883 closed the connection before CONNACK\nIs it a TLS port? Try mqtts://[::1]:1883',
    ],
    [
      systemError('ECONNRESET'),
      WS,
      UnreachableError,
      3,
      'h:80 closed the connection before CONNACK\nIs this the port of the WebSocket listener (often 9001 or 8083)? With TLS: wss://h:80/mqtt',
    ],
    [systemError('ECONNRESET'), UNIX, UnreachableError, 3, '/run/b.sock closed the connection before CONNACK'],
    [systemError('EMFILE'), PLAIN, UnreachableError, 3, 'cannot connect to h:1883: connect EMFILE'],
    [new Error('odd'), PLAIN, UnreachableError, 3, 'cannot connect to h:1883: odd'],
    [
      systemError('ECONNRESET'),
      TLS,
      TlsError,
      4,
      'h:8883 closed the connection in the TLS handshake\nDoes it speak TLS? Try mqtt://h:8883',
    ],
    [systemError('ERR_SSL_WRONG_VERSION_NUMBER'), TLS, TlsError, 4, 'h:8883 does not speak TLS\nTry mqtt://h:8883'],
    [
      systemError('ERR_SSL_PACKET_LENGTH_TOO_LONG'),
      WSS,
      TlsError,
      4,
      'h:8883 does not speak TLS\nTry ws://h:8883/mqtt',
    ],
    [
      systemError('ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED'),
      TLS,
      TlsError,
      4,
      'h:8883 wants a client certificate\nGive --cert FILE and --key FILE.',
    ],
    [
      systemError('ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE'),
      TLS,
      TlsError,
      4,
      'h:8883 refuses the TLS handshake\nIt may want a client certificate: --cert FILE and --key FILE. It may know none of our ciphers.',
    ],
    [
      systemError('ERR_SSL_TLSV1_ALERT_UNKNOWN_CA'),
      WITH_CERT,
      TlsError,
      4,
      'h:8883 refuses our client certificate (unknown ca)\nIs it valid, and signed by the CA that the broker trusts?',
    ],
    [
      systemError('ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED'),
      WITH_CERT,
      TlsError,
      4,
      'h:8883 refuses our client certificate (certificate expired)\nIs it valid, and signed by the CA that the broker trusts?',
    ],
    [
      systemError('ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION'),
      TLS,
      TlsError,
      4,
      'h:8883 speaks no TLS version that is allowed here\nIt must be TLS 1.2 or 1.3.',
    ],
  ])('%s at %j', (error, endpoint, type, exitCode, text) => {
    const failure = describeConnectFailure(error, endpoint);
    expect(textOf(failure)).toBe(text);
    expect(failure).toBeInstanceOf(type);
    expect(failure.exitCode).toBe(exitCode);
    expect(failure.cause).toBe(error);
  });
});

describe('a connection after others that were answered', () => {
  it.each<[string, Endpoint, string]>([
    ['ECONNRESET', PLAIN, 'h:1883 closed the connection before CONNACK'],
    ['ECONNRESET', WS, 'h:80 closed the connection before CONNACK'],
    ['ECONNRESET', TLS, 'h:8883 closed the connection in the TLS handshake'],
    ['ECONNREFUSED', PLAIN, 'nothing is listening on h:1883'],
  ])('has no hint at another port or transport: %s of %j', (code, endpoint, message) => {
    expect(describeConnectFailure(systemError(code), { ...endpoint, hasAnswered: true })).toMatchObject({
      message,
      hint: 'It answered earlier connections: has it ended, or taken as many as it does? In mosquitto, max_connections allows more.',
    });
  });
});

describe('a connection that ends before CONNACK', () => {
  const closed = (failure: Error | undefined, endpoint = PLAIN): CliError =>
    describeDialFailure({ kind: 'closed', failure }, { ...PLAN, endpoint }, 5);

  it('may be a TLS port', () => {
    expect(textOf(closed(undefined))).toBe(
      'h:1883 closed the connection before CONNACK\nIs it a TLS port? Try mqtts://h:1883',
    );
    expect(textOf(closed(systemError('ECONNRESET')))).toBe(textOf(closed(undefined)));
    expect(textOf(closed(systemError('EPIPE'), TLS))).toBe('h:8883 closed the connection before CONNACK');
  });

  it('may be no broker', () => {
    expect(closed(new Error('Not supported'))).toBeInstanceOf(UnreachableError);
    expect(textOf(closed(new Error('Not supported')))).toBe(
      'h:1883 did not answer as an MQTT broker: Not supported\nIs another service on this port?',
    );
  });

  it('may be for want of a client certificate, which TLS 1.3 tells only now', () => {
    const failure = closed(systemError('ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED'), TLS);
    expect(failure).toBeInstanceOf(TlsError);
    expect(failure.message).toBe('h:8883 wants a client certificate');
  });
});

describe('a refusal', () => {
  const refused = (code: number, plan: Partial<ConnectionPlan> = {}, more: object = {}): CliError =>
    describeDialFailure(
      { kind: 'refused', refusal: { code, ...more } },
      { ...PLAN, endpoint: PLAIN, ...plan },
      code < 6 ? 4 : 5,
    );

  it.each([
    [0x04, 'the broker refused the login: Bad user name or password (0x04)'],
    [0x05, 'the broker refused the login: Not authorized (0x05)'],
    [0x86, 'the broker refused the login: Bad User Name or Password (0x86)'],
    [0x87, 'the broker refused the login: Not authorized (0x87)'],
    [0x8a, 'the broker refused the login: Banned (0x8A)'],
    [0x8c, 'the broker refused the login: Bad authentication method (0x8C)'],
  ])('of the login with %d exits with 5', (code, message) => {
    expect(refused(code)).toBeInstanceOf(UnauthorizedError);
    expect(refused(code)).toMatchObject({ message, exitCode: 5 });
  });

  it('of the login says what was sent and where it came from, never the password', () => {
    const password = Buffer.from('sentinel');
    const hint = (plan: Partial<ConnectionPlan>) => refused(0x87, plan).hint;
    expect(hint({})).toBe('No user name was sent: give -u and a password.');
    expect(hint({ username: 'u' })).toBe('User u was sent, without a password.');
    expect(hint({ username: 'u v', password, passwordSource: 'MQTT_PASSWORD' })).toBe(
      'User "u v" was sent, with a password of 8 characters from MQTT_PASSWORD.',
    );
    expect(hint({ username: '', password: Buffer.from('é') })).toBe(
      'User "" was sent, with a password of 1 characters from the command line.',
    );
  });

  it.each([
    [0x01, 'Unacceptable protocol version (0x01)', 'Let the version be found out: leave -V away.'],
    [0x84, 'Unsupported Protocol Version (0x84)', 'Let the version be found out: leave -V away.'],
    [0x02, 'Identifier rejected (0x02)', 'Choose another Client Identifier than x: -i'],
    [0x85, 'Client Identifier not valid (0x85)', 'Choose another Client Identifier than x: -i'],
    [0x03, 'Server unavailable (0x03)', undefined],
    [0x80, 'Unspecified error (0x80)', undefined],
    [0x95, 'Packet too large (0x95)', undefined],
    [0x97, 'Quota exceeded (0x97)', undefined],
  ])('with %d exits with 6', (code, words, hint) => {
    expect(refused(code)).toBeInstanceOf(RefusedError);
    expect(refused(code)).toMatchObject({
      message: `the broker refused the connection: ${words}`,
      hint,
      exitCode: 6,
    });
  });

  it.each([
    [{ version: 'auto' }, 'It takes neither MQTT 5 nor 3.1.1. MQTT 3.1: -V 31'],
    [{ version: 4 }, 'Let the version be found out: leave -V away.'],
    [{ version: 5 }, 'Let the version be found out: leave -V away.'],
    [{ version: 5, version5NeededBy: '-x' }, '-x needs MQTT 5: leave it away.'],
  ] as const)('of the version names what asked for it: %j', (plan, hint) => {
    for (const code of [0x01, 0x84]) expect(refused(code, plan).hint).toBe(hint);
  });

  it('of an identifier that the broker was to choose asks for one', () => {
    expect(refused(0x85, { clientId: '' }).hint).toBe('Choose a Client Identifier: -i NAME');
  });

  it.each([0x03, 0x88, 0x89, 0x9f])('with %d is temporary', (code) => {
    expect(refused(code)).toMatchObject({ temporary: true });
  });

  it.each([0x01, 0x80, 0x85, 0x97, 0x9c])('with %d is not', (code) => {
    expect(refused(code)).toMatchObject({ temporary: false });
  });

  it.each([
    [0x9c, 'Use another server (0x9C)'],
    [0x9d, 'Server moved (0x9D)'],
  ])('with %d names the other server', (code, words) => {
    expect(refused(code, {}, { serverReference: 'other' })).toMatchObject({
      message: `the broker says to use another server: ${words}`,
      hint: 'Connect there: -h other',
      exitCode: 6,
    });
    expect(refused(code).hint).toBe(undefined);
  });

  it('tells the Reason String', () => {
    expect(refused(0x87, {}, { reasonString: 'no such tenant' }).message).toBe(
      'the broker refused the login: Not authorized (0x87): no such tenant',
    );
  });
});

describe('a Server Reference [MQTT5 4.11]', () => {
  it.each([
    ['other', '-h other'],
    ['other:1884', '-h other -p 1884'],
    ['[2001:db8::1]:1884', '-h 2001:db8::1 -p 1884'],
    ['a:1 b', '-h a -p 1 or -h b'],
  ])('%s is followed by %s', (serverReference, words) => {
    const refusal = { code: 0x9d, serverReference };
    const failure = describeDialFailure({ kind: 'refused', refusal }, { ...PLAN, endpoint: PLAIN }, 5);
    expect(failure.hint).toBe(`Connect there: ${words}`);
  });
});
