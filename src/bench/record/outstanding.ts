/** Set while the broker's acknowledgement is due; the bits below count the deliveries that are due. */
const ACKNOWLEDGEMENT = 0x8000_0000;
const DELIVERIES = 0x7fff_ffff;
const FIRST_CAPACITY = 64;

/**
 * What is still due of the messages that one publisher has sent. A message is outstanding from when it was sent until
 * nothing of it is due, or until it is given up; only those from the oldest outstanding one on take up memory.
 */
export class Outstanding {
  readonly #dueEach: number;
  #due = new Uint32Array(FIRST_CAPACITY);
  #sentUs = new Float64Array(FIRST_CAPACITY);
  /** No message below it is outstanding. */
  #oldest = 0;
  #next = 0;
  /** Messages that are outstanding. */
  count = 0;

  /** @param deliveries due of each message; below 2^31. */
  constructor(deliveries: number, acknowledged: boolean) {
    this.#dueEach = (acknowledged ? ACKNOWLEDGEMENT | deliveries : deliveries) >>> 0;
  }

  /** Takes in the next message. Returns its sequence number. */
  add(sentUs: number): number {
    if (this.#dueEach === 0) {
      this.#next += 1;
      this.#oldest = this.#next;
      return this.#next - 1;
    }
    if (this.#next - this.#oldest === this.#due.length) this.#grow();
    const sequence = this.#next;
    const slot = sequence & (this.#due.length - 1);
    this.#due[slot] = this.#dueEach;
    this.#sentUs[slot] = sentUs;
    this.#next += 1;
    this.count += 1;
    return sequence;
  }

  /** Whether `sequence` was given up, or nothing of it is due any more and all before it are done. */
  isPast(sequence: number): boolean {
    return sequence < this.#oldest;
  }

  acknowledge(sequence: number): void {
    const due = this.#dueOf(sequence);
    if (due >= ACKNOWLEDGEMENT) this.#setDue(sequence, due & DELIVERIES);
  }

  /** One subscriber has it. */
  deliver(sequence: number): void {
    const due = this.#dueOf(sequence);
    if ((due & DELIVERIES) !== 0) this.#setDue(sequence, due - 1);
  }

  /** The broker refused it: nothing of it is due. */
  drop(sequence: number): void {
    if (this.#dueOf(sequence) !== 0) this.#setDue(sequence, 0);
  }

  /** Gives up what was sent at `lastUs` or before. Returns how many of those had not been acknowledged. */
  giveUp(lastUs: number): number {
    const mask = this.#due.length - 1;
    let unacknowledged = 0;
    // Messages are sent in order of time, so the first that is young enough ends it.
    while (this.#oldest < this.#next && (this.#sentUs[this.#oldest & mask] ?? 0) <= lastUs) {
      const due = this.#due[this.#oldest & mask] ?? 0;
      if (due !== 0) this.count -= 1;
      if (due >= ACKNOWLEDGEMENT) unacknowledged += 1;
      this.#oldest += 1;
    }
    this.#skipDone();
    return unacknowledged;
  }

  #dueOf(sequence: number): number {
    return this.isPast(sequence) || sequence >= this.#next ? 0 : (this.#due[sequence & (this.#due.length - 1)] ?? 0);
  }

  #setDue(sequence: number, due: number): void {
    this.#due[sequence & (this.#due.length - 1)] = due;
    if (due !== 0) return;
    this.count -= 1;
    if (sequence === this.#oldest) this.#skipDone();
  }

  #skipDone(): void {
    const mask = this.#due.length - 1;
    while (this.#oldest < this.#next && this.#due[this.#oldest & mask] === 0) this.#oldest += 1;
  }

  #grow(): void {
    const mask = this.#due.length - 1;
    const due = new Uint32Array(this.#due.length * 2);
    const sentUs = new Float64Array(due.length);
    for (let sequence = this.#oldest; sequence < this.#next; sequence += 1) {
      due[sequence & (due.length - 1)] = this.#due[sequence & mask] ?? 0;
      sentUs[sequence & (due.length - 1)] = this.#sentUs[sequence & mask] ?? 0;
    }
    this.#due = due;
    this.#sentUs = sentUs;
  }
}
