/** What mqtt-sub asks for, and when it has enough. */
import { flag, many, type OptionSpec, single, singleOr, ValueError } from './spec.ts';
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

export const unsubscribeOption = many({
  long: 'unsubscribe',
  short: 'U',
  group: 'Subscription',
  summary: 'Topic Filter to unsubscribe from, in a session that the broker kept; may be given many times',
  value: 'FILTER',
  parse: parseTopicFilter,
});

export const exitAfterSubscribeOption = flag({
  long: 'exit-after-subscribe',
  short: 'E',
  group: 'Subscription',
  summary: 'end as soon as the broker has answered the subscription',
});

export const idleOption = single({
  long: 'idle',
  group: 'Subscription',
  summary: 'end with exit code 0 when no message came for so long',
  value: 'DURATION',
  parse: parsePositiveDurationMs,
});

export const strictOption = flag({
  long: 'strict',
  group: 'Subscription',
  summary: 'a subscription that is denied in part, and a payload that cannot be decoded, end the command',
});

export const retainedOnlyOption = flag({
  long: 'retained-only',
  group: 'Subscription',
  summary: 'print retained messages, and end at the first one that is not',
});

export const removeRetainedOption = flag({
  long: 'remove-retained',
  group: 'Subscription',
  summary: 'delete each retained message that is received from the broker',
});

export const dryRunOption = flag({
  long: 'dry-run',
  group: 'Subscription',
  summary: 'with --remove-retained: only say what would be deleted',
});

export const retainAsPublishedOption = flag({
  long: 'retain-as-published',
  group: 'Subscription',
  summary: 'the retain flag of a message is the one it was published with; MQTT 5',
});

export const retainHandlingOption = single({
  long: 'retain-handling',
  group: 'Subscription',
  summary: 'whether the broker sends retained messages: always, new (only for a new subscription) or never; MQTT 5',
  value: 'WHEN',
  defaultText: 'always',
  parse: (text): 0 | 1 | 2 => {
    const value = ['always', 'new', 'never'].indexOf(text);
    if (value < 0) throw new ValueError('must be always, new or never');
    return value as 0 | 1 | 2;
  },
});

export const noLocalOption = flag({
  long: 'no-local',
  group: 'Subscription',
  summary: 'messages that this client itself publishes do not come back; MQTT 5',
});

export const randomFilterOption = single({
  long: 'random-filter',
  group: 'Subscription',
  summary: 'print so many percent of the messages, chosen at random: 0.1 to 100',
  value: 'PERCENT',
  parse: (text) => {
    const value = /^\d{1,3}(\.\d{1,9})?$/.test(text) ? Number(text) : Number.NaN;
    if (!(value >= 0.1 && value <= 100)) throw new ValueError('must be a number from 0.1 to 100');
    return value;
  },
});

export const subscriptionOptions: readonly OptionSpec[] = [
  filterOption,
  subscribeQosOption,
  unsubscribeOption,
  filterOutOption,
  noRetainedOption,
  retainedOnlyOption,
  retainAsPublishedOption,
  retainHandlingOption,
  noLocalOption,
  removeRetainedOption,
  dryRunOption,
  randomFilterOption,
  countOption,
  timeLimitOption,
  idleOption,
  exitAfterSubscribeOption,
  strictOption,
];
