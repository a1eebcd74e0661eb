import type { Clock, Timer } from '../cli/context.ts';
import type { Progress } from '../output/progress.ts';
import { formatCount, formatDurationMs, formatPerSecond } from '../output/units.ts';
import type { BenchPlan } from './plan.ts';
import type { Recorder } from './recorder.ts';

const PERIOD_MS = 200;

/** How far a run is. */
export interface Snapshot {
  readonly attempted: number;
  /** To send; null where time ends the run. */
  readonly messages: number | null;
  readonly delivered: number;
  /** Deliveries since the snapshot before, over the time since. */
  readonly deliveredPerSecond: number;
  readonly elapsedMs: number;
}

/** One line for a terminal. */
export function formatSnapshot(snapshot: Snapshot): string {
  const { attempted, delivered, deliveredPerSecond, elapsedMs, messages } = snapshot;
  const seconds = formatDurationMs(Math.max(1000, Math.floor(elapsedMs / 1000) * 1000));
  return [
    messages === null ? `${formatCount(attempted)} sent` : `${formatCount(attempted)} of ${formatCount(messages)} sent`,
    `${formatCount(delivered)} delivered`,
    `${formatPerSecond(deliveredPerSecond)} msg/s`,
    seconds,
  ].join(', ');
}

/** Shows how far a run is, while it lasts. */
export class LiveView {
  readonly #progress: Progress;
  readonly #clock: Clock;
  #timer: Timer | undefined;

  constructor(progress: Progress, clock: Clock) {
    this.#progress = progress;
    this.#clock = clock;
  }

  start({ messages }: BenchPlan, recorder: Recorder): void {
    const startMs = this.#clock.monotonicMs();
    let before = { delivered: 0, ms: startMs };
    this.#timer = this.#clock.setRepeating(() => {
      const { delivered } = recorder;
      const nowMs = this.#clock.monotonicMs();
      const deliveredPerSecond = ((delivered - before.delivered) * 1000) / Math.max(1, nowMs - before.ms);
      before = { delivered, ms: nowMs };
      const attempted = recorder.publishers.reduce((sum, publisher) => sum + publisher.attempted, 0);
      const elapsedMs = nowMs - startMs;
      this.#progress.show(formatSnapshot({ attempted, messages, delivered, deliveredPerSecond, elapsedMs }));
    }, PERIOD_MS);
  }

  stop(): void {
    this.#clock.clearTimer(this.#timer);
    this.#progress.stop();
  }
}
