/** What the main thread and the others say to each other: plain data alone. */
import type { ConnectionPlan } from '../../mqtt/connection-plan.ts';
import type { QoS, SessionInfo } from '../../mqtt/session.ts';
import type { Role } from '../connect/connections.ts';
import type { LoadEnd } from '../load/load.ts';
import type { BenchPlan } from '../plan/plan.ts';
import type { ConnectionRecordState } from '../record/connection-record.ts';
import type { DeliveriesState } from '../record/deliveries.ts';
import type { LatencyState } from '../record/latency.ts';
import type { RecorderState } from '../record/recorder.ts';
import type { Progress } from '../watch/progress.ts';
import type { ErrorState } from './plain.ts';
import type { Share } from './share.ts';

/** To a thread. */
export type Order =
  | {
      readonly kind: 'open';
      readonly plan: BenchPlan;
      readonly connection: ConnectionPlan;
      readonly shares: readonly Share[];
      /** Which of them is the thread's own. */
      readonly index: number;
    }
  /** `startMs`: when the load starts, by the clock that all threads have in common. */
  | { readonly kind: 'begin'; readonly startMs: number }
  /** Pairs of publisher and sequence number: first deliveries, made in other threads, of what this one publishes. */
  | { readonly kind: 'delivered'; readonly pairs: Uint32Array; readonly nowUs: number }
  | { readonly kind: 'stop' }
  /** The load of every thread has ended. */
  | { readonly kind: 'report'; readonly isCut: boolean }
  | { readonly kind: 'close'; readonly graceMs: number | undefined };

/** Counters since the start; `turns` of the event loop are 0 where they are not known. */
export type ThreadProgress = Required<Omit<Progress, 'latency' | 'takeLagUs'>>;

/** From a thread. */
export type Report =
  | { readonly kind: 'ready'; readonly publishers: readonly SessionInfo[]; readonly grantedQoS: QoS }
  | { readonly kind: 'delivered'; readonly to: number; readonly pairs: Uint32Array; readonly nowUs: number }
  /** `added`: what was counted since the report before; `lagUs`: how late the event loop was at most since then. */
  | {
      readonly kind: 'progress';
      readonly progress: ThreadProgress;
      readonly added: LatencyState;
      readonly lagUs: number;
    }
  | { readonly kind: 'lost'; readonly role: Role; readonly index: number; readonly reason: string }
  /** Something failed: before the load began, or a message could not be sent. */
  | { readonly kind: 'failed'; readonly error: ErrorState }
  | { readonly kind: 'ended'; readonly end: LoadEnd }
  | { readonly kind: 'result'; readonly recorder: RecorderState; readonly deliveries: DeliveriesState }
  | { readonly kind: 'closed'; readonly connections: ConnectionRecordState };
