import type { Context } from '../cli/context.ts';
import { ExitCode } from '../cli/exit-codes.ts';
import { UsageError } from '../errors.ts';
import { type PayloadSource, readLines, readPayload, resolvePayloadSource } from '../input/payload-source.ts';
import type { ConnectionPlan } from '../mqtt/connection-plan.ts';
import { maximumPayloadBytes } from '../mqtt/limits.ts';
import type { QoS } from '../mqtt/session.ts';
import { connectionOptions, quietOption } from '../options/connection.ts';
import { messageOptions, qosOption, retainOption, topicOption } from '../options/message.ts';
import type { OptionValues } from '../options/option-values.ts';
import { withBroker } from './broker.ts';
import type { Command } from './command.ts';
import { Publishing } from './publishing.ts';
import { makeTrace } from './status.ts';

export const pubCommand: Command = {
  name: 'mqtt-pub',
  summary: 'publish a message, and say whether the broker accepted it',
  synopsis: '[URL] -t TOPIC (-m MESSAGE | -f FILE | -s | -l | -n) [options]',
  options: [...messageOptions, ...connectionOptions],
  examples: [
    { says: 'at QoS 1, exit code 0 means that the broker accepted it', typed: 'mqtt-pub -t test -m hello -q 1' },
    { says: 'another broker, retained', typed: 'mqtt-pub mqtt://broker.lan -t home/door -m open -r' },
    { says: 'each line of a log as a message, as it is written', typed: 'tail -f app.log | mqtt-pub -t logs/app -l' },
    { says: 'a file, byte for byte', typed: 'mqtt-pub -t cam/1 -f picture.jpg' },
    { says: 'delete a retained message', typed: 'mqtt-pub -t home/door -n -r' },
  ],
  needsArguments: () => true,
  run,
};

interface PubPlan {
  readonly topic: string;
  readonly qos: QoS;
  readonly retain: boolean;
  readonly source: PayloadSource;
}

function planPub(values: OptionValues): PubPlan {
  const topic = values.get(topicOption);
  if (topic === undefined) throw new UsageError('there is no topic', 'Give one: -t TOPIC');
  return {
    topic,
    qos: values.get(qosOption),
    retain: values.get(retainOption),
    source: resolvePayloadSource(values),
  };
}

async function run(values: OptionValues, context: Context): Promise<ExitCode> {
  const plan = planPub(values);
  await withBroker(values, context, 'mqtt-pub', (connection) => publishAll(plan, connection, values, context));
  return ExitCode.ok;
}

async function publishAll(
  plan: PubPlan,
  connection: ConnectionPlan,
  values: OptionValues,
  context: Context,
): Promise<void> {
  const { topic, qos, retain, source } = plan;
  const maxBytes = maximumPayloadBytes(topic);
  // One message is read before connecting, so that an unreadable file sends nothing.
  const payload = source.kind === 'lines' ? undefined : await readPayload(source, context, maxBytes);
  const session = await context.openSession(connection, makeTrace('mqtt-pub', values, context));
  const publishing = new Publishing(session, context, { confirmTimeoutMs: connection.connectTimeoutMs });
  try {
    if (payload !== undefined) {
      await publishing.send({ topic, payload, qos, retain });
    } else {
      const skipped = await publishing.sendLines(readLines(context, maxBytes), { topic, qos, retain });
      if (skipped > 0 && !values.get(quietOption)) {
        context.stderr.write(
          `mqtt-pub: ${skipped} blank ${skipped === 1 ? 'line was' : 'lines were'} skipped: with -r an empty message would delete the retained one (-n -r does)\n`,
        );
      }
    }
    await publishing.finish();
  } finally {
    await session.close();
  }
}
