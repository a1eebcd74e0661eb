import { escapeControls } from '../../output/escape.ts';
import { formatRows, type Row } from '../../output/table.ts';
import { formatBytes, formatCount, formatLatencyUs, formatPerSecond, formatQuantity } from '../../output/units.ts';
import type { BenchResult, Latency } from '../result.ts';
import { describeEnd } from '../verdict.ts';

/** The report that people read. `width`: of the terminal; undefined where there is none. */
export function formatReport(result: BenchResult, width?: number): string {
  const ended = describeEnd(result);
  const { altered, foreign } = result.ignored;
  const rows: Row[] = [
    { label: 'broker', cells: [describeBroker(result), describeLoad(result)] },
    { label: 'sent', cells: describeLedger(result) },
    { label: 'throughput', cells: describeRates(result) },
    { label: 'latency', cells: describeLatency(result.latency.endToEnd) },
  ];
  if (foreign + altered > 0) {
    rows.push({
      label: 'ignored',
      cells: [...atLeastOne(foreign, 'of other senders'), ...atLeastOne(altered, 'altered')],
    });
  }
  if (ended !== undefined) rows.push({ label: 'ended', cells: [escapeControls(ended)] });
  for (const { sentence } of result.diagnosis) rows.push({ label: 'note', cells: [escapeControls(sentence)] });
  return formatRows(rows, width);
}

const TRANSPORTS = { tcp: '', tls: ' over TLS', ws: ' over WebSocket', wss: ' over WebSocket and TLS' } as const;

function describeBroker({ broker }: BenchResult): string {
  const { host, name, port, protocol, transport, version } = broker;
  const address = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
  const who = name === null ? '' : `${escapeControls(version === null ? name : `${name} ${version}`)} at `;
  return `${who}${address}, MQTT ${protocol}${TRANSPORTS[transport]}`;
}

function describeLoad({ broker, config }: BenchResult): string {
  const granted = broker.grantedQoS < config.qos ? ` (granted ${broker.grantedQoS})` : '';
  const shape = `${formatQuantity(config.publishers, 'publisher')} -> ${formatQuantity(config.subscribers, 'subscriber')}`;
  return `${shape}, ${formatBytes(config.payload.sizeBytes)}, QoS ${config.qos}${granted}${config.window === null ? '' : `, window ${formatCount(config.window)}`}`;
}

function describeLedger({ ledger }: BenchResult): string[] {
  return [
    formatCount(ledger.attempted),
    `accepted ${formatCount(ledger.accepted)}`,
    ...atLeastOne(ledger.refused, 'refused'),
    ...atLeastOne(ledger.timedOut, 'timed out'),
    ...atLeastOne(ledger.inFlight, 'in flight'),
    `delivered ${formatCount(ledger.delivered)}`,
    `lost ${formatCount(ledger.lost)}`,
    `duplicated ${formatCount(ledger.duplicated)}`,
    `out of order ${formatCount(ledger.outOfOrder)}`,
  ];
}

function describeRates({ rates }: BenchResult): string[] {
  return [
    `${formatPerSecond(rates.sentPerSecond)} msg/s sent`,
    `${formatPerSecond(rates.deliveredPerSecond)} msg/s delivered`,
  ];
}

function describeLatency({ max, p50, p90, p99, p999 }: Latency): string[] {
  if (p50 === null || p90 === null || p99 === null || p999 === null || max === null) return ['nothing was delivered'];
  return [
    `p50 ${formatLatencyUs(p50)}`,
    `p90 ${formatLatencyUs(p90)}`,
    `p99 ${formatLatencyUs(p99)}`,
    `p99.9 ${formatLatencyUs(p999)}`,
    `max ${formatLatencyUs(max)}`,
    '(publish to delivery)',
  ];
}

function atLeastOne(count: number, what: string): string[] {
  return count === 0 ? [] : [`${what} ${formatCount(count)}`];
}
