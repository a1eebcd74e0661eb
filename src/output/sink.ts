import type { Clock, Context } from '../cli/context.ts';
import type { ReceivedMessage } from '../mqtt/session.ts';
import type { Formatter } from './formatter.ts';
import { Gathered } from './gathered.ts';
import type { Writer } from './writer.ts';

/** Where received messages go. */
export interface Sink {
  /** A message may be acknowledged when the promise resolves, or at once without one. */
  take(message: ReceivedMessage): Promise<void> | undefined;
  /**
   * Set where `take` only gathers, and returns no promise: what was gathered is written now, and the messages may be
   * acknowledged when the promise resolves, or at once without one.
   */
  flush?(): Promise<void> | undefined;
  /** What is still to be printed at the end. */
  finish?(): Promise<void>;
}

/** Each message formatted and written, one after the other. */
export class PrintSink implements Sink {
  readonly #formatter: Formatter;
  readonly #writer: Writer;
  readonly #context: Context;

  constructor(formatter: Formatter, writer: Writer, context: Context) {
    this.#formatter = formatter;
    this.#writer = writer;
    this.#context = context;
  }

  take(message: ReceivedMessage): Promise<void> | undefined {
    const bytes = this.#formatter.format(message, this.#context.clock.epochMs());
    if (bytes === undefined || bytes.length === 0) return undefined;
    // At QoS 1 and 2 the system must have taken the bytes before the broker may forget the message.
    return message.qos === 0 ? this.#writer.write(bytes) : this.#writer.writeThrough(bytes);
  }
}

/** Each message formatted as it comes, and many of them written at once. */
export class GatherSink implements Sink {
  readonly #formatter: Formatter;
  readonly #writer: Writer;
  readonly #clock: Clock;
  readonly #gathered = new Gathered();
  #isAnswered = false;

  constructor(formatter: Formatter, writer: Writer, clock: Clock) {
    this.#formatter = formatter;
    this.#writer = writer;
    this.#clock = clock;
  }

  take(message: ReceivedMessage): undefined {
    const receivedMs = this.#formatter.isTimeless ? 0 : this.#clock.epochMs();
    if (this.#formatter.append !== undefined) this.#formatter.append(message, receivedMs, this.#gathered);
    else {
      const bytes = this.#formatter.format(message, receivedMs);
      if (bytes !== undefined) this.#gathered.add(bytes);
    }
    if (message.qos > 0) this.#isAnswered = true;
  }

  flush(): Promise<void> | undefined {
    const parts = this.#gathered.take();
    // At QoS 1 and 2 the system must have taken the bytes before the broker may forget the messages.
    const written = this.#writer.writeAll(parts, this.#isAnswered);
    this.#isAnswered = false;
    return written;
  }
}
