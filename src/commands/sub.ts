import type { Context } from '../cli/context.ts';
import type { ExitCode } from '../cli/exit-codes.ts';
import { UsageError } from '../errors.ts';
import type { ConnectionPlan } from '../mqtt/connection-plan.ts';
import { connectionOptions, maxInflightOption, quietOption, retryOptions } from '../options/connection.ts';
import type { OptionValues } from '../options/option-values.ts';
import * as output from '../options/output.ts';
import { propertiesFor, refusePropertiesOf } from '../options/properties.ts';
import * as options from '../options/subscription.ts';
import { escapeControls } from '../output/escape.ts';
import type { Formatter } from '../output/formatter.ts';
import { GatherSink, type Sink } from '../output/sink.ts';
import { Writer } from '../output/writer.ts';
import { withBroker } from './broker.ts';
import type { Command } from './command.ts';
import { Ending } from './ending.ts';
import { makeFormatter } from './formatting.ts';
import { Listening, type ListeningOptions } from './listening.ts';
import { Receiver, type ReceiverOptions } from './receiver.ts';
import { resolvePatience } from './reconnecting.ts';
import type { RetainedRemoval } from './retained-removal.ts';
import { makeTrace, Status } from './status.ts';

export const subCommand: Command = {
  name: 'mqtt-sub',
  summary: 'print the messages of one or more topics',
  synopsis: '[URL] -t FILTER [-t FILTER ...] [options]',
  options: [
    ...options.subscriptionOptions,
    ...output.outputOptions,
    maxInflightOption,
    ...retryOptions,
    ...connectionOptions,
  ],
  examples: [
    { says: 'everything below sensors, with topics', typed: "mqtt-sub -t 'sensors/#' -v" },
    { says: 'wait for one message, at most ten seconds', typed: 'mqtt-sub -t test -C 1 -W 10' },
    { says: 'as JSON, one object per line, for jq and scripts', typed: "mqtt-sub -t 'sensors/#' --json" },
    { says: 'miss nothing while away: a session that the broker keeps', typed: 'mqtt-sub -t jobs -q 1 -i worker-1 -c' },
    { says: 'one payload to a file, byte for byte', typed: 'mqtt-sub -t cam/1 -C 1 -N > picture.jpg' },
  ],
  needsArguments: () => true,
  run,
};

async function run(values: OptionValues, context: Context): Promise<ExitCode> {
  checkCombinations(values);
  const status = new Status('mqtt-sub', context, values.get(quietOption));
  const isStrict = values.get(options.strictOption);
  const formatting = { onFault: (text: string) => status.warn(text), isStrict };
  const formatter = await makeFormatter(values, context, { ...formatting, isSingleLine: watches(values, context) });
  return withBroker(values, context, 'mqtt-sub', async (plan) => {
    const writer = new Writer(context.stdout);
    const removal = await makeRemoval(values, status);
    const sink = await makeSink(values, context, formatter, writer, plan);
    const receiver = new Receiver(sink, context.clock, planReceiver(values, removal));
    const timeLimitMs = values.get(options.timeLimitOption);
    const ending = new Ending(context, receiver, writer.ended, { timeLimitMs, idleMs: values.get(options.idleOption) });
    const listening = new Listening(limitReceiveMaximum(plan, receiver), context, status, receiver, ending, {
      ...planSubscriptions(values),
      isStrict,
      timeLimitMs,
      patience: resolvePatience(values),
      removal,
      trace: makeTrace('mqtt-sub', values, context),
    });
    try {
      return await listening.run();
    } finally {
      await sink.finish?.();
    }
  });
}

/** Throws UsageError for what excludes or needs each other. */
function checkCombinations(values: OptionValues): void {
  refusePropertiesOf(['publish'], values, 'mqtt-sub');
  if (!values.has(options.filterOption) && !values.has(options.unsubscribeOption)) {
    throw new UsageError('there is no topic', "Give one or more: -t 'sensors/#'");
  }
  if (values.get(options.noRetainedOption) && values.get(options.retainedOnlyOption)) {
    throw new UsageError(
      `${values.spelled(options.noRetainedOption)} and ${values.spelled(options.retainedOnlyOption)} together leave no message`,
    );
  }
  if (values.get(options.dryRunOption) && !values.get(options.removeRetainedOption)) {
    throw new UsageError(`${values.spelled(options.dryRunOption)} needs --remove-retained`);
  }
}

/** A pipe or a file has no screen: there every message is printed. */
function watches(values: OptionValues, { stdout }: Context): boolean {
  return values.get(output.watchOption) && !values.get(output.messageRateOption) && stdout.isTTY === true;
}

async function makeRemoval(values: OptionValues, status: Status): Promise<RetainedRemoval | undefined> {
  if (!values.get(options.removeRetainedOption)) return undefined;
  const { RetainedRemoval } = await import('./retained-removal.ts');
  return new RetainedRemoval(status, {
    isDryRun: values.get(options.dryRunOption),
    maxInflight: values.get(maxInflightOption),
  });
}

async function makeSink(
  values: OptionValues,
  context: Context,
  formatter: Formatter,
  writer: Writer,
  { endpoint }: ConnectionPlan,
): Promise<Sink> {
  if (values.get(output.messageRateOption)) {
    const { RateSink } = await import('../output/rate.ts');
    return new RateSink(writer, context.clock);
  }
  if (!watches(values, context)) return new GatherSink(formatter, writer, context.clock);
  const { WatchSink } = await import('../output/watch.ts');
  return new WatchSink(formatter, writer, context, `Broker: ${escapeControls(endpoint.host)}`);
}

/** With `--message-rate` every message counts, as for mosquitto_sub: nothing is left out, and no number is enough. */
function planReceiver(values: OptionValues, removal: RetainedRemoval | undefined): ReceiverOptions {
  const everything = values.get(output.messageRateOption);
  return {
    filterOut: everything ? [] : values.get(options.filterOutOption),
    noRetained: !everything && values.get(options.noRetainedOption),
    retainedOnly: !everything && values.get(options.retainedOnlyOption),
    count: everything ? undefined : values.get(options.countOption),
    randomPercent: everything ? undefined : values.get(options.randomFilterOption),
    ...(removal && {
      onRetained: (topic) => removal.remove(topic),
      isEcho: (message) => removal.isEcho(message),
    }),
  };
}

type SubscriptionPlan = Pick<
  ListeningOptions,
  | 'subscriptions'
  | 'subscribeProperties'
  | 'unsubscribe'
  | 'unsubscribeProperties'
  | 'disconnectProperties'
  | 'exitAfterSubscribe'
  | 'onlyVersion5'
>;

function planSubscriptions(values: OptionValues): SubscriptionPlan {
  const filters = values.get(options.filterOption);
  // What is not wanted need not be sent.
  const retainHandling =
    values.get(options.retainHandlingOption) ?? (values.get(options.noRetainedOption) ? 2 : undefined);
  const subscriptions = filters.map((filter) => ({
    filter,
    qos: values.get(options.subscribeQosOption),
    noLocal: values.get(options.noLocalOption),
    retainAsPublished: values.get(options.retainAsPublishedOption),
    ...(retainHandling !== undefined && { retainHandling }),
  }));
  const hasGoal = [options.countOption, options.timeLimitOption, options.idleOption].some((spec) => values.has(spec));
  const onlyVersion5 = [options.retainAsPublishedOption, options.retainHandlingOption, options.noLocalOption]
    .filter((spec) => values.has(spec))
    .map((spec) => values.spelled(spec));
  return {
    subscriptions,
    onlyVersion5,
    subscribeProperties: propertiesFor('subscribe', values),
    unsubscribe: values.get(options.unsubscribeOption),
    unsubscribeProperties: propertiesFor('unsubscribe', values),
    disconnectProperties: propertiesFor('disconnect', values),
    // Without a subscription nothing would come: mosquitto_sub waits for ever there.
    exitAfterSubscribe: values.get(options.exitAfterSubscribeOption) || (filters.length === 0 && !hasGoal),
  };
}

/** The broker should not hand over more QoS 1 and 2 messages than are wanted: they would stay unacknowledged. */
function limitReceiveMaximum(plan: ConnectionPlan, { goal }: Receiver): ConnectionPlan {
  return goal === undefined || goal > 65_535 ? plan : { ...plan, receiveMaximum: goal };
}
