import type { Context } from '../cli/context.ts';
import type { ReceivedMessage } from '../mqtt/session.ts';
import { topicMatches } from '../mqtt/topic.ts';
import type { Formatter } from '../output/formatter.ts';
import { Writer, type WriterEnd } from '../output/writer.ts';

export interface ReceiverOptions {
  /** Topic Filters of messages to leave out. */
  readonly filterOut: readonly string[];
  /** Leave out messages with RETAIN set. */
  readonly noRetained: boolean;
  /** Finish after so many messages. */
  readonly count: number | undefined;
}

const NEVER = new Promise<void>(() => undefined);

/** From a received message to bytes on standard output. What it returns holds back the acknowledgement. */
export class Receiver {
  readonly #formatter: Formatter;
  readonly #context: Context;
  readonly #options: ReceiverOptions;
  readonly #writer: Writer;
  #messages = 0;
  #bytes = 0;
  #reachedCount: () => void = () => undefined;
  /** Resolves when the last message of the count was written and its acknowledgement is on its way. */
  readonly counted: Promise<void>;
  /** Resolves when standard output takes no more. */
  readonly outputEnded: Promise<WriterEnd>;

  constructor(formatter: Formatter, context: Context, options: ReceiverOptions) {
    this.#formatter = formatter;
    this.#context = context;
    this.#options = options;
    this.#writer = new Writer(context.stdout);
    this.outputEnded = this.#writer.ended;
    this.counted = new Promise((resolve) => {
      this.#reachedCount = resolve;
    });
  }

  /** How many messages are wanted, if that was said. */
  get goal(): number | undefined {
    return this.#options.count;
  }

  /** Messages that were printed. */
  get messages(): number {
    return this.#messages;
  }

  /** Bytes of their payloads. */
  get bytes(): number {
    return this.#bytes;
  }

  /** A message may be acknowledged when the promise resolves, or at once without one. */
  receive(message: ReceivedMessage): Promise<void> | undefined {
    const { filterOut, noRetained, count } = this.#options;
    // Beyond the count a message is neither printed nor acknowledged: the next reader of the session gets it.
    if (count !== undefined && this.#messages >= count) return NEVER;
    if (noRetained && message.retain) return undefined;
    if (filterOut.some((filter) => topicMatches(filter, message.topic))) return undefined;
    this.#messages += 1;
    this.#bytes += message.payload.length;
    const bytes = this.#formatter.format(message, this.#context.clock.epochMs());
    const written = bytes === undefined ? undefined : this.#write(bytes, message);
    if (this.#messages !== count) return written;
    return this.#finish(written);
  }

  /** At QoS 1 and 2 the system must have taken the bytes before the broker may forget the message. */
  #write(bytes: Buffer, { qos }: ReceivedMessage): Promise<void> | undefined {
    return qos === 0 ? this.#writer.write(bytes) : this.#writer.writeThrough(bytes);
  }

  async #finish(written: Promise<void> | undefined): Promise<void> {
    await written;
    // The acknowledgement is sent when this returns; what ends the session comes after it.
    this.#context.clock.setSoon(this.#reachedCount);
  }
}
