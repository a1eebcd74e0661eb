/** What every scenario stands on: connections, the watch on the broker, samples, and an end in time whatever happens. */
import { setMaxListeners } from 'node:events';
import type { StopReason } from '../../cli/context.ts';
import { CliError, UsageError } from '../../errors.ts';
import type { ConnectionPlan } from '../../mqtt/connection-plan.ts';
import type { QoS, SessionInfo } from '../../mqtt/session.ts';
import { Connections, type EndedConnection } from '../connect/connections.ts';
import { holdsBackPackets } from '../diagnosis/held-back.ts';
import { mayBeHeldBack } from '../diagnosis/plateau.ts';
import type { LoadEnd } from '../load/load.ts';
import type { BenchPlan } from '../plan/plan.ts';
import { checkSharedSubscription } from '../plan/shared-subscription.ts';
import type { Recorder } from '../record/recorder.ts';
import type { Outcome, Sample } from '../result/result.ts';
import { type BrokerWatch, watchBroker } from '../watch/broker-watch.ts';
import type { Progress } from '../watch/progress.ts';
import { Sampler } from '../watch/sampler.ts';
import { Ending } from './ending.ts';
import type { BenchRun, BenchWorld } from './run.ts';

/** How long a run that is cut short waits for what is on its way, and then for its connections to close. */
export const GRACE_MS = 100;
const MOST_IN_ORDER = 1000;

/** What a scenario works with. */
export interface Stage {
  readonly ending: Ending;
  readonly connections: Connections;
  /** What the broker said to the first connection of the run. */
  readonly info: SessionInfo;
  /** What was agreed with each publisher, as soon as that is known. */
  publishers: readonly SessionInfo[];
  grantedQoS: QoS;
  /** The load begins: from now on each second is sampled. */
  begin(progress: Progress): void;
}

/** One scenario. */
export interface Play {
  readonly recorder: Recorder;
  /** What is known beside the recorder. */
  readonly more?: Pick<BenchRun, 'openings' | 'wills'>;
  /** A connection has ended, after it was closed too; without it, a connection that is lost ends the run. */
  readonly onEnded?: (ended: EndedConnection, ending: Ending) => void;
  /** Rejects with a CliError for what fails before the load begins. */
  play(stage: Stage): Promise<LoadEnd>;
}

/**
 * Runs a scenario to its end, and closes every connection. What fails is part of what it returns, so that there is a
 * result of it; only a UsageError, and what is no CliError, is thrown.
 */
export async function runOnStage(
  plan: BenchPlan,
  connection: ConnectionPlan,
  world: BenchWorld,
  { recorder, more = {}, onEnded = (ended, ending) => ending.byLoss(ended), play }: Play,
): Promise<BenchRun> {
  const { clock, stop } = world;
  // Each connection listens to it while it opens, and many do at once: more than ten is no leak here.
  setMaxListeners(0, stop);
  const ending = new Ending();
  setMaxListeners(0, ending.signal);
  const onStop = (): void => ending.byStop(stop.reason as StopReason);
  stop.addEventListener('abort', onStop);
  if (stop.aborted) onStop();
  const connections = new Connections(
    plan,
    afterAnswer(connection),
    world,
    (ended) => onEnded(ended, ending),
    ending.signal,
  );
  let startedMs = clock.epochMs();
  let watch: BrokerWatch | undefined;
  let sampler: Sampler | undefined;
  let sysBefore: Sample['sys'] = null;
  let stage: Stage | undefined;
  let isHeldBack: boolean | undefined;
  let end: { readonly outcome: Outcome; readonly error: Error | undefined };
  try {
    watch = await openWatch(connection, world, connections, ending.signal);
    const { info, topics } = watch;
    checkSharedSubscription(plan, info);
    stage = {
      ending,
      connections,
      info,
      publishers: [info],
      grantedQoS: plan.qos,
      begin(progress) {
        startedMs = clock.epochMs();
        sysBefore = topics.figures;
        sampler = new Sampler({ progress, sys: () => topics.figures, brokerProcess: world.brokerProcess }, world);
        world.onStart({ progress, samples: sampler.samples });
      },
    };
    const kind = await play(stage);
    if (ending.outcome === undefined && watch.session !== undefined && mayBeHeldBack(recorder)) {
      sampler?.stop();
      isHeldBack = await holdsBackPackets(watch.session, clock, ending.signal);
    }
    const outcome = ending.outcome ?? { kind };
    end = { outcome, error: outcome.kind === 'failed' ? (ending.signal.reason as Error) : undefined };
  } catch (error) {
    if (!(error instanceof CliError) || error instanceof UsageError) throw error;
    end = { outcome: ending.outcome ?? { kind: 'failed', reason: error.message }, error };
  } finally {
    sampler?.stop();
    stop.removeEventListener('abort', onStop);
    // Ctrl-C must end a run within a second, though the broker may not answer any more.
    const graceMs = ending.signal.aborted ? graceFor(connections.openCount) : undefined;
    await Promise.all([connections.close(graceMs), watch?.close(graceMs)]);
  }
  const { publishers = [], grantedQoS = plan.qos } = stage ?? {};
  return {
    ...end,
    ...more,
    hasBegun: sampler !== undefined,
    plan,
    connection,
    startedMs,
    recorder,
    connections: connections.record,
    identity: watch?.topics.identity,
    publishers,
    grantedQoS,
    samples: sampler?.samples ?? [],
    sysBefore,
    isHeldBack,
  };
}

/** For all connections but the first: that one has shown that the broker is there. */
export function afterAnswer(connection: ConnectionPlan): ConnectionPlan {
  return { ...connection, endpoint: { ...connection.endpoint, hasAnswered: true } };
}

/** To close one connection after the other in order takes longer than there is, where there are thousands. */
function graceFor(connections: number): number {
  return connections > MOST_IN_ORDER ? 0 : GRACE_MS;
}

/** The first connection of the run: where it fails, it counts as one that was attempted. */
async function openWatch(
  connection: ConnectionPlan,
  world: BenchWorld,
  { record }: Connections,
  abort: AbortSignal,
): Promise<BrokerWatch> {
  try {
    return await watchBroker(connection, world, abort);
  } catch (error) {
    record.fail((error as Error).message);
    throw error;
  }
}
