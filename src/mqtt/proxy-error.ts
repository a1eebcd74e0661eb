/** Failures of proxies in words. */
import type { IncomingMessage } from 'node:http';
import { UnreachableError } from '../errors.ts';
import { quote } from '../output/escape.ts';
import { formatAddress } from './address.ts';
import type { Endpoint, ProxyPlan } from './connection-plan.ts';

type Target = Pick<Endpoint, 'host' | 'port'>;

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing is listening there',
  ENOTFOUND: 'host name not found',
  EAI_AGAIN: 'DNS does not answer',
  ETIMEDOUT: 'no answer',
  EHOSTUNREACH: 'network or host unreachable',
  ENETUNREACH: 'network or host unreachable',
};

export function describeUnreachableProxy(error: Error & { code?: string }, proxy: ProxyPlan): UnreachableError {
  const { code = '' } = error;
  return new UnreachableError(
    `cannot reach the proxy ${formatAddress(proxy)}: ${REASONS[code] ?? error.message}`,
    code === 'ENOTFOUND' ? 'Is it spelled right?' : 'Is the proxy running?',
    { cause: error },
  );
}

/** The answers of SOCKS5, by the names of the library. [RFC1928 6] */
const SOCKS_ANSWERS: Readonly<Record<string, string>> = {
  Failure: 'it failed, and does not say why',
  NotAllowed: 'its rules do not allow it',
  NetworkUnreachable: 'network unreachable',
  HostUnreachable: 'host unreachable',
  ConnectionRefused: 'connection refused',
  TTLExpired: 'no answer',
  CommandNotSupported: 'it cannot make connections',
  AddressNotSupported: 'it does not know this kind of address',
};

/** `error` is that of the library, which has neither codes nor classes. */
export function describeSocksFailure(error: Error, target: Target, proxy: ProxyPlan): UnreachableError {
  const { message } = error;
  if (/authentication failed/i.test(message)) {
    return failure('wrong user name or password', hintForLogin('socks5h'), error, target, proxy);
  }
  if (/no accepted authentication/i.test(message)) {
    const wish =
      proxy.username === undefined ? 'it wants a user name and password' : 'it takes no user name and password';
    return failure(wish, hintForLogin('socks5h'), error, target, proxy);
  }
  const answer = /proxy rejected connection - (\w+)/i.exec(message)?.[1];
  if (answer !== undefined) {
    return failure(SOCKS_ANSWERS[answer] ?? answer, HINT_FOR_TARGET, error, target, proxy);
  }
  if (/socks version/i.test(message)) {
    return failure('it does not speak SOCKS5', 'Is it an HTTP proxy? --http-proxy http://HOST', error, target, proxy);
  }
  const reason = /socket closed|ECONNRESET|EPIPE/i.test(message) ? 'it closed the connection' : message;
  return failure(reason, undefined, error, target, proxy);
}

/** An answer to CONNECT that opens no tunnel. */
export function describeAnswer(response: IncomingMessage, target: Target, proxy: ProxyPlan): UnreachableError {
  const { statusCode = 0, statusMessage = '' } = response;
  const status = [String(statusCode), statusMessage].join(' ').trim();
  return failure(`it answered ${quote(status)}`, hintForStatus(statusCode), undefined, target, proxy);
}

function hintForStatus(statusCode: number): string | undefined {
  if (statusCode === 407) return hintForLogin('http');
  if (statusCode === 403 || statusCode === 405)
    return 'Does it allow this port? Many proxies tunnel to port 443 alone.';
  return statusCode >= 500 ? HINT_FOR_TARGET : undefined;
}

export function describeHttpFailure(
  error: Error & { code?: string },
  target: Target,
  proxy: ProxyPlan,
): UnreachableError {
  if (error.code?.startsWith('HPE_')) {
    return failure('it does not speak HTTP', 'Is it a SOCKS5 proxy? --proxy socks5h://HOST', error, target, proxy);
  }
  const isClosed = error.code === 'ECONNRESET' || error.code === 'EPIPE';
  return failure(isClosed ? 'it closed the connection' : error.message, undefined, error, target, proxy);
}

const HINT_FOR_TARGET = 'Is the broker running? The proxy looks up the name of the broker itself.';

function hintForLogin(scheme: string): string {
  return `The user name and password of the proxy stand in its URL: ${scheme}://USER:PASSWORD@HOST`;
}

function failure(
  reason: string,
  hint: string | undefined,
  cause: Error | undefined,
  target: Target,
  proxy: ProxyPlan,
): UnreachableError {
  return new UnreachableError(
    `the proxy ${formatAddress(proxy)} does not connect to ${formatAddress(target)}: ${reason}`,
    hint,
    { cause },
  );
}
