/** Types only: what a run came to. Everything that is printed is made from this record alone. */
import type { StopReason } from '../../cli/context.ts';
import type { QoS } from '../../mqtt/session.ts';
import type { Role } from '../connect/connections.ts';
import type { DeliveryLedger, Ledger } from '../record/ledger.ts';

/** How a run ended. */
export type Outcome =
  | { readonly kind: 'completed' }
  /** It ended early, because nothing was delivered any more. */
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
  /** The whole distribution: HdrHistogram, V2, compressed, base64; null when `count` is 0. */
  readonly hdr: string | null;
}

/** Every distribution of a run; `count` is 0 where the scenario has none of it. */
export const LATENCIES = [
  /** From the start of a connection, with --connect-rate from when it was due, to TCP being open. */
  'connect',
  /** The TLS handshake. */
  'tls',
  /** From CONNECT to CONNACK. */
  'connack',
  /** From SUBSCRIBE to SUBACK. */
  'suback',
  /** From the time of sending to PUBACK; QoS 1 only. */
  'puback',
  /** From the time of sending to PUBREC, and to PUBCOMP; QoS 2 only. */
  'pubrec',
  'pubcomp',
  /** From the time at which a message was due to be sent, to its first delivery; in `rr` to the response. */
  'endToEnd',
  /** The same from the time at which it was sent: the service time. Without --rate both are the same. */
  'endToEndService',
] as const;

export type LatencyName = (typeof LATENCIES)[number];

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
  /** Of CONNACK; null where the broker does not say. [MQTT5 3.2.2.3] */
  readonly maximumQoS: QoS;
  readonly retainAvailable: boolean;
  readonly maximumPacketSize: number | null;
  readonly topicAliasMaximum: number;
  readonly keepAliveSeconds: number;
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
  /** Versions of the packages that the numbers rest on, by name. */
  readonly packages: Readonly<Record<string, string>>;
}

/** What the evidence says of why a result is as it is. */
export interface Diagnosis {
  /** Stable name for scripts. */
  readonly code: DiagnosisCode;
  readonly sentence: string;
}

/** How payloads are made. */
export interface PayloadConfig {
  /** `filler`: of `--size`; `text`: the same for each message; `template`: `--payload` with placeholders; `file`. */
  readonly kind: 'filler' | 'text' | 'template' | 'file';
  /** What was given, where something was: the text, or the name of the file. */
  readonly source: string | null;
  /** Bytes of the largest payload, the header by which deliveries are verified included. */
  readonly sizeBytes: number;
}

/** How connections were to be made. Left out is what is secret or names a user. */
export interface ConnectionConfig {
  /** `auto`: MQTT 5, and 3.1.1 where the broker refuses that; `broker.protocol` is what was agreed. */
  readonly protocol: 'auto' | '3.1' | '3.1.1' | '5';
  readonly cleanStart: boolean;
  /** As asked for; `broker.keepAliveSeconds` is what holds. */
  readonly keepAliveSeconds: number;
  readonly sessionExpirySeconds: number | null;
  /** QoS 1 and 2 messages that the broker may send to a subscriber at once; null: 65535, or as it likes before MQTT 5. */
  readonly receiveMaximum: number | null;
  readonly connectTimeoutMs: number;
  readonly proxy: 'socks5' | 'http' | null;
  /** Null without TLS. */
  readonly tls: { readonly verified: boolean; readonly clientCertificate: boolean } | null;
  /** A user name or a password was sent. */
  readonly credentials: boolean;
  /** Each connection had a Will. */
  readonly will: boolean;
}

/** What was asked for. What a scenario has no use for is null, or 0 where it is a count. */
export interface BenchConfig {
  readonly scenario: Scenario;
  /** To publish, over all publishers; in `rr` requests. Null where --duration ends the run. */
  readonly messages: number | null;
  /** How long to publish, receive or hold, in milliseconds. */
  readonly durationMs: number | null;
  readonly qos: QoS;
  readonly retain: boolean;
  /** Template of the Topic Names, as given or by default. */
  readonly topic: string;
  /** The Topic Filters of the subscribers; of several that differ by number, the template. */
  readonly filter: string | null;
  /** How many topics the messages are spread over by `{topic}`; 1 for none. */
  readonly topics: number;
  readonly topicAlias: boolean;
  readonly payload: PayloadConfig;
  readonly publishers: number;
  readonly subscribers: number;
  /** `rr`: connections that respond; 0: somebody else's do. The publishers are the requesters. */
  readonly responders?: number;
  /** `all`: each subscriber is due every message; `pairs`: those of its own publisher; `shared`: one of them each. */
  readonly shape: 'all' | 'pairs' | 'shared';
  /** Messages that may be outstanding over all publishers; null with --rate. */
  readonly window: number | null;
  /** A message is outstanding until it is accepted, and not until it is delivered. */
  readonly flood: boolean;
  /** Messages per second, over all publishers; null for a closed loop. */
  readonly rate: number | null;
  readonly rampMs: number;
  readonly warmupMs: number;
  /** Connections opened per second; null: as fast as they are answered. */
  readonly connectRate: number | null;
  readonly drainTimeoutMs: number;
  readonly workers: number;
  readonly localAddresses: readonly string[];
  /** `conn`: connections to open and to hold; `storms`: how often all are cut and opened again. */
  readonly connections: number;
  readonly storms: number;
  readonly connection?: ConnectionConfig;
  /** Of each message, by the names of the specification; binary data in base64. */
  readonly properties?: Readonly<Record<string, unknown>>;
}

export type Scenario = 'pubsub' | 'pub' | 'sub' | 'conn' | 'rr';

export type DiagnosisCode =
  | 'no-answer'
  | 'nothing-delivered'
  | 'refused'
  | 'mosquitto-queue-limits'
  | 'mosquitto-inflight-limit'
  | 'sys-dropped'
  | 'qos-downgraded'
  | 'retain-unavailable'
  | 'retained-left'
  | 'unverified'
  | 'altered-payloads'
  | 'self-limit'
  | 'missed-schedule'
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

/** What became of the connections. `attempted = connected + failed`, always. */
export interface ConnectionLedger {
  /** CONNECT attempts, those of reconnect storms included. */
  readonly attempted: number;
  /** Accepted by CONNACK. */
  readonly connected: number;
  /** Refused, or not answered. */
  readonly failed: number;
  /** Ended without our asking for it, after CONNACK. */
  readonly lost: number;
  /** What failed attempts and lost connections said, with how often. */
  readonly reasons: readonly { readonly reason: string; readonly count: number }[];
}

/** `conn`: one time that all connections were opened, the first one or after a storm had cut them. */
export interface Opening {
  readonly attempted: number;
  readonly connected: number;
  readonly failed: number;
  readonly unit: 'us';
  /** From when the first connection was due to the last CONNACK; null when none was opened. */
  readonly duration: number | null;
  readonly connectedPerSecond: number;
  readonly latency: Readonly<Record<'connect' | 'tls' | 'connack', Latency>>;
}

/** What was seen in one second, or in what there was of it at the end. */
export interface Sample {
  /** Milliseconds from `startedAt` to its end. */
  readonly atMs: number;
  readonly sent: number;
  readonly accepted: number;
  /** First deliveries. */
  readonly delivered: number;
  /** Messages that hold a place in the window, at its end. */
  readonly inFlight: number;
  /**
   * Given up so far as lost, since the start. Left out where only the end tells what is lost: with --flood, without
   * publishers, and where publishers are alone at QoS 0.
   */
  readonly lost?: number;
  /** Connections open at its end. */
  readonly connections: number;
  /** Microseconds; of what ended in it: deliveries, or acknowledgements in `pub`, or CONNACKs in `conn`. Null: none. */
  readonly latency: { readonly p50: number; readonly p99: number; readonly max: number } | null;
  readonly generator: {
    /** CPU time of this process over the time that passed: 1 is one CPU. */
    readonly cpu: number;
    /** The longest delay of the event loop, in microseconds. */
    readonly lagUs: number;
    /** Turns of the event loop, or of those of the threads of --workers; left out where Node does not tell. */
    readonly turns?: number;
    readonly memoryBytes: number;
  };
  /** Figures of `$SYS/broker/` by what follows that, the newest of each; null where the broker tells none. */
  readonly sys: Readonly<Record<string, number>> | null;
  /** Of the process of --broker-pid; null without it. */
  readonly brokerProcess: { readonly cpu: number; readonly memoryBytes: number } | null;
}

/** A condition of --assert, and what became of it. */
export interface Threshold {
  /** As it was given, such as `p99 < 10ms`. */
  readonly assertion: string;
  /** What was measured, in the unit of the assertion's measure: microseconds for latencies. Null: nothing was. */
  readonly value: number | null;
  readonly held: boolean;
}

/** One run of --repeat: the figures that a comparison needs. */
export interface Repeat {
  readonly startedAt: string;
  readonly outcome: Outcome;
  readonly ledger: Ledger;
  readonly durations: BenchResult['durations'];
  readonly rates: BenchResult['rates'];
  readonly latency: BenchResult['latency'];
  /** Of `conn`. */
  readonly openings?: readonly Opening[];
}

/** One of the runs that `mqtt-bench merge` made one result of: what its durations are made from. */
export interface MergedRun {
  readonly runId: string;
  readonly hostname: string;
  readonly startedAt: string;
  readonly outcome: Outcome;
  readonly durations: BenchResult['durations'];
  /** Of `conn`, which has no durations: how long connections were opened and held, in microseconds. */
  readonly lasted?: number;
}

/** What --find-max found, and how. */
export interface Search {
  /** What had to hold, as it was given. */
  readonly target: string;
  /** The highest rate tried that held, in messages per second: that of the result it stands in. Null: none did. */
  readonly rate: number | null;
  /** In the order in which they were tried. */
  readonly steps: readonly SearchStep[];
}

/** One run of --find-max. */
export interface SearchStep {
  /** Messages per second that were asked for. */
  readonly rate: number;
  readonly startedAt: string;
  readonly held: boolean;
  /** Why it did not hold; null when it did. */
  readonly reason: string | null;
  readonly thresholds: readonly Threshold[];
  readonly rates: BenchResult['rates'];
}

/** The record of one run: printed, stored, and enough to print everything again. docs/json/bench-result.schema.json. */
export interface BenchResult {
  /** Version of this format. */
  readonly v: 1;
  readonly runId: string;
  /** Of everything random in topics and payloads: the same seed makes the same ones. */
  readonly seed: number;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly outcome: Outcome;
  readonly config: BenchConfig;
  readonly broker: Broker;
  readonly environment: Environment;
  readonly connections: ConnectionLedger;
  readonly ledger: Ledger;
  /** By publisher, over all subscribers. */
  readonly perPublisher: readonly Ledger[];
  /** By subscriber, over all publishers; a shared subscription is one subscriber. */
  readonly perSubscriber: readonly DeliveryLedger[];
  /** Messages on the topic that do not count: of other senders, and of this run but altered on the way. */
  readonly ignored: { readonly foreign: number; readonly altered: number };
  readonly refusals: readonly RefusedMessages[];
  /** What the rates are of: counts from the end of the warm-up on. */
  readonly measured: { readonly attempted: number; readonly accepted: number; readonly delivered: number };
  /**
   * From the end of the warm-up, or the first PUBLISH, to the last PUBLISH and one mean interval between two more, so that
   * n messages have n intervals; to the last acceptance and first delivery, but not less than that. In `sub` all is counted
   * from the first delivery. Null when there was none.
   */
  readonly durations: {
    readonly unit: 'us';
    readonly send: number | null;
    readonly accept: number | null;
    readonly deliver: number | null;
  };
  /** `measured` divided by `durations`; 0 when there was none. Of several runs: the time in which any of them ran. */
  readonly rates: {
    readonly sentPerSecond: number;
    readonly acceptedPerSecond: number;
    readonly deliveredPerSecond: number;
  };
  /** Of `conn`, in order: the first is no storm. */
  readonly openings?: readonly Opening[];
  /** From the end of the warm-up on. */
  readonly latency: Readonly<Record<LatencyName, Latency>>;
  readonly samples: readonly Sample[];
  readonly diagnosis: readonly Diagnosis[];
  readonly thresholds: readonly Threshold[];
  /** Of --repeat, in order; empty for a single run. What stands above is of all of them together. */
  readonly repeats: readonly Repeat[];
  /** Of `mqtt-bench merge`, by `startedAt`. */
  readonly merged?: readonly MergedRun[];
  /** Of --find-max. */
  readonly search?: Search;
}
