import { type Ledger, sumDeliveries } from './ledger.ts';
import { Outstanding } from './outstanding.ts';
import type { PathRecord, Published } from './path-record.ts';
import { SequenceSet, type SequenceState } from './sequence-set.ts';

/** What became of the messages of one publisher, as plain data. */
export interface PublisherState {
  readonly accepted: SequenceState;
  readonly counts: Readonly<Record<(typeof COUNTS)[number], number>>;
}

const COUNTS = ['attempted', 'accepted', 'refused', 'timedOut', 'inFlight', 'unmeasured'] as const;

/** What became of the messages of one publisher. */
export class PublisherRecord implements Published {
  readonly outstanding: Outstanding;
  readonly acceptedSet = new SequenceSet();
  attempted = 0;
  accepted = 0;
  refused = 0;
  timedOut = 0;
  inFlight = 0;
  /** Those sent while the warm-up lasted. */
  unmeasured = 0;

  /** @param deliveries that hold the place of each message in the window. */
  constructor(deliveries: number, acknowledged: boolean) {
    this.outstanding = new Outstanding(deliveries, acknowledged);
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
    this.acceptedSet.add(sequence);
    this.outstanding.acknowledge(sequence);
  }

  refuse(sequence: number): void {
    this.#leaveUnanswered(sequence);
    this.refused += 1;
    this.outstanding.drop(sequence);
  }

  /** Everything sent so far was accepted: QoS 0, by the answer to a closing PINGREQ. */
  acceptAll(): void {
    this.acceptedSet.addBelow(this.attempted);
    this.accepted = this.attempted;
    this.inFlight = 0;
  }

  /**
   * QoS 0, and no PINGREQ after them was answered: messages that came to somebody were accepted all the same. Returns how
   * many that are, and how many of them are measured.
   */
  acceptDelivered(paths: readonly PathRecord[]): { readonly count: number; readonly measured: number } {
    const before = { all: this.acceptedSet.countFrom(0), measured: this.acceptedSet.countFrom(this.unmeasured) };
    for (const path of paths) path.addSeenTo(this.acceptedSet, this.attempted);
    const count = this.acceptedSet.countFrom(0) - before.all;
    this.accepted += count;
    if (this.timedOut > 0) this.timedOut -= count;
    else this.inFlight -= count;
    return { count, measured: this.acceptedSet.countFrom(this.unmeasured) - before.measured };
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

  toState(): PublisherState {
    const { accepted, attempted, inFlight, refused, timedOut, unmeasured } = this;
    return {
      accepted: this.acceptedSet.toState(),
      counts: { attempted, accepted, refused, timedOut, inFlight, unmeasured },
    };
  }

  /** Takes over what was recorded in another thread, where all of it was. */
  absorb({ accepted, counts }: PublisherState): void {
    this.acceptedSet.absorb(accepted);
    for (const count of COUNTS) this[count] += counts[count];
  }

  /** Its ledger over the paths to those that are due to have its messages. */
  toLedger(paths: readonly PathRecord[]): Ledger {
    const { attempted, accepted, refused, timedOut, inFlight } = this;
    const deliveries = sumDeliveries(paths.map((path) => path.toLedger(this)));
    return { attempted, accepted, refused, timedOut, inFlight, ...deliveries };
  }

  /** A late answer to a message that was given up moves it out of `timedOut`. */
  #leaveUnanswered(sequence: number): void {
    if (this.outstanding.isPast(sequence)) this.timedOut -= 1;
    else this.inFlight -= 1;
  }
}
