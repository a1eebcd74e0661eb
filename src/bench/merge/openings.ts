import { rateOf } from '../result/rates.ts';
import type { Opening } from '../result/result.ts';
import { mergeLatency } from './latencies.ts';

/**
 * Of runs one after another: one list after the other. Of runs at the same time: the first openings as one, the first
 * storms as one and so on, each as long as the longest of them.
 */
export function mergeOpenings(all: readonly (readonly Opening[])[], inTurn: boolean): readonly Opening[] {
  if (inTurn) return all.flat();
  const most = Math.max(...all.map(({ length }) => length));
  return Array.from({ length: most }, (_, index) => addUp(all.flatMap((openings) => openings[index] ?? [])));
}

function addUp(openings: readonly Opening[]): Opening {
  const total = (key: 'attempted' | 'connected' | 'failed'): number =>
    openings.reduce((sum, opening) => sum + opening[key], 0);
  const known = openings.flatMap(({ duration }) => duration ?? []);
  const duration = known.length === 0 ? null : Math.max(...known);
  const connected = total('connected');
  return {
    attempted: total('attempted'),
    connected,
    failed: total('failed'),
    unit: 'us',
    duration,
    connectedPerSecond: rateOf(connected, duration),
    latency: {
      connect: mergeLatency(openings.map(({ latency }) => latency.connect)),
      tls: mergeLatency(openings.map(({ latency }) => latency.tls)),
      connack: mergeLatency(openings.map(({ latency }) => latency.connack)),
    },
  };
}
