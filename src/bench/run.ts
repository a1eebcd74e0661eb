import { setMaxListeners } from 'node:events';
import type { Context, StopReason } from '../cli/context.ts';
import type { ConnectionPlan } from '../mqtt/connection-plan.ts';
import { checkBrokerLimits } from '../mqtt/limits.ts';
import type { QoS, Session, SessionHandlers, SessionInfo } from '../mqtt/session.ts';
import type { BrokerProcess } from './broker-process.ts';
import { type BrokerWatch, watchBroker } from './broker-watch.ts';
import { Connections } from './connections.ts';
import { Ending } from './ending.ts';
import type { BrokerIdentity } from './identify.ts';
import { SessionLane } from './lane.ts';
import { Load } from './load.ts';
import { type BenchPlan, topicOf } from './plan.ts';
import { type Progress, progressOf } from './progress.ts';
import { Recorder } from './recorder.ts';
import type { Outcome, Sample } from './result.ts';
import { Sampler } from './sampler.ts';
import { subscribeAll } from './subscribe.ts';
import { within } from './within.ts';

/** How long a run that is cut short waits for what is on its way: Ctrl-C must end it within a second. */
const GRACE_MS = 100;
/** How long the subscribers may take, at the end, to show that nothing more is on its way to them. */
const BARRIER_MS = 1000;

/** The world of a run. */
export interface BenchWorld extends Pick<Context, 'clock' | 'machine' | 'openSession' | 'stop'> {
  /** For every connection, such as a trace. */
  readonly handlers: Omit<SessionHandlers, 'onMessage'>;
  /** Of --broker-pid. */
  readonly brokerProcess?: BrokerProcess;
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
  /** Set when `outcome` is that sending failed: what was thrown. */
  readonly error: Error | undefined;
  readonly recorder: Recorder;
  readonly identity: BrokerIdentity | undefined;
  /** What was agreed with each publisher. */
  readonly publishers: readonly SessionInfo[];
  /** The lowest QoS that a subscriber was granted. */
  readonly grantedQoS: QoS;
  /** Of each second of the load. */
  readonly samples: readonly Sample[];
}

/**
 * Runs a benchmark: subscribers first, then publishers, the load, and the wait for all that is due. Throws CliError for
 * what fails before the first message; from then on everything that happens is part of what it returns.
 */
export async function runBench(plan: BenchPlan, connection: ConnectionPlan, world: BenchWorld): Promise<BenchRun> {
  const { clock, stop } = world;
  // Each connection listens to it while it opens, and many do at once: more than ten is no leak here.
  setMaxListeners(0, stop);
  const ending = new Ending();
  const onStop = (): void => ending.byStop(stop.reason as StopReason);
  stop.addEventListener('abort', onStop);
  if (stop.aborted) onStop();
  const connections = new Connections(plan, connection, world, (ended) => ending.byLoss(ended));
  const recorder = new Recorder(plan);
  const load = new Load(plan, recorder, clock);
  let watch: BrokerWatch | undefined;
  let sampler: Sampler | undefined;
  try {
    watch = await watchBroker(connection, world);
    const { topics } = watch;
    const subscribers = await openSubscribers(plan, connections, recorder, load, world);
    const grantedQoS = await subscribeAll(subscribers, plan, connection, clock, ending.signal);
    const publishers = await connections.openMany('publisher', plan.publishers, () => world.handlers);
    for (const [index, { info }] of publishers.entries()) checkLimits(plan, index, info);
    ending.signal.throwIfAborted();

    const startedMs = clock.epochMs();
    const lanes = publishers.map((session, index) => makeLane(session, index, plan, recorder, load, ending, clock));
    ending.signal.addEventListener('abort', () => load.stop(GRACE_MS));
    const progress = progressOf(recorder, () => connections.openCount);
    sampler = new Sampler({ progress, sys: () => topics.figures, brokerProcess: world.brokerProcess }, world);
    const { samples } = sampler;
    load.start(lanes);
    world.onStart({ progress, samples });
    const end = await load.ended;
    const { outcome = { kind: end } } = ending;
    await passBarrier(subscribers, ending.signal.aborted ? GRACE_MS : BARRIER_MS, clock);
    sampler.stop();
    return {
      plan,
      connection,
      startedMs,
      outcome,
      error: outcome.kind === 'failed' ? (ending.signal.reason as Error) : undefined,
      recorder,
      identity: topics.identity,
      publishers: publishers.map(({ info }) => info),
      grantedQoS,
      samples,
    };
  } finally {
    sampler?.stop();
    stop.removeEventListener('abort', onStop);
    await Promise.all([connections.close(), watch?.close()]);
  }
}

function openSubscribers(
  plan: BenchPlan,
  connections: Connections,
  recorder: Recorder,
  load: Load,
  { clock, handlers }: BenchWorld,
): Promise<Session[]> {
  return connections.openMany('subscriber', plan.subscribers, (index) => ({
    ...handlers,
    onMessage: ({ payload }) => {
      recorder.received(index, payload, clock.monotonicMs() * 1000);
      load.wake();
      return undefined;
    },
  }));
}

function makeLane(
  session: Session,
  index: number,
  plan: BenchPlan,
  recorder: Recorder,
  load: Load,
  ending: Ending,
  clock: Context['clock'],
): SessionLane {
  return new SessionLane(session, plan, index, {
    onAcknowledged: (sequence, sentUs, outcome) => {
      recorder.acknowledged(index, sequence, sentUs, clock.monotonicMs() * 1000, outcome);
      load.wake();
    },
    onFailed: (error) => ending.byError(error),
  });
}

function checkLimits(plan: BenchPlan, publisher: number, info: SessionInfo): void {
  const message = {
    topic: topicOf(plan, publisher),
    payload: Buffer.alloc(plan.payload.sizeBytes),
    qos: plan.qos,
    retain: false,
  };
  checkBrokerLimits(message, info);
}

/** All that the broker had sent to a subscriber before it answers PINGREQ has been counted: late duplicates too. */
async function passBarrier(subscribers: readonly Session[], limitMs: number, clock: Context['clock']): Promise<void> {
  const answers = Promise.allSettled(subscribers.map((subscriber) => subscriber.ping()));
  await within(answers, limitMs, clock);
}
