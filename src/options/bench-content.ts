/** The options of mqtt-bench that say what messages hold and where they go. */
import { PROBE_HEADER_BYTES } from '../bench/content/probe.ts';
import { parseTemplate } from '../bench/content/template.ts';
import { findTopicNameFault } from '../mqtt/topic.ts';
import { flag, type OptionSpec, single, singleOr, ValueError } from './spec.ts';
import { parseNonEmpty, parseText, sizeInBytes, wholeNumber } from './values.ts';

/** What a PUBLISH can hold [MQTT5 2.1.4], less the longest topic and room for properties. */
export const MOST_PAYLOAD_BYTES = 268_000_000;
const MOST_TOPICS = 10_000_000;

export const topicTemplateOption = single({
  long: 'topic',
  short: 't',
  group: 'Message',
  summary: 'topic to publish to, with {run}, {publisher}, {i}, {topic} and {rand:1000}',
  value: 'TEMPLATE',
  defaultText: 'mqtt-bench/{run}/{publisher}',
  parse: parseTopicTemplate,
});

export const topicsOption = singleOr(1, {
  long: 'topics',
  group: 'Message',
  summary: 'topics of a publisher, in turn: {topic}, which is appended as a level where -t has none',
  value: 'COUNT',
  parse: wholeNumber(1, MOST_TOPICS),
});

export const sizeOption = singleOr(64, {
  long: 'size',
  group: 'Message',
  summary: `bytes of payload; at least ${PROBE_HEADER_BYTES} where deliveries are verified`,
  value: 'BYTES',
  parse: sizeInBytes(0, MOST_PAYLOAD_BYTES),
});

export const payloadOption = single({
  long: 'payload',
  group: 'Message',
  summary: 'the payload, with {i}, {publisher}, {run}, {topic}, {rand:1000} and {time}; other braces stay',
  value: 'TEXT',
  parse: parsePayloadTemplate,
});

export const payloadFileOption = single({
  long: 'payload-file',
  group: 'Message',
  summary: 'the content of a file as the payload, as it is',
  value: 'FILE',
  parse: parseNonEmpty,
});

export const seedOption = single({
  long: 'seed',
  group: 'Message',
  summary: 'of {rand}: the same seed makes the same topics and payloads',
  value: 'NUMBER',
  defaultText: 'different at every run',
  parse: wholeNumber(0, 0xffff_ffff),
});

export const benchRetainOption = flag({
  long: 'retain',
  short: 'r',
  group: 'Message',
  summary: 'publish retained messages, and remove them from the broker at the end',
});

export const keepRetainedOption = flag({
  long: 'keep-retained',
  group: 'Message',
  summary: 'with -r: leave the retained messages with the broker',
});

export const topicAliasOption = flag({
  long: 'topic-alias',
  group: 'Message',
  summary: 'MQTT 5: send each topic once and then its number, as far as the broker takes Topic Aliases',
});

/** What any scenario that publishes takes. */
export const contentOptions: readonly OptionSpec[] = [
  topicTemplateOption,
  topicsOption,
  sizeOption,
  payloadOption,
  payloadFileOption,
  seedOption,
  benchRetainOption,
  keepRetainedOption,
  topicAliasOption,
];

function parseTopicTemplate(text: string): string {
  if (text.startsWith('$')) throw new ValueError('must not start with "$"', "Such topics are the broker's own.");
  const pieces = parseTemplate(text, 'topic', '0');
  const fault = findTopicNameFault(pieces.map((piece) => (typeof piece === 'string' ? piece : '0')).join(''));
  if (fault !== undefined) throw new ValueError(fault.reason, fault.hint);
  return text;
}

function parsePayloadTemplate(text: string): string {
  parseTemplate(text, 'payload', '');
  return parseText(text);
}
