import { LatencyCounts } from '../../../src/bench/record/latency.ts';
import { ratesOf } from '../../../src/bench/result/rates.ts';
import type { BenchResult, LatencyName } from '../../../src/bench/result/result.ts';
import { summarizeLatency } from '../../../src/bench/result/summarize.ts';
import { readStored } from './stored.ts';

/** One delivery, of one publisher and one subscriber. */
export interface Event {
  readonly atUs: number;
  readonly latencyUs: number;
  readonly isLost: boolean;
}

/** What a run that saw these events comes to, each at least; the rest is that of a stored result. */
export function resultOf(
  events: readonly Event[],
  differs: Partial<BenchResult> = {},
  latency: LatencyName = 'endToEnd',
): BenchResult {
  const stored = readStored('lossless');
  const counts = new LatencyCounts();
  const none = summarizeLatency(new LatencyCounts());
  const arrived = events.filter(({ isLost }) => !isLost);
  for (const { latencyUs } of arrived) counts.record(latencyUs);
  const deliveries = {
    expected: events.length,
    delivered: arrived.length,
    lost: events.length - arrived.length,
    duplicated: 0,
    outOfOrder: 0,
  };
  const ledger = {
    attempted: events.length,
    accepted: events.length,
    refused: 0,
    timedOut: 0,
    inFlight: 0,
    ...deliveries,
  };
  const lastUs = (some: readonly Event[]): number | null =>
    some.length === 0 ? null : Math.max(...some.map(({ atUs }) => atUs));
  const measured = { attempted: ledger.attempted, accepted: ledger.accepted, delivered: ledger.delivered };
  const durations = { unit: 'us', send: lastUs(events), accept: lastUs(events), deliver: lastUs(arrived) } as const;
  const latencies = Object.fromEntries(Object.keys(stored.latency).map((name) => [name, none]));
  return {
    ...stored,
    ledger,
    perPublisher: [ledger],
    perSubscriber: [deliveries],
    measured,
    durations,
    rates: ratesOf({ measured, durations }),
    latency: { ...latencies, [latency]: summarizeLatency(counts) } as BenchResult['latency'],
    diagnosis: [],
    samples: [],
    ...differs,
  };
}
