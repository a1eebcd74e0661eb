/** The options of mqtt-bench. */
import { benchConnectionOptions } from './bench-connections.ts';
import { contentOptions } from './bench-content.ts';
import { pacingOptions, shapeOptions, workersOption } from './bench-load.ts';
import { findMaxOption, verdictOptions } from './bench-verdict.ts';
import { watchOptions } from './bench-watch.ts';
import { connectionOptions } from './connection.ts';
import { flag, type OptionSpec, single, singleOr } from './spec.ts';
import { parsePositiveDurationMs, parseQoS, wholeNumber } from './values.ts';

/** Sequence numbers have 32 bits. */
const MOST_MESSAGES = 0xffff_ffff;
const MOST_CONNECTIONS = 100_000;

export const messagesOption = single({
  long: 'messages',
  short: 'n',
  group: 'Load',
  summary: 'messages to publish, over all publishers',
  value: 'COUNT',
  defaultText: '10000, without --duration',
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
  summary: 'connections that subscribe; each gets every message, unless --pairs or --share says otherwise',
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
  ...pacingOptions,
  findMaxOption,
  benchQosOption,
  publishersOption,
  subscribersOption,
  ...shapeOptions,
  workersOption,
  windowOption,
  drainTimeoutOption,
  ...contentOptions,
  ...verdictOptions,
  benchJsonOption,
  ...watchOptions,
  ...benchConnectionOptions,
  ...connectionOptions,
];
