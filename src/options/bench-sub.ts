/** What `mqtt-bench sub` takes. */
import { benchJsonOption, benchQosOption, drainTimeoutOption, subscribersOption } from './bench.ts';
import { benchConnectionOptions } from './bench-connections.ts';
import { verdictOptions } from './bench-verdict.ts';
import { watchOptions } from './bench-watch.ts';
import { connectionOptions } from './connection.ts';
import { type OptionSpec, single, singleOr } from './spec.ts';
import { parsePositiveDurationMs, parseTopicFilter, wholeNumber } from './values.ts';

export const receiveCountOption = single({
  long: 'messages',
  short: 'n',
  group: 'Load',
  summary: 'messages to receive, over all subscribers',
  value: 'COUNT',
  defaultText: 'until Ctrl-C, without --duration',
  parse: wholeNumber(1, Number.MAX_SAFE_INTEGER),
});

export const receiveDurationOption = single({
  long: 'duration',
  group: 'Load',
  summary: 'how long to receive; with -n, what is reached first ends it',
  value: 'DURATION',
  parse: parsePositiveDurationMs,
});

export const receiveWarmupOption = single({
  long: 'warmup',
  group: 'Load',
  summary: 'what comes so early counts in the ledger, and not in rates and latencies',
  value: 'DURATION',
  parse: parsePositiveDurationMs,
});

export const silenceOption: typeof drainTimeoutOption = {
  ...drainTimeoutOption,
  summary: 'with -n and no --duration: when nothing has come for so long, after the first message, the rest is lost',
};

export const filterOption = singleOr('mqtt-bench/#', {
  long: 'topic',
  short: 't',
  group: 'Subscription',
  summary: 'Topic Filter, or $share/NAME/FILTER of which the subscribers are members',
  value: 'FILTER',
  parse: parseTopicFilter,
});

const receiversOption: typeof subscribersOption = {
  ...subscribersOption,
  summary: 'connections that subscribe; each gets every message, unless -t names a shared subscription',
};

/** Everything that `mqtt-bench sub` takes, in the order of the help. */
export const benchSubOptions: readonly OptionSpec[] = [
  receiveCountOption,
  receiveDurationOption,
  receiveWarmupOption,
  silenceOption,
  benchQosOption,
  filterOption,
  receiversOption,
  ...verdictOptions,
  benchJsonOption,
  ...watchOptions,
  ...benchConnectionOptions,
  ...connectionOptions,
];
