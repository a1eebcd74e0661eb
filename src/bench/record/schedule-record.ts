import { LatencyCounts, type LatencyState } from './latency.ts';

/** What kept a message from being sent when it was due. */
export const HOLDS = ['receive-maximum', 'connection', 'generator'] as const;

/**
 * `receive-maximum`: the broker had not answered as many as it takes at once; `connection`: it had not read what was
 * sent before; `generator`: nothing of that, so it was this process.
 */
export type Hold = (typeof HOLDS)[number];

/** Timers come up to two milliseconds late on an idle machine; this is no longer that. Microseconds. */
export const LATE_US = 10_000;

/** The same as plain data. */
export interface ScheduleState {
  readonly lateness: LatencyState;
  readonly late: Readonly<Record<Hold, number>>;
  readonly unsent: Readonly<Record<Hold, number>>;
}

/** How well the schedule of an open loop was kept. */
export class ScheduleRecord {
  /** From when a message was due to when it was sent. */
  readonly lateness = new LatencyCounts();
  /** Messages sent more than {@link LATE_US} after they were due, by what held them. */
  readonly late: Record<Hold, number> = { 'receive-maximum': 0, connection: 0, generator: 0 };
  /** Messages that were due and never sent, by what held them at the end. */
  readonly unsent: Record<Hold, number> = { 'receive-maximum': 0, connection: 0, generator: 0 };

  toState(): ScheduleState {
    return { lateness: this.lateness.toState(), late: { ...this.late }, unsent: { ...this.unsent } };
  }

  absorb({ late, lateness, unsent }: ScheduleState): void {
    this.lateness.absorb(lateness);
    for (const hold of HOLDS) {
      this.late[hold] += late[hold];
      this.unsent[hold] += unsent[hold];
    }
  }

  sent(lateUs: number, heldBy: Hold): void {
    this.lateness.record(lateUs);
    if (lateUs > LATE_US) this.late[heldBy] += 1;
  }
}
