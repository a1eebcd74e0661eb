import type { Deliveries } from '../record/deliveries.ts';
import { LatencyCounts } from '../record/latency.ts';

/** The deliveries of what one thread publishes, counted only: the threads of the subscribers verify them. */
export class Tally implements Deliveries {
  readonly endToEnd = new LatencyCounts();
  readonly endToEndService = this.endToEnd;
  delivered = 0;
  readonly measured = 0;
  readonly foreign = 0;
  readonly altered = 0;
  firstDeliveredUs = Number.NaN;
  lastDeliveredUs = Number.NaN;
  measuredFromUs = Number.NEGATIVE_INFINITY;
  readonly publisher = 0;
  readonly sequence = 0;
  readonly sentUs = Number.NaN;

  /** A subscriber, in whatever thread, has a message for the first time. */
  add(nowUs: number): void {
    if (this.delivered === 0) this.firstDeliveredUs = nowUs;
    this.delivered += 1;
    this.lastDeliveredUs = nowUs;
  }

  received(): boolean {
    return false;
  }

  pathsOf(): [] {
    return [];
  }

  toLedgers(): [] {
    return [];
  }
}
