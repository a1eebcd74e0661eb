import type { DeliveryLedger } from './ledger.ts';
import { SequenceSet, type SequenceState } from './sequence-set.ts';

/** What a path carried, as plain data. */
export interface PathState {
  readonly seen: SequenceState;
  readonly delivered: number;
  readonly duplicated: number;
  readonly outOfOrder: number;
}

/** What one subscriber, or all members of a shared subscription together, got of one publisher. */
export class PathRecord {
  readonly #seen = new SequenceSet();
  /** By member: the order of a shared subscription is that of each member. */
  readonly #highest: number[];
  #delivered = 0;
  #duplicated = 0;
  #outOfOrder = 0;

  constructor(members = 1) {
    this.#highest = new Array<number>(members).fill(-1);
  }

  /** True for a first delivery. */
  deliver(sequence: number, member = 0): boolean {
    if (!this.#seen.add(sequence)) {
      this.#duplicated += 1;
      return false;
    }
    this.#delivered += 1;
    if (sequence > (this.#highest[member] ?? -1)) this.#highest[member] = sequence;
    else this.#outOfOrder += 1;
    return true;
  }

  toState(): PathState {
    return {
      seen: this.#seen.toState(),
      delivered: this.#delivered,
      duplicated: this.#duplicated,
      outOfOrder: this.#outOfOrder,
    };
  }

  /** Takes over what was recorded of this path in another thread, where all of it was. */
  absorb({ delivered, duplicated, outOfOrder, seen }: PathState): void {
    this.#seen.absorb(seen);
    this.#delivered += delivered;
    this.#duplicated += duplicated;
    this.#outOfOrder += outOfOrder;
  }

  /** Deliveries beyond the first of each number. */
  get duplicated(): number {
    return this.#duplicated;
  }

  /** First deliveries of a number below one that came before. */
  get outOfOrder(): number {
    return this.#outOfOrder;
  }

  /** How many numbers were delivered that the publisher did not reach: their header was altered on the way. */
  countBeyond(attempted: number): number {
    return this.#seen.countFrom(attempted);
  }

  /** Adds the numbers that were delivered, of those that the publisher reached. */
  addSeenTo(set: SequenceSet, attempted: number): void {
    set.absorb(this.#seen.toState(), attempted);
  }

  /**
   * `delivered` was counted as it happened; `expected` and `lost` come from comparing what was seen with what was
   * accepted, number by number. So that they add up says something.
   */
  toLedger({ accepted, acceptedSet, attempted }: Published): DeliveryLedger {
    const beyond = this.countBeyond(attempted);
    return {
      expected: accepted + this.#seen.countOutside(acceptedSet) - beyond,
      delivered: this.#delivered - beyond,
      lost: acceptedSet.countOutside(this.#seen),
      duplicated: this.#duplicated,
      outOfOrder: this.#outOfOrder,
    };
  }
}

/** What one publisher sent. */
export interface Published {
  readonly attempted: number;
  readonly accepted: number;
  /** The numbers that were accepted. */
  readonly acceptedSet: SequenceSet;
}
