import type { PublishOutcome } from '../../mqtt/session.ts';
import { Contents } from '../content/content.ts';
import { type BenchPlan, deliveriesDueOf, givesUpLosses } from '../plan/plan.ts';
import type { BenchResult } from '../result/result.ts';
import { type Deliveries, earliestOf, latestOf, VerifiedDeliveries } from './deliveries.ts';
import { LatencyCounts, type LatencyState } from './latency.ts';
import { type Ledgers, sumDeliveries, sumLedgers } from './ledger.ts';
import { PublisherRecord, type PublisherState } from './publisher-record.ts';
import { ScheduleRecord, type ScheduleState } from './schedule-record.ts';

/** Refusals with one Reason Code. */
export interface Refusal {
  count: number;
  /** The first that came. */
  readonly reasonString: string | undefined;
}

/** What the publishers of one thread did, as plain data. */
export interface RecorderState {
  readonly publishers: readonly PublisherState[];
  readonly schedule: ScheduleState;
  readonly refusals: readonly (readonly [reasonCode: number, refusal: Refusal])[];
  readonly acknowledgement: LatencyState;
  readonly receipt: LatencyState;
  readonly givenUp: number;
  readonly measured: BenchResult['measured'];
  readonly measuredSinceUs: number;
  readonly firstSentUs: number;
  readonly lastSentUs: number;
  readonly lastAcceptedUs: number;
}

/** [MQTT5 2.4]: from here on a Reason Code is a failure. */
const FIRST_FAILURE = 0x80;

/**
 * Takes every event of a run and knows at any time what became of each message. It knows no clock and no network:
 * times are handed in, in microseconds of one monotonic clock.
 */
export class Recorder {
  readonly publishers: readonly PublisherRecord[];
  readonly deliveries: Deliveries;
  /** How well the schedule of --rate was kept. */
  readonly schedule = new ScheduleRecord();
  /** Called in place of {@link arrived} for each first delivery, which is to be told when the broker has done with it. */
  holdBack: ((subscriber: number, publisher: number, sequence: number, nowUs: number) => void) | undefined;
  readonly refusals = new Map<number, Refusal>();
  /** From sending to PUBACK or PUBCOMP, refusals included; of what was sent when the warm-up was over. */
  readonly acknowledgement = new LatencyCounts();
  /** The same to PUBREC. */
  readonly receipt = new LatencyCounts();
  readonly #warmupUs: number;
  readonly #deliveriesDue: number;
  /** Acceptance frees a place in the window, and not delivery. */
  readonly #endsAtAcceptance: boolean;
  readonly #givesUpLosses: boolean;
  /** QoS 1 and 2. */
  readonly #isAcknowledged: boolean;
  /** Messages that hold a place in the window. */
  outstanding = 0;
  /** Messages given up so far. */
  givenUp = 0;
  /** Messages given up since one last left the window by itself. */
  givenUpInARow = 0;
  /** Messages sent, and refused, so far. */
  #attempted = 0;
  #refused = 0;
  #measuredFromUs = Number.NEGATIVE_INFINITY;
  #measuredAttempted = 0;
  #measuredAccepted = 0;
  firstSentUs = Number.NaN;
  /** From sending to what came last: an acknowledgement, or a first delivery. */
  lastLatencyUs = 0;
  lastSentUs = Number.NaN;
  lastAcceptedUs = Number.NaN;

  /** @param contents may be left out where nothing is published. */
  constructor(
    plan: BenchPlan,
    contents = new Contents(plan, 0),
    deliveries: Deliveries = new VerifiedDeliveries(plan, contents),
  ) {
    const { flood, publishers, qos, warmupMs } = plan;
    this.deliveries = deliveries;
    this.#warmupUs = warmupMs * 1000;
    this.#deliveriesDue = deliveriesDueOf(plan);
    this.#endsAtAcceptance = flood || this.#deliveriesDue === 0;
    const heldBy = flood ? 0 : this.#deliveriesDue;
    this.#isAcknowledged = qos > 0;
    this.#givesUpLosses = givesUpLosses(plan);
    this.publishers = Array.from({ length: publishers }, () => new PublisherRecord(heldBy, qos > 0));
  }

  /** The load starts: what is sent until the warm-up is over is not measured. */
  start(nowUs: number): void {
    if (this.#warmupUs === 0) return;
    // A whole number, like the times in headers.
    this.#measuredFromUs = Math.ceil(nowUs + this.#warmupUs);
    this.deliveries.measuredFromUs = this.#measuredFromUs;
  }

  /** What the durations count from: the end of the warm-up, or the first message that was sent, or came. */
  get measuredSinceUs(): number {
    if (this.#warmupUs > 0) return this.#measuredFromUs;
    return this.publishers.length > 0 ? this.firstSentUs : this.deliveries.firstDeliveredUs;
  }

  /** Of what was sent when the warm-up was over. */
  get measured(): BenchResult['measured'] {
    const { measured: delivered } = this.deliveries;
    return { attempted: this.#measuredAttempted, accepted: this.#measuredAccepted, delivered };
  }

  /**
   * When the first message that there was none of any more would have been sent, or would have come where others
   * publish: one mean interval after the last one, so that n messages are counted over n intervals, and not n - 1.
   */
  get nextUs(): number {
    const { deliveries, firstSentUs, lastSentUs, publishers } = this;
    if (publishers.length === 0) {
      return nextOf(deliveries.firstDeliveredUs, deliveries.lastDeliveredUs, deliveries.delivered);
    }
    const attempted = publishers.reduce((sum, publisher) => sum + publisher.attempted, 0);
    return nextOf(firstSentUs, lastSentUs, attempted);
  }

  get delivered(): number {
    return this.deliveries.delivered;
  }

  /** Messages given up so far; undefined where only the end tells what is lost. */
  get lost(): number | undefined {
    return this.#givesUpLosses ? this.givenUp : undefined;
  }

  get foreign(): number {
    return this.deliveries.foreign;
  }

  /** Payloads that bear this run's mark and are none that was sent: altered on the way. */
  get altered(): number {
    return this.publishers.reduce(
      (sum, { attempted }, index) =>
        this.deliveries.pathsOf(index).reduce((soFar, path) => soFar + path.countBeyond(attempted), sum),
      this.deliveries.altered,
    );
  }

  get endToEnd(): LatencyCounts {
    return this.deliveries.endToEnd;
  }

  get endToEndService(): LatencyCounts {
    return this.deliveries.endToEndService;
  }

  get lastDeliveredUs(): number {
    return this.deliveries.lastDeliveredUs;
  }

  /** When something last came that frees a place in the window; NaN when nothing has. */
  get lastProgressUs(): number {
    return this.#endsAtAcceptance ? this.lastAcceptedUs : this.lastDeliveredUs;
  }

  /** Deliveries due of all that was sent and not refused, whether or not they hold a place in the window. */
  get undelivered(): number {
    return (this.#attempted - this.#refused) * this.#deliveriesDue - this.delivered;
  }

  /** The publisher is about to send its next message. Returns the sequence number. */
  sent(publisher: PublisherRecord, nowUs: number): number {
    if (this.#attempted === 0) this.firstSentUs = nowUs;
    this.lastSentUs = nowUs;
    this.#attempted += 1;
    if (nowUs >= this.#measuredFromUs) this.#measuredAttempted += 1;
    else publisher.unmeasured += 1;
    const before = publisher.outstanding.count;
    const sequence = publisher.send(nowUs);
    this.outstanding += publisher.outstanding.count - before;
    return sequence;
  }

  /** The broker's answer to a message at QoS 1 or 2. */
  acknowledged(publisherIndex: number, sequence: number, sentUs: number, nowUs: number, outcome: PublishOutcome): void {
    const publisher = this.publishers[publisherIndex];
    if (!publisher) return;
    const isMeasured = sentUs >= this.#measuredFromUs;
    this.lastLatencyUs = nowUs - sentUs;
    if (isMeasured) this.acknowledgement.record(nowUs - sentUs);
    const before = publisher.outstanding.count;
    if (outcome.reasonCode < FIRST_FAILURE) {
      this.lastAcceptedUs = nowUs;
      if (isMeasured) this.#measuredAccepted += 1;
      if (this.#endsAtAcceptance) this.givenUpInARow = 0;
      publisher.accept(sequence);
    } else {
      const refusal = this.refusals.get(outcome.reasonCode);
      if (refusal) refusal.count += 1;
      else this.refusals.set(outcome.reasonCode, { count: 1, reasonString: outcome.reasonString });
      this.#refused += 1;
      publisher.refuse(sequence);
    }
    this.outstanding += publisher.outstanding.count - before;
  }

  /** QoS 2: PUBREC came, with success. */
  receipted(sentUs: number, nowUs: number): void {
    if (sentUs >= this.#measuredFromUs) this.receipt.record(nowUs - sentUs);
  }

  /** A message came to a subscriber: its payload is `bytes` from `from` up to `to`. */
  received(subscriber: number, bytes: Uint8Array, nowUs: number, from = 0, to = bytes.length): void {
    const { deliveries } = this;
    if (!deliveries.received(subscriber, bytes, from, to, nowUs)) return;
    this.lastLatencyUs = nowUs - deliveries.sentUs;
    const { publisher, sequence } = deliveries;
    if (this.holdBack === undefined) this.arrived(publisher, sequence);
    else this.holdBack(subscriber, publisher, sequence, nowUs);
  }

  /** One subscriber more has a message: it may leave the window. */
  arrived(publisherIndex: number, sequence: number): void {
    this.givenUpInARow = 0;
    const publisher = this.publishers[publisherIndex];
    if (!publisher || this.#endsAtAcceptance) return;
    const before = publisher.outstanding.count;
    publisher.outstanding.deliver(sequence);
    this.outstanding += publisher.outstanding.count - before;
  }

  /** QoS 0: the closing PINGREQ of a publisher was answered. */
  confirmed(publisher: PublisherRecord, nowUs: number): void {
    if (publisher.attempted > 0) this.lastAcceptedUs = nowUs;
    publisher.acceptAll();
    this.#measuredAccepted += publisher.attempted - publisher.unmeasured;
  }

  /**
   * The load is over: at QoS 0 what was delivered had been accepted, though no PINGREQ after it was answered, as when a
   * run is cut short. Returns how many messages that are.
   */
  acceptDelivered(): number {
    if (this.#isAcknowledged) return 0;
    let accepted = 0;
    for (const [index, publisher] of this.publishers.entries()) {
      if (publisher.accepted === publisher.attempted) continue;
      const { count, measured } = publisher.acceptDelivered(this.deliveries.pathsOf(index));
      accepted += count;
      this.#measuredAccepted += measured;
    }
    if (accepted > 0) this.lastAcceptedUs = latestOf(this.lastAcceptedUs, this.lastDeliveredUs);
    return accepted;
  }

  /** Messages sent at `lastUs` or before are given up and free their places; what comes late still counts. */
  giveUp(lastUs: number): void {
    for (const publisher of this.publishers) {
      const before = publisher.outstanding.count;
      publisher.giveUp(lastUs);
      this.outstanding += publisher.outstanding.count - before;
      this.givenUp += before - publisher.outstanding.count;
      this.givenUpInARow += before - publisher.outstanding.count;
    }
  }

  /** What the publishers did. */
  toState(): RecorderState {
    const { firstSentUs, givenUp, lastAcceptedUs, lastSentUs, measuredSinceUs } = this;
    return {
      publishers: this.publishers.map((publisher) => publisher.toState()),
      schedule: this.schedule.toState(),
      refusals: [...this.refusals],
      acknowledgement: this.acknowledgement.toState(),
      receipt: this.receipt.toState(),
      givenUp,
      measured: this.measured,
      measuredSinceUs,
      firstSentUs,
      lastSentUs,
      lastAcceptedUs,
    };
  }

  /** Takes over what publishers from number `from` on did in another thread. */
  absorb(state: RecorderState, from: number): void {
    for (const [index, publisher] of state.publishers.entries()) this.publishers[from + index]?.absorb(publisher);
    this.schedule.absorb(state.schedule);
    for (const [code, { count, reasonString }] of state.refusals) {
      const refusal = this.refusals.get(code);
      if (refusal) refusal.count += count;
      else this.refusals.set(code, { count, reasonString });
    }
    this.acknowledgement.absorb(state.acknowledgement);
    this.receipt.absorb(state.receipt);
    this.givenUp += state.givenUp;
    this.#measuredAttempted += state.measured.attempted;
    this.#measuredAccepted += state.measured.accepted;
    if (this.#warmupUs > 0) this.#measuredFromUs = state.measuredSinceUs;
    this.firstSentUs = earliestOf(this.firstSentUs, state.firstSentUs);
    this.lastSentUs = latestOf(this.lastSentUs, state.lastSentUs);
    this.lastAcceptedUs = latestOf(this.lastAcceptedUs, state.lastAcceptedUs);
  }

  toLedgers(): Ledgers {
    const { deliveries } = this;
    const publishers = this.publishers.map((publisher, index) => publisher.toLedger(deliveries.pathsOf(index)));
    const subscribers = deliveries.toLedgers(this.publishers);
    // Of publishers that are not of this run nothing is known but what came.
    const total = { ...sumLedgers(publishers), ...(publishers.length === 0 && sumDeliveries(subscribers)) };
    return { total, publishers, subscribers };
  }
}

/** One mean interval after the last of `count` events; where there was one alone, its own time. */
function nextOf(firstUs: number, lastUs: number, count: number): number {
  return count > 1 ? lastUs + (lastUs - firstUs) / (count - 1) : lastUs;
}
