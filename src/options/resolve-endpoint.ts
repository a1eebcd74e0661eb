/** Where to connect, from host, port, URL and the transport options. */
import { isIP } from 'node:net';
import type { Context } from '../cli/context.ts';
import { UsageError } from '../errors.ts';
import type { Endpoint, ProxyPlan } from '../mqtt/connection-plan.ts';
import { quote } from '../output/escape.ts';
import * as options from './connection.ts';
import type { OptionValues } from './option-values.ts';
import { type BrokerChoice, isForAnotherHost, pick } from './precedence.ts';
import { parseHttpProxyUrl } from './proxy-url.ts';
import { ValueError } from './spec.ts';
import { tlsOptions } from './tls.ts';
import { type BrokerUrl, DEFAULT_WEB_SOCKET_PATH } from './url.ts';

const TLS_PORT = 8883;

/** Throws UsageError for combinations that exclude each other. */
export async function resolveEndpoint(values: OptionValues, choice: BrokerChoice, context: Context): Promise<Endpoint> {
  const url = choice.url?.value as BrokerUrl | undefined;
  const host = (pick(values, options.hostOption, choice)?.value as string | undefined) ?? 'localhost';
  const port = pick(values, options.portOption, choice)?.value as number | undefined;
  const unix = port === 0;
  if (unix && !host.includes('/')) {
    throw new UsageError(
      `${values.spelled(options.portOption)} 0 is for a Unix socket, and ${quote(host)} is no path`,
      'The path of a socket has a slash in it: -h /run/broker.sock or -h ./broker.sock',
    );
  }
  const wantsTls = url?.scheme === 'mqtts' || url?.scheme === 'wss' || port === TLS_PORT;
  // Without TLS there is nothing to load for it.
  const mayHaveTls = wantsTls || tlsOptions.some((spec) => values.has(spec));
  const tls = mayHaveTls
    ? await (await import('./resolve-tls.ts')).resolveTls(values, wantsTls, context.env)
    : undefined;
  const proxy = resolveProxy(values, context.env);
  const endpoint = {
    host,
    port: port ?? (tls ? TLS_PORT : 1883),
    ...(unix && { unix }),
    ...(values.get(options.srvOption) && { srv: true }),
    ...(await resolveLocalAddress(values, proxy?.host ?? host)),
    ...(proxy && { proxy }),
    ...(tls && { tls }),
    ...resolveWebSocket(values, url, choice),
  };
  checkCombinations(endpoint, values);
  return endpoint;
}

function checkCombinations(endpoint: Endpoint, values: OptionValues): void {
  const { unix, srv, proxy, localAddress } = endpoint;
  if (!unix) return;
  const spelled = values.spelled(options.unixOption);
  if (srv) throw new UsageError(`${spelled} and -S exclude each other`);
  if (proxy) throw new UsageError(`${spelled} and a proxy exclude each other`);
  if (localAddress !== undefined) throw new UsageError(`${spelled} and -A exclude each other`);
}

function resolveWebSocket(
  values: OptionValues,
  url: BrokerUrl | undefined,
  choice: BrokerChoice,
): Pick<Endpoint, 'webSocketPath' | 'webSocketHeaders'> {
  const path = values.get(options.webSocketPathOption);
  const headers = values
    .occurrences(options.webSocketHeaderOption)
    .filter((one) => !isForAnotherHost(options.webSocketHeaderOption, one, values, choice))
    .map(({ value }) => value as readonly [string, string]);
  const wanted =
    values.get(options.webSocketOption) ||
    path !== undefined ||
    values.has(options.webSocketHeaderOption) ||
    url?.path !== undefined;
  if (!wanted) return {};
  return {
    webSocketPath: path ?? url?.path ?? DEFAULT_WEB_SOCKET_PATH,
    ...(headers.length > 0 && { webSocketHeaders: headers }),
  };
}

function resolveProxy(values: OptionValues, env: Context['env']): ProxyPlan | undefined {
  const socks = values.get(options.socksOption);
  const http = values.get(options.httpProxyOption);
  if (socks !== undefined && http !== undefined) throw new UsageError('--proxy and --http-proxy exclude each other');
  return socks ?? (http === 'env' ? proxyFromEnvironment(env) : http);
}

/** HTTPS_PROXY is read only when that is asked for: it is there for web pages. */
function proxyFromEnvironment(env: Context['env']): ProxyPlan {
  const text = env['HTTPS_PROXY'] || env['https_proxy'];
  if (text === undefined || text === '') throw new UsageError('--http-proxy env: HTTPS_PROXY is not set');
  try {
    return parseHttpProxyUrl(text);
  } catch (error) {
    if (error instanceof ValueError) throw new UsageError(`HTTPS_PROXY: ${error.message}`);
    throw error;
  }
}

/** `peer` is where the connection goes: of its kind of address, if it is one, must ours be. */
async function resolveLocalAddress(values: OptionValues, peer: string): Promise<Pick<Endpoint, 'localAddress'>> {
  const name = values.get(options.bindOption);
  if (name === undefined) return {};
  if (isIP(name) !== 0) return { localAddress: name };
  try {
    const { lookup } = await import('node:dns/promises');
    return { localAddress: (await lookup(name, { family: isIP(peer) })).address };
  } catch {
    throw new UsageError(`${values.spelled(options.bindOption)} ${quote(name)}: no such address`);
  }
}
