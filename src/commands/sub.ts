import type { Context } from '../cli/context.ts';
import type { ExitCode } from '../cli/exit-codes.ts';
import { UsageError } from '../errors.ts';
import type { ConnectionPlan } from '../mqtt/connection-plan.ts';
import { connectionOptions, quietOption } from '../options/connection.ts';
import type { OptionValues } from '../options/option-values.ts';
import * as output from '../options/output.ts';
import * as subscription from '../options/subscription.ts';
import type { Formatter } from '../output/formatter.ts';
import { withBroker } from './broker.ts';
import type { Command } from './command.ts';
import { Listening } from './listening.ts';
import { Receiver } from './receiver.ts';
import { makeTrace, Status } from './status.ts';

export const subCommand: Command = {
  name: 'mqtt-sub',
  summary: 'print the messages of one or more topics',
  synopsis: '[URL] -t FILTER [-t FILTER ...] [options]',
  options: [...subscription.subscriptionOptions, ...output.outputOptions, ...connectionOptions],
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
  const filters = values.get(subscription.filterOption);
  if (filters.length === 0) throw new UsageError('there is no topic', "Give one or more: -t 'sensors/#'");
  const formatter = await makeFormatter(values, context);
  return withBroker(values, context, 'mqtt-sub', (plan) => {
    const status = new Status('mqtt-sub', context, values.get(quietOption));
    const receiver = new Receiver(formatter, context, {
      filterOut: values.get(subscription.filterOutOption),
      noRetained: values.get(subscription.noRetainedOption),
      count: values.get(subscription.countOption),
    });
    const listening = new Listening(limitReceiveMaximum(plan, values), context, status, receiver, {
      subscriptions: filters.map((filter) => ({ filter, qos: values.get(subscription.subscribeQosOption) })),
      timeLimitMs: values.get(subscription.timeLimitOption),
      trace: makeTrace('mqtt-sub', values, context),
    });
    return listening.run();
  });
}

/** Throws UsageError for formats that exclude each other. */
async function makeFormatter(values: OptionValues, context: Context): Promise<Formatter> {
  const onTerminal = context.stdout.isTTY === true && !values.get(output.rawOption);
  const parseJson = values.get(output.parseJsonOption);
  if (values.get(output.jsonOption) || parseJson) {
    const spelled = values.spelled(parseJson ? output.parseJsonOption : output.jsonOption);
    const other = [output.verboseOption, output.noNewlineOption, output.rawOption].find((spec) => values.get(spec));
    if (other) throw new UsageError(`${values.spelled(other)} is for text, and ${spelled} prints JSON`);
    const { JsonLines } = await import('../output/json-lines.ts');
    return new JsonLines({ parseJson, forTerminal: onTerminal });
  }
  const { RawText, TerminalText } = await import('../output/text.ts');
  const options = { verbose: values.get(output.verboseOption), newline: !values.get(output.noNewlineOption) };
  return onTerminal ? new TerminalText(options) : new RawText(options);
}

/** The broker should not hand over more QoS 1 and 2 messages than are wanted: they would stay unacknowledged. */
function limitReceiveMaximum(plan: ConnectionPlan, values: OptionValues): ConnectionPlan {
  const count = values.get(subscription.countOption);
  return count === undefined || count > 65_535 ? plan : { ...plan, receiveMaximum: count };
}
