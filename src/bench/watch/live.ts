import type { Clock, Timer } from '../../cli/context.ts';
import type { Display, Wording } from '../../output/progress.ts';
import type { BenchPlan } from '../plan/plan.ts';
import type { Watched } from '../scenario/run.ts';
import { formatBlock, formatLine, makeSnapshot, type Snapshot } from './snapshot.ts';

export const WORDING: Wording<Snapshot> = { block: formatBlock, line: formatLine, warning: /\blost [1-9][\d,]*/ };

/** Shows how far a run is, while it lasts. */
export class LiveView {
  readonly #display: Display<Snapshot>;
  readonly #clock: Clock;
  #timer: Timer | undefined;

  constructor(display: Display<Snapshot>, clock: Clock) {
    this.#display = display;
    this.#clock = clock;
  }

  /** What is typed beside it is taken away with it. */
  get isRewritten(): boolean {
    return this.#display.isRewritten;
  }

  start(plan: BenchPlan, watched: Watched): void {
    const startMs = this.#clock.monotonicMs();
    this.#timer = this.#clock.setRepeating(() => {
      this.#display.show(makeSnapshot(plan, watched, this.#clock.monotonicMs() - startMs));
    }, this.#display.periodMs);
  }

  stop(): void {
    this.#clock.clearTimer(this.#timer);
    this.#display.stop();
  }
}
