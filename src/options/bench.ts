/** The options of mqtt-bench. */
import { PROBE_HEADER_BYTES } from '../bench/probe.ts';
import { connectionOptions } from './connection.ts';
import { flag, type OptionSpec, single, singleOr, ValueError } from './spec.ts';
import { parsePositiveDurationMs, parseQoS, parseTopicName, sizeInBytes, wholeNumber } from './values.ts';

/** Sequence numbers have 32 bits. */
const MOST_MESSAGES = 0xffff_ffff;
const MOST_CONNECTIONS = 100_000;
/** What a PUBLISH can hold [MQTT5 2.1.4], less the longest topic and room for properties. */
const MOST_PAYLOAD_BYTES = 268_000_000;
/** What the topic of the last publisher adds to the prefix. */
const LONGEST_SUFFIX = `/${MOST_CONNECTIONS - 1}`;

export const messagesOption = singleOr(10_000, {
  long: 'messages',
  short: 'n',
  group: 'Load',
  summary: 'messages to publish, over all publishers',
  value: 'COUNT',
  parse: wholeNumber(1, MOST_MESSAGES),
});

export const benchQosOption = singleOr(0 as ReturnType<typeof parseQoS>, {
  long: 'qos',
  short: 'q',
  group: 'Load',
  summary: 'QoS of messages and subscriptions: 0, 1 or 2',
  value: 'QOS',
  parse: parseQoS,
});

export const topicPrefixOption = single({
  long: 'topic',
  short: 't',
  group: 'Load',
  summary: 'topic prefix; publisher 0 publishes to PREFIX/0',
  value: 'PREFIX',
  defaultText: 'mqtt-bench/RUN, different at every run',
  parse: parseTopicPrefix,
});

export const sizeOption = singleOr(64, {
  long: 'size',
  group: 'Load',
  summary: `bytes of payload, from ${PROBE_HEADER_BYTES} up`,
  value: 'BYTES',
  parse: parsePayloadSize,
});

export const publishersOption = singleOr(1, {
  long: 'publishers',
  group: 'Load',
  summary: 'connections that publish',
  value: 'COUNT',
  parse: wholeNumber(1, MOST_CONNECTIONS),
});

export const subscribersOption = singleOr(1, {
  long: 'subscribers',
  group: 'Load',
  summary: 'connections that subscribe; each gets every message',
  value: 'COUNT',
  parse: wholeNumber(1, MOST_CONNECTIONS),
});

export const windowOption = singleOr(1000, {
  long: 'window',
  group: 'Load',
  summary: 'messages, over all publishers, that may be outstanding: not accepted, or not at every subscriber',
  value: 'COUNT',
  parse: wholeNumber(1, 1_000_000),
});

export const drainTimeoutOption = singleOr(10_000, {
  long: 'drain-timeout',
  group: 'Load',
  summary: 'how long to wait for a message; what comes later still counts until the run ends',
  value: 'DURATION',
  defaultText: '10s',
  parse: parsePositiveDurationMs,
});

export const benchJsonOption = flag({
  long: 'json',
  group: 'Output',
  summary: 'the result as one JSON object',
});

/** Everything that mqtt-bench takes, in the order of the help. */
export const benchOptions: readonly OptionSpec[] = [
  messagesOption,
  benchQosOption,
  topicPrefixOption,
  sizeOption,
  publishersOption,
  subscribersOption,
  windowOption,
  drainTimeoutOption,
  benchJsonOption,
  ...connectionOptions,
];

function parseTopicPrefix(text: string): string {
  if (text.startsWith('$')) throw new ValueError('must not start with "$"', "Such topics are the broker's own.");
  parseTopicName(text);
  try {
    parseTopicName(`${text}${LONGEST_SUFFIX}`);
  } catch (error) {
    if (!(error instanceof ValueError)) throw error;
    throw new ValueError(`leaves no room for ${LONGEST_SUFFIX}: a topic ${error.message}`);
  }
  return text;
}

const parseSize = sizeInBytes(0, MOST_PAYLOAD_BYTES);

function parsePayloadSize(text: string): number {
  const bytes = parseSize(text);
  if (bytes < PROBE_HEADER_BYTES) {
    throw new ValueError(
      `must be at least ${PROBE_HEADER_BYTES} bytes`,
      'Each payload starts with a header by which its delivery is verified: run, publisher, sequence, time.',
    );
  }
  return bytes;
}
