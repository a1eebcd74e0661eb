const FIRST_MS = 100;
const LONGEST_MS = 30_000;

/** Delays between attempts to connect again: at most 100 ms, then doubling to 30 s, each shortened at random. */
export class Backoff {
  readonly #random: () => number;
  #attempts = 0;

  /** `random` returns 0 up to but not including 1. */
  constructor(random: () => number = Math.random) {
    this.#random = random;
  }

  /** The next delay in milliseconds: half to all of the step, so that many clients do not come back at once. */
  nextMs(): number {
    const step = Math.min(LONGEST_MS, FIRST_MS * 2 ** this.#attempts);
    this.#attempts += 1;
    return step * (0.5 + this.#random() / 2);
  }

  /** Starts over: a connection reached CONNACK. */
  reset(): void {
    this.#attempts = 0;
  }
}
