import { fillLines } from '../../output/table.ts';
import { formatCount, formatDurationMs, formatLatencyUs, formatPerSecond } from '../../output/units.ts';
import type { BenchPlan } from '../plan/plan.ts';
import type { Sample, Scenario } from '../result/result.ts';
import type { Watched } from '../scenario/run.ts';

/** What the rate of a live view is of: what the scenario is about. */
const COUNTED = {
  pubsub: 'delivered',
  pub: 'accepted',
  sub: 'delivered',
  conn: 'connections',
  rr: 'delivered',
} as const satisfies Record<Scenario, 'delivered' | 'accepted' | 'connections'>;

/** How far a run is. */
export interface Snapshot {
  readonly scenario: Scenario;
  /** Null where the scenario sends nothing, and where it is what is counted. */
  readonly sent: number | null;
  /** To send, in `sub` to receive; null where time ends the run. */
  readonly messages: number | null;
  readonly counted: { readonly count: number; readonly what: string };
  /** Of what is counted, over the last whole second; from the start where there was none. */
  readonly perSecond: number;
  readonly inFlight: number;
  /** Null where only the end tells. */
  readonly lost: number | null;
  /** Of the last second, in microseconds; null when nothing ended in it. */
  readonly latency: Sample['latency'];
  readonly elapsedMs: number;
  /** Null: not known. */
  readonly remainingMs: number | null;
}

export function makeSnapshot(plan: BenchPlan, { progress, samples }: Watched, elapsedMs: number): Snapshot {
  const { messages, qos, scenario } = plan;
  // At QoS 0 nothing is known to be accepted until the end.
  const what = scenario === 'pub' && qos === 0 ? 'sent' : COUNTED[scenario];
  const last = samples.at(-1);
  const sendsNothing = scenario === 'sub' || scenario === 'conn' || what === 'sent';
  return {
    scenario,
    sent: sendsNothing ? null : progress.sent,
    messages,
    counted: { count: progress[what], what },
    perSecond: last === undefined ? perSecondOf(progress[what], elapsedMs) : rateOfLast(samples, what),
    inFlight: progress.inFlight,
    lost: progress.lost ?? null,
    latency: last?.latency ?? null,
    elapsedMs,
    remainingMs: remainingOf(plan, sendsNothing ? progress[what] : progress.sent, elapsedMs),
  };
}

function rateOfLast(samples: readonly Sample[], what: keyof Sample & ('sent' | (typeof COUNTED)[Scenario])): number {
  const [last, before] = [samples.at(-1), samples.at(-2)];
  if (last === undefined) return 0;
  // What is open is no count of the second, but of its end.
  const count = what === 'connections' ? last.connections - (before?.connections ?? 0) : last[what];
  return perSecondOf(Math.max(0, count), last.atMs - (before?.atMs ?? 0));
}

function perSecondOf(count: number, ms: number): number {
  return ms <= 0 ? 0 : (count * 1000) / ms;
}

/** By the clock where time ends the run, otherwise by the pace so far. */
function remainingOf({ durationMs, messages, scenario }: BenchPlan, done: number, elapsedMs: number): number | null {
  // It is held for so long from when all are open, which nobody knows when that is.
  if (scenario === 'conn') return null;
  if (durationMs !== null) return Math.max(0, durationMs - elapsedMs);
  if (messages === null || done === 0) return null;
  return (elapsedMs * Math.max(0, messages - done)) / done;
}

/** A block of a few lines for a terminal that is `width` columns wide. */
export function formatBlock(snapshot: Snapshot, width: number): string {
  return fillLines(describe(snapshot), width).join('\n');
}

/** One line for a log. */
export function formatLine(snapshot: Snapshot): string {
  return describe(snapshot).join(', ');
}

function describe(snapshot: Snapshot): string[] {
  const { counted, inFlight, latency, lost, messages, perSecond, scenario, sent } = snapshot;
  const of = messages === null ? '' : ` of ${formatCount(messages)}`;
  const [wasSent, was] = scenario === 'rr' ? ['requests', 'responses'] : ['sent', counted.what];
  return [
    describeTime(snapshot),
    ...(sent === null ? [] : [`${formatCount(sent)}${of} ${wasSent}`]),
    `${formatCount(counted.count)}${sent === null ? of : ''} ${was}`,
    `${formatPerSecond(perSecond)} ${scenario === 'conn' ? 'connections/s' : 'msg/s'}`,
    // Where nothing is verified, nothing is known of it.
    ...(sent === null ? [] : [`in flight ${formatCount(inFlight)}`]),
    ...(sent === null || lost === null ? [] : [`lost ${formatCount(lost)}`]),
    ...(latency === null ? [] : [`p50 ${formatLatencyUs(latency.p50)}`, `p99 ${formatLatencyUs(latency.p99)}`]),
  ];
}

/** Timers may fire so much before their time. */
const EARLY_MS = 20;

function describeTime({ elapsedMs, remainingMs }: Snapshot): string {
  const elapsed = formatDurationMs(Math.floor((elapsedMs + EARLY_MS) / 1000) * 1000 || 0).replace(/^0 ms$/, '0 s');
  if (remainingMs === null) return elapsed;
  return `${elapsed}, ${formatDurationMs(Math.max(1000, Math.ceil(remainingMs / 1000) * 1000))} left`;
}
