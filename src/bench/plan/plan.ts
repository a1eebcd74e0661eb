import type { MessageProperties } from '../../mqtt/session.ts';
import type { RunId } from '../content/probe.ts';
import { type Piece, parseTemplate } from '../content/template.ts';
import type { BenchConfig } from '../result/result.ts';
import { Schedule, type Turns } from './schedule.ts';

/** What a run is to do: who sends what, how much, how fast. Plain data, that another thread can be handed. */
export interface BenchPlan extends Omit<BenchConfig, 'connection' | 'properties'> {
  readonly runId: RunId;
  readonly seed: number;
  /** The window was asked for, and is not the default. */
  readonly isWindowChosen?: boolean;
  /** What payloads hold after the header, where that is the same for all and no filler. */
  readonly payloadBytes?: Uint8Array;
  /** The ShareName of a shared subscription. */
  readonly shareName?: string;
  /** Retained messages stay with the broker after the run. */
  readonly keepsRetained?: boolean;
  /** Of each message: `-D publish`. MQTT 5 only. */
  readonly properties?: MessageProperties;
  /** Of a part of a run: the turns that its publishers have in the schedule of all. */
  readonly turns?: Turns;
}

/** A plan of a scenario that has no use for anything but what it adds. */
export function emptyPlan(scenario: BenchPlan['scenario'], runId: RunId): BenchPlan {
  return {
    scenario,
    runId,
    seed: Number.parseInt(runId.slice(0, 8), 16),
    messages: null,
    durationMs: null,
    qos: 0,
    retain: false,
    topic: '',
    filter: null,
    topics: 1,
    topicAlias: false,
    payload: { kind: 'filler', source: null, sizeBytes: 0 },
    publishers: 0,
    subscribers: 0,
    shape: 'all',
    window: null,
    flood: false,
    rate: null,
    rampMs: 0,
    warmupMs: 0,
    connectRate: null,
    drainTimeoutMs: 10_000,
    workers: 0,
    localAddresses: [],
    connections: 0,
    storms: 0,
  };
}

/** When the messages of an open loop are due; undefined for a closed one. */
export function scheduleOf({ rampMs, rate, turns }: BenchPlan): Schedule | undefined {
  return rate === null ? undefined : new Schedule(rate, rampMs, turns);
}

/** How many messages there are to send in all; infinite where time ends the run. */
export function totalOf(plan: BenchPlan): number {
  const { durationMs, messages } = plan;
  const byCount = messages ?? Number.POSITIVE_INFINITY;
  const schedule = scheduleOf(plan);
  if (schedule === undefined || durationMs === null) return byCount;
  return Math.min(byCount, schedule.countBefore(durationMs));
}

/** How many messages one publisher sends: the first ones send what cannot be divided. */
export function messagesOf(plan: BenchPlan, publisher: number): number {
  const total = totalOf(plan);
  if (!Number.isFinite(total)) return total;
  return Math.floor(total / plan.publishers) + (publisher < total % plan.publishers ? 1 : 0);
}

/** How many messages may be outstanding; without a window as many as there are. */
export function windowOf({ window }: Pick<BenchPlan, 'window'>): number {
  return window ?? Number.POSITIVE_INFINITY;
}

/** How many of the window's places one publisher may hold; with more publishers than places they take turns. */
export function publisherWindowOf(plan: BenchPlan): number {
  return Math.ceil(windowOf(plan) / plan.publishers);
}

/** How many subscribers are due to have each message. */
export function deliveriesDueOf({ scenario, shape, subscribers }: BenchPlan): number {
  if (scenario !== 'pubsub' && scenario !== 'rr') return 0;
  return shape === 'all' ? subscribers : 1;
}

/**
 * Whether the messages that are lost are known while a run lasts: each holds its place in the window until all that is due
 * of it has come, or it is given up. With --flood, and where nothing is acknowledged, only the end tells.
 */
export function givesUpLosses(plan: BenchPlan): boolean {
  return !plan.flood && plan.publishers > 0 && (plan.qos > 0 || deliveriesDueOf(plan) > 0);
}

/** The Topic Filter of one subscriber. */
export function filterOf(plan: BenchPlan, subscriber: number): string {
  const { filter, shape } = plan;
  return shape === 'pairs' ? (filter ?? '').replaceAll('{publisher}', String(subscriber)) : (filter ?? '');
}

/** Cannot occur in a topic. */
const VARYING = '\0';

/**
 * The Topic Filter of everything that a template gives: `+` for a level that varies. With `keepsPublisher` the
 * publisher's number stays a placeholder, for {@link filterOf} to fill in.
 */
export function makeFilter(topic: string, runId: RunId, keepsPublisher: boolean): string {
  const toText = (piece: Piece): string => {
    if (typeof piece === 'string') return piece;
    return keepsPublisher && piece.name === 'publisher' ? '{publisher}' : VARYING;
  };
  return parseTemplate(topic, 'topic', runId)
    .map(toText)
    .join('')
    .split('/')
    .map((level) => (level.includes(VARYING) ? '+' : level))
    .join('/');
}
