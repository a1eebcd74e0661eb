/** What mqtt-rr asks and how it waits for the answer. */
import { fileOption, messageOption, nullMessageOption, qosOption, stdinFileOption, topicOption } from './message.ts';
import { flag, type OptionSpec, single } from './spec.ts';
import { noRetainedOption, retainAsPublishedOption, retainHandlingOption, timeLimitOption } from './subscription.ts';
import { parsePositiveDurationMs, parseTopicName } from './values.ts';

export const responseTopicOption = single({
  long: 'response-topic',
  short: 'e',
  group: 'Message',
  summary: 'Topic Name on which the answer is expected',
  value: 'TOPIC',
  parse: parseTopicName,
});

export const eachLineOption = flag({
  long: 'each-line',
  group: 'Message',
  summary: 'each line of standard input as a request, one after the other',
});

export const requestTimeoutOption = single({
  long: 'request-timeout',
  group: 'Subscription',
  summary: 'how long to wait for the answer to each request; without one, exit code 27',
  value: 'DURATION',
  defaultText: 'no limit',
  parse: parsePositiveDurationMs,
});

export const strictResponseOption = flag({
  long: 'strict',
  group: 'Subscription',
  summary: 'an answer must carry the Correlation Data of the request; MQTT 5',
});

export const latencyOption = flag({
  long: 'latency',
  group: 'Output',
  summary: 'after each answer, print how long it took',
});

/** A request is not retained, so an empty one deletes nothing. */
const emptyRequestOption: typeof nullMessageOption = { ...nullMessageOption, summary: 'an empty message' };

export const requestOptions: readonly OptionSpec[] = [
  topicOption,
  responseTopicOption,
  messageOption,
  fileOption,
  stdinFileOption,
  emptyRequestOption,
  eachLineOption,
  qosOption,
  noRetainedOption,
  retainAsPublishedOption,
  retainHandlingOption,
  requestTimeoutOption,
  timeLimitOption,
  strictResponseOption,
];
