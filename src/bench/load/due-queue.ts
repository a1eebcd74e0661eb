import type { Clock } from '../../cli/context.ts';
import type { Schedule } from '../plan/schedule.ts';
import type { Sender } from './sender.ts';

/**
 * The open loop: hands each message to its publisher when it is due, in turn, and keeps those that have something to
 * send. It costs as much as there are messages due, however many publishers there are.
 */
export class DueQueue {
  readonly #senders: readonly Sender[];
  readonly #publishers: number;
  readonly #schedule: Schedule;
  readonly #total: number;
  readonly #clock: Clock;
  readonly #startMs: number;
  readonly #waiting = new Set<Sender>();
  /** Messages that are due so far, over all publishers. */
  due = 0;

  /** @param senders by publisher; one without messages is missing. @param total messages of all publishers. */
  constructor(
    senders: readonly Sender[],
    publishers: number,
    schedule: Schedule,
    total: number,
    clock: Clock,
    startMs: number,
  ) {
    this.#senders = senders;
    this.#publishers = publishers;
    this.#schedule = schedule;
    this.#total = total;
    this.#clock = clock;
    this.#startMs = startMs;
  }

  /** Publishers that have something to send now. */
  get waiting(): ReadonlySet<Sender> {
    return this.#waiting;
  }

  /** Marks what is due by now. */
  advance(): void {
    const elapsedMs = this.#clock.monotonicMs() - this.#startMs;
    while (this.due < this.#total && this.#schedule.dueMs(this.due) <= elapsedMs) {
      const sender = this.#senders[this.due % this.#publishers];
      this.due += 1;
      if (!sender) continue;
      sender.due += 1;
      this.#waiting.add(sender);
    }
  }

  /** Takes a publisher out until something is due of it again. */
  leave(sender: Sender): void {
    this.#waiting.delete(sender);
  }
}
