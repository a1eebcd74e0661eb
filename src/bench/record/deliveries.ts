import type { Contents } from '../content/content.ts';
import { markOf, ProbeReader } from '../content/probe.ts';
import { type BenchPlan, messagesOf } from '../plan/plan.ts';
import { LatencyCounts, type LatencyState } from './latency.ts';
import { type DeliveryLedger, sumDeliveries } from './ledger.ts';
import { PathRecord, type PathState, type Published } from './path-record.ts';

/** What came to the subscribers of a run. It knows nothing of what the publishers did, save what they were to do. */
export interface Deliveries {
  /** First deliveries. */
  readonly delivered: number;
  /** Those of them that were sent when the warm-up was over. */
  readonly measured: number;
  /** Messages of others on the topic. */
  readonly foreign: number;
  /** Payloads that bear this run's mark and are none that can have been sent. */
  readonly altered: number;
  readonly firstDeliveredUs: number;
  readonly lastDeliveredUs: number;
  /** Of first deliveries that were sent when the warm-up was over: from when they were due, and from when they were sent. */
  readonly endToEnd: LatencyCounts;
  readonly endToEndService: LatencyCounts;
  /** How long nothing came while something was due, of 20 ms and more. */
  readonly silences?: LatencyCounts;
  /** Of the last first delivery. */
  readonly publisher: number;
  readonly sequence: number;
  /** When the last first delivery was sent; NaN where that is not known. */
  readonly sentUs: number;
  /** What was sent before is not measured, in microseconds. */
  measuredFromUs: number;
  /** A message came: its payload is `bytes` from `from` up to `to`. True for a first delivery. */
  received(subscriber: number, bytes: Uint8Array, from: number, to: number, nowUs: number): boolean;
  /** The paths from one publisher. */
  pathsOf(publisher: number): readonly PathRecord[];
  /** By subscriber; the members of a shared subscription are one. */
  toLedgers(publishers: readonly Published[]): readonly DeliveryLedger[];
}

/** What came to the subscribers of one thread, as plain data. */
export interface DeliveriesState {
  /** By number; those that carried nothing are left out. */
  readonly paths: readonly (readonly [number: number, state: PathState])[];
  readonly endToEnd: LatencyState;
  /** Left out where it is the same. */
  readonly endToEndService: LatencyState | undefined;
  readonly silences: LatencyState;
  readonly counts: Readonly<Record<(typeof COUNTS)[number], number>>;
  readonly firstDeliveredUs: number;
  readonly lastDeliveredUs: number;
}

const COUNTS = ['delivered', 'measured', 'foreign', 'altered'] as const;

/** Shorter ones have many causes. */
const SHORTEST_SILENCE_US = 20_000;

/** The deliveries of publishers that belong to the run, each verified. */
export class VerifiedDeliveries implements Deliveries {
  readonly #contents: Contents;
  readonly #probe: ProbeReader;
  readonly #runLow: number;
  readonly #runHigh: number;
  readonly #shape: BenchPlan['shape'];
  readonly #publishers: number;
  readonly #subscribers: number;
  /** Of every publisher: no sequence number reaches it. */
  readonly #sequences: number;
  /** By subscriber, then by publisher; of the other shapes, by publisher. */
  readonly #paths: readonly PathRecord[];
  readonly endToEnd = new LatencyCounts();
  readonly endToEndService: LatencyCounts;
  readonly silences = new LatencyCounts();
  delivered = 0;
  measured = 0;
  foreign = 0;
  altered = 0;
  firstDeliveredUs = Number.NaN;
  lastDeliveredUs = Number.NaN;
  measuredFromUs = Number.NEGATIVE_INFINITY;

  constructor(plan: BenchPlan, contents: Contents) {
    const { publishers, rate, runId, shape, subscribers } = plan;
    const { runHigh, runLow } = markOf(runId);
    this.#contents = contents;
    this.#probe = new ProbeReader(contents.epochOffsetUs);
    this.#runLow = runLow;
    this.#runHigh = runHigh;
    this.#shape = shape;
    this.#publishers = publishers;
    this.#subscribers = subscribers;
    this.#sequences = publishers === 0 ? 0 : messagesOf(plan, 0);
    const paths = subscribers === 0 ? 0 : shape === 'all' ? publishers * subscribers : publishers;
    const members = shape === 'shared' ? subscribers : 1;
    this.#paths = Array.from({ length: paths }, () => new PathRecord(members));
    // Without a rate a message is due when it is sent.
    this.endToEndService = rate === null ? this.endToEnd : new LatencyCounts();
  }

  get publisher(): number {
    return this.#probe.publisher;
  }

  get sequence(): number {
    return this.#probe.sequence;
  }

  get sentUs(): number {
    return this.#probe.sentUs;
  }

  received(subscriber: number, bytes: Uint8Array, from: number, to: number, nowUs: number): boolean {
    const probe = this.#probe;
    if (!probe.read(bytes, from, to) || probe.runLow !== this.#runLow || probe.runHigh !== this.#runHigh) {
      this.foreign += 1;
      return false;
    }
    const { publisher, sequence } = probe;
    const isWhole = publisher < this.#publishers && to - from === this.#contents.sizeOf(publisher, sequence);
    if (!isWhole || !probe.isIntact || sequence >= this.#sequences) {
      this.altered += 1;
      return false;
    }
    const path = this.#pathTo(subscriber, publisher);
    if (path === undefined) {
      this.foreign += 1;
      return false;
    }
    if (!path.deliver(sequence, this.#shape === 'shared' ? subscriber : 0)) return false;
    if (this.delivered === 0) this.firstDeliveredUs = nowUs;
    this.delivered += 1;
    const silenceUs = nowUs - (Number.isNaN(this.lastDeliveredUs) ? probe.sentUs : this.lastDeliveredUs);
    if (silenceUs >= SHORTEST_SILENCE_US && nowUs - probe.sentUs >= SHORTEST_SILENCE_US)
      this.silences.record(silenceUs);
    this.lastDeliveredUs = nowUs;
    if (probe.sentUs >= this.measuredFromUs) {
      this.measured += 1;
      this.endToEnd.record(nowUs - probe.dueUs);
      if (this.endToEndService !== this.endToEnd) this.endToEndService.record(nowUs - probe.sentUs);
    }
    return true;
  }

  /** Undefined: that subscriber is due nothing of that publisher. */
  #pathTo(subscriber: number, publisher: number): PathRecord | undefined {
    if (this.#shape === 'all') return this.#paths[subscriber * this.#publishers + publisher];
    return this.#shape === 'shared' || subscriber === publisher ? this.#paths[publisher] : undefined;
  }

  toState(): DeliveriesState {
    const { altered, delivered, endToEnd, endToEndService, firstDeliveredUs, foreign, lastDeliveredUs, measured } =
      this;
    const carried = this.#paths.map((path, number): [number, PathState] => [number, path.toState()]);
    return {
      paths: carried.filter(([, { delivered: first, duplicated }]) => first + duplicated > 0),
      endToEnd: endToEnd.toState(),
      endToEndService: endToEndService === endToEnd ? undefined : endToEndService.toState(),
      silences: this.silences.toState(),
      counts: { delivered, measured, foreign, altered },
      firstDeliveredUs,
      lastDeliveredUs,
    };
  }

  /** Adds what came to subscribers that another thread had. */
  absorb(state: DeliveriesState): void {
    for (const [number, path] of state.paths) this.#paths[number]?.absorb(path);
    this.endToEnd.absorb(state.endToEnd);
    if (state.endToEndService) this.endToEndService.absorb(state.endToEndService);
    this.silences.absorb(state.silences);
    for (const count of COUNTS) this[count] += state.counts[count];
    this.firstDeliveredUs = earliestOf(this.firstDeliveredUs, state.firstDeliveredUs);
    this.lastDeliveredUs = latestOf(this.lastDeliveredUs, state.lastDeliveredUs);
  }

  pathsOf(publisher: number): readonly PathRecord[] {
    const rows = this.#shape === 'all' ? this.#subscribers : Math.min(1, this.#subscribers);
    return Array.from({ length: rows }, (_, row) => this.#paths[row * this.#publishers + publisher]).filter(
      (path) => path !== undefined,
    );
  }

  toLedgers(publishers: readonly Published[]): readonly DeliveryLedger[] {
    const each = this.#paths.map((path, index) => {
      const published = publishers[index % this.#publishers];
      return published ? path.toLedger(published) : sumDeliveries([]);
    });
    if (this.#shape === 'pairs') return each;
    const rows = this.#shape === 'all' ? this.#subscribers : Math.min(1, this.#subscribers);
    return Array.from({ length: rows }, (_, row) =>
      sumDeliveries(each.slice(row * this.#publishers, (row + 1) * this.#publishers)),
    );
  }
}

/** NaN stands for no time at all. */
export function earliestOf(a: number, b: number): number {
  return Number.isNaN(a) || b < a ? b : a;
}

export function latestOf(a: number, b: number): number {
  return Number.isNaN(a) || b > a ? b : a;
}
