/** Why no session could be opened, in words, with what to try next. */
import { isIP } from 'node:net';
import { type CliError, RefusedError, TlsError, UnauthorizedError, UnreachableError } from '../errors.ts';
import { quote } from '../output/escape.ts';
import { formatAddress, hintForServer, redactQuery } from './address.ts';
import type { ConnectionPlan, Endpoint, ProtocolVersion } from './connection-plan.ts';
import type { DialResult } from './mqttjs.ts';
import type { Refusal } from './mqttjs-packets.ts';
import { describeConnackCode } from './reason-codes.ts';
import { describeTlsAlert } from './tls-error.ts';

type SystemError = Error & {
  readonly code?: string;
  readonly address?: string;
  readonly errors?: readonly SystemError[];
};

/** A failure below MQTT: name, TCP, TLS. */
export function describeConnectFailure(error: SystemError, endpoint: Endpoint): CliError {
  const { host } = endpoint;
  const address = formatAddress(endpoint);
  // With several addresses Node reports all attempts at once.
  const causes = error.errors && error.errors.length > 0 ? error.errors : [error];
  const options = { cause: error };
  const code = causes.find((cause) => cause.code === 'ECONNREFUSED')?.code ?? causes[0]?.code ?? '';
  switch (code) {
    case 'ECONNREFUSED': {
      const tried = [...new Set(causes.flatMap((cause) => cause.address ?? []))].filter((one) => one !== host);
      const addresses = tried.length === 0 ? '' : ` (tried ${tried.join(' and ')})`;
      return new UnreachableError(`nothing is listening on ${address}${addresses}`, hintForPort(endpoint), options);
    }
    case 'ENOENT':
      return new UnreachableError(
        `there is no socket ${address}`,
        'Is the broker running? Is the path right?',
        options,
      );
    case 'EACCES':
      return new UnreachableError(`no permission to connect to ${address}`, undefined, options);
    case 'EADDRNOTAVAIL':
      return new UnreachableError(
        `cannot connect from ${endpoint.localAddress ?? 'here'}: no such local address`,
        undefined,
        options,
      );
    case 'EINVAL':
      if (endpoint.localAddress === undefined) break;
      return new UnreachableError(
        `cannot connect from ${endpoint.localAddress} to ${address}`,
        'One is an address of IPv4, the other one of IPv6.',
        options,
      );
    case 'ENOTFOUND':
      return new UnreachableError(`host name ${quote(host)} not found`, hintForName(endpoint), options);
    case 'EAI_AGAIN':
      return new UnreachableError(
        `host name ${quote(host)} not found: DNS does not answer`,
        'Is the network up?',
        options,
      );
    case 'ETIMEDOUT':
      return new UnreachableError(`no answer from ${address}`, 'Is a firewall between here and there?', options);
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return new UnreachableError(`no way to ${address}: network or host unreachable`, 'Is the network up?', options);
    case 'ECONNRESET':
    case 'EPIPE':
      return endpoint.tls
        ? new TlsError(
            `${address} closed the connection in the TLS handshake`,
            endpoint.hasAnswered ? AFTER_AN_ANSWER : `Does it speak TLS? Try ${urlOf(endpoint, 'plain')}`,
            options,
            true,
          )
        : closedBeforeConnack(endpoint, options);
    case 'ERR_SSL_WRONG_VERSION_NUMBER':
    case 'ERR_SSL_PACKET_LENGTH_TOO_LONG':
    case 'EPROTO':
      return new TlsError(`${address} does not speak TLS`, `Try ${urlOf(endpoint, 'plain')}`, options);
  }
  return code.startsWith('ERR_SSL') || code.startsWith('ERR_TLS')
    ? describeTlsAlert(error, endpoint)
    : new UnreachableError(`cannot connect to ${address}: ${error.message}`, undefined, options);
}

function hintForName({ host, localAddress }: Endpoint): string {
  const [, name, port] = /^([^:]+):(\d+)$/.exec(host) ?? [];
  if (name !== undefined) return `The port is given with -p: -h ${quote(name)} -p ${port}`;
  if (localAddress === undefined) return 'Is it spelled right?';
  return `Is it spelled right? With ${localAddress} as our end it needs an address of IPv${isIP(localAddress)}.`;
}

/** An attempt that reached MQTT and was refused or closed. */
export function describeDialFailure(
  result: Exclude<DialResult, { kind: 'open' }>,
  plan: ConnectionPlan,
  version: ProtocolVersion,
): CliError {
  if (result.kind === 'refused') return describeRefusal(result.refusal, plan, version);
  const { endpoint } = plan;
  const failure = result.failure as SystemError | undefined;
  if (failure?.code?.startsWith('ERR_SSL')) return describeTlsAlert(failure, endpoint);
  if (failure === undefined || failure.code === 'ECONNRESET' || failure.code === 'EPIPE') {
    return closedBeforeConnack(endpoint, { cause: failure });
  }
  return new UnreachableError(
    `${formatAddress(endpoint)} did not answer as an MQTT broker: ${failure.message}`,
    'Is another service on this port?',
    { cause: failure },
  );
}

/** Server unavailable in both versions, Server busy, Connection rate exceeded. */
const TEMPORARY_CODES: readonly number[] = [0x03, 0x88, 0x89, 0x9f];

function describeRefusal(refusal: Refusal, plan: ConnectionPlan, version: ProtocolVersion): CliError {
  const { code, reasonString, serverReference } = refusal;
  const said = `${describeConnackCode(code, version)}${reasonString === undefined ? '' : `: ${reasonString}`}`;
  // Banned: whatever would be typed next, the answer stays the same.
  if (code === 0x8a) return new UnauthorizedError(`the broker refused the login: ${said}`);
  if (code === 0x04 || code === 0x05 || code === 0x86 || code === 0x87 || code === 0x8c) {
    return new UnauthorizedError(`the broker refused the login: ${said}`, describeLogin(plan));
  }
  if (code === 0x9c || code === 0x9d) {
    const hint = serverReference === undefined ? undefined : hintForServer(serverReference);
    return new RefusedError(`the broker says to use another server: ${said}`, hint);
  }
  return new RefusedError(
    `the broker refused the connection: ${said}`,
    hintForRefusal(code, plan),
    TEMPORARY_CODES.includes(code),
  );
}

function hintForRefusal(code: number, plan: ConnectionPlan): string | undefined {
  if (code === 0x01 || code === 0x84) return hintForVersion(plan);
  if (code === 0x02 || code === 0x85) {
    return plan.clientId === ''
      ? 'Choose a Client Identifier: -i NAME'
      : `Choose another Client Identifier than ${quote(plan.clientId)}: -i`;
  }
  return undefined;
}

/** What the version that was refused was asked for by. */
function hintForVersion({ version, version5NeededBy }: ConnectionPlan): string {
  if (version5NeededBy !== undefined) return `${version5NeededBy} needs MQTT 5: leave it away.`;
  if (version === 'auto') return 'It takes neither MQTT 5 nor 3.1.1. MQTT 3.1: -V 31';
  return 'Let the version be found out: leave -V away.';
}

/** Says what was sent, so that a wrong variable or an empty file can be seen, without showing the password. */
function describeLogin({ username, password, passwordSource }: ConnectionPlan): string {
  if (username === undefined && password === undefined) return 'No user name was sent: give -u and a password.';
  const user = username === undefined ? 'No user name' : `User ${quote(username)}`;
  if (password === undefined) return `${user} was sent, without a password.`;
  const characters = password.toString().length;
  return `${user} was sent, with a password of ${characters} characters from ${passwordSource ?? 'the command line'}.`;
}

function closedBeforeConnack(endpoint: Endpoint, options: ErrorOptions): UnreachableError {
  return new UnreachableError(
    `${formatAddress(endpoint)} closed the connection before CONNACK`,
    hintForClosed(endpoint),
    options,
  );
}

/** Neither the port nor the transport can be wrong. */
const AFTER_AN_ANSWER =
  'It answered earlier connections: has it ended, or taken as many as it does? In mosquitto, max_connections allows more.';

function hintForClosed(endpoint: Endpoint): string | undefined {
  const { hasAnswered, unix, tls, webSocketPath } = endpoint;
  if (hasAnswered) return AFTER_AN_ANSWER;
  const isListener = 'Is this the port of the WebSocket listener (often 9001 or 8083)?';
  if (webSocketPath !== undefined) return tls ? isListener : `${isListener} With TLS: ${urlOf(endpoint, 'tls')}`;
  return tls || unix ? undefined : `Is it a TLS port? Try ${urlOf(endpoint, 'tls')}`;
}

/** The URL of the same place, with TLS or without. */
function urlOf(endpoint: Endpoint, transport: 'plain' | 'tls'): string {
  const { webSocketPath = '' } = endpoint;
  const scheme = endpoint.webSocketPath === undefined ? 'mqtt' : 'ws';
  return `${scheme}${transport === 'tls' ? 's' : ''}://${formatAddress(endpoint)}${redactQuery(webSocketPath)}`;
}

function hintForPort({ hasAnswered, host, tls, unix, webSocketPath }: Endpoint): string {
  if (hasAnswered) return AFTER_AN_ANSWER;
  if (unix) return 'Is the broker running?';
  if (webSocketPath !== undefined) return 'Is the broker running? WebSocket is often on port 9001 or 8083.';
  if (tls) return 'Is the broker running? TLS is usually port 8883.';
  return `Is the broker running? TLS is usually port 8883: mqtts://${host.includes(':') ? `[${host}]` : host}`;
}
