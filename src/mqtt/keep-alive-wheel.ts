import type { Clock, Timer } from '../cli/context.ts';

/** Something that is to be woken again and again. */
export interface Ticking {
  tick(): void;
}

/** Those that are woken in the same second. */
export type Spoke = Set<Ticking>;

const SECOND_MS = 1000;

/** Wakes any number of connections, each once in its Keep Alive interval or so, by one timer for all of them. */
export class KeepAliveWheel {
  readonly #clock: Clock;
  /** By period in seconds: one spoke for each second of it. */
  readonly #rims = new Map<number, readonly Spoke[]>();
  #count = 0;
  #second = 0;
  #timer: Timer | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Wakes it every `periodMs`, in whole seconds and at least one. Returns what {@link remove} is to be told. */
  add(one: Ticking, periodMs: number): Spoke {
    const period = Math.max(1, Math.floor(periodMs / SECOND_MS));
    const rim = this.#rims.get(period) ?? Array.from({ length: period }, () => new Set<Ticking>());
    this.#rims.set(period, rim);
    // The spoke that has just been passed: it is a whole period, less a second at most, until its next turn.
    const spoke = rim[this.#second % period] ?? new Set<Ticking>();
    spoke.add(one);
    this.#count += 1;
    this.#timer ??= this.#clock.setRepeating(() => this.#turn(), SECOND_MS);
    return spoke;
  }

  /** It is woken no more; the timer ends with the last one. */
  remove(one: Ticking, spoke: Spoke): void {
    if (!spoke.delete(one)) return;
    this.#count -= 1;
    if (this.#count > 0) return;
    this.#clock.clearTimer(this.#timer);
    this.#timer = undefined;
  }

  #turn(): void {
    this.#second += 1;
    for (const [period, rim] of this.#rims) for (const one of rim[this.#second % period] ?? []) one.tick();
  }
}
