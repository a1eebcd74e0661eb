import type { Clock } from '../../cli/context.ts';
import { SubscriptionDeniedError, UnreachableError } from '../../errors.ts';
import type { ConnectionPlan } from '../../mqtt/connection-plan.ts';
import { describeOutcome } from '../../mqtt/reason-codes.ts';
import type { QoS, Session } from '../../mqtt/session.ts';
import { quote } from '../../output/escape.ts';
import { type BenchPlan, filterOf } from '../plan/plan.ts';
import type { LatencyCounts } from '../record/latency.ts';
import { within } from '../scenario/within.ts';

/**
 * Subscribes every subscriber to the topics of every publisher. Returns the lowest QoS that was granted; `latency` is
 * told how long each SUBACK took; `from` is the number of the first one. Throws SubscriptionDeniedError, and
 * UnreachableError when a SUBACK does not come within the connect time-out.
 */
export async function subscribeAll(
  subscribers: readonly Session[],
  plan: BenchPlan,
  { connectTimeoutMs, endpoint }: ConnectionPlan,
  clock: Clock,
  abort: AbortSignal,
  latency: LatencyCounts,
  from = 0,
): Promise<QoS> {
  const subscribe = async (subscriber: Session, index: number): ReturnType<Session['subscribe']> => {
    const startMs = clock.monotonicMs();
    const outcomes = await subscriber.subscribe([{ filter: filterOf(plan, from + index), qos: plan.qos }]);
    latency.record((clock.monotonicMs() - startMs) * 1000);
    return outcomes;
  };
  const all = Promise.all(subscribers.map(subscribe));
  const answers = await within(all, connectTimeoutMs, clock, abort);
  if (answers === undefined) {
    throw new UnreachableError(
      `${endpoint.host}:${endpoint.port} did not answer SUBSCRIBE in ${connectTimeoutMs / 1000} s`,
    );
  }
  const outcomes = answers.flat();
  const denied = outcomes.find(({ reasonCode }) => reasonCode >= 0x80);
  if (denied) {
    throw new SubscriptionDeniedError(
      `the broker denied the subscription to ${quote(denied.filter)}: ${describeOutcome(denied)}`,
      'Which topics may this user read? -t sets them.',
    );
  }
  return outcomes.reduce<QoS>((lowest, { reasonCode }) => (reasonCode < lowest ? (reasonCode as QoS) : lowest), 2);
}
