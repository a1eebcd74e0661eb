/** What every form of the report says in the same words. Text from the file is as it came: each form makes it safe. */
import { formatAddress } from '../../mqtt/address.ts';
import { formatBytes, formatCount, formatDurationMs, formatPerSecond, formatQuantity } from '../../output/units.ts';
import { parseAssertions } from '../result/assertions.ts';
import {
  type BenchConfig,
  type BenchResult,
  LATENCIES,
  type LatencyName,
  type Scenario,
  type Threshold,
} from '../result/result.ts';
import { formatExactly } from '../result/thresholds.ts';

const TRANSPORTS = { tcp: '', tls: ' over TLS', ws: ' over WebSocket', wss: ' over WebSocket and TLS' } as const;

/** What the broker calls itself; undefined when it does not say. */
export function nameBroker({ broker: { name, version } }: BenchResult): string | undefined {
  if (name === null) return undefined;
  return version === null ? name : `${name} ${version}`;
}

/** Such as `mosquitto 2.0.11 at localhost:1883, MQTT 5 over TLS`. */
export function describeBroker(result: BenchResult): string {
  const { protocol, transport } = result.broker;
  const name = nameBroker(result);
  return `${name === undefined ? '' : `${name} at `}${formatAddress(result.broker)}, MQTT ${protocol}${TRANSPORTS[transport]}`;
}

/** Who talks to whom: `2 publishers -> 1 subscriber`. */
function describeShape({ config, merged = [], repeats }: BenchResult): string {
  const { connections, publishers, scenario, shape, storms, subscribers } = config;
  const { responders = subscribers } = config;
  const receiving = formatQuantity(subscribers, 'subscriber');
  // Of runs at the same time the counts are added up, and no publisher of one had a subscriber of another.
  const apart = merged.length > 0 && repeats.length === 0 ? ` in ${merged.length} separate runs` : '';
  switch (scenario) {
    case 'pubsub': {
      const how = { all: '', pairs: ' in pairs', shared: ' of a shared subscription' }[shape];
      return `${formatQuantity(publishers, 'publisher')} -> ${receiving}${how}${apart}`;
    }
    case 'pub':
      return `${formatQuantity(publishers, 'publisher')} -> broker`;
    case 'sub':
      return `broker -> ${receiving}${shape === 'shared' ? ' of a shared subscription' : ''}`;
    case 'rr':
      return `${formatQuantity(publishers, 'requester')} <-> ${responders === 0 ? 'responders of others' : formatQuantity(responders, 'responder')}${apart}`;
    case 'conn':
      return formatQuantity(connections, 'connection') + (storms === 0 ? '' : `, ${formatQuantity(storms, 'storm')}`);
  }
}

/** Shape, size, QoS and pace: `1 publisher -> 1 subscriber, 64 B, QoS 1, window 1,000`. */
export function describeLoad(result: BenchResult): string {
  const { broker, config } = result;
  const { durationMs, flood, rate, rampMs, retain, scenario, topicAlias, topics, warmupMs, window, workers } = config;
  const sends = scenario === 'pubsub' || scenario === 'pub' || scenario === 'rr';
  const granted = scenario !== 'pub' && broker.grantedQoS < config.qos ? ` (granted ${broker.grantedQoS})` : '';
  return [
    describeShape(result),
    ...some(sends, () => formatBytes(config.payload.sizeBytes)),
    ...some(scenario !== 'conn', () => `QoS ${config.qos}${granted}`),
    ...some(retain, () => 'retained'),
    ...some(topics > 1, () => formatQuantity(topics, 'topic')),
    ...some(topicAlias, () => 'Topic Alias'),
    ...(sends && window !== null ? [`window ${formatCount(window)}`] : []),
    ...some(flood, () => 'flood'),
    ...(rate === null ? [] : [`rate ${formatPerSecond(rate)} msg/s`]),
    ...(config.connectRate === null ? [] : [`connect rate ${formatPerSecond(config.connectRate)}/s`]),
    ...(durationMs === null ? [] : [`${scenario === 'conn' ? 'held ' : ''}for ${formatDurationMs(durationMs)}`]),
    ...some(rampMs > 0, () => `ramp ${formatDurationMs(rampMs)}`),
    ...some(warmupMs > 0, () => `warm-up ${formatDurationMs(warmupMs)}`),
    ...some(workers > 0, () => formatQuantity(workers, 'worker')),
  ].join(', ');
}

/** What a distribution is of: a label and from where to where. */
export interface LatencyWords {
  readonly label: string;
  readonly span: string;
}

/** With a rate a message is due at a time that is not that of its sending. */
export function nameLatency(
  name: LatencyName,
  { rate, scenario }: Pick<BenchConfig, 'rate' | 'scenario'>,
): LatencyWords {
  const end = scenario === 'rr' ? 'response' : 'delivery';
  const sending = scenario === 'rr' ? 'request' : 'publish';
  switch (name) {
    case 'connect':
      return { label: 'TCP', span: 'start to TCP open' };
    case 'tls':
      return { label: 'TLS', span: 'TLS handshake' };
    case 'connack':
      return { label: 'CONNACK', span: 'CONNECT to CONNACK' };
    case 'suback':
      return { label: 'SUBACK', span: 'SUBSCRIBE to SUBACK' };
    case 'puback':
      return { label: 'PUBACK', span: 'publish to PUBACK' };
    case 'pubrec':
      return { label: 'PUBREC', span: 'publish to PUBREC' };
    case 'pubcomp':
      return { label: 'PUBCOMP', span: 'publish to PUBCOMP' };
    case 'endToEnd':
      if (scenario === 'conn') return { label: 'Will', span: 'end of a connection to its Will' };
      return {
        label: scenario === 'rr' ? 'round trip' : 'latency',
        // A subscriber does not know whether others publish at a rate; without one a message is due when it is sent.
        span: `${rate !== null || scenario === 'sub' ? 'due time' : sending} to ${end}`,
      };
    case 'endToEndService':
      return { label: 'service', span: `${sending} to ${end}` };
  }
}

/** The distributions that belong into a short report, those of which something was measured. */
export function chooseLatencies({ config, latency }: BenchResult): LatencyName[] {
  const { rate, scenario } = config;
  const service: LatencyName[] = rate === null ? [] : ['endToEndService'];
  const names: Readonly<Record<Scenario, readonly LatencyName[]>> = {
    pubsub: ['endToEnd', ...service, 'puback', 'pubcomp'],
    pub: ['puback', 'pubrec', 'pubcomp'],
    sub: ['endToEnd'],
    rr: ['endToEnd', ...service],
    conn: ['connect', 'tls', 'connack', 'suback', 'endToEnd'],
  };
  return names[scenario].filter((name) => latency[name].count > 0);
}

/** All of which something was measured; service time only where it differs from the other, with a rate. */
export function allLatencies({ config, latency }: BenchResult): LatencyName[] {
  return LATENCIES.filter((name) => latency[name].count > 0 && (name !== 'endToEndService' || config.rate !== null));
}

/** What was measured for a threshold, exactly: `12.34 ms`. */
export function formatThresholdValue({ assertion, value }: Threshold): string {
  if (value === null) return 'not measured';
  const [parsed] = parseAssertions(assertion);
  return parsed === undefined ? String(value) : formatExactly(value, parsed.measure);
}

/** What --find-max found. The steps were told one by one while they ran, and stand in the file. */
export function describeSearch({ search }: BenchResult): string[] {
  if (search === undefined) return [];
  const { rate, steps, target } = search;
  const found = rate === null ? 'no rate held' : `highest rate that held ${formatPerSecond(rate)} msg/s`;
  return [found, target, formatQuantity(steps.length, 'run')];
}

/** What `mqtt-bench merge` made one of. */
export function describeMerged({ merged }: BenchResult): string[] {
  if (merged === undefined) return [];
  return [
    formatQuantity(merged.length, 'run'),
    `of ${[...new Set(merged.map(({ hostname }) => hostname))].join(', ')}`,
  ];
}

/** Of the openings of `conn`, over all runs of the result: the first one of a run has no storm before it. */
export function nameOpening(index: number, { storms }: BenchResult['config']): string {
  const storm = index % (storms + 1);
  return storm === 0 ? 'opening' : `storm ${storm}`;
}

function some(holds: boolean, describe: () => string): string[] {
  return holds ? [describe()] : [];
}
