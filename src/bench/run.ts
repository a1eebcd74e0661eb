import type { Context } from '../cli/context.ts';
import type { ConnectionPlan } from '../mqtt/connection-plan.ts';
import { makeLanes } from '../mqtt/lane/lanes.ts';
import { checkBrokerLimits } from '../mqtt/limits.ts';
import type { QoS, Session, SessionHandlers, SessionInfo } from '../mqtt/session.ts';
import type { BrokerProcess } from './broker-process.ts';
import { BulkLane } from './bulk-lane.ts';
import type { ConnectionRecord } from './connection-record.ts';
import type { Connections } from './connections.ts';
import { type Content, Contents } from './content.ts';
import type { Ending } from './ending.ts';
import type { BrokerIdentity } from './identify.ts';
import { isRetained, type LaneEvents, type PublishLane, SessionLane } from './lane.ts';
import { Load } from './load.ts';
import type { OpeningRecord } from './opening-record.ts';
import { type BenchPlan, publisherWindowOf } from './plan.ts';
import { epochOffsetUsOf } from './probe.ts';
import { type Progress, progressOf } from './progress.ts';
import { Recorder } from './recorder.ts';
import type { Outcome, Sample } from './result.ts';
import { GRACE_MS, runOnStage } from './stage.ts';
import { subscribeAll } from './subscribe.ts';
import type { WillRecord } from './will-record.ts';
import { within } from './within.ts';

/** How long the subscribers may take, at the end, to show that nothing more is on its way to them. */
const BARRIER_MS = 1000;

/** The world of a run. */
export interface BenchWorld extends Pick<Context, 'clock' | 'machine' | 'openSession' | 'stop'> {
  /** For every connection, such as a trace. */
  readonly handlers: Omit<SessionHandlers, 'onMessage'>;
  /** Of --broker-pid. */
  readonly brokerProcess?: BrokerProcess | undefined;
  /** Called when the load starts. */
  readonly onStart: (watched: Watched) => void;
}

/** What can be watched of a run while it lasts. */
export interface Watched {
  readonly progress: Progress;
  /** Of each second so far. */
  readonly samples: readonly Sample[];
}

/** Everything that was seen in a run. */
export interface BenchRun {
  readonly plan: BenchPlan;
  readonly connection: ConnectionPlan;
  /** Milliseconds since the Unix epoch, when the load started. */
  readonly startedMs: number;
  readonly outcome: Outcome;
  /** False: it failed before the load did. */
  readonly hasBegun: boolean;
  /** What was thrown, when something failed. */
  readonly error: Error | undefined;
  readonly recorder: Recorder;
  readonly connections: ConnectionRecord;
  /** Of `conn`: each time that all connections were opened. */
  readonly openings?: readonly OpeningRecord[];
  /** Of `conn`: the Wills of connections that were cut. */
  readonly wills?: WillRecord;
  readonly identity: BrokerIdentity | undefined;
  /** What was agreed with each publisher. */
  readonly publishers: readonly SessionInfo[];
  /** The lowest QoS that a subscriber was granted. */
  readonly grantedQoS: QoS;
  /** Of each second of the load. */
  readonly samples: readonly Sample[];
  /** The figures of `$SYS` before it. */
  readonly sysBefore: Sample['sys'];
}

/** Runs a benchmark: subscribers first, then publishers, the load, and the wait for all that is due. */
export async function runBench(plan: BenchPlan, connection: ConnectionPlan, world: BenchWorld): Promise<BenchRun> {
  const { clock } = world;
  const contents = new Contents(plan, epochOffsetUsOf(clock));
  const recorder = new Recorder(plan, contents);
  const load = new Load(plan, recorder, clock);
  return runOnStage(plan, connection, world, {
    recorder,
    async play(stage) {
      const { connections, ending } = stage;
      const subscribers = await openSubscribers(plan, connections, recorder, load, world);
      const { suback } = connections.record;
      receiveInBulk(subscribers, recorder, load, clock);
      stage.grantedQoS = await subscribeAll(subscribers, plan, connection, clock, ending.signal, suback);
      const publishers = await connections.openMany('publisher', plan.publishers, () => bulk(world.handlers));
      stage.publishers = publishers.map(({ info }) => info);
      ending.signal.throwIfAborted();

      const largest = Buffer.alloc(plan.payload.sizeBytes);
      const lanes = publishers.map((session, index) => {
        const content = contents.of(index);
        checkLimits(plan, content.topicOf(0), largest, session.info);
        return makeLane(session, index, content, plan, recorder, load, ending, clock);
      });
      ending.signal.addEventListener('abort', () => load.stop(GRACE_MS));
      stage.begin(progressOf(recorder, () => connections.openCount));
      load.start(lanes);
      const end = await load.ended;
      // What is still on its way when a run is cut short has had its time.
      if (!ending.signal.aborted) await passBarrier(subscribers, clock, ending.signal);
      return end;
    },
  });
}

function openSubscribers(
  plan: BenchPlan,
  connections: Connections,
  recorder: Recorder,
  load: Load,
  { clock, handlers }: BenchWorld,
): Promise<Session[]> {
  return connections.openMany('subscriber', plan.subscribers, (index) => ({
    ...bulk(handlers),
    onMessage: ({ payload }) => {
      recorder.received(index, payload, clock.monotonicMs() * 1000);
      load.wake();
      return undefined;
    },
  }));
}

/** Messages are recorded in place where the sessions have lanes, and go to `onMessage` where they have none. */
function receiveInBulk(subscribers: readonly Session[], recorder: Recorder, load: Load, clock: Context['clock']): void {
  for (const [index, { lanes }] of subscribers.entries()) {
    if (lanes === undefined) continue;
    let nowUs = 0;
    lanes.onRead = () => {
      nowUs = clock.monotonicMs() * 1000;
    };
    lanes.openReceive((bytes, from, to) => recorder.received(index, bytes, nowUs, from, to));
    lanes.onReadEnd = () => load.wake();
  }
}

function makeLane(
  session: Session,
  index: number,
  content: Content,
  plan: BenchPlan,
  recorder: Recorder,
  load: Load,
  ending: Ending,
  clock: Context['clock'],
): PublishLane {
  const events: LaneEvents = {
    onAcknowledged: (sequence, sentUs, nowUs, outcome) => {
      recorder.acknowledged(index, sequence, sentUs, nowUs, outcome);
      load.wake();
    },
    onReceived: (sentUs, nowUs) => recorder.receipted(sentUs, nowUs),
    onFailed: (error) => ending.byError(error),
  };
  if (session.lanes === undefined) return new SessionLane(session, plan, content, events, clock);
  return new BulkLane(session, session.lanes, plan, content, publisherWindowOf(plan), events, clock);
}

/** A trace shows what the client sends and receives: with one, nothing goes past it. */
function bulk(handlers: BenchWorld['handlers']): BenchWorld['handlers'] {
  return handlers.onTrace === undefined ? { ...handlers, makeLanes } : handlers;
}

/** Throws PublishRefusedError for messages that the broker said it would not take. */
function checkLimits(plan: BenchPlan, topic: string, payload: Buffer, info: SessionInfo): void {
  const { properties, qos, topicAlias } = plan;
  const message = {
    topic,
    payload,
    qos,
    retain: isRetained(plan, info),
    properties: { ...properties, ...(topicAlias && { topicAlias: 1 }) },
  };
  checkBrokerLimits(message, info);
}

/** All that the broker had sent to a subscriber before it answers PINGREQ has been counted: late duplicates too. */
async function passBarrier(
  subscribers: readonly Session[],
  clock: Context['clock'],
  abort: AbortSignal,
): Promise<void> {
  const answers = Promise.allSettled(subscribers.map((subscriber) => subscriber.ping()));
  const aborted = new Promise<void>((resolve) => {
    abort.addEventListener('abort', () => resolve());
  });
  await within(Promise.race([answers, aborted]), BARRIER_MS, clock);
}
