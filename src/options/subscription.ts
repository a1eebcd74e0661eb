/** What mqtt-sub asks for, and when it has enough. */
import { flag, many, type OptionSpec, single, singleOr } from './spec.ts';
import { parsePositiveDurationMs, parseQoS, parseTopicFilter, wholeNumber } from './values.ts';

export const filterOption = many({
  long: 'topic',
  short: 't',
  group: 'Subscription',
  summary: 'Topic Filter to subscribe to: + is any one level, a last # all below; may be given many times',
  value: 'FILTER',
  parse: parseTopicFilter,
});

export const subscribeQosOption = singleOr(0 as ReturnType<typeof parseQoS>, {
  long: 'qos',
  short: 'q',
  group: 'Subscription',
  summary: 'highest QoS at which to receive',
  value: 'QOS',
  parse: parseQoS,
});

export const filterOutOption = many({
  long: 'filter-out',
  short: 'T',
  group: 'Subscription',
  summary: 'leave out messages whose topic matches; may be given many times',
  value: 'FILTER',
  parse: parseTopicFilter,
});

export const noRetainedOption = flag({
  long: 'no-retained',
  short: 'R',
  group: 'Subscription',
  summary: 'leave out messages that were retained before the subscription',
});

export const countOption = single({
  long: 'count',
  short: 'C',
  group: 'Subscription',
  summary: 'end after so many messages',
  value: 'COUNT',
  parse: wholeNumber(1, Number.MAX_SAFE_INTEGER),
});

export const timeLimitOption = single({
  long: 'timeout',
  short: 'W',
  group: 'Subscription',
  summary: 'end after this time, with exit code 27',
  value: 'DURATION',
  parse: parsePositiveDurationMs,
});

export const subscriptionOptions: readonly OptionSpec[] = [
  filterOption,
  subscribeQosOption,
  filterOutOption,
  noRetainedOption,
  countOption,
  timeLimitOption,
];
