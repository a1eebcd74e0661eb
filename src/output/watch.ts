import type { Context } from '../cli/context.ts';
import type { ReceivedMessage } from '../mqtt/session.ts';
import type { Formatter } from './formatter.ts';
import type { Sink } from './sink.ts';
import type { Writer } from './writer.ts';

const CLEAR_SCREEN = '\u001b[2J\u001b[1;1H';
const CLEAR_LINE = '\u001b[K';
/** A line that is too long ends at the edge of the screen: wrapped it would stand in the rows of other topics. */
const CUT_LINES = '\u001b[?7l';
const WRAP_LINES = '\u001b[?7h';

/** `-w`: a line of the screen for each topic, in the order of their first message, overwritten by each new one. */
export class WatchSink implements Sink {
  readonly #formatter: Formatter;
  readonly #writer: Writer;
  readonly #context: Context;
  readonly #rows = new Map<string, number>();

  /** `heading` stands in the first line, `rows` below. */
  constructor(formatter: Formatter, writer: Writer, context: Context, heading: string) {
    this.#formatter = formatter;
    this.#writer = writer;
    this.#context = context;
    void writer.write(Buffer.from(`${CLEAR_SCREEN}${heading}\n`));
  }

  take(message: ReceivedMessage): Promise<void> | undefined {
    const row = this.#rows.get(message.topic) ?? this.#rows.size + 2;
    this.#rows.set(message.topic, row);
    const text = withoutNewline(this.#formatter.format(message, this.#context.clock.epochMs()) ?? Buffer.alloc(0));
    const below = this.#rows.size + 2;
    const bytes = Buffer.concat([
      Buffer.from(`\u001b[${row};1H${CUT_LINES}`),
      text,
      // What a longer value before left behind goes, and the cursor waits below the last line. Where that is the edge of
      // the screen it stays there: a newline would scroll, and no row were where it is thought to be.
      Buffer.from(`${CLEAR_LINE}${WRAP_LINES}\u001b[${below};1H`),
    ]);
    return message.qos === 0 ? this.#writer.write(bytes) : this.#writer.writeThrough(bytes);
  }
}

/** The cursor goes where it belongs by itself; a newline on the last line of the screen would scroll. */
function withoutNewline(bytes: Buffer): Buffer {
  return bytes.at(-1) === 0x0a ? bytes.subarray(0, -1) : bytes;
}
