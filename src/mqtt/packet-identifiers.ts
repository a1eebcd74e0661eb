import { InternalError } from '../errors.ts';

const LARGEST = 65_535;

/** The Packet Identifiers of one connection. The client takes one at a time, a lane a range of its own. [MQTT5 2.2.1] */
export class PacketIdentifiers {
  readonly #used = new Set<number>();
  #lowest = 1;
  #last = 0;

  /** Null when all are in use. */
  allocate(): number | null {
    if (this.#used.size > LARGEST - this.#lowest) return null;
    do {
      this.#last = this.#last >= LARGEST ? this.#lowest : this.#last + 1;
    } while (this.#used.has(this.#last));
    this.#used.add(this.#last);
    return this.#last;
  }

  getLastAllocated(): number {
    return this.#last;
  }

  /** False when it is in use. */
  register(id: number): boolean {
    if (this.#used.has(id)) return false;
    this.#used.add(id);
    return true;
  }

  deallocate(id: number): void {
    this.#used.delete(id);
  }

  clear(): void {
    this.#used.clear();
  }

  /** Leaves 1 to `last` to somebody else. Throws InternalError when one of them is in use. */
  reserve(last: number): void {
    for (const id of this.#used) {
      if (id <= last) throw new InternalError(`Packet Identifier ${id} is in use already`);
    }
    this.#lowest = last + 1;
    this.#last = Math.max(this.#last, last);
  }
}
