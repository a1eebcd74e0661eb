/** What `mqtt-bench rr` asks, and who answers. */
import { benchJsonOption, benchQosOption, drainTimeoutOption, messagesOption } from './bench.ts';
import { benchConnectionOptions } from './bench-connections.ts';
import {
  payloadFileOption,
  payloadOption,
  seedOption,
  sizeOption,
  topicsOption,
  topicTemplateOption,
} from './bench-content.ts';
import { pacingOptions } from './bench-load.ts';
import { findMaxOption, verdictOptions } from './bench-verdict.ts';
import { watchOptions } from './bench-watch.ts';
import { connectionOptions } from './connection.ts';
import { responseTopicOption } from './request.ts';
import { type OptionSpec, single, singleOr } from './spec.ts';
import { wholeNumber } from './values.ts';

const MOST_CONNECTIONS = 100_000;

export const requestersOption = singleOr(1, {
  long: 'requesters',
  group: 'Load',
  summary: 'connections that send requests, and get the responses to their own',
  value: 'COUNT',
  parse: wholeNumber(1, MOST_CONNECTIONS),
});

export const respondersOption = singleOr(1, {
  long: 'responders',
  group: 'Load',
  summary: 'connections that respond; 0 measures a responder of somebody else',
  value: 'COUNT',
  parse: wholeNumber(0, MOST_CONNECTIONS),
});

/** More than one of a requester wait for each other: that measures a queue, and no round trip. */
export const requestWindowOption = single({
  long: 'window',
  group: 'Load',
  summary: 'requests, over all requesters, that may be outstanding: without a response',
  value: 'COUNT',
  defaultText: 'one for each requester',
  parse: wholeNumber(1, 1_000_000),
});

/** The same option, with the words and the default of requests. */
const requestsOption: OptionSpec = {
  ...messagesOption,
  summary: 'requests to send, over all requesters',
  defaultText: '1000, without --duration',
};

/** Everything that `mqtt-bench rr` takes, in the order of the help. */
export const rrOptions: readonly OptionSpec[] = [
  requestsOption,
  ...pacingOptions,
  findMaxOption,
  benchQosOption,
  requestersOption,
  respondersOption,
  requestWindowOption,
  drainTimeoutOption,
  topicTemplateOption,
  responseTopicOption,
  topicsOption,
  sizeOption,
  payloadOption,
  payloadFileOption,
  seedOption,
  ...verdictOptions,
  benchJsonOption,
  ...watchOptions,
  ...benchConnectionOptions,
  ...connectionOptions,
];
