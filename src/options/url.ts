/** Broker URLs: the positional one and MQTT_URL, and mosquitto's `-L`, which differ in what the path means. */
import { redactQuery } from '../mqtt/address.ts';
import { type Expansion, ValueError } from './spec.ts';

/** What a broker URL says. */
export interface BrokerUrl {
  readonly scheme: 'mqtt' | 'mqtts' | 'ws' | 'wss';
  readonly host: string;
  readonly port: number;
  readonly username?: string;
  readonly password?: string;
  /** HTTP path of a WebSocket URL. */
  readonly path?: string;
  /** Topic, in the path of a `-L` URL. */
  readonly topic?: string;
}

const EXAMPLE = 'A broker URL is mqtt://, mqtts://, ws:// or wss:// and a host: mqtt://localhost:1883';
const STANDARD_PORTS = { mqtt: 1883, mqtts: 8883, ws: 80, wss: 443 } as const;
/** mosquitto's own defaults for `-L`, whatever its man page says. */
const MOSQUITTO_PORTS = { mqtt: 1883, mqtts: 8883, ws: 1883, wss: 8883 } as const;
/** The path that brokers' WebSocket listeners answer on by convention. */
export const DEFAULT_WEB_SOCKET_PATH = '/mqtt';

/** `scheme://[user[:password]@]host[:port][/path]`; the path is the HTTP path of a WebSocket. */
export function parseBrokerUrl(text: string): BrokerUrl {
  const { scheme, rest } = splitScheme(text);
  const slash = rest.search(/[/?#]/);
  const authority = slash < 0 ? rest : rest.slice(0, slash);
  const path = slash < 0 ? '' : rest.slice(slash);
  // More likely part of a password than of a path, and then nothing of it may be shown or sent to a host.
  if (path.includes('@')) {
    throw new ValueError(
      'has a "/", "?" or "#" before an "@"',
      'In a user name or password they are written %2F, %3F and %23; an "@" in a path is %40.',
    );
  }
  const broker = { scheme, ...parseAuthority(authority, STANDARD_PORTS[scheme]) };
  if (scheme === 'ws' || scheme === 'wss') {
    if (path.includes('#')) throw new ValueError('must not hold a "#"', 'In a path it is written %23.');
    return { ...broker, path: path === '' || path === '/' ? DEFAULT_WEB_SOCKET_PATH : path };
  }
  if (path !== '' && path !== '/') {
    const topic = path.replace(/^\//, '');
    throw new ValueError('must not have a path', `The topic is given with -t: -t '${topic}'`);
  }
  return broker;
}

/** mosquitto's `-L`: everything after the host's slash is the topic; the HTTP path is always `/mqtt`. */
export function parseMosquittoUrl(text: string): BrokerUrl {
  const { scheme, rest } = splitScheme(text);
  const slash = rest.indexOf('/');
  if (slash < 0 || slash === rest.length - 1) {
    throw new ValueError('must end with the topic', 'Such as -L mqtt://localhost/my/topic');
  }
  const broker = { scheme, ...parseAuthority(rest.slice(0, slash), MOSQUITTO_PORTS[scheme]) };
  const topic = rest.slice(slash + 1);
  return scheme === 'ws' || scheme === 'wss'
    ? { ...broker, topic, path: DEFAULT_WEB_SOCKET_PATH }
    : { ...broker, topic };
}

function splitScheme(text: string): { scheme: BrokerUrl['scheme']; rest: string } {
  const match = /^([a-z][a-z0-9+.-]*):\/\/(.*)$/is.exec(text);
  const scheme = match?.[1]?.toLowerCase();
  if (scheme !== 'mqtt' && scheme !== 'mqtts' && scheme !== 'ws' && scheme !== 'wss') {
    throw new ValueError('is not a broker URL', EXAMPLE);
  }
  return { scheme, rest: match?.[2] ?? '' };
}

/** `[user[:password]@]host[:port]`; `example`: the hint under what is wrong. */
export function parseAuthority(text: string, defaultPort: number, example = EXAMPLE): Omit<BrokerUrl, 'scheme'> {
  // The last "@" ends the credentials, so that an "@" in a password need not be escaped.
  const at = text.lastIndexOf('@');
  const match = /^(\[[0-9a-f:.]+(?:%[\w.-]+)?\]|[^:[\]]+)(?::(\d{1,5}))?$/i.exec(text.slice(at + 1));
  const host = match?.[1]?.replace(/^\[|\]$/g, '');
  const port = match?.[2] === undefined ? defaultPort : Number(match[2]);
  if (host === undefined || /\s/.test(host)) throw new ValueError('does not name a host and port', example);
  if (port < 1 || port > 65535) throw new ValueError('has a port that is not from 1 to 65535', example);
  if (at < 0) return { host, port };
  const [username = '', ...password] = text.slice(0, at).split(':');
  return {
    host,
    port,
    ...(username !== '' && { username: decode(username) }),
    ...(password.length > 0 && { password: decode(password.join(':')) }),
  };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new ValueError('has a user name or password with a broken %-escape', 'A percent sign itself is written %25.');
  }
}

/** A URL without its credentials, for messages; the query of a WebSocket URL may be one. */
export function redactUrl(text: string): string {
  const shown = text.replace(/^([^/]*:\/\/)?.*@/s, '$1***@');
  return /^wss?:/i.test(shown) ? redactQuery(shown) : shown;
}

/** What a URL sets of the other options. */
export function expandUrl(parsed: unknown): readonly Expansion[] {
  const { host, port, username, password, topic } = parsed as BrokerUrl;
  return [
    { long: 'host', word: host },
    { long: 'port', word: String(port) },
    ...(username === undefined ? [] : [{ long: 'username', word: username }]),
    ...(password === undefined ? [] : [{ long: 'pw', word: password }]),
    ...(topic === undefined ? [] : [{ long: 'topic', word: topic }]),
  ];
}
