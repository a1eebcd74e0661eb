/** The options that every command shares: broker, credentials, session, Will, TLS, and the general ones. */
import { counted, flag, hidden, type OptionSpec, single, singleOr, ValueError } from './spec.ts';
import { expandUrl, parseBrokerUrl, parseMosquittoUrl, redactUrl } from './url.ts';
import {
  parseNonEmpty,
  parsePort,
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
  parse: parseNonEmpty,
});

export const portOption = single({
  long: 'port',
  short: 'p',
  group: 'Connection',
  summary: 'port of the broker; 8883 means TLS',
  value: 'PORT',
  environment: 'MQTT_PORT',
  defaultText: '1883, with TLS 8883',
  parse: parsePort,
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

export const usernameOption = single({
  long: 'username',
  short: 'u',
  group: 'Authentication',
  summary: 'user name',
  value: 'NAME',
  environment: 'MQTT_USERNAME',
  parse: parseText,
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

export const clientIdOption = single({
  long: 'id',
  short: 'i',
  group: 'Session',
  summary: 'Client Identifier',
  value: 'ID',
  defaultText: 'the broker assigns one',
  parse: parseNonEmpty,
});

export const clientIdPrefixOption = single({
  long: 'id-prefix',
  short: 'I',
  group: 'Session',
  summary: 'Client Identifier: this prefix and the process id',
  value: 'PREFIX',
  parse: parseNonEmpty,
});

export const keepSessionOption = flag({
  long: 'disable-clean-session',
  short: 'c',
  group: 'Session',
  summary: 'keep the session on the broker: messages wait while this client is away; needs -i',
});

const FOR_EVER = 4_294_967_295;

export const sessionExpiryOption = single({
  long: 'session-expiry-interval',
  short: 'x',
  group: 'Session',
  summary: 'seconds that the broker keeps the session; -1 is for ever; MQTT 5',
  value: 'SECONDS',
  parse: (text) => {
    if (text === '-1' || text === '∞') return FOR_EVER;
    return wholeNumber(0, FOR_EVER, 'seconds')(text);
  },
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
  parse: parseText,
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

export const caFileOption = single({
  long: 'cafile',
  group: 'TLS',
  summary: 'file of PEM certificates to trust; turns TLS on',
  value: 'FILE',
  parse: parseNonEmpty,
});

export const caPathOption = single({
  long: 'capath',
  group: 'TLS',
  summary: 'folder of PEM certificates to trust; turns TLS on',
  value: 'FOLDER',
  parse: parseNonEmpty,
});

export const certOption = single({
  long: 'cert',
  group: 'TLS',
  summary: 'file of the client certificate, PEM; with --key',
  value: 'FILE',
  parse: parseNonEmpty,
});

export const keyOption = single({
  long: 'key',
  group: 'TLS',
  summary: 'file of the private key, PEM; with --cert',
  value: 'FILE',
  parse: parseNonEmpty,
});

export const insecureOption = flag({
  long: 'insecure',
  group: 'TLS',
  summary: 'accept any certificate: neither the chain nor the host name is checked',
});

export const debugOption = counted({
  long: 'debug',
  short: 'd',
  group: 'General',
  summary: 'show the packets on stderr; -dd also a stack under an error',
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

export const helpOption = flag({ long: 'help', group: 'General', summary: 'show this help' });

export const versionFlag = flag({ long: 'version', group: 'General', summary: 'show the version' });

/** Ends each command's table. */
export const generalOptions: readonly OptionSpec[] = [debugOption, quietOption, noColorOption, helpOption, versionFlag];

/** Everything about the connection, in the order of the help. */
export const connectionOptions: readonly OptionSpec[] = [
  hostOption,
  portOption,
  mosquittoUrlOption,
  urlArgument,
  brokerOption,
  versionOption,
  keepAliveOption,
  connectTimeoutOption,
  usernameOption,
  passwordOption,
  passwordFileOption,
  clientIdOption,
  clientIdPrefixOption,
  keepSessionOption,
  sessionExpiryOption,
  willTopicOption,
  willPayloadOption,
  willQosOption,
  willRetainOption,
  caFileOption,
  caPathOption,
  certOption,
  keyOption,
  insecureOption,
  ...generalOptions,
];
