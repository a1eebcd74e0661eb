import type { Clock } from '../cli/context.ts';
import type { Handled, ReceivedMessage } from '../mqtt/session.ts';
import { topicMatches } from '../mqtt/topic.ts';
import type { Sink } from '../output/sink.ts';

export interface ReceiverOptions {
  /** Topic Filters of messages to leave out. */
  readonly filterOut: readonly string[];
  /** Leave out messages with RETAIN set. */
  readonly noRetained: boolean;
  /** Print messages with RETAIN set, and finish at the first one without. */
  readonly retainedOnly: boolean;
  /** Finish after so many messages. */
  readonly count: number | undefined;
  /** Print so many of a hundred messages, chosen at random; those that are left out count all the same. */
  readonly randomPercent: number | undefined;
  /** Called for each retained message that passed the filters. */
  readonly onRetained?: (topic: string) => void;
  /** Whether a message is the echo of our own removal of a retained one. */
  readonly isEcho?: (message: ReceivedMessage) => boolean;
}

/** Decides which messages are printed and when there were enough. What it returns holds back the acknowledgement. */
export class Receiver {
  readonly #sink: Sink;
  readonly #clock: Clock;
  readonly #options: ReceiverOptions;
  readonly #random: () => number;
  #messages = 0;
  #bytes = 0;
  #lastMs: number;
  #isFinished = false;
  #hasConcluded = false;
  #reachedGoal: () => void = () => undefined;
  /** Resolves when the last message that was wanted was written and its acknowledgement is on its way. */
  readonly finished: Promise<void>;

  constructor(sink: Sink, clock: Clock, options: ReceiverOptions, random: () => number = Math.random) {
    this.#sink = sink;
    this.#clock = clock;
    this.#options = options;
    this.#random = random;
    this.#lastMs = clock.monotonicMs();
    this.finished = new Promise((resolve) => {
      this.#reachedGoal = resolve;
    });
  }

  /** How many messages are wanted, if that was said. */
  get goal(): number | undefined {
    return this.#options.count;
  }

  /** Messages that passed the filters. */
  get messages(): number {
    return this.#messages;
  }

  /** Bytes of their payloads. */
  get bytes(): number {
    return this.#bytes;
  }

  /** When the last message of any kind came, on the monotonic clock; at first when this was made. */
  get lastMs(): number {
    return this.#lastMs;
  }

  receive(message: ReceivedMessage): Handled {
    const { filterOut, noRetained, retainedOnly, count, onRetained, isEcho } = this.#options;
    if (isEcho?.(message)) return undefined;
    // Beyond the goal a message is neither printed nor acknowledged: the next reader of the session gets it.
    if (this.#isFinished) return 'unacknowledged';
    this.#lastMs = this.#clock.monotonicMs();
    if (retainedOnly && !message.retain) {
      this.#isFinished = true;
      // Unless messages before it are settled first, and that may take its time.
      this.#clock.setSoon(() => {
        if (!this.#hasConcluded) this.#reachedGoal();
      });
      return 'unacknowledged';
    }
    if (noRetained && message.retain) return undefined;
    if (filterOut.some((filter) => topicMatches(filter, message.topic))) return undefined;
    if (message.retain && message.payload.length > 0) onRetained?.(message.topic);
    this.#messages += 1;
    this.#bytes += message.payload.length;
    const written = this.#isChosen() ? this.#sink.take(message) : undefined;
    if (this.#messages !== count) return written;
    this.#isFinished = true;
    // Where messages are gathered, the end is near, but `settle` comes first.
    return this.gathers ? undefined : this.#finish(written);
  }

  /** Whether messages are gathered, and written by `settle`. */
  get gathers(): boolean {
    return this.#sink.flush !== undefined;
  }

  /** To be called after messages: what was gathered is written. They may be acknowledged when the promise resolves. */
  settle(): Promise<void> | undefined {
    const written = this.#sink.flush?.();
    if (!this.#isFinished || this.#hasConcluded) return written;
    this.#hasConcluded = true;
    if (written !== undefined) return this.#finish(written);
    this.#clock.setSoon(this.#reachedGoal);
    return undefined;
  }

  #isChosen(): boolean {
    const { randomPercent } = this.#options;
    return randomPercent === undefined || this.#random() * 100 < randomPercent;
  }

  async #finish(written: Promise<void> | undefined): Promise<void> {
    await written;
    // The acknowledgement is sent when this returns; what ends the session comes after it.
    this.#clock.setSoon(this.#reachedGoal);
  }
}
