/** Publishers that have a part of the turns of a schedule: `count` of `all`, from number `first` on. */
export interface Turns {
  readonly first: number;
  readonly count: number;
  readonly all: number;
}

const ALL_TURNS: Turns = { first: 0, count: 1, all: 1 };

/**
 * When the messages of an open loop are due: by a clock that does not wait for anybody. All publishers have their turns
 * in one schedule; where only some of them are here, these are their messages.
 */
export class Schedule {
  readonly #perMs: number;
  readonly #rampMs: number;
  readonly #turns: Turns;

  /** @param perSecond messages; above 0. @param rampMs how long the rate takes to rise to that, evenly, from 0. */
  constructor(perSecond: number, rampMs: number, turns = ALL_TURNS) {
    this.#perMs = perSecond / 1000;
    this.#rampMs = rampMs;
    this.#turns = turns;
  }

  /** Milliseconds from the start to message `index` of those that are sent here, with fractions. */
  dueMs(index: number): number {
    const { all, count, first } = this.#turns;
    return this.#dueMsOfAll(count === all ? index : Math.floor(index / count) * all + first + (index % count));
  }

  #dueMsOfAll(index: number): number {
    const rampMs = this.#rampMs;
    // While the rate rises, the messages due are its integral: half the rate at the end, times the time.
    const duringRamp = (this.#perMs * rampMs) / 2;
    if (index < duringRamp) return Math.sqrt((2 * index * rampMs) / this.#perMs);
    return index / this.#perMs + rampMs / 2;
  }

  /** How many messages that are sent here are due before `ms` milliseconds from the start. */
  countBefore(ms: number): number {
    const { all, count, first } = this.#turns;
    const due = this.#countOfAllBefore(ms);
    const inLastRound = Math.min(Math.max((due % all) - first, 0), count);
    return Math.floor(due / all) * count + inLastRound;
  }

  #countOfAllBefore(ms: number): number {
    const rampMs = this.#rampMs;
    const due = ms < rampMs ? (this.#perMs * ms * ms) / (2 * rampMs) : this.#perMs * (ms - rampMs / 2);
    // Not one more because of the error of binary fractions.
    return Math.max(0, Math.ceil(Number(due.toPrecision(12))));
  }
}
