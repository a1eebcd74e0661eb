import type { Clock, Timer } from '../../cli/context.ts';
import type { ConnectionPlan } from '../../mqtt/connection-plan.ts';
import { epochOffsetUsOf } from '../content/probe.ts';
import type { BenchPlan } from '../plan/plan.ts';
import { FoundDeliveries } from '../record/found-deliveries.ts';
import { Recorder } from '../record/recorder.ts';
import { progressOf } from '../watch/progress.ts';
import { openSubscribers, passBarrier, type Receive } from './parties.ts';
import type { BenchRun, BenchWorld } from './run.ts';
import { runOnStage } from './stage.ts';
import { within } from './within.ts';

/**
 * Runs `sub`: receives until as many came as the plan says, or its time is over, or somebody stops it. Without a time of
 * its own it does not wait for ever for what a broker has dropped: once something has come, a silence ends it.
 */
export async function runSub(plan: BenchPlan, connection: ConnectionPlan, world: BenchWorld): Promise<BenchRun> {
  const { clock } = world;
  const deliveries = new FoundDeliveries(plan, epochOffsetUsOf(clock));
  const recorder = new Recorder(plan, undefined, deliveries);
  const silence = new SilenceWatch(
    clock,
    plan.messages === null || plan.durationMs !== null ? null : plan.drainTimeoutMs,
  );
  const watch = new FullWatch(deliveries, silence);
  const run = await runOnStage(plan, connection, world, {
    recorder,
    async play(stage) {
      const { connections, ending } = stage;
      const { handlers } = world;
      const party = { plan, connection, connections, ending, clock, handlers, wake: watch.wake };
      // Retained messages come as soon as the subscription is made.
      recorder.start(clock.monotonicMs() * 1000);
      const receive: Receive = (...message) => recorder.received(...message);
      const { grantedQoS, sessions } = await openSubscribers(party, receive, 0, plan.subscribers);
      stage.grantedQoS = grantedQoS;
      stage.begin(progressOf(recorder, () => connections.openCount));
      const over = Promise.race([watch.full, whenOver(plan.durationMs, clock, ending.signal)]);
      // What came while this process stood still has not been read yet, and is no silence.
      const isSilent = await silence.lasts(over, () => passBarrier(sessions, clock, ending.signal));
      deliveries.isOver = isSilent && !ending.signal.aborted;
      return isSilent ? 'stalled' : 'completed';
    },
  });
  const isOpenEnded = plan.messages === null && plan.durationMs === null;
  // Ctrl-C is how it is meant to end then.
  const isMeant = isOpenEnded && run.hasBegun && run.outcome.kind === 'interrupted';
  return isMeant ? { ...run, outcome: { kind: 'completed' }, error: undefined } : run;
}

/** Tells when as many messages came as were asked for, and of each that came before. */
class FullWatch {
  readonly full: Promise<void>;
  readonly wake: () => void;

  constructor(deliveries: FoundDeliveries, silence: SilenceWatch) {
    let resolve = (): void => undefined;
    this.full = new Promise((resolveFull) => {
      resolve = resolveFull;
    });
    this.wake = () => {
      silence.heard(deliveries.count);
      if (deliveries.isFull) resolve();
    };
  }
}

/** Tells when nothing has come for a time, after something did. */
class SilenceWatch {
  readonly #clock: Clock;
  readonly #limitMs: number | null;
  #begin = (): void => undefined;
  readonly #begun = new Promise<void>((resolve) => {
    this.#begin = resolve;
  });
  #count = 0;
  #lastMs = 0;

  /** @param limitMs how long; null for no end. */
  constructor(clock: Clock, limitMs: number | null) {
    this.#clock = clock;
    this.#limitMs = limitMs;
  }

  /** So many messages have come by now. */
  heard(count: number): void {
    if (count === this.#count) return;
    this.#count = count;
    this.#lastMs = this.#clock.monotonicMs();
    this.#begin();
  }

  /** Resolves with true after the silence, and with false once `over` has; `confirm` reads what is there by then. */
  async lasts(over: Promise<void>, confirm: () => Promise<void>): Promise<boolean> {
    const limitMs = this.#limitMs;
    let isOver = false;
    const ended = over.then(() => {
      isOver = true;
    });
    await (limitMs === null ? ended : Promise.race([ended, this.#begun]));
    while (!isOver && limitMs !== null) {
      const heard = this.#count;
      const restMs = this.#lastMs + limitMs - this.#clock.monotonicMs();
      if (restMs > 0) {
        await within(ended, restMs, this.#clock);
      } else {
        await confirm();
        if (this.#count === heard) return !isOver;
      }
    }
    return false;
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
