/** Types only: what a run came to. Everything that is printed is made from this record alone. */
import type { StopReason } from '../cli/context.ts';
import type { QoS } from '../mqtt/session.ts';
import type { Role } from './connections.ts';
import type { DeliveryLedger, Ledger } from './ledger.ts';
import type { BenchPlan } from './plan.ts';

/** How a run ended. */
export type Outcome =
  | { readonly kind: 'completed' }
  /** Sending stopped early, because nothing was delivered any more. */
  | { readonly kind: 'stalled' }
  | { readonly kind: 'interrupted'; readonly signal: StopReason['signal'] }
  | { readonly kind: 'connection-lost'; readonly role: Role; readonly index: number; readonly reason: string }
  /** A message could not be sent. */
  | { readonly kind: 'failed'; readonly reason: string };

/** A distribution of latencies in microseconds. All but `count` are null when it is 0. */
export interface Latency {
  readonly unit: 'us';
  readonly count: number;
  readonly min: number | null;
  readonly mean: number | null;
  readonly p50: number | null;
  readonly p90: number | null;
  readonly p99: number | null;
  readonly p999: number | null;
  readonly max: number | null;
}

/** What is known of the broker. */
export interface Broker {
  readonly host: string;
  readonly port: number;
  readonly transport: 'tcp' | 'tls' | 'ws' | 'wss';
  /** What it calls itself in `$SYS/broker/version`; null when it does not say. */
  readonly name: string | null;
  readonly version: string | null;
  /** What was agreed: `5`, `3.1.1` or `3.1`. */
  readonly protocol: string;
  /** The smallest of those that the publishers were given; 65535 where the broker does not say. */
  readonly receiveMaximum: number;
  /** The lowest QoS that a subscriber was granted. */
  readonly grantedQoS: QoS;
}

/** Where the generator ran. */
export interface Environment {
  readonly toolkitVersion: string;
  readonly nodeVersion: string;
  readonly hostname: string;
  readonly platform: string;
  readonly kernel: string;
  readonly arch: string;
  readonly cpuModel: string;
  readonly cpus: number;
  readonly memoryBytes: number;
}

/** What the evidence says of why a result is as it is. */
export interface Diagnosis {
  /** Stable name for scripts. */
  readonly code: DiagnosisCode;
  readonly sentence: string;
}

/** What was asked for. */
export interface BenchConfig extends Omit<BenchPlan, 'runId' | 'isWindowChosen' | 'properties'> {
  /** Of each message, by the names of the specification; binary data in base64. */
  readonly properties?: Readonly<Record<string, unknown>>;
}

export type DiagnosisCode =
  | 'no-answer'
  | 'nothing-delivered'
  | 'refused'
  | 'mosquitto-queue-limits'
  | 'mosquitto-inflight-limit'
  | 'qos-downgraded'
  | 'altered-payloads'
  | 'nagle-plateau'
  | 'receive-maximum'
  | 'unstated-receive-maximum'
  | 'embedded-broker';

/** Messages that the broker refused with one Reason Code. */
export interface RefusedMessages {
  readonly reasonCode: number;
  /** The Reason Code in words. */
  readonly reason: string;
  /** The Reason String that came with the first of them; null when none did. */
  readonly reasonString: string | null;
  readonly count: number;
}

/** The record of one run: printed, stored, and enough to print everything again. docs/json/bench-result.schema.json. */
export interface BenchResult {
  /** Version of this format. */
  readonly v: 1;
  readonly runId: string;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly outcome: Outcome;
  readonly config: BenchConfig;
  readonly broker: Broker;
  readonly environment: Environment;
  readonly ledger: Ledger;
  /** By publisher, over all subscribers. */
  readonly perPublisher: readonly Ledger[];
  /** By subscriber, over all publishers. */
  readonly perSubscriber: readonly DeliveryLedger[];
  /** Messages on the topic that do not count: of other senders, and of this run but altered on the way. */
  readonly ignored: { readonly foreign: number; readonly altered: number };
  readonly refusals: readonly RefusedMessages[];
  /** From the first PUBLISH to the last PUBLISH, acceptance and first delivery; null when there was none. */
  readonly durations: {
    readonly unit: 'us';
    readonly send: number | null;
    readonly accept: number | null;
    readonly deliver: number | null;
  };
  /** Messages divided by `durations`; 0 when there was none. */
  readonly rates: {
    readonly sentPerSecond: number;
    readonly acceptedPerSecond: number;
    readonly deliveredPerSecond: number;
  };
  readonly latency: {
    /** From publish to delivery, first deliveries only. */
    readonly endToEnd: Latency;
    /** From publish to PUBACK; QoS 1 only. */
    readonly puback?: Latency;
    /** From publish to PUBCOMP; QoS 2 only. */
    readonly pubcomp?: Latency;
  };
  readonly diagnosis: readonly Diagnosis[];
}
