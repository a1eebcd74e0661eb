/** Connection options to ConnectionPlan: combinations checked, files read. Nothing is connected. */
import type { Context } from '../cli/context.ts';
import { UsageError } from '../errors.ts';
import type { ConnectionPlan, Endpoint, Will } from '../mqtt/connection-plan.ts';
import * as options from './connection.ts';
import { readNamedFile } from './files.ts';
import { describeSource, type OptionValues, type ParsedOccurrence } from './option-values.ts';
import { resolveTls } from './resolve-tls.ts';
import type { OptionSpec, Source } from './spec.ts';
import type { BrokerUrl } from './url.ts';

const STRENGTH: Readonly<Record<Source['kind'], number>> = { default: 0, file: 1, environment: 2, flag: 3 };
const FOR_EVER = 4_294_967_295;

/** `command` is the prefix of a generated Client Identifier. Throws UsageError. */
export async function resolveConnection(
  values: OptionValues,
  context: Context,
  command: string,
): Promise<ConnectionPlan> {
  const url = findUrl(values);
  const endpoint = await resolveEndpoint(values, url);
  const version = resolveVersion(values);
  const { username, password, passwordSource } = await resolveCredentials(values, url);
  if (password !== undefined && username === undefined && (version === 4 || version === 3)) {
    throw new UsageError(
      `${values.spelled(options.passwordOption)}: MQTT 3.1.1 has no password without a user name`,
      'Add -u NAME.',
    );
  }
  const will = resolveWill(values);
  const sessionExpiryInterval = resolveSessionExpiry(values);
  return {
    endpoint,
    version,
    clientId: resolveClientId(values, context),
    generatedClientIdPrefix: `${command}-`,
    keepAliveSeconds: values.get(options.keepAliveOption),
    cleanStart: !values.get(options.keepSessionOption),
    connectTimeoutMs: values.get(options.connectTimeoutOption),
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(passwordSource !== undefined && { passwordSource }),
    ...(sessionExpiryInterval !== undefined && { sessionExpiryInterval }),
    ...(will && { will }),
  };
}

/**
 * The URL that describes the broker; undefined when there is none, or when a stronger source names another host: then
 * nothing of the URL may be used, its credentials least of all.
 */
function findUrl(values: OptionValues): ParsedOccurrence | undefined {
  const urls = [...values.occurrences(options.urlArgument), ...values.occurrences(options.mosquittoUrlOption)];
  const strongest = urls.reduce<ParsedOccurrence | undefined>(
    (best, url) => (best === undefined || strength(url) >= strength(best) ? url : best),
    undefined,
  );
  const host = values.occurrences(options.hostOption).at(-1);
  if (strongest === undefined || host === undefined || strength(host) > strength(strongest)) return undefined;
  return strongest;
}

function strength(occurrence: ParsedOccurrence): number {
  return STRENGTH[occurrence.source.kind];
}

/** The last occurrence that is not part of a URL other than the one in use. */
function pick<T>(
  values: OptionValues,
  spec: OptionSpec<T>,
  url: ParsedOccurrence | undefined,
): ParsedOccurrence | undefined {
  return values.occurrences(spec).findLast(({ partOf }) => partOf === undefined || partOf === url);
}

async function resolveEndpoint(values: OptionValues, url: ParsedOccurrence | undefined): Promise<Endpoint> {
  const broker = url?.value as BrokerUrl | undefined;
  const host = (pick(values, options.hostOption, url)?.value as string | undefined) ?? values.get(options.hostOption);
  const port = pick(values, options.portOption, url)?.value as number | undefined;
  const wantsTls = broker?.scheme === 'mqtts' || broker?.scheme === 'wss' || port === 8883;
  const tls = await resolveTls(values, wantsTls);
  return {
    host,
    port: port ?? (tls ? 8883 : 1883),
    ...(tls && { tls }),
    ...(broker?.path !== undefined && { webSocketPath: broker.path }),
  };
}

/** Session Expiry Interval exists in MQTT 5 alone, so asking for it asks for MQTT 5. */
function resolveVersion(values: OptionValues): ConnectionPlan['version'] {
  const version = values.get(options.versionOption);
  if (!values.has(options.sessionExpiryOption) || version === 5) return version;
  if (version === 'auto') return 5;
  throw new UsageError(
    `${values.spelled(options.sessionExpiryOption)} needs MQTT 5, and ${values.spelled(options.versionOption)} asks for another version`,
  );
}

interface Credentials {
  readonly username?: string;
  readonly password?: Buffer;
  readonly passwordSource?: string;
}

async function resolveCredentials(values: OptionValues, url: ParsedOccurrence | undefined): Promise<Credentials> {
  const user = pick(values, options.usernameOption, url);
  const username = user === undefined ? {} : { username: user.value as string };
  const file = values.occurrences(options.passwordFileOption).at(-1);
  const typed = pick(values, options.passwordOption, url);
  if (file !== undefined && (typed === undefined || strength(typed) < strength(file))) {
    return { ...username, ...(await readPassword(values, file.value as string)) };
  }
  if (file !== undefined) {
    throw new UsageError(
      `${values.spelled(options.passwordFileOption)} and a password were both given`,
      'Give one of them.',
    );
  }
  // The password of a URL belongs to the user of that URL: not to one that a stronger source names.
  const orphaned = typed?.partOf !== undefined && user !== undefined && strength(user) > strength(typed);
  if (typed === undefined || orphaned) return username;
  const passwordSource =
    typed.partOf === undefined ? describeSource(typed.source) : describeSource(typed.source) || 'the URL';
  return {
    ...username,
    password: Buffer.from(typed.value as string),
    ...(passwordSource !== undefined && { passwordSource }),
  };
}

async function readPassword(values: OptionValues, path: string): Promise<Credentials> {
  const spelled = values.spelled(options.passwordFileOption);
  const content = await readNamedFile(spelled, path);
  const end = content.indexOf('\n');
  const line = end < 0 ? content : content.subarray(0, end);
  const password = line.at(-1) === 0x0d ? line.subarray(0, -1) : line;
  if (password.length === 0) throw new UsageError(`${spelled} ${path}: its first line is empty`);
  return { password, passwordSource: path };
}

function resolveClientId(values: OptionValues, context: Context): string {
  const id = values.get(options.clientIdOption);
  const prefix = values.get(options.clientIdPrefixOption);
  if (id !== undefined && prefix !== undefined) {
    throw new UsageError(
      `${values.spelled(options.clientIdOption)} and ${values.spelled(options.clientIdPrefixOption)} exclude each other`,
    );
  }
  const keepSession = values.get(options.keepSessionOption);
  const forEver = values.get(options.sessionExpiryOption) === FOR_EVER;
  if (id === undefined && (keepSession || forEver)) {
    const option = keepSession ? options.keepSessionOption : options.sessionExpiryOption;
    throw new UsageError(
      `${values.spelled(option)} needs a Client Identifier to keep the session under`,
      'Add -i NAME, the same at every run.',
    );
  }
  return id ?? (prefix === undefined ? '' : `${prefix}${context.pid}`);
}

/** As mosquitto does it: a session that is kept is kept for ever unless a time is given. */
function resolveSessionExpiry(values: OptionValues): number | undefined {
  return values.get(options.sessionExpiryOption) ?? (values.get(options.keepSessionOption) ? FOR_EVER : undefined);
}

function resolveWill(values: OptionValues): Will | undefined {
  const topic = values.get(options.willTopicOption);
  if (topic === undefined) {
    const orphan = [options.willPayloadOption, options.willQosOption, options.willRetainOption].find((spec) =>
      values.has(spec),
    );
    if (orphan) throw new UsageError(`${values.spelled(orphan)} needs --will-topic`);
    return undefined;
  }
  return {
    topic,
    payload: Buffer.from(values.get(options.willPayloadOption) ?? ''),
    qos: values.get(options.willQosOption) ?? 0,
    retain: values.get(options.willRetainOption),
  };
}
