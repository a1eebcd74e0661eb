/** The JSON of `-F %j` and `%J`: mosquitto's keys in mosquitto's order. Ours, with nothing lost, is `--json`. */
import { isUtf8 } from 'node:buffer';
import type { MessageProperties, ReceivedMessage } from '../mqtt/session.ts';
import { quoteJson, reprintJson } from './cjson.ts';
import { nestingOf } from './json-scan.ts';
import { formatIsoLocal, type Moment } from './strftime.ts';

/** cJSON reads no deeper; printed over several lines, each level would be indented by all those above it. */
const MAX_NESTING = 1000;

export interface MosquittoJsonOptions {
  /** `%J`: the payload is JSON and stands in place. `%j`: it is a string. */
  readonly parsePayload: boolean;
  readonly pretty: boolean;
}

/** Undefined: `%J`, and the payload is not JSON, or nested too deeply. */
export function formatMosquittoJson(
  message: ReceivedMessage,
  moment: Moment,
  { parsePayload, pretty }: MosquittoJsonOptions,
): string | undefined {
  const { topic, qos, retain, payload, packetId, properties } = message;
  const body = parsePayload ? inPlace(payload) : asString(payload);
  if (body === undefined) return undefined;
  const microseconds = String(Math.floor(moment.nanoseconds / 1000)).padStart(6, '0');
  const members = [
    `"tst":${quoteJson(formatIsoLocal(moment, `.${microseconds}`))}`,
    `"topic":${quoteJson(topic)}`,
    `"qos":${qos}`,
    `"retain":${retain}`,
    `"payloadlen":${payload.length}`,
    ...(qos > 0 ? [`"mid":${packetId}`] : []),
    ...formatProperties(properties),
    body,
  ];
  const json = `{${members.join(',')}}`;
  return pretty ? reprintJson(json, true) : json;
}

/** A payload that is no text comes in base64, and a key before it says so: mosquitto would print broken JSON. */
function asString(payload: Buffer): string {
  if (payload.length === 0) return '"payload":null';
  if (isUtf8(payload)) return `"payload":${quoteJson(payload.toString())}`;
  return `"payload-encoding":"base64","payload":"${payload.toString('base64')}"`;
}

function inPlace(payload: Buffer): string | undefined {
  if (payload.length === 0) return '"payload":null';
  const text = isUtf8(payload) ? payload.toString() : '';
  try {
    JSON.parse(text);
    return nestingOf(text) > MAX_NESTING ? undefined : `"payload":${reprintJson(text, false)}`;
  } catch {
    return undefined;
  }
}

function formatProperties(properties: MessageProperties | undefined): string[] {
  const members: string[] = [];
  const add = (name: string, value: string | number | undefined): void => {
    if (value !== undefined) members.push(`"${name}":${typeof value === 'number' ? value : quoteJson(value)}`);
  };
  if (properties === undefined) return [];
  add('payload-format-indicator', properties.payloadFormatIndicator);
  add('message-expiry-interval', properties.messageExpiryInterval);
  add('content-type', properties.contentType);
  add('response-topic', properties.responseTopic);
  add('correlation-data', properties.correlationData && textOrBase64(properties.correlationData));
  for (const identifier of properties.subscriptionIdentifiers ?? []) add('subscription-identifier', identifier);
  add('topic-alias', properties.topicAlias);
  const pairs = properties.userProperties ?? [];
  if (pairs.length > 0) {
    const objects = pairs.map(([name, value]) => `{${quoteJson(name)}:${quoteJson(value)}}`);
    members.push(`"user-properties":[${objects.join(',')}]`);
  }
  return members.length === 0 ? [] : [`"properties":{${members.join(',')}}`];
}

function textOrBase64(bytes: Buffer): string {
  return isUtf8(bytes) ? bytes.toString() : bytes.toString('base64');
}
