import type { Clock, Timer } from '../cli/context.ts';

/** What an {@link AnswerWatch} watches. */
export interface Watched {
  /** Whether answers are due. */
  readonly isWaiting: boolean;
  /** Answers so far. */
  readonly answers: number;
  /** Resolves when the broker has read all that was sent; rejects when the connection ends first. */
  ping(): Promise<void>;
  onOverdue(): void;
}

/**
 * Notices a broker that takes messages, and answers PINGREQ, but acknowledges nothing. The time runs from when the broker
 * is known to have read them: over a slow connection that can be long after they were sent.
 */
export class AnswerWatch {
  readonly #clock: Clock;
  readonly #limitMs: number;
  readonly #watched: Watched;
  #timer: Timer | undefined;
  #answers = 0;
  #quietSinceMs = 0;
  /** When PINGRESP came, in this time of quiet. */
  #readAtMs: number | undefined;
  #isAsking = false;

  constructor(clock: Clock, limitMs: number, watched: Watched) {
    this.#clock = clock;
    this.#limitMs = limitMs;
    this.#watched = watched;
  }

  get isRunning(): boolean {
    return this.#timer !== undefined;
  }

  /** Messages were sent that are to be answered. */
  start(): void {
    this.#begin();
  }

  /** The connection has ended, or nothing more is waited for. */
  stop(): void {
    this.#clock.clearTimer(this.#timer);
    this.#timer = undefined;
    // An answer that is still to come is of a connection that has ended.
    this.#isAsking = false;
  }

  #begin(): void {
    this.#answers = this.#watched.answers;
    this.#quietSinceMs = this.#clock.monotonicMs();
    this.#readAtMs = undefined;
    this.#wait(this.#limitMs / 2);
  }

  #wait(delayMs: number): void {
    this.#timer = this.#clock.setTimer(() => this.#look(), delayMs);
  }

  #look(): void {
    this.#timer = undefined;
    if (!this.#watched.isWaiting) return;
    if (this.#watched.answers !== this.#answers) return this.#begin();
    if (this.#readAtMs === undefined) {
      if (!this.#isAsking) this.#ask();
      return this.#wait(this.#limitMs / 2);
    }
    const dueMs = Math.max(this.#quietSinceMs + this.#limitMs, this.#readAtMs + this.#limitMs / 2);
    const leftMs = dueMs - this.#clock.monotonicMs();
    if (leftMs <= 0) this.#watched.onOverdue();
    else this.#wait(leftMs);
  }

  #ask(): void {
    this.#isAsking = true;
    const quietSinceMs = this.#quietSinceMs;
    this.#watched.ping().then(
      () => {
        this.#isAsking = false;
        if (this.#quietSinceMs === quietSinceMs) this.#readAtMs = this.#clock.monotonicMs();
      },
      () => {
        this.#isAsking = false;
      },
    );
  }
}
