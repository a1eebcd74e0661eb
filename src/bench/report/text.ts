import { escapeControls } from '../../output/escape.ts';
import { formatRows, type Row } from '../../output/table.ts';
import { formatCount, formatLatencyUs, formatPerSecond } from '../../output/units.ts';
import type { BenchResult, Latency } from '../result/result.ts';
import { describeEnd } from '../result/verdict.ts';
import {
  chooseLatencies,
  describeBroker,
  describeLoad,
  describeMerged,
  describeSearch,
  formatThresholdValue,
  nameLatency,
  nameOpening,
} from './words.ts';

/** More storms than that are told by the other forms. */
const MOST_OPENINGS = 10;

/** The report that people read. `width`: of the terminal; undefined where there is none. */
export function formatReport(result: BenchResult, width?: number): string {
  const ended = describeEnd(result);
  const rows: Row[] = [
    { label: 'broker', cells: [describeBroker(result), describeLoad(result)] },
    ...row('merged', describeMerged(result)),
    ...row('connections', describeConnections(result)),
    ...describeOpenings(result),
    ...describeLedger(result),
    ...row('throughput', describeRates(result)),
    ...describeLatencies(result),
    ...row('repeats', describeRepeats(result)),
    ...row('search', describeSearch(result)),
    ...row('ignored', [
      ...atLeastOne(result.ignored.foreign, 'of other senders'),
      ...atLeastOne(result.ignored.altered, 'altered'),
    ]),
    ...result.thresholds.map((threshold) => ({
      label: 'threshold',
      cells: [threshold.assertion, `${threshold.held ? 'held' : 'missed'}: ${formatThresholdValue(threshold)}`],
    })),
    ...(ended === undefined ? [] : [{ label: 'ended', cells: [ended] }]),
    ...result.diagnosis.map(({ sentence }) => ({ label: 'note', cells: [sentence] })),
  ];
  return formatRows(
    rows.map(({ label, cells }) => ({ label, cells: cells.map(escapeControls) })),
    width,
  );
}

/** A line that has nothing to say is left out. */
function row(label: string, cells: readonly string[]): Row[] {
  return cells.length === 0 ? [] : [{ label, cells }];
}

/** Only where they are what was measured, or where more were not made or not kept than the end of the run tells. */
function describeConnections({ config, connections, outcome }: BenchResult): string[] {
  const { attempted, connected, failed, lost, reasons } = connections;
  const told = outcome.kind === 'connection-lost' ? 1 : 0;
  if (config.scenario !== 'conn' && failed + lost <= told) return [];
  return [
    formatCount(attempted),
    `connected ${formatCount(connected)}`,
    `failed ${formatCount(failed)}`,
    `lost ${formatCount(lost)}`,
    ...reasons.map(({ count, reason }) => `${reason} (${formatCount(count)})`),
  ];
}

/** How fast connections came to be, at first and after each storm. */
function describeOpenings({ config, openings = [] }: BenchResult): Row[] {
  return openings.slice(0, MOST_OPENINGS).map(({ connected, connectedPerSecond, failed, latency }, index) => ({
    label: nameOpening(index, config),
    cells: [
      formatCount(connected),
      ...atLeastOne(failed, 'failed'),
      `${formatPerSecond(connectedPerSecond)} connections/s`,
      ...(latency.connack.p99 === null ? [] : [`CONNACK p99 ${formatLatencyUs(latency.connack.p99)}`]),
    ],
  }));
}

function describeLedger({ config, ledger }: BenchResult): Row[] {
  const { scenario } = config;
  const accepted = [
    `accepted ${formatCount(ledger.accepted)}`,
    ...atLeastOne(ledger.refused, 'refused'),
    ...atLeastOne(ledger.timedOut, 'timed out'),
    ...atLeastOne(ledger.inFlight, 'in flight'),
  ];
  const delivered = formatCount(ledger.delivered);
  const wrong = [
    `lost ${formatCount(ledger.lost)}`,
    `duplicated ${formatCount(ledger.duplicated)}`,
    `out of order ${formatCount(ledger.outOfOrder)}`,
  ];
  const attempted = formatCount(ledger.attempted);
  switch (scenario) {
    case 'conn':
      return ledger.expected === 0
        ? []
        : row('Wills', [`due ${formatCount(ledger.expected)}`, `delivered ${delivered}`, ...wrong]);
    case 'pub':
      return row('sent', [attempted, ...accepted]);
    case 'sub':
      return row('received', [delivered, ...wrong]);
    case 'rr':
      return row('requests', [attempted, ...accepted, `answered ${delivered}`, ...wrong]);
    case 'pubsub':
      return row('sent', [attempted, ...accepted, `delivered ${delivered}`, ...wrong]);
  }
}

function describeRates({ config, rates }: BenchResult): string[] {
  const { sentPerSecond, acceptedPerSecond, deliveredPerSecond } = rates;
  const sent = `${formatPerSecond(sentPerSecond)} msg/s sent`;
  switch (config.scenario) {
    case 'conn':
      return [];
    case 'pub':
      return [sent, `${formatPerSecond(acceptedPerSecond)} msg/s accepted`];
    case 'sub':
      return [`${formatPerSecond(deliveredPerSecond)} msg/s received`];
    case 'rr':
      return [`${formatPerSecond(deliveredPerSecond)} round trips/s`];
    case 'pubsub':
      return [sent, `${formatPerSecond(deliveredPerSecond)} msg/s delivered`];
  }
}

function describeLatencies(result: BenchResult): Row[] {
  const { config, latency, ledger } = result;
  const { scenario } = config;
  const nothing =
    ledger.delivered > 0
      ? 'nothing was measured: what came was sent in the warm-up'
      : `nothing was ${scenario === 'rr' ? 'answered' : 'delivered'}`;
  const isNothing = latency.endToEnd.count === 0 && (scenario === 'pubsub' || scenario === 'rr');
  return [
    ...(isNothing ? row(nameLatency('endToEnd', config).label, [nothing]) : []),
    ...chooseLatencies(result).map((name) => {
      const { label, span } = nameLatency(name, config);
      return { label, cells: [...describeLatency(latency[name]), `(${span})`] };
    }),
  ];
}

function describeLatency({ max, p50, p90, p99, p999 }: Latency): string[] {
  return Object.entries({ p50, p90, p99, 'p99.9': p999, max }).map(
    ([name, us]) => `${name} ${formatLatencyUs(us ?? 0)}`,
  );
}

/** From the lowest to the highest of them: what a single figure above hides. */
function describeRepeats({ config, repeats }: BenchResult): string[] {
  if (repeats.length === 0) return [];
  const isPub = config.scenario === 'pub';
  const rates = repeats.map(({ rates }) => (isPub ? rates.acceptedPerSecond : rates.deliveredPerSecond));
  const p99s = repeats.flatMap(({ latency }) => latency.endToEnd.p99 ?? []);
  return [
    formatCount(repeats.length),
    ...(rates.some((rate) => rate > 0)
      ? [`${rangeOf(rates, formatPerSecond)} msg/s ${isPub ? 'accepted' : 'delivered'}`]
      : []),
    ...(p99s.length > 0 ? [`p99 ${rangeOf(p99s, formatLatencyUs)}`] : []),
  ];
}

function rangeOf(values: readonly number[], format: (value: number) => string): string {
  const [low, high] = [format(Math.min(...values)), format(Math.max(...values))];
  return low === high ? low : `${low} to ${high}`;
}

function atLeastOne(count: number, what: string): string[] {
  return count === 0 ? [] : [`${what} ${formatCount(count)}`];
}
