import type { Clock, Timer } from '../../cli/context.ts';

const PERIOD_MS = 10;

/**
 * How late the event loop is: a timer every 10 ms, and the longest delay of one. Node's own monitorEventLoopDelay misses
 * what blocks the loop right after its reset.
 */
export class EventLoopLag {
  readonly #clock: Clock;
  readonly #timer: Timer;
  #lastMs: number;
  #longestMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#lastMs = clock.monotonicMs();
    this.#timer = clock.setRepeating(() => this.#look(), PERIOD_MS);
  }

  /** The longest delay since the last call, in microseconds. */
  takeUs(): number {
    const us = Math.round(Math.max(this.#longestMs, this.#delayMs()) * 1000);
    this.#longestMs = 0;
    // What was told is not told again: the timer that is late now counts from here.
    this.#lastMs = Math.max(this.#lastMs, this.#clock.monotonicMs() - PERIOD_MS);
    return us;
  }

  stop(): void {
    this.#clock.clearTimer(this.#timer);
  }

  #look(): void {
    this.#longestMs = Math.max(this.#longestMs, this.#delayMs());
    this.#lastMs = this.#clock.monotonicMs();
  }

  #delayMs(): number {
    return Math.max(0, this.#clock.monotonicMs() - this.#lastMs - PERIOD_MS);
  }
}
