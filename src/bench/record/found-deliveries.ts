import { ProbeReader } from '../content/probe.ts';
import type { BenchPlan } from '../plan/plan.ts';
import type { Deliveries } from './deliveries.ts';
import { LatencyCounts } from './latency.ts';
import type { DeliveryLedger } from './ledger.ts';
import { PathRecord } from './path-record.ts';

/** A payload whose time is further from now has no header, but bytes that look like one. Microseconds. */
const LONGEST_LATENCY_US = 86_400_000_000;
const MOST_PUBLISHERS = 100_000;

/** What came of one publisher that was found by the header of its payloads. */
interface Found {
  readonly path: PathRecord;
  lowest: number;
  highest: number;
  delivered: number;
}

/** What one subscriber, or all members of a shared subscription, got. */
class Inbox {
  /** By the mark of the run, then by publisher. */
  readonly #runs = new Map<number, Found[]>();
  readonly #members: number;
  /** Messages that bear no header. */
  unmarked = 0;

  constructor(members: number) {
    this.#members = members;
  }

  find(run: number, publisher: number): Found {
    const found = this.#runs.get(run) ?? [];
    if (found.length === 0) this.#runs.set(run, found);
    const known = found[publisher];
    if (known !== undefined) return known;
    const made = { path: new PathRecord(this.#members), lowest: Number.POSITIVE_INFINITY, highest: -1, delivered: 0 };
    found[publisher] = made;
    return made;
  }

  /** Between the first and the last message of a publisher that came, all others are expected. */
  toLedger(): DeliveryLedger {
    const sum = { expected: this.unmarked, delivered: this.unmarked, lost: 0, duplicated: 0, outOfOrder: 0 };
    for (const run of this.#runs.values()) {
      // Not by index: publishers that were not found are holes.
      run.forEach(({ delivered, highest, lowest, path }) => {
        const { duplicated, outOfOrder } = path;
        const expected = highest - lowest + 1;
        sum.expected += expected;
        sum.delivered += delivered;
        sum.lost += expected - delivered;
        sum.duplicated += duplicated;
        sum.outOfOrder += outOfOrder;
      });
    }
    return sum;
  }
}

/** The deliveries of publishers of which nothing is known but what their payloads say. */
export class FoundDeliveries implements Deliveries {
  readonly #inboxes: readonly Inbox[];
  readonly #isShared: boolean;
  readonly #probe: ProbeReader;
  readonly #most: number;
  readonly endToEnd = new LatencyCounts();
  readonly endToEndService = new LatencyCounts();
  readonly foreign = 0;
  readonly altered = 0;
  readonly publisher = 0;
  readonly sequence = 0;
  readonly sentUs = Number.NaN;
  delivered = 0;
  measured = 0;
  firstDeliveredUs = Number.NaN;
  lastDeliveredUs = Number.NaN;
  measuredFromUs = Number.NEGATIVE_INFINITY;
  /** Messages that came, repeated ones included. */
  count = 0;
  /** Nothing more comes, and as many as were asked for are expected: what did not come is lost. */
  isOver = false;

  /** @param epochOffsetUs what is to be added to times of the run's clock, that they count from the Unix epoch. */
  constructor({ messages, shape, subscribers }: BenchPlan, epochOffsetUs: number) {
    this.#isShared = shape === 'shared';
    const inboxes = this.#isShared ? 1 : subscribers;
    this.#inboxes = Array.from({ length: inboxes }, () => new Inbox(this.#isShared ? subscribers : 1));
    this.#probe = new ProbeReader(epochOffsetUs);
    this.#most = messages ?? Number.POSITIVE_INFINITY;
  }

  /** As many came as were asked for: what comes now is not counted any more. */
  get isFull(): boolean {
    return this.count >= this.#most;
  }

  received(subscriber: number, bytes: Uint8Array, from: number, to: number, nowUs: number): boolean {
    const inbox = this.#inboxes[this.#isShared ? 0 : subscriber];
    if (inbox === undefined || this.isFull) return false;
    this.count += 1;
    const isMeasured = nowUs >= this.measuredFromUs;
    if (this.#hasHeader(bytes, from, to, nowUs)) {
      const { dueUs, publisher, runHigh, runLow, sentUs, sequence } = this.#probe;
      const found = inbox.find(runHigh * 0x1_0000_0000 + runLow, publisher);
      if (!found.path.deliver(sequence, this.#isShared ? subscriber : 0)) return false;
      found.delivered += 1;
      found.lowest = Math.min(found.lowest, sequence);
      found.highest = Math.max(found.highest, sequence);
      if (isMeasured) {
        this.endToEnd.record(nowUs - dueUs);
        this.endToEndService.record(nowUs - sentUs);
      }
    } else {
      inbox.unmarked += 1;
    }
    if (this.delivered === 0) this.firstDeliveredUs = nowUs;
    this.delivered += 1;
    this.lastDeliveredUs = nowUs;
    if (isMeasured) this.measured += 1;
    return true;
  }

  #hasHeader(bytes: Uint8Array, from: number, to: number, nowUs: number): boolean {
    const probe = this.#probe;
    if (!probe.read(bytes, from, to) || !probe.isIntact || probe.publisher >= MOST_PUBLISHERS) return false;
    return Math.abs(nowUs - probe.dueUs) < LONGEST_LATENCY_US;
  }

  pathsOf(): readonly PathRecord[] {
    return [];
  }

  toLedgers(): readonly DeliveryLedger[] {
    const ledgers = this.#inboxes.map((inbox) => inbox.toLedger());
    return this.isOver && Number.isFinite(this.#most) ? expectInAll(this.#most, ledgers) : ledgers;
  }
}

/**
 * Has `most` deliveries expected over all subscribers, where fewer are known of. Who lacks the others nobody knows, and
 * each gets every message: they are those of the subscribers that have the fewest.
 */
export function expectInAll(most: number, ledgers: readonly DeliveryLedger[]): readonly DeliveryLedger[] {
  const missing = most - ledgers.reduce((sum, { expected }) => sum + expected, 0);
  if (missing <= 0) return ledgers;
  const known = ledgers.map(({ expected }) => expected).sort((a, b) => a - b);
  let count = 0;
  let sum = 0;
  let level = 0;
  for (const [index, expected] of known.entries()) {
    if (count > 0 && expected * count - sum >= missing) break;
    count = index + 1;
    sum += expected;
    level = Math.floor((sum + missing) / count);
  }
  // The first ones have one more where it cannot be divided.
  let more = sum + missing - level * count;
  return ledgers.map((ledger) => {
    if (ledger.expected > level) return ledger;
    let expected = level;
    if (more > 0) {
      expected += 1;
      more -= 1;
    }
    return { ...ledger, expected, lost: expected - ledger.delivered };
  });
}
