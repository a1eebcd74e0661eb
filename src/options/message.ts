/** What mqtt-pub publishes. */
import { flag, type OptionSpec, single, singleOr } from './spec.ts';
import {
  parseDurationMs,
  parseNonEmpty,
  parsePositiveDurationMs,
  parseQoS,
  parseText,
  parseTopicName,
  wholeNumber,
} from './values.ts';

export const topicOption = single({
  long: 'topic',
  short: 't',
  group: 'Message',
  summary: 'Topic Name to publish to',
  value: 'TOPIC',
  parse: parseTopicName,
});

export const messageOption = single({
  long: 'message',
  short: 'm',
  group: 'Message',
  summary: 'the message, as typed',
  value: 'MESSAGE',
  once: true,
  parse: parseText,
});

export const fileOption = single({
  long: 'file',
  short: 'f',
  group: 'Message',
  summary: 'the content of a file as one message',
  value: 'FILE',
  once: true,
  parse: parseNonEmpty,
});

export const stdinFileOption = flag({
  long: 'stdin-file',
  short: 's',
  group: 'Message',
  summary: 'all of standard input as one message',
});

export const stdinLineOption = flag({
  long: 'stdin-line',
  short: 'l',
  group: 'Message',
  summary: 'each line of standard input as a message, sent as it arrives',
});

export const nullMessageOption = flag({
  long: 'null-message',
  short: 'n',
  group: 'Message',
  summary: 'an empty message; with -r it deletes the retained one',
});

export const qosOption = singleOr(0 as ReturnType<typeof parseQoS>, {
  long: 'qos',
  short: 'q',
  group: 'Message',
  summary: 'QoS: 0 at most once, 1 at least once, 2 exactly once',
  value: 'QOS',
  parse: parseQoS,
});

export const retainOption = flag({
  long: 'retain',
  short: 'r',
  group: 'Message',
  summary: 'the broker keeps the message for later subscribers',
});

export const repeatOption = single({
  long: 'repeat',
  group: 'Message',
  summary: 'publish the message so many times, each when the one before was delivered; not with -l',
  value: 'COUNT',
  defaultText: '1',
  parse: wholeNumber(1, Number.MAX_SAFE_INTEGER),
});

export const repeatDelayOption = single({
  long: 'repeat-delay',
  group: 'Message',
  summary: 'with --repeat: how long to wait after each delivery',
  value: 'DURATION',
  defaultText: '0',
  parse: parseDurationMs,
});

export const ackTimeoutOption = singleOr(30_000, {
  long: 'ack-timeout',
  group: 'Message',
  summary: 'QoS 1 and 2: how long the broker may acknowledge nothing before the connection counts as lost',
  value: 'DURATION',
  defaultText: '30s',
  parse: parsePositiveDurationMs,
});

export const unsentOption = single({
  long: 'unsent',
  group: 'Message',
  summary: 'with -l at QoS 1 and 2: a new file for the lines that were not accepted, made when there are any',
  value: 'FILE',
  parse: parseNonEmpty,
});

export const messageOptions: readonly OptionSpec[] = [
  topicOption,
  messageOption,
  fileOption,
  stdinFileOption,
  stdinLineOption,
  nullMessageOption,
  qosOption,
  retainOption,
  repeatOption,
  repeatDelayOption,
  ackTimeoutOption,
  unsentOption,
];
