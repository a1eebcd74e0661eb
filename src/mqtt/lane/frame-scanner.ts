import { InternalError } from '../../errors.ts';

/** What becomes of a packet: `start` its first byte, `body` the first one after Remaining Length, `end` one after its last. */
export type TakeFrame = (type: number, bytes: Buffer, start: number, body: number, end: number) => boolean;

/** The longest fixed header: type and flags, and four bytes of Remaining Length. [MQTT5 2.1.4] */
const LONGEST_HEADER = 5;

/**
 * Splits what comes from the broker into packets. Those with a claimed first byte are handed over whole; all others, and
 * those that nobody takes, go on as they came, in order.
 */
export class FrameScanner {
  /** By first byte: type and flags. [MQTT5 2.1.1] */
  readonly #takes: (TakeFrame | undefined)[] = new Array(256).fill(undefined);
  readonly #pass: (bytes: Buffer) => void;
  /** The begin of a packet whose end has not come: of a claimed one, or less than a fixed header of any. */
  #partial: Buffer | undefined;
  #filled = 0;
  /** Bytes still to come of a packet that is passed on. */
  #passing = 0;

  constructor(pass: (bytes: Buffer) => void) {
    this.#pass = pass;
  }

  /**
   * From here on packets that begin with one of these bytes go to `take`; where that says false, they go on. So do those
   * with other flags, which may be malformed. Throws InternalError for a byte that is claimed.
   */
  claim(firstBytes: readonly number[], take: TakeFrame): void {
    for (const byte of firstBytes) {
      if (this.#takes[byte] !== undefined) throw new InternalError(`two lanes for packets of type ${byte >> 4}`);
      this.#takes[byte] = take;
    }
  }

  /** Throws Error for a Remaining Length that is none. [MQTT5 1.5.5] */
  scan(chunk: Buffer): void {
    let bytes = chunk;
    if (this.#partial !== undefined) {
      const rest = this.#complete(chunk);
      if (rest === undefined) return;
      bytes = rest;
    }
    let at = 0;
    if (this.#passing > 0) {
      at = Math.min(this.#passing, bytes.length);
      this.#passing -= at;
    }
    const { length } = bytes;
    // From here on nothing has been taken or passed on.
    let passFrom = 0;
    while (at < length) {
      const first = bytes[at] ?? 0;
      let remaining = bytes[at + 1] ?? 0;
      let body = at + 2;
      if (remaining >= 0x80 || body > length) {
        const header = readHeader(bytes, at);
        if (header === undefined) {
          this.#passTo(bytes, passFrom, at);
          // No more than four bytes; a copy, so that the chunk can go.
          this.#partial = Buffer.from(bytes.subarray(at));
          this.#filled = this.#partial.length;
          return;
        }
        remaining = header.remaining;
        body = header.body;
      }
      const end = body + remaining;
      const take = this.#takes[first];
      if (take === undefined) {
        if (end > length) this.#passing = end - length;
      } else if (end > length) {
        this.#passTo(bytes, passFrom, at);
        this.#partial = Buffer.allocUnsafeSlow(end - at);
        this.#filled = bytes.copy(this.#partial, 0, at);
        return;
      } else if (take(first >> 4, bytes, at, body, end)) {
        this.#passTo(bytes, passFrom, at);
        passFrom = end;
      }
      at = end;
    }
    this.#passTo(bytes, passFrom, length);
  }

  /** Fills the partial packet. Returns what is to be scanned then; undefined when it needs more. */
  #complete(chunk: Buffer): Buffer | undefined {
    const partial = this.#partial ?? chunk;
    if (partial.length < LONGEST_HEADER && readHeader(partial, 0) === undefined) {
      this.#partial = undefined;
      return Buffer.concat([partial, chunk]);
    }
    const missing = partial.length - this.#filled;
    const taken = chunk.copy(partial, this.#filled, 0, Math.min(missing, chunk.length));
    this.#filled += taken;
    if (this.#filled < partial.length) return undefined;
    this.#partial = undefined;
    const first = partial[0] ?? 0;
    const body = readHeader(partial, 0)?.body ?? 0;
    if (!this.#takes[first]?.(first >> 4, partial, 0, body, partial.length)) this.#pass(partial);
    return chunk.subarray(taken);
  }

  #passTo(bytes: Buffer, from: number, to: number): void {
    if (to > from) this.#pass(from === 0 && to === bytes.length ? bytes : bytes.subarray(from, to));
  }
}

/** Undefined when the bytes end within it. */
function readHeader(bytes: Buffer, start: number): { remaining: number; body: number } | undefined {
  let remaining = 0;
  for (let at = start + 1; at < start + LONGEST_HEADER; at += 1) {
    const byte = bytes[at];
    if (byte === undefined) return undefined;
    remaining += (byte & 0x7f) * 128 ** (at - start - 1);
    if (byte < 0x80) return { remaining, body: at + 1 };
  }
  throw new Error('the broker sent a packet with a malformed length');
}
