import type { Context } from '../cli/context.ts';
import { ExitCode } from '../cli/exit-codes.ts';
import { UsageError } from '../errors.ts';
import { type PayloadSource, readLines, readPayload, resolvePayloadSource } from '../input/payload-source.ts';
import type { ConnectionPlan } from '../mqtt/connection-plan.ts';
import { maximumPayloadBytes } from '../mqtt/limits.ts';
import type { PacketProperties } from '../mqtt/properties.ts';
import type { OutgoingMessage, Session } from '../mqtt/session.ts';
import { connectionOptions, maxInflightOption, quietOption, retryOptions } from '../options/connection.ts';
import * as options from '../options/message.ts';
import type { OptionValues } from '../options/option-values.ts';
import { propertiesFor, refusePropertiesOf } from '../options/properties.ts';
import { withBroker } from './broker.ts';
import type { Command } from './command.ts';
import { describeInterruption, unlessStopped } from './interruption.ts';
import { Publishing } from './publishing.ts';
import { connectAgain, connectFirst, resolvePatience } from './reconnecting.ts';
import { makeTrace, Status } from './status.ts';

export const pubCommand: Command = {
  name: 'mqtt-pub',
  summary: 'publish a message, and say whether the broker accepted it',
  synopsis: '[URL] -t TOPIC (-m MESSAGE | -f FILE | -s | -l | -n) [options]',
  options: [...options.messageOptions, maxInflightOption, ...retryOptions, ...connectionOptions],
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
  readonly message: Omit<OutgoingMessage, 'payload'> & { readonly topic: string };
  readonly source: PayloadSource;
  readonly repeat: number;
  readonly repeatDelayMs: number;
  readonly disconnectProperties: PacketProperties | undefined;
}

function planPub(values: OptionValues): PubPlan {
  const topic = values.get(options.topicOption);
  if (topic === undefined) throw new UsageError('there is no topic', 'Give one: -t TOPIC');
  const source = resolvePayloadSource(values);
  refusePropertiesOf(['subscribe', 'unsubscribe'], values, 'mqtt-pub');
  const properties = propertiesFor('publish', values);
  return {
    message: {
      topic,
      qos: values.get(options.qosOption),
      retain: values.get(options.retainOption),
      ...(properties && { properties }),
    },
    source,
    // A delay without --repeat, and both with -l, have no effect, as with mosquitto_pub.
    repeat: values.get(options.repeatOption) ?? 1,
    repeatDelayMs: values.get(options.repeatDelayOption) ?? 0,
    disconnectProperties: propertiesFor('disconnect', values),
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
  const { message, source } = plan;
  const status = new Status('mqtt-pub', context, values.get(quietOption));
  const maxBytes = maximumPayloadBytes(message.topic);
  // One message is read before connecting, so that an unreadable file sends nothing.
  const payload =
    source.kind === 'lines'
      ? undefined
      : await unlessStopped(readPayload(source, context, maxBytes), context.stop, 'nothing was sent');
  if (source.kind === 'stdin' && payload?.length === 0 && message.retain) {
    throw new UsageError(
      'standard input is empty, and with -r an empty message would delete the retained one',
      'Where that is meant: -n -r',
    );
  }
  const publishing = await openPublishing(connection, values, context, status, payload === undefined);
  try {
    if (payload === undefined) {
      const skipped = await publishing.sendLines(readLines(context, maxBytes), message);
      if (skipped > 0) status.warn(describeSkipped(skipped));
    } else {
      await publishRepeatedly({ ...message, payload }, plan, publishing, context);
    }
    await publishing.finish();
  } finally {
    // On an early end the Will is published, as when mosquitto_pub is killed. [MQTT5 3.14.2.1]
    await publishing.session.close(context.stop.aborted ? 0x04 : 0x00, plan.disconnectProperties);
  }
}

/** A lost connection is the end of one message, unless patience was asked for; with lines it is connected again. */
async function openPublishing(
  connection: ConnectionPlan,
  values: OptionValues,
  context: Context,
  status: Status,
  isStream: boolean,
): Promise<Publishing> {
  const given = resolvePatience(values);
  const persistent = isStream || given.retries !== undefined || given.retryForMs !== undefined;
  const cancelled = new Promise<void>((resolve) => {
    if (context.stop.aborted) resolve();
    context.stop.addEventListener('abort', () => resolve(), { once: true });
  });
  const world = { context, status, patience: given, cancelled };
  let plan = connection;
  const open = async (): Promise<Session> => {
    const opened = await context.openSession(plan, makeTrace('mqtt-pub', values, context));
    // What was agreed at first holds for the run: a reconnect does not negotiate again.
    plan = { ...plan, version: opened.info.version };
    return opened;
  };
  const session = await connectFirst(open, world);
  if (session === undefined) throw describeInterruption(context.stop, 'before the broker was there');
  return new Publishing(session, context, {
    confirmTimeoutMs: connection.connectTimeoutMs,
    maxInflight: values.get(maxInflightOption),
    reopen: persistent ? (end) => connectAgain(end, open, world, connection) : undefined,
  });
}

async function publishRepeatedly(
  message: OutgoingMessage,
  { repeat, repeatDelayMs }: PubPlan,
  publishing: Publishing,
  context: Context,
): Promise<void> {
  for (let number = 1; number <= repeat && !publishing.hasFailed; number += 1) {
    await publishing.send(message);
    if (number === repeat) return;
    await publishing.settled();
    if (repeatDelayMs > 0) await publishing.pause(repeatDelayMs, context.clock);
  }
}

function describeSkipped(lines: number): string {
  return `${lines} blank ${lines === 1 ? 'line was' : 'lines were'} skipped: with -r an empty message would delete the retained one (-n -r does)`;
}
