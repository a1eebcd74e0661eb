import { UsageError } from '../errors.ts';
import type { MessageProperties, QoS } from '../mqtt/session.ts';
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

/** What a run is to do: who sends what, how much, how fast. */
export interface BenchPlan {
  /** `pubsub`: publishers to subscribers, every delivery verified. */
  readonly scenario: 'pubsub';
  readonly runId: RunId;
  /** To publish, over all publishers. */
  readonly messages: number;
  readonly qos: QoS;
  readonly topicPrefix: string;
  readonly sizeBytes: number;
  readonly publishers: number;
  readonly subscribers: number;
  /** Messages that may be outstanding over all publishers. */
  readonly window: number;
  /** The window was asked for, and is not the default. */
  readonly isWindowChosen?: boolean;
  readonly drainTimeoutMs: number;
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
  return {
    scenario: 'pubsub',
    runId,
    messages: values.get(messagesOption),
    qos: values.get(benchQosOption),
    topicPrefix: values.get(topicPrefixOption) ?? `mqtt-bench/${runId}`,
    sizeBytes: values.get(sizeOption),
    publishers,
    subscribers,
    window: values.get(windowOption),
    isWindowChosen: values.has(windowOption),
    drainTimeoutMs: values.get(drainTimeoutOption),
    ...(properties && { properties }),
  };
}

/** The topic that one publisher publishes to. */
export function topicOf(plan: BenchPlan, publisher: number): string {
  return `${plan.topicPrefix}/${publisher}`;
}

/** The filter that matches the topic of every publisher. */
export function topicFilterOf(plan: BenchPlan): string {
  return `${plan.topicPrefix}/+`;
}

/** How many messages one publisher sends: the first ones send what cannot be divided. */
export function messagesOf(plan: BenchPlan, publisher: number): number {
  return Math.floor(plan.messages / plan.publishers) + (publisher < plan.messages % plan.publishers ? 1 : 0);
}

/** How many of the window's places one publisher may hold; with more publishers than places they take turns. */
export function windowOf(plan: BenchPlan): number {
  return Math.ceil(plan.window / plan.publishers);
}
