/** Bytes to lines. A line ends at LF; CR stays part of it; the last one needs no LF. */
import { UndecodableError } from '../errors.ts';

const LF = 0x0a;

/**
 * Splits chunks into lines where they stand: `next` says whether there is one, and it is `source` from `from` up to, not
 * including, `to`. Memory holds one chunk and one unfinished line.
 */
export class LineSplitter {
  readonly #maxBytes: number;
  #chunk: Buffer = Buffer.alloc(0);
  #at = 0;
  /** The begin of a line whose end has not come. */
  #parts: Buffer[] = [];
  #partBytes = 0;
  #isAtEnd = false;
  #number = 0;
  source: Buffer = this.#chunk;
  from = 0;
  to = 0;

  /** @param maxBytes of one line. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Takes the next chunk, which must stay as it is. */
  push(chunk: Buffer): void {
    const isUsed = this.#at === this.#chunk.length;
    this.#chunk = isUsed ? chunk : Buffer.concat([this.#chunk.subarray(this.#at), chunk]);
    this.#at = 0;
  }

  /** No more chunks: what is left is the last line. */
  end(): void {
    this.#isAtEnd = true;
  }

  /** False when there is no whole line. Throws UndecodableError naming the line that is longer than `maxBytes`. */
  next(): boolean {
    const chunk = this.#chunk;
    const start = this.#at;
    const end = start < chunk.length ? chunk.indexOf(LF, start) : -1;
    if (end < 0) return this.#keepRest(chunk, start);
    this.#at = end + 1;
    this.#number += 1;
    if (this.#partBytes > 0) return this.#complete(chunk.subarray(start, end));
    this.source = chunk;
    this.from = start;
    this.to = end;
    this.#check(end - start, this.#number);
    return true;
  }

  /** What was pushed and not handed out, such as the begin of a line, once; then it is gone. */
  takeRest(): Buffer {
    const rest = Buffer.concat([...this.#parts, this.#chunk.subarray(this.#at)]);
    this.#parts = [];
    this.#partBytes = 0;
    this.#at = this.#chunk.length;
    return rest;
  }

  #keepRest(chunk: Buffer, start: number): boolean {
    this.#at = chunk.length;
    if (start < chunk.length) {
      this.#parts.push(start === 0 ? chunk : chunk.subarray(start));
      this.#partBytes += chunk.length - start;
      this.#check(this.#partBytes, this.#number + 1);
    }
    if (!this.#isAtEnd || this.#partBytes === 0) return false;
    this.#number += 1;
    return this.#complete(undefined);
  }

  #complete(last: Buffer | undefined): true {
    if (last !== undefined) this.#parts.push(last);
    const line = this.#parts.length === 1 && this.#parts[0] !== undefined ? this.#parts[0] : Buffer.concat(this.#parts);
    this.#parts = [];
    this.#partBytes = 0;
    this.source = line;
    this.from = 0;
    this.to = line.length;
    this.#check(line.length, this.#number);
    return true;
  }

  #check(bytes: number, number: number): void {
    if (bytes <= this.#maxBytes) return;
    throw new UndecodableError(
      `line ${number} of standard input is longer than a message can be (${this.#maxBytes} bytes)`,
    );
  }
}

/** Yields each line without its LF, as soon as it is complete. Throws as {@link LineSplitter.next} does. */
export async function* splitLines(chunks: AsyncIterable<Buffer | string>, maxBytes: number): AsyncGenerator<Buffer> {
  const splitter = new LineSplitter(maxBytes);
  for await (const chunk of chunks) {
    splitter.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk);
    while (splitter.next()) yield splitter.source.subarray(splitter.from, splitter.to);
  }
  splitter.end();
  while (splitter.next()) yield splitter.source.subarray(splitter.from, splitter.to);
}
