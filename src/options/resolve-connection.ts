/** Connection options to ConnectionPlan: combinations checked, files read, the password asked for. Nothing is connected. */
import type { Context } from '../cli/context.ts';
import { UsageError } from '../errors.ts';
import type { ConnectionPlan, Will } from '../mqtt/connection-plan.ts';
import * as options from './connection.ts';
import type { OptionValues, ParsedOccurrence } from './option-values.ts';
import { chooseBroker, isForAnotherHost } from './precedence.ts';
import { propertiesFor, propertyOption } from './properties.ts';
import { resolveCredentials } from './resolve-credentials.ts';
import { resolveEndpoint } from './resolve-endpoint.ts';

const FOR_EVER = 4_294_967_295;

/** `command` is the prefix of a generated Client Identifier. Throws UsageError. */
export async function resolveConnection(
  values: OptionValues,
  context: Context,
  command: string,
): Promise<ConnectionPlan> {
  const choice = chooseBroker(values);
  const versions = resolveVersion(values);
  const clientId = resolveClientId(values, context);
  const will = resolveWill(values);
  const isMeant = (one: ParsedOccurrence): boolean => !isForAnotherHost(propertyOption, one, values, choice);
  const authProperties = propertiesFor('auth', values, isMeant);
  const session = resolveSession(values, isMeant);
  const endpoint = await resolveEndpoint(values, choice, context);
  const credentials = await resolveCredentials(values, choice, context);
  return {
    endpoint,
    ...versions,
    clientId,
    generatedClientIdPrefix: `${command}-`,
    keepAliveSeconds: values.get(options.keepAliveOption),
    cleanStart: !values.get(options.keepSessionOption),
    connectTimeoutMs: values.get(options.connectTimeoutOption),
    ...credentials,
    ...session,
    ...(authProperties && { authProperties }),
    ...(will && { will }),
  };
}

/** What only MQTT 5 has asks for MQTT 5: properties, Session Expiry Interval. */
function resolveVersion(values: OptionValues): Pick<ConnectionPlan, 'version' | 'version5NeededBy'> {
  const version = values.get(options.versionOption);
  const needs5 = [options.sessionExpiryOption, propertyOption].find((spec) => values.has(spec));
  if (needs5 === undefined || version === 5) return { version };
  if (version === 'auto') return { version: 5, version5NeededBy: values.spelled(needs5) };
  throw new UsageError(
    `${values.spelled(needs5)} needs MQTT 5, and ${values.spelled(options.versionOption)} asks for another version`,
  );
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
function resolveSession(
  values: OptionValues,
  isMeant: (property: ParsedOccurrence) => boolean,
): Pick<ConnectionPlan, 'sessionExpiryInterval' | 'properties'> {
  const given = propertiesFor('connect', values, isMeant);
  const { sessionExpiryInterval: property, ...properties } = given ?? {};
  const option = values.get(options.sessionExpiryOption);
  if (property !== undefined && option !== undefined) {
    throw new UsageError(
      `${values.spelled(options.sessionExpiryOption)} and -D connect session-expiry-interval both give it`,
    );
  }
  if (properties.authenticationData !== undefined && properties.authenticationMethod === undefined) {
    throw new UsageError('-D connect authentication-data needs -D connect authentication-method');
  }
  const expiry = option ?? property ?? (values.get(options.keepSessionOption) ? FOR_EVER : undefined);
  return {
    ...(expiry !== undefined && { sessionExpiryInterval: expiry }),
    ...(given && { properties }),
  };
}

function resolveWill(values: OptionValues): Will | undefined {
  const topic = values.get(options.willTopicOption);
  const properties = propertiesFor('will', values);
  if (topic === undefined) {
    const orphan = [options.willPayloadOption, options.willQosOption, options.willRetainOption].find((spec) =>
      values.has(spec),
    );
    if (orphan) throw new UsageError(`${values.spelled(orphan)} needs --will-topic`);
    if (properties) throw new UsageError('-D will needs --will-topic');
    return undefined;
  }
  return {
    topic,
    payload: Buffer.from(values.get(options.willPayloadOption) ?? ''),
    qos: values.get(options.willQosOption) ?? 0,
    retain: values.get(options.willRetainOption),
    ...(properties && { properties }),
  };
}
