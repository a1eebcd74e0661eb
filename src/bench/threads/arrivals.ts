import type { Clock } from '../../cli/context.ts';

export interface ArrivalEvents {
  /** Of a publisher of this thread. */
  onOwn(publisher: number, sequence: number, nowUs: number): void;
  /** Of publishers of another thread: publisher and sequence number, one after the other. */
  onOthers(thread: number, pairs: Uint32Array, nowUs: number): void;
}

/** Tells the thread of each publisher what was delivered of it: all of one turn of the event loop together. */
export class Arrivals {
  readonly #owners: Uint16Array;
  readonly #own: number;
  readonly #clock: Clock;
  readonly #events: ArrivalEvents;
  /** By thread. */
  readonly #pending = new Map<number, number[]>();
  #nowUs = 0;
  #isDue = false;

  /** @param owners the thread of each publisher. @param own this thread. */
  constructor(owners: Uint16Array, own: number, clock: Clock, events: ArrivalEvents) {
    this.#owners = owners;
    this.#own = own;
    this.#clock = clock;
    this.#events = events;
  }

  add(publisher: number, sequence: number, nowUs: number): void {
    const owner = this.#owners[publisher] ?? this.#own;
    if (owner === this.#own) return this.#events.onOwn(publisher, sequence, nowUs);
    let pairs = this.#pending.get(owner);
    if (pairs === undefined) {
      pairs = [];
      this.#pending.set(owner, pairs);
    }
    pairs.push(publisher, sequence);
    this.#nowUs = nowUs;
    if (this.#isDue) return;
    this.#isDue = true;
    this.#clock.setSoon(() => this.#flush());
  }

  #flush(): void {
    this.#isDue = false;
    for (const [owner, pairs] of this.#pending) this.#events.onOthers(owner, Uint32Array.from(pairs), this.#nowUs);
    this.#pending.clear();
  }
}
