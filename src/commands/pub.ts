import type { Context } from '../cli/context.ts';
import { ExitCode } from '../cli/exit-codes.ts';
import { UsageError } from '../errors.ts';
import { type PayloadSource, readPayload, resolvePayloadSource } from '../input/payload-source.ts';
import type { ConnectionPlan } from '../mqtt/connection-plan.ts';
import { maximumPayloadBytes } from '../mqtt/limits.ts';
import type { PacketProperties } from '../mqtt/properties.ts';
import { connectionOptions, maxInflightOption, quietOption, retryOptions } from '../options/connection.ts';
import * as options from '../options/message.ts';
import type { OptionValues } from '../options/option-values.ts';
import { propertiesFor, refusePropertiesOf } from '../options/properties.ts';
import { withBroker } from './broker.ts';
import type { Command } from './command.ts';
import { unlessStopped } from './interruption.ts';
import { LineFeed } from './line-feed.ts';
import { openPublishing } from './open-publishing.ts';
import { resolvePersistence } from './persistence.ts';
import type { MessageFrame, Publishing } from './publishing.ts';
import { resolvePatience } from './reconnecting.ts';
import { Status } from './status.ts';
import type { Unsent } from './unsent.ts';

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
  readonly message: MessageFrame;
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
  const unsent = values.has(options.unsentOption)
    ? await (await import('./unsent.ts')).resolveUnsent(values, payload === undefined, message.qos)
    : undefined;
  const given = resolvePatience(values);
  const mayReconnect = payload === undefined || given.retries !== undefined || given.retryForMs !== undefined;
  const persistence = resolvePersistence(connection, message.qos, mayReconnect);
  const publishing = await openPublishing(persistence, message, values, context, { status, mayReconnect, unsent });
  try {
    if (payload !== undefined) {
      await publishRepeatedly(payload, plan, publishing, context);
      await publishing.finish();
    } else {
      await publishLines(publishing, plan, maxBytes, context, status, unsent);
    }
  } finally {
    // On an early end the Will is published, as when mosquitto_pub is killed. [MQTT5 3.14.2.1]
    await publishing.session.close(context.stop.aborted ? 0x04 : 0x00, {
      ...persistence.disconnectProperties,
      ...plan.disconnectProperties,
    });
  }
}

async function publishLines(
  publishing: Publishing,
  { message }: PubPlan,
  maxBytes: number,
  context: Context,
  status: Status,
  unsent: Unsent | undefined,
): Promise<void> {
  const feed = new LineFeed(publishing, context.stdin, { maxBytes, skipEmpty: message.retain });
  try {
    await feed.run().catch(async (error: unknown) => {
      // The input has failed, the messages before it have not.
      await publishing.settled().catch(() => undefined);
      throw error;
    });
    if (feed.skipped > 0) status.warn(describeSkipped(feed.skipped));
    await publishing.finish();
  } catch (error) {
    const kept = await unsent?.conclude(publishing, feed, context);
    if (kept !== undefined) status.warn(kept);
    throw error;
  } finally {
    publishing.stop();
    // An input that stays open must not hold up the end.
    context.stdin.destroy();
  }
}

async function publishRepeatedly(
  payload: Buffer,
  { repeat, repeatDelayMs }: PubPlan,
  publishing: Publishing,
  context: Context,
): Promise<void> {
  for (let number = 1; number <= repeat && !publishing.hasFailed; number += 1) {
    await publishing.send(payload);
    if (number === repeat) return;
    await publishing.settled();
    if (repeatDelayMs > 0) await publishing.pause(repeatDelayMs, context.clock);
  }
}

function describeSkipped(lines: number): string {
  return `${lines} blank ${lines === 1 ? 'line was' : 'lines were'} skipped: with -r an empty message would delete the retained one (-n -r does)`;
}
