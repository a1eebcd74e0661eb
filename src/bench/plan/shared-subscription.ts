/** Shared subscriptions, which not every broker has: many take the SUBSCRIBE and deliver nothing. [MQTT5 4.8.2] */
import { SubscriptionDeniedError, UsageError } from '../../errors.ts';
import type { SessionInfo } from '../../mqtt/session.ts';
import { brokerOption } from '../../options/connection.ts';
import type { OptionValues } from '../../options/option-values.ts';
import type { BenchConfig } from '../result/result.ts';

type Sharing = Pick<BenchConfig, 'filter' | 'responders' | 'scenario'>;

/** Whether a run is in vain with a broker that has no shared subscriptions. */
export function needsSharedSubscription({ filter, responders = 0, scenario }: Sharing): boolean {
  return scenario === 'rr' ? responders > 1 : (filter?.startsWith('$share/') ?? false);
}

/** Throws UsageError for a plan that the embedded broker cannot serve, before that is started. */
export function refuseEmbeddedSharing(plan: Sharing, values: OptionValues): void {
  if (values.get(brokerOption) === undefined || !needsSharedSubscription(plan)) return;
  const [option, remedy] = describeSharing(plan);
  throw new UsageError(
    `${option} and --broker embedded exclude each other: that broker has no shared subscriptions`,
    `${remedy}, or name a broker that has them, such as mosquitto.`,
  );
}

/** Throws SubscriptionDeniedError where the broker said in CONNACK that it has none. [MQTT5 3.2.2.3.13] */
export function checkSharedSubscription(plan: Sharing, info: SessionInfo): void {
  if (info.sharedSubscriptionAvailable !== false || !needsSharedSubscription(plan)) return;
  const [option, remedy] = describeSharing(plan);
  throw new SubscriptionDeniedError(
    `the broker has no shared subscriptions (Shared Subscription Available), which ${option} needs`,
    `${remedy}.`,
  );
}

/** The option that asks for one, and what to do without. */
function describeSharing({ filter, responders = 0, scenario }: Sharing): readonly [option: string, remedy: string] {
  switch (scenario) {
    case 'rr':
      return [`--responders ${responders}`, 'Use --responders 1'];
    case 'pubsub':
      return ['--share', 'Leave --share away'];
    default:
      return [`${scenario === 'conn' ? '--subscribe' : '-t'} ${filter}`, 'Use a Topic Filter without $share/NAME/'];
  }
}
