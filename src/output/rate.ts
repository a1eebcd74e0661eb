import type { Clock, Timer } from '../cli/context.ts';
import type { Sink } from './sink.ts';
import type { Writer } from './writer.ts';

const SECOND_MS = 1000;

/** `--message-rate`: how many messages came in each second, instead of the messages. */
export class RateSink implements Sink {
  readonly #clock: Clock;
  readonly #writer: Writer;
  readonly #timer: Timer;
  #messages = 0;

  constructor(writer: Writer, clock: Clock) {
    this.#writer = writer;
    this.#clock = clock;
    this.#timer = clock.setRepeating(() => this.#print(), SECOND_MS);
  }

  take(): undefined {
    this.#messages += 1;
  }

  flush(): undefined {
    // Nothing of a message is printed.
  }

  async finish(): Promise<void> {
    this.#clock.clearTimer(this.#timer);
  }

  #print(): void {
    void this.#writer.write(Buffer.from(`${this.#messages} msgs/s\n`));
    this.#messages = 0;
  }
}
