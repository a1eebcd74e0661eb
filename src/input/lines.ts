/** Bytes to lines. A line ends at LF; CR stays part of it; the last one needs no LF. */
import { UndecodableError } from '../errors.ts';

const LF = 0x0a;

/**
 * Yields each line without its LF, as soon as it is complete. Memory holds one chunk and one unfinished line.
 * Throws UndecodableError naming the line that is longer than `maxBytes`.
 */
export async function* splitLines(chunks: AsyncIterable<Buffer | string>, maxBytes: number): AsyncGenerator<Buffer> {
  let parts: Buffer[] = [];
  let pending = 0;
  let number = 1;
  for await (const chunk of chunks) {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    let start = 0;
    for (let end = bytes.indexOf(LF); end >= 0; end = bytes.indexOf(LF, start)) {
      const tail = bytes.subarray(start, end);
      checkLength(pending + tail.length, maxBytes, number);
      yield parts.length === 0 ? tail : Buffer.concat([...parts, tail]);
      parts = [];
      pending = 0;
      number += 1;
      start = end + 1;
    }
    if (start < bytes.length) {
      parts.push(bytes.subarray(start));
      pending += bytes.length - start;
      checkLength(pending, maxBytes, number);
    }
  }
  if (pending > 0) yield Buffer.concat(parts);
}

function checkLength(bytes: number, maxBytes: number, number: number): void {
  if (bytes > maxBytes) {
    throw new UndecodableError(`line ${number} of standard input is longer than a message can be (${maxBytes} bytes)`);
  }
}
