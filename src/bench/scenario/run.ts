import type { Context } from '../../cli/context.ts';
import type { ConnectionPlan } from '../../mqtt/connection-plan.ts';
import type { QoS, SessionHandlers, SessionInfo } from '../../mqtt/session.ts';
import { Contents } from '../content/content.ts';
import { epochOffsetUsOf } from '../content/probe.ts';
import { Load } from '../load/load.ts';
import { UnreadAnswers } from '../load/unread-answers.ts';
import type { BenchPlan } from '../plan/plan.ts';
import type { ConnectionRecord } from '../record/connection-record.ts';
import type { OpeningRecord } from '../record/opening-record.ts';
import { Recorder } from '../record/recorder.ts';
import type { WillRecord } from '../record/will-record.ts';
import type { Outcome, Sample } from '../result/result.ts';
import type { BrokerProcess } from '../watch/broker-process.ts';
import type { BrokerIdentity } from '../watch/identify.ts';
import { type Progress, progressOf } from '../watch/progress.ts';
import { checkFirst, openPublishers, openSubscribers, passBarrier, type Receive } from './parties.ts';
import { removeRetainedOf } from './retained.ts';
import { GRACE_MS, runOnStage } from './stage.ts';

/** The world of a run. */
export interface BenchWorld extends Pick<Context, 'clock' | 'machine' | 'openSession' | 'stop'> {
  /** For every connection, such as a trace. */
  readonly handlers: Omit<SessionHandlers, 'onMessage'>;
  /** The broker does not run in this thread. */
  readonly isBrokerApart?: boolean;
  /** Needed where the plan has workers. */
  readonly startThread?: Context['startThread'];
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
  /** Retained messages of the run that could not be removed from the broker again. */
  readonly retainedLeft?: number;
  /** The figures of `$SYS` before it. */
  readonly sysBefore: Sample['sys'];
  /** Whether the broker was seen to hold packets back (Nagle's algorithm); left out where that was not tried. */
  readonly isHeldBack?: boolean | undefined;
}

/** Runs a benchmark: subscribers first, then publishers, the load, and the wait for all that is due. */
export async function runBench(plan: BenchPlan, connection: ConnectionPlan, world: BenchWorld): Promise<BenchRun> {
  const { clock } = world;
  const contents = new Contents(plan, epochOffsetUsOf(clock));
  const recorder = new Recorder(plan, contents);
  const load = new Load(plan, recorder, clock, world.isBrokerApart);
  const unread = new UnreadAnswers(plan, clock, {
    release: (publisher, sequence) => recorder.arrived(publisher, sequence),
    wake: () => load.wake(),
  });
  recorder.holdBack = (...delivery) => unread.add(...delivery);
  const run = await runOnStage(plan, connection, world, {
    recorder,
    async play(stage) {
      const { connections, ending } = stage;
      const { handlers } = world;
      checkFirst(plan, contents, stage.info);
      const party = { plan, connection, connections, ending, clock, handlers, wake: () => load.wake() };
      const receive: Receive = (...message) => recorder.received(...message);
      const subscribers = await openSubscribers(party, receive, 0, plan.subscribers);
      unread.use(subscribers.sessions, 0);
      stage.grantedQoS = subscribers.grantedQoS;
      const publishers = await openPublishers(party, contents, recorder, 0, plan.publishers);
      stage.publishers = publishers.infos;
      ending.signal.addEventListener('abort', () => load.stop(GRACE_MS));
      const of = plan.subscribers === 0 ? 'acknowledgement' : 'endToEnd';
      stage.begin(progressOf(recorder, () => connections.openCount, of));
      load.start(publishers.lanes);
      const end = await load.ended;
      // What is still on its way when a run is cut short has had its time.
      if (!ending.signal.aborted) await passBarrier(subscribers.sessions, clock, ending.signal);
      recorder.acceptDelivered();
      return end;
    },
  });
  return removeRetainedOf(run, contents, world);
}
