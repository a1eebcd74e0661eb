import type { LatencyCounts } from '../record/latency.ts';
import type { Recorder } from '../record/recorder.ts';
import type { BenchResult } from '../result/result.ts';

/** What of a recorder shows it. */
type Seen = Pick<Recorder, 'acknowledgement' | 'deliveries' | 'endToEnd' | 'lastDeliveredUs' | 'measuredSinceUs'>;

/** Round trips that Nagle's algorithm and delayed acknowledgements held up. */
export interface Plateau {
  /** Of round trips, or of silences: times at which nothing came for so long. */
  readonly count: number;
  /** Part of all round trips of its kind, or of the time, 0 to 1. */
  readonly share: number;
  /** It is of silences. */
  readonly isOfTime?: boolean;
  /** The longest of them, in milliseconds, where they were not all of about 40 ms. */
  readonly longestMs?: number;
}

// Linux delays an ACK for 40 ms at least; what was sent meanwhile adds to that, or takes from it.
const FROM_US = 38_000;
const TO_US = 46_000;
/** Below and above, as wide as the plateau itself. */
const NEIGHBOURS_US = [30_000, 54_000] as const;
/** From this share on, the 99th percentile is no longer the broker's. */
const SMALLEST_SHARE = 0.01;
/** A smaller part of the time does not change the rate by much. */
const SMALLEST_TIME_SHARE = 0.1;
const FEWEST = 3;
/** How much higher than its neighbours a plateau stands: a latency that is merely spread out has none. */
const PROMINENCE = 3;
/** A path that takes that long by itself has a round trip of its own, not a plateau. */
const SLOW_PATH_US = 20_000;

/**
 * Finds the 40 ms plateau in round trips; undefined where there is none.
 * @param together so many are on their way at once, and one pause of broker or machine holds all of them up.
 */
export function findPlateau(roundTrips: readonly LatencyCounts[], together = 1): Plateau | undefined {
  const found = roundTrips.flatMap((counts) => {
    const count = countProminent(counts);
    const share = count / counts.count;
    return count > 0 && count >= FEWEST * together && counts.minUs < SLOW_PATH_US && share >= SMALLEST_SHARE
      ? [{ count, share }]
      : [];
  });
  return found.sort((a, b) => b.share - a.share)[0];
}

/**
 * Finds it in what was recorded. `isHeldBack` is whether the broker was seen to hold packets back: where it was, one
 * pause is enough, and where it was not, and would have been, there is none. Undefined: it was not tried, or nothing
 * can be told by it.
 */
export function findNagle(recorder: Seen, together: number, isHeldBack: boolean | undefined): Plateau | undefined {
  if (isHeldBack === false) return undefined;
  const { acknowledgement, deliveries, endToEnd, lastDeliveredUs, measuredSinceUs } = recorder;
  const { silences } = deliveries;
  const durationUs = lastDeliveredUs - measuredSinceUs || 0;
  const found =
    findPlateau([endToEnd, acknowledgement], together) ?? (silences && findSilences(silences, endToEnd, durationUs));
  if (found !== undefined || isHeldBack === undefined) return found;
  return findHeldBack(endToEnd.count === 0 ? undefined : silences, acknowledgement, durationUs);
}

/** Whether it is worth a fraction of a second to see if the broker holds packets back. */
export function mayBeHeldBack(recorder: Seen): boolean {
  return findNagle(recorder, 1, true) !== undefined;
}

/** How many messages one pause of about 40 ms holds up at most; 1 where that is not known. */
export function heldUpTogether({ broker, config }: Pick<BenchResult, 'broker' | 'config'>): number {
  const { publishers, qos, rate, window } = config;
  if (rate !== null) return Math.max(1, Math.ceil((rate * TO_US) / 1e6));
  const receiveMaximum = qos === 0 ? Number.POSITIVE_INFINITY : broker.receiveMaximum * publishers;
  return Math.min(window ?? 1, receiveMaximum);
}

/**
 * Finds it in the silences of a run that took `durationUs`: with a small window a few messages wait, and all the others
 * are held up by them before they are sent.
 */
export function findSilences(
  silences: LatencyCounts,
  roundTrips: LatencyCounts,
  durationUs: number,
): Plateau | undefined {
  const count = roundTrips.minUs < SLOW_PATH_US ? countProminent(silences) : 0;
  const share = Math.min(1, (count * (FROM_US + TO_US)) / 2 / durationUs);
  return count > 0 && share >= SMALLEST_TIME_SHARE ? { count, share, isOfTime: true } : undefined;
}

/** A silence that began before the message was sent is shorter, and one that a busy machine ends is longer. */
const HELD_FROM_US = 28_000;
const HELD_TO_US = 60_000;
/** So few messages that most of them wait for one pause are no queue, in which others would wait as long. */
const MOST_IN_A_SHORT_RUN = 100;

/**
 * Finds it where it is known that the broker holds packets back, so that one pause is enough: in silences, and in the
 * acknowledgements of a short run that has no deliveries.
 */
function findHeldBack(
  silences: LatencyCounts | undefined,
  acknowledgements: LatencyCounts,
  durationUs: number,
): Plateau | undefined {
  let count = 0;
  let totalUs = 0;
  let longestUs = 0;
  silences?.eachBucket((us, silent) => {
    if (us < HELD_FROM_US || us >= HELD_TO_US) return;
    count += silent;
    totalUs += silent * us;
    longestUs = us;
  });
  const share = Math.min(1, totalUs / durationUs);
  if (count > 0 && durationUs > 0 && share >= SMALLEST_TIME_SHARE) {
    return { count, share, isOfTime: true, longestMs: Math.round(longestUs / 1000) };
  }
  const held = acknowledgements.countBetween(FROM_US, TO_US);
  const isShort = silences === undefined && acknowledgements.count <= MOST_IN_A_SHORT_RUN;
  return isShort && held * 2 > acknowledgements.count
    ? { count: held, share: held / acknowledgements.count }
    : undefined;
}

/** How many lie in the plateau; 0 where it does not stand out. */
function countProminent(counts: LatencyCounts): number {
  const count = counts.countBetween(FROM_US, TO_US);
  const [below, above] = NEIGHBOURS_US;
  const beside = counts.countBetween(below, FROM_US) + counts.countBetween(TO_US, above);
  return count >= FEWEST && count >= PROMINENCE * beside ? count : 0;
}
