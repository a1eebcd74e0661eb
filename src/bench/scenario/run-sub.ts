import type { Clock, Timer } from '../../cli/context.ts';
import type { ConnectionPlan } from '../../mqtt/connection-plan.ts';
import { epochOffsetUsOf } from '../content/probe.ts';
import type { BenchPlan } from '../plan/plan.ts';
import { FoundDeliveries } from '../record/found-deliveries.ts';
import { Recorder } from '../record/recorder.ts';
import { progressOf } from '../watch/progress.ts';
import { openSubscribers, type Receive } from './parties.ts';
import type { BenchRun, BenchWorld } from './run.ts';
import { runOnStage } from './stage.ts';

/** Runs `sub`: receives until as many came as the plan says, or its time is over, or somebody stops it. */
export async function runSub(plan: BenchPlan, connection: ConnectionPlan, world: BenchWorld): Promise<BenchRun> {
  const { clock } = world;
  const deliveries = new FoundDeliveries(plan, epochOffsetUsOf(clock));
  const recorder = new Recorder(plan, undefined, deliveries);
  const watch = new FullWatch(deliveries);
  const run = await runOnStage(plan, connection, world, {
    recorder,
    async play(stage) {
      const { connections, ending } = stage;
      const { handlers } = world;
      const party = { plan, connection, connections, ending, clock, handlers, wake: watch.wake };
      // Retained messages come as soon as the subscription is made.
      recorder.start(clock.monotonicMs() * 1000);
      const receive: Receive = (...message) => recorder.received(...message);
      const { grantedQoS } = await openSubscribers(party, receive, 0, plan.subscribers);
      stage.grantedQoS = grantedQoS;
      stage.begin(progressOf(recorder, () => connections.openCount));
      await Promise.race([watch.full, whenOver(plan.durationMs, clock, ending.signal)]);
      return 'completed';
    },
  });
  const isOpenEnded = plan.messages === null && plan.durationMs === null;
  // Ctrl-C is how it is meant to end then.
  const isMeant = isOpenEnded && run.hasBegun && run.outcome.kind === 'interrupted';
  return isMeant ? { ...run, outcome: { kind: 'completed' }, error: undefined } : run;
}

/** Tells when as many messages came as were asked for. */
class FullWatch {
  readonly full: Promise<void>;
  readonly wake: () => void;

  constructor(deliveries: FoundDeliveries) {
    let resolve = (): void => undefined;
    this.full = new Promise((resolveFull) => {
      resolve = resolveFull;
    });
    this.wake = () => {
      if (deliveries.isFull) resolve();
    };
  }
}

/** Resolves when the time is over, or the run is cut short. */
function whenOver(durationMs: number | null, clock: Clock, abort: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer: Timer | undefined = durationMs === null ? undefined : clock.setTimer(resolve, durationMs);
    abort.addEventListener('abort', () => {
      clock.clearTimer(timer);
      resolve();
    });
    if (abort.aborted) resolve();
  });
}
