import type { RunId } from '../content/probe.ts';
import { LatencyCounts } from './latency.ts';
import type { DeliveryLedger, Ledgers } from './ledger.ts';
import { SequenceSet } from './sequence-set.ts';

/** 8 bytes run, 4 number, little-endian; what --will-payload gives follows. */
const HEADER_BYTES = 12;
const NUMBER_AT = 8;

/**
 * The Wills of connections that are cut: which of them the broker owes, and which it has published. Each connection has
 * a Will with a number of its own, by which its delivery is verified.
 */
export class WillRecord {
  readonly #header: Buffer;
  readonly #payload: Uint8Array;
  /** Numbers given so far. */
  #next = 0;
  #due = 0;
  readonly #dueSet = new SequenceSet();
  readonly #seen = new SequenceSet();
  #duplicated = 0;
  /** When each Will fell due that has not come yet. */
  readonly #dueUs = new Map<number, number>();
  delivered = 0;
  foreign = 0;
  altered = 0;
  /** From the cut to the delivery of the Will. */
  readonly latency = new LatencyCounts();
  firstDueUs = Number.NaN;
  lastDueUs = Number.NaN;
  lastDeliveredUs = Number.NaN;

  constructor(runId: RunId, payload: Uint8Array) {
    this.#header = Buffer.from(runId, 'hex').subarray(0, NUMBER_AT);
    this.#payload = payload;
  }

  /** The payload of the next connection's Will, and its number. */
  make(): { readonly number: number; readonly payload: Buffer } {
    const number = this.#next;
    this.#next += 1;
    const payload = Buffer.concat([this.#header, Buffer.alloc(HEADER_BYTES - NUMBER_AT), this.#payload]);
    payload.writeUInt32LE(number, NUMBER_AT);
    return { number, payload };
  }

  /** The connection is cut now: the broker is to publish its Will. [MQTT-3.1.2-8] */
  fallDue(number: number, nowUs: number): void {
    if (!this.#dueSet.add(number)) return;
    this.#due += 1;
    if (Number.isNaN(this.firstDueUs)) this.firstDueUs = nowUs;
    this.lastDueUs = nowUs;
    this.#dueUs.set(number, nowUs);
  }

  received(payload: Buffer, nowUs: number): void {
    const isOfRun = payload.length >= HEADER_BYTES && payload.subarray(0, this.#header.length).equals(this.#header);
    if (!isOfRun) {
      this.foreign += 1;
      return;
    }
    const number = payload.readUInt32LE(NUMBER_AT);
    if (number >= this.#next || !payload.subarray(HEADER_BYTES).equals(this.#payload)) {
      this.altered += 1;
      return;
    }
    if (!this.#seen.add(number)) {
      this.#duplicated += 1;
      return;
    }
    this.delivered += 1;
    this.lastDeliveredUs = nowUs;
    const dueUs = this.#dueUs.get(number);
    if (dueUs === undefined) return;
    this.#dueUs.delete(number);
    this.latency.record(nowUs - dueUs);
  }

  get due(): number {
    return this.#due;
  }

  /** Wills that are due and have not come. */
  get missing(): number {
    return this.#dueUs.size;
  }

  /** Each Will that is due was accepted with CONNECT. They are of different connections: none comes out of order. */
  toLedgers(): Ledgers {
    const deliveries: DeliveryLedger = {
      expected: this.#due + this.#seen.countOutside(this.#dueSet),
      delivered: this.delivered,
      lost: this.#dueSet.countOutside(this.#seen),
      duplicated: this.#duplicated,
      outOfOrder: 0,
    };
    const accepted = { attempted: this.#due, accepted: this.#due, refused: 0, timedOut: 0, inFlight: 0 };
    const total = { ...accepted, ...deliveries };
    return { total, publishers: [total], subscribers: [deliveries] };
  }
}
