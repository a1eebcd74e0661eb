import type { Endpoint } from '../../mqtt/connection-plan.ts';
import { describeReasonCode } from '../../mqtt/reason-codes.ts';
import type { MessageProperties, QoS } from '../../mqtt/session.ts';
import { diagnose, type Undiagnosed } from '../diagnosis/diagnosis.ts';
import { findNagle, heldUpTogether } from '../diagnosis/plateau.ts';
import { describeConnection } from '../plan/connection-config.ts';
import type { BenchPlan } from '../plan/plan.ts';
import { LatencyCounts } from '../record/latency.ts';
import { assertLedgersAddUp } from '../record/ledger.ts';
import type { OpeningRecord } from '../record/opening-record.ts';
import type { Recorder } from '../record/recorder.ts';
import type { WillRecord } from '../record/will-record.ts';
import type { BenchRun } from '../scenario/run.ts';
import { rateOf, ratesOf } from './rates.ts';
import {
  type BenchConfig,
  type BenchResult,
  type Broker,
  type Environment,
  LATENCIES,
  type Latency,
  type LatencyName,
  type Opening,
} from './result.ts';
import { summarizeLatency } from './summarize.ts';

const PROTOCOLS = { 3: '3.1', 4: '3.1.1', 5: '5' } as const;

/** What of a recorder the result is made from. */
type Seen = Pick<
  Recorder,
  | 'acknowledgement'
  | 'altered'
  | 'endToEnd'
  | 'foreign'
  | 'lastAcceptedUs'
  | 'lastDeliveredUs'
  | 'lastSentUs'
  | 'measured'
  | 'measuredSinceUs'
  | 'nextUs'
  | 'refusals'
  | 'toLedgers'
>;

/** What is known of a run beside what was seen in it. */
export interface Circumstances {
  readonly environment: Environment;
  /** The broker runs inside this process. */
  readonly embedded: boolean;
}

/** The record of a run. Throws InternalError when its ledger does not add up. */
export function makeResult(run: BenchRun, { embedded, environment }: Circumstances): BenchResult {
  const { outcome, plan, startedMs, wills } = run;
  const recorder = wills === undefined ? run.recorder : seenOf(wills, run.recorder);
  const { runId, seed, isWindowChosen = false } = plan;
  const ledgers = recorder.toLedgers();
  assertLedgersAddUp(ledgers);
  const durations = {
    unit: 'us',
    send: spanOf(recorder, recorder.lastSentUs),
    accept: spanOf(recorder, recorder.lastAcceptedUs),
    deliver: spanOf(recorder, recorder.lastDeliveredUs),
  } as const;
  const { attempted, accepted, delivered } = ledgers.total;
  const measured = plan.warmupMs === 0 ? { attempted, accepted, delivered } : recorder.measured;
  const result: Undiagnosed = {
    v: 1,
    runId,
    seed,
    // biome-ignore lint/style/noRestrictedGlobals: formats a time that the clock gave, reads none
    startedAt: new Date(startedMs).toISOString(),
    outcome,
    config: { ...configOf(plan), connection: describeConnection(run.connection) },
    broker: describeBroker(run, embedded),
    environment,
    connections: run.connections.toLedger(),
    ledger: ledgers.total,
    perPublisher: ledgers.publishers,
    perSubscriber: ledgers.subscribers,
    ignored: { foreign: recorder.foreign, altered: recorder.altered },
    refusals: [...recorder.refusals].map(([reasonCode, { count, reasonString }]) => ({
      reasonCode,
      reason: describeReasonCode(reasonCode),
      reasonString: reasonString ?? null,
      count,
    })),
    measured,
    durations,
    rates: ratesOf({ measured, durations }),
    ...(run.openings && { openings: run.openings.map(openingOf) }),
    latency: latenciesOf(run),
    samples: run.samples,
    thresholds: [],
    repeats: [],
  };
  const isWindowReduced = plan.qos === 2 && result.broker.protocol !== '5' && !isWindowChosen;
  // mosquitto answers each PINGREQ by itself; where a broker may gather answers, that they come together says nothing.
  const isHeldBack = run.isHeldBack === false && result.broker.name !== 'mosquitto' ? undefined : run.isHeldBack;
  const { acknowledgement, endToEnd, lastDeliveredUs, measuredSinceUs } = recorder;
  const { deliveries } = run.recorder;
  const plateau = findNagle(
    { acknowledgement, deliveries, endToEnd, lastDeliveredUs, measuredSinceUs },
    heldUpTogether(result),
    isHeldBack,
  );
  return {
    ...result,
    diagnosis: diagnose(result, {
      embedded,
      isWindowReduced,
      plateau,
      schedule: run.recorder.schedule,
      retainedLeft: run.retainedLeft,
      sysBefore: run.sysBefore,
    }),
  };
}

function configOf(plan: BenchPlan): BenchConfig {
  const { runId, seed, isWindowChosen, keepsRetained, payloadBytes, properties, shareName, ...config } = plan;
  return { ...config, ...(properties && { properties: forJson(properties) }) };
}

function latenciesOf({ connections, plan, recorder, wills }: BenchRun): BenchResult['latency'] {
  const none = new LatencyCounts();
  const recorded: Partial<Record<LatencyName, LatencyCounts>> = {
    connect: connections.connect,
    tls: connections.tls,
    connack: connections.connack,
    suback: connections.suback,
    endToEnd: wills?.latency ?? recorder.endToEnd,
    endToEndService: wills?.latency ?? recorder.endToEndService,
    ...(plan.qos === 1 && { puback: recorder.acknowledgement }),
    ...(plan.qos === 2 && { pubrec: recorder.receipt, pubcomp: recorder.acknowledgement }),
  };
  const entries = LATENCIES.map((name): [LatencyName, Latency] => [name, summarizeLatency(recorded[name] ?? none)]);
  return Object.fromEntries(entries) as Record<LatencyName, Latency>;
}

/** Binary data in base64. */
function forJson({ correlationData, ...rest }: MessageProperties): NonNullable<BenchConfig['properties']> {
  return { ...rest, ...(correlationData && { correlationData: correlationData.toString('base64') }) };
}

/** A Will is sent when its connection is cut. There is no warm-up. */
function seenOf(wills: WillRecord, { acknowledgement, refusals }: Recorder): Seen {
  const { altered, firstDueUs, foreign, lastDeliveredUs, lastDueUs, latency } = wills;
  return {
    toLedgers: () => wills.toLedgers(),
    foreign,
    altered,
    refusals,
    acknowledgement,
    endToEnd: latency,
    measured: { attempted: 0, accepted: 0, delivered: 0 },
    measuredSinceUs: firstDueUs,
    lastSentUs: lastDueUs,
    // The Wills of a storm fall due together: there is no interval between them.
    nextUs: lastDueUs,
    lastAcceptedUs: lastDueUs,
    lastDeliveredUs,
  };
}

function openingOf(opening: OpeningRecord): Opening {
  const { attempted, connected, failed, lastOpenMs, startMs } = opening;
  const duration = Number.isNaN(lastOpenMs) ? null : Math.round((lastOpenMs - startMs) * 1000);
  return {
    attempted,
    connected,
    failed,
    unit: 'us',
    duration,
    connectedPerSecond: rateOf(connected, duration),
    latency: {
      connect: summarizeLatency(opening.connect),
      tls: summarizeLatency(opening.tls),
      connack: summarizeLatency(opening.connack),
    },
  };
}

/** Null when there was none after the warm-up. */
function spanOf({ measuredSinceUs, nextUs }: Seen, lastUs: number): number | null {
  // As long as messages are sent there is something to accept and to deliver, though a broker may have ceased to.
  const endUs = nextUs > lastUs ? nextUs : lastUs;
  return lastUs >= measuredSinceUs ? Math.round(endUs - measuredSinceUs) : null;
}

function describeBroker({ connection, grantedQoS, identity, publishers }: BenchRun, embedded: boolean): Broker {
  const { host, port } = connection.endpoint;
  const [first] = publishers;
  return {
    host,
    port,
    transport: describeTransport(connection.endpoint),
    name: embedded ? 'embedded aedes' : (identity?.name ?? null),
    version: identity?.version ?? null,
    protocol: PROTOCOLS[first?.version ?? 5],
    receiveMaximum: publishers.reduce((least, info) => Math.min(least, info.receiveMaximum), 65_535),
    grantedQoS,
    maximumQoS: publishers.reduce<QoS>((least, info) => Math.min(least, info.maximumQoS) as QoS, 2),
    retainAvailable: publishers.every((info) => info.retainAvailable),
    maximumPacketSize: first?.maximumPacketSize ?? null,
    topicAliasMaximum: first?.topicAliasMaximum ?? 0,
    keepAliveSeconds: first?.keepAliveSeconds ?? connection.keepAliveSeconds,
  };
}

function describeTransport({ tls, webSocketPath }: Endpoint): Broker['transport'] {
  if (webSocketPath !== undefined) return tls ? 'wss' : 'ws';
  return tls ? 'tls' : 'tcp';
}
