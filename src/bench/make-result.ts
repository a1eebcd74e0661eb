import type { Endpoint } from '../mqtt/connection-plan.ts';
import { describeReasonCode } from '../mqtt/reason-codes.ts';
import type { MessageProperties } from '../mqtt/session.ts';
import { diagnose, type Undiagnosed } from './diagnosis.ts';
import { assertLedgersAddUp } from './ledger.ts';
import { findPlateau } from './plateau.ts';
import type { Recorder } from './recorder.ts';
import type { BenchConfig, BenchResult, Broker, Environment } from './result.ts';
import type { BenchRun } from './run.ts';
import { summarizeLatency } from './summarize.ts';

const PROTOCOLS = { 3: '3.1', 4: '3.1.1', 5: '5' } as const;

/** What is known of a run beside what was seen in it. */
export interface Circumstances {
  readonly environment: Environment;
  /** The broker runs inside this process. */
  readonly embedded: boolean;
}

/** The record of a run. Throws InternalError when its ledger does not add up. */
export function makeResult(run: BenchRun, { embedded, environment }: Circumstances): BenchResult {
  const { outcome, plan, recorder, startedMs } = run;
  const { runId, isWindowChosen = false, properties, ...config } = plan;
  const ledgers = recorder.toLedgers();
  assertLedgersAddUp(ledgers);
  const durations = {
    unit: 'us',
    send: spanOf(recorder, recorder.lastSentUs),
    accept: spanOf(recorder, recorder.lastAcceptedUs),
    deliver: spanOf(recorder, recorder.lastDeliveredUs),
  } as const;
  const acknowledgement = summarizeLatency(recorder.acknowledgement);
  const result: Undiagnosed = {
    v: 1,
    runId,
    // biome-ignore lint/style/noRestrictedGlobals: formats a time that the clock gave, reads none
    startedAt: new Date(startedMs).toISOString(),
    outcome,
    config: { ...config, ...(properties && { properties: forJson(properties) }) },
    broker: describeBroker(run, embedded),
    environment,
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
    durations,
    rates: {
      sentPerSecond: rateOf(ledgers.total.attempted, durations.send),
      acceptedPerSecond: rateOf(ledgers.total.accepted, durations.accept),
      deliveredPerSecond: rateOf(ledgers.total.delivered, durations.deliver),
    },
    latency: {
      endToEnd: summarizeLatency(recorder.endToEnd),
      ...(plan.qos === 1 && { puback: acknowledgement }),
      ...(plan.qos === 2 && { pubcomp: acknowledgement }),
    },
  };
  const isWindowReduced = plan.qos === 2 && result.broker.protocol !== '5' && !isWindowChosen;
  const plateau = findPlateau([recorder.endToEnd, recorder.acknowledgement]);
  return { ...result, diagnosis: diagnose(result, { embedded, isWindowReduced, plateau }) };
}

/** Binary data in base64. */
function forJson({ correlationData, ...rest }: MessageProperties): NonNullable<BenchConfig['properties']> {
  return { ...rest, ...(correlationData && { correlationData: correlationData.toString('base64') }) };
}

function spanOf({ firstSentUs }: Recorder, lastUs: number): number | null {
  return Number.isNaN(lastUs) ? null : Math.round(lastUs - firstSentUs);
}

/** To three decimals, as many as anybody can want of a rate. */
function rateOf(count: number, spanUs: number | null): number {
  return spanUs === null || spanUs === 0 ? 0 : Math.round((count * 1e9) / spanUs) / 1000;
}

function describeBroker({ connection, grantedQoS, identity, publishers }: BenchRun, embedded: boolean): Broker {
  const { host, port } = connection.endpoint;
  return {
    host,
    port,
    transport: describeTransport(connection.endpoint),
    name: embedded ? 'embedded aedes' : (identity?.name ?? null),
    version: identity?.version ?? null,
    protocol: PROTOCOLS[publishers[0]?.version ?? 5],
    receiveMaximum: publishers.reduce((least, info) => Math.min(least, info.receiveMaximum), 65_535),
    grantedQoS,
  };
}

function describeTransport({ tls, webSocketPath }: Endpoint): Broker['transport'] {
  if (webSocketPath !== undefined) return tls ? 'wss' : 'ws';
  return tls ? 'tls' : 'tcp';
}
