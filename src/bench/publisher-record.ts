import type { Ledger } from './ledger.ts';
import { Outstanding } from './outstanding.ts';
import type { PathRecord } from './path-record.ts';
import { SequenceSet } from './sequence-set.ts';

/** What became of the messages of one publisher. */
export class PublisherRecord {
  readonly outstanding: Outstanding;
  readonly #acceptedSet = new SequenceSet();
  attempted = 0;
  accepted = 0;
  refused = 0;
  timedOut = 0;
  inFlight = 0;

  /** @param subscribers how many are due to have each message. */
  constructor(subscribers: number, acknowledged: boolean) {
    this.outstanding = new Outstanding(subscribers, acknowledged);
  }

  /** Sent and not answered, however long ago: what Receive Maximum bounds. [MQTT5 4.9] */
  get unanswered(): number {
    return this.inFlight + this.timedOut;
  }

  send(sentUs: number): number {
    this.attempted += 1;
    this.inFlight += 1;
    return this.outstanding.add(sentUs);
  }

  accept(sequence: number): void {
    this.#leaveUnanswered(sequence);
    this.accepted += 1;
    this.#acceptedSet.add(sequence);
    this.outstanding.acknowledge(sequence);
  }

  refuse(sequence: number): void {
    this.#leaveUnanswered(sequence);
    this.refused += 1;
    this.outstanding.drop(sequence);
  }

  /** Everything sent so far was accepted: QoS 0, by the answer to a closing PINGREQ. */
  acceptAll(): void {
    this.#acceptedSet.addBelow(this.attempted);
    this.accepted = this.attempted;
    this.inFlight = 0;
  }

  /** Nothing of what was sent at QoS 0 is known to have been read, and the time is over. */
  timeOutAll(): void {
    this.timedOut = this.inFlight;
    this.inFlight = 0;
  }

  /** Gives up what was sent at `lastUs` or before. At QoS 0 only {@link timeOutAll} tells what timed out. */
  giveUp(lastUs: number): void {
    const unacknowledged = this.outstanding.giveUp(lastUs);
    this.inFlight -= unacknowledged;
    this.timedOut += unacknowledged;
  }

  /** Its ledger over the paths to every subscriber. */
  toLedger(paths: readonly PathRecord[]): Ledger {
    const { attempted, accepted, refused, timedOut, inFlight } = this;
    const deliveries = { expected: 0, delivered: 0, lost: 0, duplicated: 0, outOfOrder: 0 };
    for (const path of paths) {
      const ledger = path.toLedger(accepted, this.#acceptedSet);
      deliveries.expected += ledger.expected;
      deliveries.delivered += ledger.delivered;
      deliveries.lost += ledger.lost;
      deliveries.duplicated += ledger.duplicated;
      deliveries.outOfOrder += ledger.outOfOrder;
    }
    return { attempted, accepted, refused, timedOut, inFlight, ...deliveries };
  }

  /** A late answer to a message that was given up moves it out of `timedOut`. */
  #leaveUnanswered(sequence: number): void {
    if (this.outstanding.isPast(sequence)) this.timedOut -= 1;
    else this.inFlight -= 1;
  }
}
