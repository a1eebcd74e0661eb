import type { DeliveryLedger } from './ledger.ts';
import { SequenceSet } from './sequence-set.ts';

/** What one subscriber got of one publisher. */
export class PathRecord {
  readonly #seen = new SequenceSet();
  #highest = -1;
  #delivered = 0;
  #duplicated = 0;
  #outOfOrder = 0;

  /** True for a first delivery. */
  deliver(sequence: number): boolean {
    if (!this.#seen.add(sequence)) {
      this.#duplicated += 1;
      return false;
    }
    this.#delivered += 1;
    if (sequence > this.#highest) this.#highest = sequence;
    else this.#outOfOrder += 1;
    return true;
  }

  /**
   * `delivered` was counted as it happened; `expected` and `lost` come from comparing what was seen with what was
   * accepted, number by number. So that they add up says something.
   */
  toLedger(accepted: number, acceptedSet: SequenceSet): DeliveryLedger {
    return {
      expected: accepted + this.#seen.countOutside(acceptedSet),
      delivered: this.#delivered,
      lost: acceptedSet.countOutside(this.#seen),
      duplicated: this.#duplicated,
      outOfOrder: this.#outOfOrder,
    };
  }
}
