import { UsageError } from '../errors.ts';
import type { MessageProperties } from '../mqtt/session.ts';
import {
  benchQosOption,
  drainTimeoutOption,
  messagesOption,
  publishersOption,
  sizeOption,
  subscribersOption,
  topicPrefixOption,
  windowOption,
} from '../options/bench.ts';
import type { OptionValues } from '../options/option-values.ts';
import { propertiesFor, refusePropertiesOf } from '../options/properties.ts';
import type { RunId } from './probe.ts';
import type { BenchConfig } from './result.ts';

/** What a run is to do: who sends what, how much, how fast. */
export interface BenchPlan extends Omit<BenchConfig, 'properties'> {
  readonly runId: RunId;
  readonly seed: number;
  /** The window was asked for, and is not the default. */
  readonly isWindowChosen?: boolean;
  /** Of each message: `-D publish`. MQTT 5 only. */
  readonly properties?: MessageProperties;
}

/** Each path from a publisher to a subscriber has counters and bitmaps of its own. */
const MOST_PATHS = 100_000;

/** Throws UsageError for values that do not go together. */
export function resolveBenchPlan(values: OptionValues, runId: RunId): BenchPlan {
  const publishers = values.get(publishersOption);
  const subscribers = values.get(subscribersOption);
  if (publishers * subscribers > MOST_PATHS) {
    throw new UsageError(
      `--publishers ${publishers} and --subscribers ${subscribers} make ${publishers * subscribers} paths to verify; ${MOST_PATHS} is the most`,
    );
  }
  refusePropertiesOf(['subscribe', 'unsubscribe', 'disconnect'], values, 'mqtt-bench');
  const properties = propertiesFor('publish', values);
  const prefix = values.get(topicPrefixOption) ?? `mqtt-bench/${runId}`;
  return {
    scenario: 'pubsub',
    runId,
    seed: Number.parseInt(runId.slice(0, 8), 16),
    messages: values.get(messagesOption),
    durationMs: null,
    qos: values.get(benchQosOption),
    retain: false,
    topic: `${prefix}/{publisher}`,
    filter: `${prefix}/+`,
    topics: 1,
    topicAlias: false,
    payload: { kind: 'filler', source: null, sizeBytes: values.get(sizeOption) },
    publishers,
    subscribers,
    shape: 'all',
    window: values.get(windowOption),
    isWindowChosen: values.has(windowOption),
    flood: false,
    rate: null,
    rampMs: 0,
    warmupMs: 0,
    connectRate: null,
    drainTimeoutMs: values.get(drainTimeoutOption),
    workers: 0,
    localAddresses: [],
    connections: 0,
    storms: 0,
    ...(properties && { properties }),
  };
}

/** The topic that one publisher publishes to. */
export function topicOf(plan: BenchPlan, publisher: number): string {
  return plan.topic.replaceAll('{publisher}', String(publisher));
}

/** How many messages one publisher sends: the first ones send what cannot be divided. Infinite where time ends the run. */
export function messagesOf({ messages, publishers }: BenchPlan, publisher: number): number {
  if (messages === null) return Number.POSITIVE_INFINITY;
  return Math.floor(messages / publishers) + (publisher < messages % publishers ? 1 : 0);
}

/** How many messages may be outstanding; without a window as many as there are. */
export function windowOf({ window }: BenchPlan): number {
  return window ?? Number.POSITIVE_INFINITY;
}

/** How many of the window's places one publisher may hold; with more publishers than places they take turns. */
export function publisherWindowOf(plan: BenchPlan): number {
  return Math.ceil(windowOf(plan) / plan.publishers);
}
