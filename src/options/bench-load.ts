/** The options of mqtt-bench that say how messages are paced, and who gets them. */
import { findFilterFault } from '../mqtt/topic.ts';
import { flag, type OptionSpec, single, singleOr, ValueError } from './spec.ts';
import { parsePositiveDurationMs, wholeNumber } from './values.ts';

const HIGHEST_RATE = 10_000_000;
const MOST_WORKERS = 256;

export const durationOption = single({
  long: 'duration',
  group: 'Load',
  summary: 'how long to publish; with -n, what is reached first ends it',
  value: 'DURATION',
  parse: parsePositiveDurationMs,
});

export const rateOption = single({
  long: 'rate',
  group: 'Load',
  summary: 'messages per second, over all publishers, sent by the clock whether or not earlier ones were delivered',
  value: 'RATE',
  parse: parseRate,
});

export const rampOption = single({
  long: 'ramp',
  group: 'Load',
  summary: 'with --rate: how long it takes to rise from 0',
  value: 'DURATION',
  parse: parsePositiveDurationMs,
});

export const warmupOption = single({
  long: 'warmup',
  group: 'Load',
  summary: 'what is sent so early counts in the ledger, and not in rates and latencies',
  value: 'DURATION',
  parse: parsePositiveDurationMs,
});

export const floodOption = flag({
  long: 'flood',
  group: 'Load',
  summary: 'a message holds its place in the window until it is accepted, not until it is delivered; at QoS 0 none',
});

export const pairsOption = flag({
  long: 'pairs',
  group: 'Load',
  summary: 'as many subscribers as publishers, each for one of them',
});

export const workersOption = singleOr(0, {
  long: 'workers',
  group: 'Load',
  summary: 'threads among which publishers and subscribers are divided',
  value: 'COUNT',
  defaultText: 'none but the main one',
  parse: wholeNumber(1, MOST_WORKERS),
});

export const shareOption = single({
  long: 'share',
  group: 'Load',
  summary: 'the subscribers share one subscription by this name: each message goes to one of them',
  value: 'NAME',
  parse: parseShareName,
});

/** What any scenario that publishes takes, after the number of messages. */
export const pacingOptions: readonly OptionSpec[] = [durationOption, rateOption, rampOption, warmupOption];

/** What only publishers with subscribers take. */
export const shapeOptions: readonly OptionSpec[] = [floodOption, pairsOption, shareOption];

function parseRate(text: string): number {
  const match = /^(\d{1,9}(?:\.\d{1,6})?)(k|M|)$/.exec(text);
  if (!match) throw new ValueError('must be a number of messages per second, such as 500, 0.5 or 20k');
  const factor = match[2] === 'k' ? 1000 : match[2] === 'M' ? 1_000_000 : 1;
  const rate = Number((Number(match[1]) * factor).toPrecision(12));
  if (rate < 0.001 || rate > HIGHEST_RATE) throw new ValueError(`must be from 0.001 to ${HIGHEST_RATE}`);
  return rate;
}

function parseShareName(text: string): string {
  if (text.includes('/')) throw new ValueError('must not hold "/"');
  const fault = findFilterFault(`$share/${text}/a`);
  if (fault !== undefined) throw new ValueError(text === '' ? 'must not be empty' : fault.reason);
  return text;
}
