/** What `mqtt-bench conn` opens, holds and cuts. */
import { benchJsonOption, benchQosOption, drainTimeoutOption } from './bench.ts';
import { benchConnectionOptions } from './bench-connections.ts';
import { verdictOptions } from './bench-verdict.ts';
import { watchOptions } from './bench-watch.ts';
import { connectionOptions } from './connection.ts';
import { type OptionSpec, single, singleOr, ValueError } from './spec.ts';
import { parseDurationMs, parseTopicFilter, wholeNumber } from './values.ts';

const MOST_CONNECTIONS = 1_000_000;
const MOST_STORMS = 100_000;
/** What a timer can hold. */
const LONGEST_MS = 2_147_483_647;

export const connectionsOption = singleOr(100, {
  long: 'connections',
  group: 'Load',
  summary: 'connections to open and to hold',
  value: 'COUNT',
  parse: wholeNumber(1, MOST_CONNECTIONS),
});

export const holdOption = singleOr(1000, {
  long: 'hold',
  group: 'Load',
  summary: 'how long to hold the connections each time that all are open',
  value: 'DURATION',
  defaultText: '1s',
  parse: (text) => {
    const ms = parseDurationMs(text);
    if (ms > LONGEST_MS) throw new ValueError('must be a duration up to 596h');
    return ms;
  },
});

export const stormOption = singleOr(0, {
  long: 'storm',
  group: 'Load',
  summary: 'how many times to cut all connections without DISCONNECT, and to open them again',
  value: 'COUNT',
  parse: wholeNumber(0, MOST_STORMS),
});

export const subscribeOption = single({
  long: 'subscribe',
  group: 'Load',
  summary: 'Topic Filter that each connection subscribes to; {connection} is its number',
  value: 'FILTER',
  parse: (text) => {
    parseTopicFilter(text.replaceAll('{connection}', '0'));
    return text;
  },
});

/** Everything that `mqtt-bench conn` takes, in the order of the help. */
export const connOptions: readonly OptionSpec[] = [
  connectionsOption,
  holdOption,
  stormOption,
  subscribeOption,
  benchQosOption,
  drainTimeoutOption,
  ...verdictOptions,
  benchJsonOption,
  ...watchOptions,
  ...benchConnectionOptions,
  ...connectionOptions,
];
