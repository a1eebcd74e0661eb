import type { LatencyCounts } from '../record/latency.ts';
import type { Recorder } from '../record/recorder.ts';

/** The counters of a run, at any time while it lasts; whoever watches it reads them, and they cost nothing unread. */
export interface Progress {
  readonly sent: number;
  readonly accepted: number;
  /** First deliveries. */
  readonly delivered: number;
  /** Messages that hold a place in the window. */
  readonly inFlight: number;
  /** Messages given up; undefined where only the end tells what is lost. */
  readonly lost: number | undefined;
  /** Connections that are open. */
  readonly connections: number;
  /** Of everything that was sent after the warm-up and has ended. */
  readonly latency: LatencyCounts;
  /** Of a run in threads: turns of their event loops, and how late one of them was at most since the last call. */
  readonly turns?: number;
  takeLagUs?(): number;
}

/** The counters of a {@link Recorder}. `of` says which of its latencies a run is about. */
export function progressOf(
  recorder: Recorder,
  connections: () => number,
  of: 'endToEnd' | 'acknowledgement' = 'endToEnd',
): Progress {
  const sumOf = (count: 'attempted' | 'accepted'): number =>
    recorder.publishers.reduce((sum, publisher) => sum + publisher[count], 0);
  return {
    get sent() {
      return sumOf('attempted');
    },
    get accepted() {
      return sumOf('accepted');
    },
    get delivered() {
      return recorder.delivered;
    },
    get inFlight() {
      return recorder.outstanding;
    },
    get lost() {
      return recorder.lost;
    },
    get connections() {
      return connections();
    },
    get latency() {
      return recorder[of];
    },
  };
}
