import type { OpeningTimes } from '../../mqtt/opening-times.ts';
import type { ConnectionLedger } from '../result/result.ts';
import { LatencyCounts, type LatencyState } from './latency.ts';

/** Different reasons that are kept apart; a broker that makes up a new one each time must not fill memory. */
const MOST_REASONS = 100;
const OTHER_REASONS = 'other reasons';

/** What became of connections, as plain data. */
export interface ConnectionRecordState {
  readonly ledger: ConnectionLedger;
  readonly latencies: Readonly<Record<(typeof PHASES)[number], LatencyState>>;
}

const PHASES = ['connect', 'tls', 'connack', 'suback'] as const;

/** Counts what becomes of connections, and how long each part of opening them takes. */
export class ConnectionRecord {
  attempted = 0;
  connected = 0;
  failed = 0;
  lost = 0;
  /** Failures since the last connection that was opened. */
  failedInARow = 0;
  /** From when a connection was due: with --connect-rate by the schedule, else when it was begun. */
  readonly connect = new LatencyCounts();
  readonly tls = new LatencyCounts();
  readonly connack = new LatencyCounts();
  readonly suback = new LatencyCounts();
  readonly #reasons = new Map<string, number>();

  /** `lateMs`: how long after it was due the connection was begun. */
  opened({ connectMs, connackMs, tlsMs }: OpeningTimes, lateMs: number): void {
    this.connect.record((lateMs + connectMs) * 1000);
    if (tlsMs !== undefined) this.tls.record(tlsMs * 1000);
    this.connack.record(connackMs * 1000);
  }

  succeed(): void {
    this.attempted += 1;
    this.connected += 1;
    this.failedInARow = 0;
  }

  fail(reason: string): void {
    this.attempted += 1;
    this.failed += 1;
    this.failedInARow += 1;
    this.#count(reason);
  }

  lose(reason: string): void {
    this.lost += 1;
    this.#count(reason);
  }

  toState(): ConnectionRecordState {
    const { connack, connect, suback, tls } = this;
    return {
      ledger: this.toLedger(),
      latencies: {
        connect: connect.toState(),
        tls: tls.toState(),
        connack: connack.toState(),
        suback: suback.toState(),
      },
    };
  }

  /** Adds what was recorded in another thread. */
  absorb({ latencies, ledger }: ConnectionRecordState): void {
    this.attempted += ledger.attempted;
    this.connected += ledger.connected;
    this.failed += ledger.failed;
    this.lost += ledger.lost;
    for (const phase of PHASES) this[phase].absorb(latencies[phase]);
    for (const { count, reason } of ledger.reasons) this.#count(reason, count);
  }

  toLedger(): ConnectionLedger {
    const { attempted, connected, failed, lost } = this;
    const reasons = [...this.#reasons].map(([reason, count]) => ({ reason, count }));
    return { attempted, connected, failed, lost, reasons: reasons.sort((a, b) => b.count - a.count) };
  }

  #count(reason: string, times = 1): void {
    const kept = this.#reasons.has(reason) || this.#reasons.size < MOST_REASONS ? reason : OTHER_REASONS;
    this.#reasons.set(kept, (this.#reasons.get(kept) ?? 0) + times);
  }
}
