import { benchQosOption, drainTimeoutOption } from '../../options/bench.ts';
import { connectionsOption, holdOption, stormOption, subscribeOption } from '../../options/bench-conn.ts';
import { willTopicOption } from '../../options/connection.ts';
import type { OptionValues } from '../../options/option-values.ts';
import { refusePropertiesOf } from '../../options/properties.ts';
import type { RunId } from '../content/probe.ts';
import { type BenchPlan, emptyPlan } from './plan.ts';
import { refuseTyped } from './refuse-typed.ts';
import { resolveConnecting } from './resolve-connecting.ts';
import { refuseEmbeddedSharing } from './shared-subscription.ts';

/** The plan of `mqtt-bench conn`. Throws UsageError for values that do not go together. */
export function resolveConnPlan(values: OptionValues, runId: RunId): BenchPlan {
  refusePropertiesOf(['publish', 'subscribe', 'unsubscribe', 'disconnect'], values, 'mqtt-bench conn');
  if (!values.has(subscribeOption)) {
    refuseTyped(benchQosOption, values, 'without --subscribe', 'The QoS of Wills is --will-qos.');
  }
  if (!values.has(willTopicOption) || values.get(stormOption) === 0) {
    refuseTyped(drainTimeoutOption, values, 'without --will-topic and --storm', 'It is how long to wait for Wills.');
  }
  const plan: BenchPlan = {
    ...emptyPlan('conn', runId),
    ...resolveConnecting(values),
    connections: values.get(connectionsOption),
    // Null, as everywhere, for no time at all.
    durationMs: values.get(holdOption) || null,
    storms: values.get(stormOption),
    topic: values.get(willTopicOption) ?? '',
    filter: values.get(subscribeOption) ?? null,
    qos: values.get(benchQosOption),
    drainTimeoutMs: values.get(drainTimeoutOption),
  };
  refuseEmbeddedSharing(plan, values);
  return plan;
}
