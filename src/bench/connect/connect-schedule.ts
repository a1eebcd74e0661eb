import type { Clock } from '../../cli/context.ts';

/** Handshakes under way at once: enough to hide the network, few enough for any broker's listen queue. */
export const OPENING_AT_ONCE = 50;

/** When connections are begun. */
export interface ConnectSchedule {
  readonly clock: Clock;
  /** Per second; null: each as soon as one of {@link OPENING_AT_ONCE} before it is open. */
  readonly rate: number | null;
}

/**
 * Begins 0 to `count` - 1, until `isOver`. With a rate number i is due i / rate seconds after the first, however long
 * the others take and however late one was: what is behind is made up for. `begin` never rejects. Resolves when
 * everything that was begun has ended.
 */
export async function beginEach(
  count: number,
  { clock, rate }: ConnectSchedule,
  isOver: () => boolean,
  begin: (index: number, dueMs: number) => Promise<void>,
): Promise<void> {
  if (rate !== null) return beginAtRate(count, rate, clock, isOver, begin);
  let next = 0;
  const beginInTurn = async (): Promise<void> => {
    while (next < count && !isOver()) {
      const index = next;
      next += 1;
      await begin(index, clock.monotonicMs());
    }
  };
  await Promise.all(Array.from({ length: Math.min(count, OPENING_AT_ONCE) }, beginInTurn));
}

/** So that a run is over soon after something ended it, even at one connection a minute. */
const LONGEST_PAUSE_MS = 50;

async function beginAtRate(
  count: number,
  rate: number,
  clock: Clock,
  isOver: () => boolean,
  begin: (index: number, dueMs: number) => Promise<void>,
): Promise<void> {
  const startMs = clock.monotonicMs();
  const begun = new Set<Promise<void>>();
  for (let index = 0; index < count && !isOver(); index += 1) {
    const dueMs = startMs + (index * 1000) / rate;
    for (let waitMs = dueMs - clock.monotonicMs(); waitMs > 0 && !isOver(); waitMs = dueMs - clock.monotonicMs()) {
      const pauseMs = Math.min(waitMs, LONGEST_PAUSE_MS);
      await new Promise<void>((resolve) => clock.setTimer(resolve, pauseMs));
    }
    if (isOver()) break;
    const beginning = begin(index, dueMs);
    begun.add(beginning);
    void beginning.then(() => begun.delete(beginning));
  }
  await Promise.all(begun);
}
