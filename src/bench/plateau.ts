import type { LatencyCounts } from './latency.ts';

/** Round trips that Nagle's algorithm and delayed acknowledgements held up. */
export interface Plateau {
  readonly count: number;
  /** Part of all round trips of its kind, 0 to 1. */
  readonly share: number;
}

// Linux delays an ACK for 40 ms at least; what was sent meanwhile adds to that, or takes from it.
const FROM_US = 38_000;
const TO_US = 46_000;
/** Below and above, as wide as the plateau itself. */
const NEIGHBOURS_US = [30_000, 54_000] as const;
/** From this share on, the 99th percentile is no longer the broker's. */
const SMALLEST_SHARE = 0.01;
const FEWEST = 3;
/** How much higher than its neighbours a plateau stands: a latency that is merely spread out has none. */
const PROMINENCE = 3;
/** A path that takes that long by itself has a round trip of its own, not a plateau. */
const SLOW_PATH_US = 20_000;

/** Finds the 40 ms plateau; undefined where there is none. */
export function findPlateau(roundTrips: readonly LatencyCounts[]): Plateau | undefined {
  const found = roundTrips.flatMap((counts) => {
    const count = counts.countBetween(FROM_US, TO_US);
    const [below, above] = NEIGHBOURS_US;
    const beside = counts.countBetween(below, FROM_US) + counts.countBetween(TO_US, above);
    const isProminent = count >= FEWEST && count >= PROMINENCE * beside && counts.minUs < SLOW_PATH_US;
    const share = count / counts.count;
    return isProminent && share >= SMALLEST_SHARE ? [{ count, share }] : [];
  });
  return found.sort((a, b) => b.share - a.share)[0];
}
