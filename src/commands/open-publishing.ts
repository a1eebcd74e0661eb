/** From the options of mqtt-pub to a connection over which it publishes. */
import type { Context } from '../cli/context.ts';
import type { MakeLanes } from '../mqtt/lane/lanes.ts';
import type { Session } from '../mqtt/session.ts';
import { brokerOption, maxInflightOption } from '../options/connection.ts';
import { ackTimeoutOption, stdinLineOption } from '../options/message.ts';
import type { OptionValues } from '../options/option-values.ts';
import { describeInterruption } from './interruption.ts';
import type { Persistence } from './persistence.ts';
import { type MessageFrame, Publishing } from './publishing.ts';
import { connectAgain, connectFirst, limitConnect, resolvePatience } from './reconnecting.ts';
import { makeTrace, type Status } from './status.ts';
import type { Unsent } from './unsent.ts';

export interface PublishingWorld {
  readonly status: Status;
  readonly mayReconnect: boolean;
  /** Where lines go that the broker refuses. */
  readonly unsent: Unsent | undefined;
}

/** A lost connection is the end of one message, unless patience was asked for; with lines it is connected again. */
export async function openPublishing(
  { connection, again }: Persistence,
  message: MessageFrame,
  values: OptionValues,
  context: Context,
  { status, mayReconnect, unsent }: PublishingWorld,
): Promise<Publishing> {
  const cancelled = new Promise<void>((resolve) => {
    if (context.stop.aborted) resolve();
    context.stop.addEventListener('abort', () => resolve(), { once: true });
  });
  const world = { context, status, patience: resolvePatience(values), cancelled };
  const loadLanes = async (): Promise<MakeLanes> => (await import('../mqtt/lane/lanes.ts')).makeLanes;
  let next = connection;
  const open = async (limitMs: number): Promise<Session> => {
    const opened = await context.openSession(limitConnect(next, limitMs), {
      ...makeTrace('mqtt-pub', values, context),
      loadLanes,
    });
    next = again(opened.info);
    return opened;
  };
  const session = await connectFirst(open, world);
  if (session === undefined) throw describeInterruption(context.stop, 'before the broker was there');
  return new Publishing(session, message, context, {
    confirmTimeoutMs: connection.connectTimeoutMs,
    ackTimeoutMs: values.get(ackTimeoutOption),
    isBrokerHere: values.get(brokerOption) !== undefined,
    isMany: values.has(stdinLineOption),
    maxInflight: values.get(maxInflightOption),
    reopen: mayReconnect ? (end) => connectAgain(end, open, world, connection) : undefined,
    onRefused: unsent && ((line) => unsent.add(line)),
  });
}
