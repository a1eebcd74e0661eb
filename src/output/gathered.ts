/** Taken from memory at a time. */
const SLAB_BYTES = 131_072;
/** So many bytes and more are not copied. */
const LARGE_BYTES = 32_768;
/** What a copy by the system costs before its first byte is as much as so many bytes one by one. */
const SHORT_BYTES = 32;

/** Bytes put one after the other, for few large writes. */
export class Gathered {
  #slab: Buffer = Buffer.alloc(0);
  #from = 0;
  #to = 0;
  #parts: Buffer[] = [];
  /** As all was at `begin`. */
  #begun = { slab: this.#slab, from: 0, to: 0, parts: 0 };

  /** What is added from here on can be taken back. */
  begin(): void {
    const begun = this.#begun;
    begun.slab = this.#slab;
    begun.from = this.#from;
    begun.to = this.#to;
    begun.parts = this.#parts.length;
  }

  /** Takes back what was added since `begin`. */
  undo(): void {
    const { slab, from, to, parts } = this.#begun;
    this.#slab = slab;
    this.#from = from;
    this.#to = to;
    this.#parts.length = parts;
  }

  /** Large `bytes` must stay as they are until they are written. */
  add(bytes: Buffer): void {
    const { length } = bytes;
    if (length >= LARGE_BYTES) {
      this.#close();
      this.#parts.push(bytes);
      return;
    }
    if (this.#to + length > this.#slab.length) this.#open(length);
    const slab = this.#slab;
    let to = this.#to;
    if (length > SHORT_BYTES) slab.set(bytes, to);
    else for (let at = 0; at < length; at += 1) slab[to + at] = bytes[at] as number;
    to += length;
    this.#to = to;
  }

  /** As UTF-8. */
  addText(text: string): void {
    const { length } = text;
    // No unit of UTF-16 takes more than three bytes.
    if (length * 3 >= LARGE_BYTES) return this.add(Buffer.from(text));
    if (this.#to + length * 3 > this.#slab.length) this.#open(length * 3);
    this.#to += this.#slab.write(text, this.#to);
  }

  addByte(byte: number): void {
    if (this.#to === this.#slab.length) this.#open(1);
    this.#slab[this.#to] = byte;
    this.#to += 1;
  }

  /** What was put together since the last time. */
  take(): readonly Buffer[] {
    this.#close();
    const parts = this.#parts;
    this.#parts = [];
    return parts;
  }

  #close(): void {
    if (this.#to > this.#from) this.#parts.push(this.#slab.subarray(this.#from, this.#to));
    this.#from = this.#to;
  }

  #open(bytes: number): void {
    this.#close();
    // Bytes of the last one may still be on their way to a slow reader.
    this.#slab = Buffer.allocUnsafeSlow(Math.max(SLAB_BYTES, bytes));
    this.#from = 0;
    this.#to = 0;
  }
}
