import type { Clock, Timer } from '../../src/cli/context.ts';
import { withDeadline } from './deadline.ts';

interface FakeTimer {
  readonly callback: () => void;
  readonly delayMs: number;
  readonly isRepeating: boolean;
  dueMs: number;
}

/** A clock that stands still until a test moves it. */
export class FakeClock implements Clock {
  #nowMs = 0;
  readonly #startEpochMs: number;
  readonly #timers = new Set<FakeTimer>();
  readonly #watchers = new Set<() => void>();

  constructor(startEpochMs: number = Date.UTC(2026, 0, 2, 3, 4, 5, 678)) {
    this.#startEpochMs = startEpochMs;
  }

  epochMs(): number {
    return this.#startEpochMs + this.#nowMs;
  }

  monotonicMs(): number {
    return this.#nowMs;
  }

  setTimer(callback: () => void, delayMs: number): Timer {
    return this.#start(callback, delayMs, false);
  }

  setRepeating(callback: () => void, periodMs: number): Timer {
    return this.#start(callback, periodMs, true);
  }

  clearTimer(timer: Timer | undefined): void {
    if (timer !== undefined) this.#timers.delete(timer as FakeTimer);
  }

  /** How long it was blocked so far; no time passes. */
  blockedMs = 0;

  block(durationMs: number): void {
    this.blockedMs += durationMs;
  }

  setSoon(callback: () => void): void {
    setImmediate(callback);
  }

  /** The delays of the timers that are running, shortest first. */
  get pendingMs(): readonly number[] {
    return [...this.#timers].map((timer) => timer.dueMs - this.#nowMs).sort((a, b) => a - b);
  }

  /** Moves time on; each timer fires at its own moment, and what it sets off runs before the next one. */
  async advance(byMs: number): Promise<void> {
    const endMs = this.#nowMs + byMs;
    await settle();
    for (let timer = this.#nextDue(endMs); timer !== undefined; timer = this.#nextDue(endMs)) {
      this.#nowMs = Math.max(this.#nowMs, timer.dueMs);
      if (timer.isRepeating) timer.dueMs += timer.delayMs;
      else this.#timers.delete(timer);
      timer.callback();
      await settle();
    }
    this.#nowMs = endMs;
  }

  /** Resolves once a timer is running whose whole delay satisfies `isMeant`; with that delay. */
  async waitForTimer(isMeant: (delayMs: number) => boolean): Promise<number> {
    const found = () => [...this.#timers].find((timer) => isMeant(timer.delayMs))?.delayMs;
    const arrival = new Promise<number>((resolve) => {
      const check = (): void => {
        const delayMs = found();
        if (delayMs === undefined) return;
        this.#watchers.delete(check);
        resolve(delayMs);
      };
      this.#watchers.add(check);
      check();
    });
    return withDeadline(arrival, `a timer, beside those of ${this.pendingMs.join(', ')} ms`);
  }

  #start(callback: () => void, delayMs: number, isRepeating: boolean): FakeTimer {
    const timer: FakeTimer = { callback, delayMs, isRepeating, dueMs: this.#nowMs + delayMs };
    this.#timers.add(timer);
    for (const check of [...this.#watchers]) check();
    return timer;
  }

  #nextDue(endMs: number): FakeTimer | undefined {
    const due = [...this.#timers].filter((timer) => timer.dueMs <= endMs);
    return due.sort((a, b) => a.dueMs - b.dueMs)[0];
  }
}

/** Lets everything that is ready run: promises, streams in memory, `setSoon`. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
}
