/** The options that every command shares: broker, credentials, session, Will, TLS, and the general ones. */
import { redactQuery } from '../mqtt/address.ts';
import { propertyOption } from './properties.ts';
import { parseHttpProxyUrl, parseSocksUrl } from './proxy-url.ts';
import { counted, flag, hidden, many, type OptionSpec, single, singleOr, ValueError } from './spec.ts';
import { keyOption, passphraseFileOption, pfxOption, pskOption, tlsOptions } from './tls.ts';
import { expandUrl, parseBrokerUrl, parseMosquittoUrl, redactUrl } from './url.ts';
import {
  parseEncodedString,
  parseFieldText,
  parseNonEmpty,
  parsePositiveDurationMs,
  parseQoS,
  parseText,
  parseTopicName,
  parseVersion,
  wholeNumber,
} from './values.ts';

/** The positional URL; also MQTT_URL. Not an option that can be typed with dashes. */
export const urlArgument = single({
  long: 'broker-url',
  group: 'Connection',
  summary: 'the broker, as mqtt://, mqtts://, ws:// or wss:// [USER[:PASSWORD]@]HOST[:PORT]',
  value: 'URL',
  environment: 'MQTT_URL',
  parse: parseBrokerUrl,
  redact: redactUrl,
  expand: expandUrl,
});

export const hostOption = singleOr('localhost', {
  long: 'host',
  short: 'h',
  group: 'Connection',
  summary: 'host name or address of the broker',
  value: 'HOST',
  environment: 'MQTT_HOST',
  parse: (text) => {
    if (text.includes('://')) throw new ValueError('must be a host name or address', 'A URL is given without -h.');
    // The path of a Unix socket may hold them.
    if (/\s/.test(text) && !text.includes('/')) {
      throw new ValueError('must hold no blanks', 'In an options file each option stands on a line of its own.');
    }
    return parseNonEmpty(text);
  },
  redact: redactUrl,
});

export const portOption = single({
  long: 'port',
  short: 'p',
  group: 'Connection',
  summary: 'port of the broker; 8883 means TLS; 0 that the host is the path of a Unix socket',
  value: 'PORT',
  environment: 'MQTT_PORT',
  defaultText: '1883, with TLS 8883',
  parse: wholeNumber(0, 65535),
});

export const mosquittoUrlOption = single({
  long: 'url',
  short: 'L',
  group: 'Connection',
  summary: 'broker and topic in one: mqtt://[USER[:PASSWORD]@]HOST[:PORT]/TOPIC',
  value: 'URL',
  parse: parseMosquittoUrl,
  redact: redactUrl,
  expand: expandUrl,
});

export const brokerOption = single({
  long: 'broker',
  group: 'Connection',
  summary: '"embedded" starts a broker for this run, on a free loopback port (MQTT 3.1.1)',
  value: 'embedded',
  parse: (text): 'embedded' => {
    if (text !== 'embedded')
      throw new ValueError('must be embedded', `The broker to connect to is named by -h: -h ${text}`);
    return text;
  },
});

export const unixOption = single({
  long: 'unix',
  group: 'Connection',
  summary: 'Unix socket of the broker, instead of host and port',
  value: 'PATH',
  expand: (path) => [
    { long: 'host', word: String(path) },
    { long: 'port', word: '0' },
  ],
  parse: (text) => {
    // What the address of a Unix socket can hold on Linux, without its final zero.
    if (text === '' || Buffer.byteLength(text) > 107) throw new ValueError('must be a path of 1 to 107 bytes');
    return text;
  },
});

export const srvOption = flag({
  long: 'srv',
  short: 'S',
  group: 'Connection',
  summary: 'find host and port by the SRV records of the host name',
});

export const bindOption = single({
  long: 'bind-address',
  short: 'A',
  group: 'Connection',
  summary: 'local address to connect from',
  value: 'ADDRESS',
  parse: parseNonEmpty,
});

export const noDelayOption = flag({
  long: 'nodelay',
  group: 'Connection',
  summary: 'TCP_NODELAY, which is always on here; for scripts written for mosquitto',
});

export const webSocketOption = flag({
  long: 'ws',
  group: 'Connection',
  summary: 'MQTT over WebSocket',
});

export const webSocketPathOption = single({
  long: 'ws-path',
  group: 'Connection',
  summary: 'HTTP path of the WebSocket; turns --ws on',
  value: 'PATH',
  defaultText: '/mqtt',
  parse: (text) => {
    if (!/^\/[\x21\x22\x24-\x7e]*$/.test(text)) throw new ValueError('must start with / and hold no blanks and no #');
    return text;
  },
  redact: redactQuery,
});

export const webSocketHeaderOption = many({
  long: 'ws-header',
  group: 'Connection',
  summary: "HTTP header of the WebSocket request, as 'Name: value'; may be given many times; turns --ws on",
  value: 'HEADER',
  parse: (text): readonly [string, string] => {
    const match = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*([\x20-\x7e\t]*)$/.exec(text);
    if (!match) throw new ValueError("must be 'Name: value'");
    return [match[1] ?? '', match[2] ?? ''];
  },
  redact: (text) => text.replace(/[\s:].*/s, ': ***'),
});

export const socksOption = single({
  long: 'proxy',
  group: 'Connection',
  summary: 'SOCKS5 proxy: socks5h://[USER[:PASSWORD]@]HOST[:PORT]',
  value: 'URL',
  parse: parseSocksUrl,
  redact: redactUrl,
});

export const httpProxyOption = single({
  long: 'http-proxy',
  group: 'Connection',
  summary: 'HTTP proxy to tunnel through by CONNECT: http://[USER[:PASSWORD]@]HOST[:PORT]; "env" reads HTTPS_PROXY',
  value: 'URL',
  parse: (text) => (text === 'env' ? text : parseHttpProxyUrl(text)),
  redact: redactUrl,
});

export const versionOption = singleOr('auto' as ReturnType<typeof parseVersion>, {
  long: 'protocol-version',
  short: 'V',
  group: 'Connection',
  summary: 'MQTT version: 5, 311, 31; auto is 5, and 3.1.1 if the broker refuses 5',
  value: 'VERSION',
  parse: parseVersion,
});

export const keepAliveOption = singleOr(60, {
  long: 'keepalive',
  short: 'k',
  group: 'Connection',
  summary: 'Keep Alive in seconds, 5 to 65535',
  value: 'SECONDS',
  parse: wholeNumber(5, 65535, 'seconds'),
});

export const connectTimeoutOption = singleOr(10_000, {
  long: 'connect-timeout',
  group: 'Connection',
  summary: 'how long name look-up, connection and CONNACK may take together',
  value: 'DURATION',
  defaultText: '10s',
  parse: parsePositiveDurationMs,
});

export const waitForBrokerOption = single({
  long: 'wait-for-broker',
  group: 'Connection',
  summary: 'keep trying to connect for so long when the broker is not up yet',
  value: 'DURATION',
  defaultText: 'one try',
  parse: parsePositiveDurationMs,
});

export const retryOption = single({
  long: 'retry',
  group: 'Connection',
  summary: 'how many times to try again after a lost connection, until one succeeds',
  value: 'COUNT',
  defaultText: 'no limit',
  parse: wholeNumber(0, Number.MAX_SAFE_INTEGER),
});

export const retryForOption = single({
  long: 'retry-for',
  group: 'Connection',
  summary: 'how long to try again after a lost connection',
  value: 'DURATION',
  defaultText: 'no limit',
  parse: parsePositiveDurationMs,
});

export const usernameOption = single({
  long: 'username',
  short: 'u',
  group: 'Authentication',
  summary: 'user name',
  value: 'NAME',
  environment: 'MQTT_USERNAME',
  parse: parseEncodedString,
});

export const passwordOption = single({
  long: 'pw',
  short: 'P',
  group: 'Authentication',
  summary: 'password; other users of the machine can see it, --password-file and MQTT_PASSWORD hide it',
  value: 'PASSWORD',
  environment: 'MQTT_PASSWORD',
  parse: parseText,
  redact: hidden,
});

export const passwordFileOption = single({
  long: 'password-file',
  group: 'Authentication',
  summary: 'file whose first line is the password',
  value: 'FILE',
  parse: parseNonEmpty,
});

export const passwordCommandOption = single({
  long: 'password-command',
  group: 'Authentication',
  summary: 'shell command whose first line of output is the password',
  value: 'COMMAND',
  parse: parseNonEmpty,
  // It may hold a secret itself.
  redact: hidden,
});

export const askPasswordOption = flag({
  long: 'ask-password',
  group: 'Authentication',
  summary: 'ask for the password on the terminal, without showing it',
});

function parseClientId(text: string): string {
  return parseNonEmpty(parseEncodedString(text));
}

export const clientIdOption = single({
  long: 'id',
  short: 'i',
  group: 'Session',
  summary: 'Client Identifier',
  value: 'ID',
  defaultText: 'the broker assigns one',
  parse: parseClientId,
});

export const clientIdPrefixOption = single({
  long: 'id-prefix',
  short: 'I',
  group: 'Session',
  summary: 'Client Identifier: this prefix and the process id',
  value: 'PREFIX',
  parse: parseClientId,
});

export const keepSessionOption = flag({
  long: 'disable-clean-session',
  short: 'c',
  group: 'Session',
  summary: 'keep the session on the broker: messages wait while this client is away; needs -i',
});

const FOR_EVER = 4_294_967_295;

function readAsC(digits: string): number {
  return Number.parseInt(digits, /^0x/i.test(digits) ? 16 : 8);
}

export const sessionExpiryOption = single({
  long: 'session-expiry-interval',
  short: 'x',
  group: 'Session',
  summary: 'seconds that the broker keeps the session; -1 is for ever; MQTT 5',
  value: 'SECONDS',
  parse: (text) => {
    if (text === '-1' || text === '∞') return FOR_EVER;
    // The one number that mosquitto reads as C does: hexadecimal after 0x, octal after 0.
    const decimal = /^0x[\da-f]{1,8}$/i.test(text) || /^0[0-7]{1,11}$/.test(text) ? String(readAsC(text)) : text;
    return wholeNumber(0, FOR_EVER, 'seconds')(decimal);
  },
});

export const maxInflightOption = single({
  long: 'max-inflight',
  short: 'M',
  group: 'Session',
  summary: 'how many QoS 1 and 2 messages may be on their way to the broker at once',
  value: 'COUNT',
  defaultText: 'what the broker takes, at most 1000, 500 at QoS 2',
  parse: wholeNumber(1, 65535),
});

export const willTopicOption = single({
  long: 'will-topic',
  group: 'Will',
  summary: 'topic of the Will Message, which the broker publishes when this client is lost',
  value: 'TOPIC',
  parse: parseTopicName,
});

export const willPayloadOption = single({
  long: 'will-payload',
  group: 'Will',
  summary: 'payload of the Will Message',
  value: 'MESSAGE',
  defaultText: 'empty',
  parse: parseFieldText,
});

export const willQosOption = single({
  long: 'will-qos',
  group: 'Will',
  summary: 'QoS of the Will Message: 0, 1 or 2',
  value: 'QOS',
  defaultText: '0',
  parse: parseQoS,
});

export const willRetainOption = flag({
  long: 'will-retain',
  group: 'Will',
  summary: 'the broker retains the Will Message',
});

export const debugOption = counted({
  long: 'debug',
  short: 'd',
  group: 'General',
  summary: 'show the packets on stderr; -dd also their bytes after CONNACK, and a stack under an error',
});

export const quietOption = flag({
  long: 'quiet',
  group: 'General',
  summary: 'print nothing on stderr once the options are understood; the exit code tells',
});

export const noColorOption = flag({
  long: 'no-color',
  group: 'General',
  summary: 'no colour; so does NO_COLOR in the environment',
});

export const optionsFileOption = single({
  long: 'options-file',
  short: 'o',
  group: 'General',
  summary: "file of options, one a line, in mosquitto's format; instead of the default one",
  value: 'FILE',
  once: true,
  parse: parseNonEmpty,
});

export const profileOption = single({
  long: 'profile',
  group: 'General',
  summary: 'options file by name, in the folder mqtt-toolkit/profiles of the configuration folder',
  value: 'NAME',
  parse: (text) => {
    if (!/^[\w][\w.-]*$/.test(text)) throw new ValueError('must be letters, digits, ".", "-" and "_"');
    return text;
  },
});

export const showConfigOption = flag({
  long: 'show-config',
  group: 'General',
  summary: 'print every option with its value and where that came from, and end',
});

export const helpOption = flag({ long: 'help', group: 'General', summary: 'show this help' });

export const versionFlag = flag({ long: 'version', group: 'General', summary: 'show the version' });

/** Ends each command's table. */
export const generalOptions: readonly OptionSpec[] = [
  debugOption,
  quietOption,
  noColorOption,
  optionsFileOption,
  profileOption,
  showConfigOption,
  helpOption,
  versionFlag,
];

/** Everything about the connection, in the order of the help. */
export const connectionOptions: readonly OptionSpec[] = [
  hostOption,
  portOption,
  mosquittoUrlOption,
  urlArgument,
  unixOption,
  srvOption,
  bindOption,
  brokerOption,
  versionOption,
  keepAliveOption,
  connectTimeoutOption,
  waitForBrokerOption,
  webSocketOption,
  webSocketPathOption,
  webSocketHeaderOption,
  socksOption,
  httpProxyOption,
  noDelayOption,
  propertyOption,
  usernameOption,
  passwordOption,
  passwordFileOption,
  passwordCommandOption,
  askPasswordOption,
  clientIdOption,
  clientIdPrefixOption,
  keepSessionOption,
  sessionExpiryOption,
  willTopicOption,
  willPayloadOption,
  willQosOption,
  willRetainOption,
  ...tlsOptions,
  ...generalOptions,
];

/** For commands that connect again after a loss. */
export const retryOptions: readonly OptionSpec[] = [retryOption, retryForOption];

/** What lets one in somewhere, or names a file that does. */
export const secretOptions: readonly OptionSpec[] = [
  usernameOption,
  passwordOption,
  passwordFileOption,
  passwordCommandOption,
  askPasswordOption,
  webSocketHeaderOption,
  socksOption,
  httpProxyOption,
  propertyOption,
  keyOption,
  pfxOption,
  passphraseFileOption,
  pskOption,
];
