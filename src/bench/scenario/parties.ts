/** The publishers and subscribers of a run, or of a thread's share of it: opened, and ready for the load. */
import type { Clock } from '../../cli/context.ts';
import type { ConnectionPlan } from '../../mqtt/connection-plan.ts';
import { makeLanes } from '../../mqtt/lane/lanes.ts';
import type { QoS, Session, SessionHandlers, SessionInfo } from '../../mqtt/session.ts';
import type { Connections } from '../connect/connections.ts';
import { checkBroker } from '../connect/preflight.ts';
import { subscribeAll } from '../connect/subscribe.ts';
import type { Content, Contents } from '../content/content.ts';
import { BulkLane } from '../load/bulk-lane.ts';
import { isRetained, laneEventsOf, type PublishLane, SessionLane } from '../load/lane.ts';
import { type BenchPlan, publisherWindowOf } from '../plan/plan.ts';
import type { Recorder } from '../record/recorder.ts';
import type { Ending } from './ending.ts';
import { within } from './within.ts';

/** How long the subscribers may take, at the end, to show that nothing more is on its way to them. */
const BARRIER_MS = 1000;

/** What both sides need. Numbers of publishers and subscribers count from `first`, those of a thread's own from 0. */
export interface PartyWorld {
  readonly plan: BenchPlan;
  readonly connection: ConnectionPlan;
  readonly connections: Connections;
  readonly ending: Pick<Ending, 'byError' | 'signal'>;
  /** Something was acknowledged or delivered. */
  readonly wake: () => void;
  readonly clock: Clock;
  /** For every connection, such as a trace. */
  readonly handlers: Omit<SessionHandlers, 'onMessage'>;
}

/** What takes the messages that come to subscribers: the payload is `bytes` from `from` up to `to`. */
export type Receive = (subscriber: number, bytes: Uint8Array, nowUs: number, from: number, to: number) => void;

/** Subscribers, subscribed. */
export interface Subscribers {
  readonly sessions: readonly Session[];
  /** The lowest that was granted. */
  readonly grantedQoS: QoS;
}

/** Opens subscribers `from` up to `to` and subscribes them. */
export async function openSubscribers(
  { clock, connection, connections, ending, handlers, plan, wake }: PartyWorld,
  receive: Receive,
  from: number,
  to: number,
): Promise<Subscribers> {
  const sessions = await connections.openMany('subscriber', to - from, (index) => ({
    ...inBulk(handlers),
    onMessage: ({ payload }) => {
      receive(from + index, payload, clock.monotonicMs() * 1000, 0, payload.length);
      wake();
      return undefined;
    },
  }));
  for (const [index, { lanes }] of sessions.entries()) {
    if (lanes === undefined) continue;
    let nowUs = 0;
    lanes.onRead = () => {
      nowUs = clock.monotonicMs() * 1000;
    };
    lanes.openReceive((bytes, start, end) => receive(from + index, bytes, nowUs, start, end));
    lanes.onReadEnd = wake;
  }
  const { suback } = connections.record;
  const grantedQoS = await subscribeAll(sessions, plan, connection, clock, ending.signal, suback, from);
  return { sessions, grantedQoS };
}

/** Opens publishers `from` up to `to`. Their lanes tell `recorder`, which counts from 0, and wake the load. */
export async function openPublishers(
  world: PartyWorld,
  contents: Contents,
  recorder: Recorder,
  from: number,
  to: number,
): Promise<{ readonly infos: readonly SessionInfo[]; readonly lanes: readonly PublishLane[] }> {
  const { connections, ending, handlers, plan } = world;
  const sessions = await connections.openMany('publisher', to - from, () => inBulk(handlers));
  ending.signal.throwIfAborted();
  const largest = Buffer.alloc(plan.payload.sizeBytes);
  const lanes = sessions.map((session, index) => {
    const content = contents.of(from + index);
    checkLimits(plan, content.topicOf(0), largest, session.info);
    return makeLane(session, index, content, recorder, world);
  });
  return { infos: sessions.map(({ info }) => info), lanes };
}

function makeLane(
  session: Session,
  index: number,
  content: Content,
  recorder: Recorder,
  { clock, ending, plan, wake }: PartyWorld,
): PublishLane {
  const events = laneEventsOf(recorder, index, wake, (error) => ending.byError(error));
  if (session.lanes === undefined) return new SessionLane(session, plan, content, events, clock);
  return new BulkLane(session, session.lanes, plan, content, publisherWindowOf(plan), events, clock);
}

/** A trace shows what the client sends and receives: with one, nothing goes past it. */
function inBulk(handlers: PartyWorld['handlers']): PartyWorld['handlers'] {
  return handlers.onTrace === undefined ? { ...handlers, makeLanes } : handlers;
}

/** What the broker said to the first connection: before ten thousand more are opened. Throws PublishRefusedError. */
export function checkFirst(plan: BenchPlan, contents: Contents, info: SessionInfo): void {
  checkLimits(plan, contents.of(0).topicOf(0), Buffer.alloc(plan.payload.sizeBytes), info);
}

/** Throws PublishRefusedError for messages that the broker said it would not take; `payload` is as large as any. */
export function checkLimits(plan: BenchPlan, topic: string, payload: Buffer, info: SessionInfo): void {
  const { properties, qos, topicAlias } = plan;
  const message = {
    topic,
    payload,
    qos,
    retain: isRetained(plan, info),
    properties: { ...properties, ...(topicAlias && { topicAlias: 1 }) },
  };
  checkBroker(message, info);
}

/** All that the broker had sent to a subscriber before it answers PINGREQ has been counted: late duplicates too. */
export async function passBarrier(subscribers: readonly Session[], clock: Clock, abort: AbortSignal): Promise<void> {
  const answers = Promise.allSettled(subscribers.map((subscriber) => subscriber.ping()));
  // What cuts it short is told by the run itself.
  await within(answers, BARRIER_MS, clock, abort).catch(() => undefined);
}
