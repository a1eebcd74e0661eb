/** What `mqtt-bench rr` asks, and who answers. */
import { benchJsonOption, benchQosOption, drainTimeoutOption, messagesOption, windowOption } from './bench.ts';
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
import { type OptionSpec, singleOr } from './spec.ts';
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

/** Everything that `mqtt-bench rr` takes, in the order of the help. */
export const rrOptions: readonly OptionSpec[] = [
  messagesOption,
  ...pacingOptions,
  findMaxOption,
  benchQosOption,
  requestersOption,
  respondersOption,
  windowOption,
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
