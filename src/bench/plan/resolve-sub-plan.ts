import { UsageError } from '../../errors.ts';
import { benchQosOption, drainTimeoutOption, subscribersOption } from '../../options/bench.ts';
import {
  filterOption,
  receiveCountOption,
  receiveDurationOption,
  receiveWarmupOption,
} from '../../options/bench-sub.ts';
import type { OptionValues } from '../../options/option-values.ts';
import { refusePropertiesOf } from '../../options/properties.ts';
import type { RunId } from '../content/probe.ts';
import { type BenchPlan, emptyPlan } from './plan.ts';
import { refuseTyped } from './refuse-typed.ts';
import { resolveConnecting } from './resolve-connecting.ts';
import { refuseEmbeddedSharing } from './shared-subscription.ts';

/** The plan of `mqtt-bench sub`. Throws UsageError for values that do not go together. */
export function resolveSubPlan(values: OptionValues, runId: RunId): BenchPlan {
  refusePropertiesOf(['publish', 'subscribe', 'unsubscribe', 'disconnect'], values, 'mqtt-bench sub');
  const durationMs = values.get(receiveDurationOption) ?? null;
  const warmupMs = values.get(receiveWarmupOption) ?? 0;
  if (durationMs !== null && warmupMs >= durationMs) {
    throw new UsageError('--warmup must be shorter than --duration', 'Nothing would be left to measure.');
  }
  if (!values.has(receiveCountOption) || durationMs !== null) {
    const without = values.has(receiveCountOption) ? 'beside --duration' : 'without -n';
    refuseTyped(drainTimeoutOption, values, without, 'It is how long a silence ends a run that waits for -n messages.');
  }
  const filter = values.get(filterOption);
  const plan: BenchPlan = {
    ...emptyPlan('sub', runId),
    ...resolveConnecting(values),
    messages: values.get(receiveCountOption) ?? null,
    durationMs,
    warmupMs,
    drainTimeoutMs: values.get(drainTimeoutOption),
    qos: values.get(benchQosOption),
    filter,
    subscribers: values.get(subscribersOption),
    shape: filter.startsWith('$share/') ? 'shared' : 'all',
  };
  refuseEmbeddedSharing(plan, values);
  return plan;
}
