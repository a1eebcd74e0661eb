import type { PublishOutcome, QoS } from '../mqtt/session.ts';
import { LatencyCounts } from './latency.ts';
import { type DeliveryLedger, type Ledgers, sumLedgers } from './ledger.ts';
import { PathRecord } from './path-record.ts';
import { ProbeReader, type RunId } from './probe.ts';
import { PublisherRecord } from './publisher-record.ts';

/** What the recorder must know of a run. */
export interface RecordedRun {
  readonly runId: RunId;
  readonly publishers: number;
  readonly subscribers: number;
  readonly qos: QoS;
  readonly payload: { readonly sizeBytes: number };
}

/** Refusals with one Reason Code. */
export interface Refusal {
  count: number;
  /** The first that came. */
  readonly reasonString: string | undefined;
}

/** [MQTT5 2.4]: from here on a Reason Code is a failure. */
const FIRST_FAILURE = 0x80;

/**
 * Takes every event of a run and knows at any time what became of each message. It knows no clock and no network:
 * times are handed in, in microseconds of one monotonic clock.
 */
export class Recorder {
  readonly publishers: readonly PublisherRecord[];
  /** By subscriber, then by publisher. */
  readonly #paths: readonly (readonly PathRecord[])[];
  readonly #sizeBytes: number;
  readonly #probe: ProbeReader;
  readonly refusals = new Map<number, Refusal>();
  /** From publish to delivery, first deliveries only. */
  readonly endToEnd = new LatencyCounts();
  /** From publish to PUBACK or PUBCOMP, refusals included. */
  readonly acknowledgement = new LatencyCounts();
  /** Messages that hold a place in the window. */
  outstanding = 0;
  /** Messages of others on the topic. */
  foreign = 0;
  /** Payloads that bear this run's mark and are none that was sent: altered on the way. */
  altered = 0;
  delivered = 0;
  /** Messages given up so far. */
  givenUp = 0;
  /** Messages given up since the last first delivery. */
  givenUpInARow = 0;
  firstSentUs = Number.NaN;
  lastSentUs = Number.NaN;
  lastAcceptedUs = Number.NaN;
  lastDeliveredUs = Number.NaN;

  constructor({ runId, publishers, subscribers, qos, payload }: RecordedRun) {
    this.publishers = Array.from({ length: publishers }, () => new PublisherRecord(subscribers, qos > 0));
    this.#paths = Array.from({ length: subscribers }, () => Array.from({ length: publishers }, () => new PathRecord()));
    this.#probe = new ProbeReader(runId);
    this.#sizeBytes = payload.sizeBytes;
  }

  /** The publisher is about to send its next message. Returns the sequence number. */
  sent(publisher: PublisherRecord, nowUs: number): number {
    if (Number.isNaN(this.firstSentUs)) this.firstSentUs = nowUs;
    this.lastSentUs = nowUs;
    this.outstanding += 1;
    return publisher.send(nowUs);
  }

  /** The broker's answer to a message at QoS 1 or 2. */
  acknowledged(publisherIndex: number, sequence: number, sentUs: number, nowUs: number, outcome: PublishOutcome): void {
    const publisher = this.publishers[publisherIndex];
    if (!publisher) return;
    this.acknowledgement.record(nowUs - sentUs);
    const before = publisher.outstanding.count;
    if (outcome.reasonCode < FIRST_FAILURE) {
      this.lastAcceptedUs = nowUs;
      publisher.accept(sequence);
    } else {
      const refusal = this.refusals.get(outcome.reasonCode);
      if (refusal) refusal.count += 1;
      else this.refusals.set(outcome.reasonCode, { count: 1, reasonString: outcome.reasonString });
      publisher.refuse(sequence);
    }
    this.outstanding += publisher.outstanding.count - before;
  }

  /** A message came to a subscriber. */
  received(subscriber: number, payload: Buffer, nowUs: number): void {
    const probe = this.#probe;
    if (!probe.read(payload)) {
      this.foreign += 1;
      return;
    }
    const publisher = this.publishers[probe.publisher];
    const path = this.#paths[subscriber]?.[probe.publisher];
    if (!publisher || !path || probe.sequence >= publisher.attempted || payload.length !== this.#sizeBytes) {
      this.altered += 1;
      return;
    }
    if (!path.deliver(probe.sequence)) return;
    this.delivered += 1;
    this.givenUpInARow = 0;
    this.lastDeliveredUs = nowUs;
    this.endToEnd.record(nowUs - probe.sentUs);
    const before = publisher.outstanding.count;
    publisher.outstanding.deliver(probe.sequence);
    this.outstanding += publisher.outstanding.count - before;
  }

  /** QoS 0: the closing PINGREQ of a publisher was answered. */
  confirmed(publisher: PublisherRecord, nowUs: number): void {
    if (publisher.attempted > 0) this.lastAcceptedUs = nowUs;
    publisher.acceptAll();
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

  toLedgers(): Ledgers {
    const publishers = this.publishers.map((publisher, index) =>
      publisher.toLedger(this.#paths.flatMap((paths) => paths[index] ?? [])),
    );
    const subscribers = this.#paths.map((paths) => this.#toDeliveryLedger(paths));
    return { total: sumLedgers(publishers), publishers, subscribers };
  }

  #toDeliveryLedger(paths: readonly PathRecord[]): DeliveryLedger {
    const sum = sumLedgers(
      this.publishers.map((publisher, index) => publisher.toLedger(paths.slice(index, index + 1))),
    );
    const { expected, delivered, lost, duplicated, outOfOrder } = sum;
    return { expected, delivered, lost, duplicated, outOfOrder };
  }
}
