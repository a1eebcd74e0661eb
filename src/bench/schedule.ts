/** When the messages of an open loop are due: by a clock that does not wait for anybody. */
export class Schedule {
  readonly #perMs: number;
  readonly #rampMs: number;

  /** @param perSecond messages; above 0. @param rampMs how long the rate takes to rise to that, evenly, from 0. */
  constructor(perSecond: number, rampMs: number) {
    this.#perMs = perSecond / 1000;
    this.#rampMs = rampMs;
  }

  /** Milliseconds from the start to message `index`, with fractions. */
  dueMs(index: number): number {
    const rampMs = this.#rampMs;
    // While the rate rises, the messages due are its integral: half the rate at the end, times the time.
    const duringRamp = (this.#perMs * rampMs) / 2;
    if (index < duringRamp) return Math.sqrt((2 * index * rampMs) / this.#perMs);
    return index / this.#perMs + rampMs / 2;
  }

  /** How many messages are due before `ms` milliseconds from the start. */
  countBefore(ms: number): number {
    const rampMs = this.#rampMs;
    const due = ms < rampMs ? (this.#perMs * ms * ms) / (2 * rampMs) : this.#perMs * (ms - rampMs / 2);
    // Not one more because of the error of binary fractions.
    return Math.max(0, Math.ceil(Number(due.toPrecision(12))));
  }
}
