/** The tables of the HTML report: every number of the charts too, for those who do not see them. */
import { formatBytes, formatCount, formatLatencyUs, formatPerSecond } from '../../output/units.ts';
import { LEDGER_COUNTS } from '../record/ledger.ts';
import type { BenchResult, Sample } from '../result/result.ts';
import { html, type Markup } from './markup.ts';
import { allLatencies, formatThresholdValue, nameLatency, nameOpening } from './words.ts';

/** Rows that a browser on a phone still shows at once; the CSV has them all. */
const MOST_ROWS = 500;
const MOST_OWNERS = 100;

interface Column {
  readonly name: string;
  readonly isText?: boolean;
}

/** The first cell of a row names it. `label` is what a screen reader calls the table. */
function table(label: string, columns: readonly Column[], rows: readonly (readonly (string | Markup)[])[]): Markup {
  const kind = ({ isText }: Column): string => (isText ? 'text' : 'number');
  return html`<div class="scroll" role="region" aria-label="${label}" tabindex="0"><table class="data">
<thead><tr>${columns.map((column) => html`<th scope="col" class="${kind(column)}">${column.name}</th>`)}</tr></thead>
<tbody>${rows.map(
    ([first, ...cells]) =>
      html`<tr><th scope="row">${first}</th>${cells.map((cell, index) => html`<td class="${kind(columns[index + 1] ?? { name: '' })}">${cell}</td>`)}</tr>
`,
  )}</tbody></table></div>`;
}

const LEDGER_NAMES: Readonly<Record<(typeof LEDGER_COUNTS)[number], string>> = {
  attempted: 'attempted',
  accepted: 'accepted',
  refused: 'refused',
  timedOut: 'timed out',
  inFlight: 'in flight',
  expected: 'expected',
  delivered: 'delivered',
  lost: 'lost',
  duplicated: 'duplicated',
  outOfOrder: 'out of order',
};
/** What should be 0 is marked where it is not. */
const FAULTS: readonly string[] = ['refused', 'timedOut', 'inFlight', 'lost'];

type Counts = Partial<BenchResult['ledger']>;

/** The whole run; each publisher and subscriber where there are several, those with a fault first. Nothing without messages. */
export function ledgerTables({ ledger, perPublisher, perSubscriber }: BenchResult): Markup | undefined {
  if (ledger.attempted + ledger.expected === 0) return undefined;
  const columns = [{ name: '' }, ...LEDGER_COUNTS.map((count) => ({ name: LEDGER_NAMES[count] }))];
  const rowOf = (of: string, counts: Counts): (string | Markup)[] => [
    of,
    ...LEDGER_COUNTS.map((name) => countCell(name, counts[name])),
  ];
  const each = (noun: string, owners: readonly Counts[]): Markup | undefined => {
    if (owners.length < 2) return undefined;
    const named = owners.map((counts, index) => ({ counts, index }));
    const shown = [
      ...named.filter(({ counts }) => hasFault(counts)),
      ...named.filter(({ counts }) => !hasFault(counts)),
    ].slice(0, MOST_OWNERS);
    const rest = owners.length - shown.length;
    return html`<details><summary>By ${noun}</summary>${table(
      `Ledger by ${noun}`,
      columns,
      shown.map(({ counts, index }) => rowOf(`${noun} ${index}`, counts)),
    )}${rest > 0 ? html`<p class="muted">And ${formatCount(rest)} more: mqtt-bench report --format csv --table ledger has them all.</p>` : ''}</details>`;
  };
  return html`<div class="card">${table('Ledger', columns, [rowOf('run', ledger)])}
<p class="muted">attempted = accepted + refused + timed out + in flight; expected = delivered + lost</p>
${each('publisher', perPublisher)}${each('subscriber', perSubscriber)}</div>`;
}

function hasFault(counts: Counts): boolean {
  return FAULTS.some((name) => (counts[name as keyof Counts] ?? 0) > 0);
}

function countCell(name: string, count: number | undefined): string | Markup {
  if (count === undefined) return '';
  return FAULTS.includes(name) && count > 0 ? html`<span class="bad">${formatCount(count)}</span>` : formatCount(count);
}

export function latencyTable(result: BenchResult): Markup | undefined {
  const { config, latency } = result;
  const rows = allLatencies(result).map((name) => {
    const { count, max, mean, min, p50, p90, p99, p999 } = latency[name];
    const { span } = nameLatency(name, config);
    return [
      span,
      formatCount(count),
      ...[min, mean, p50, p90, p99, p999, max].map((us) => (us === null ? '' : formatLatencyUs(us))),
    ];
  });
  if (rows.length === 0) return undefined;
  const columns = ['', 'count', 'min', 'mean', 'p50', 'p90', 'p99', 'p99.9', 'max'].map((name) => ({ name }));
  return html`<div class="card">${table('Latency', columns, rows)}</div>`;
}

export function thresholdTable({ thresholds }: BenchResult): Markup | undefined {
  if (thresholds.length === 0) return undefined;
  const columns = [{ name: 'threshold', isText: true }, { name: 'measured' }, { name: 'verdict' }];
  const rows = thresholds.map((threshold) => [
    threshold.assertion,
    formatThresholdValue(threshold),
    threshold.held ? html`<span class="good">held</span>` : html`<span class="bad">missed</span>`,
  ]);
  return html`<div class="card">${table('Thresholds', columns, rows)}</div>`;
}

export function repeatTable({ repeats }: BenchResult): Markup | undefined {
  if (repeats.length === 0) return undefined;
  const columns = ['run', 'sent/s', 'accepted/s', 'delivered/s', 'p50', 'p99', 'max', 'lost', 'ended'].map((name) => ({
    name,
  }));
  const rows = repeats.map(({ latency, ledger, outcome, rates }, index) => [
    String(index + 1),
    ...[rates.sentPerSecond, rates.acceptedPerSecond, rates.deliveredPerSecond].map(formatPerSecond),
    ...[latency.endToEnd.p50, latency.endToEnd.p99, latency.endToEnd.max].map((us) =>
      us === null ? '' : formatLatencyUs(us),
    ),
    countCell('lost', ledger.lost),
    outcome.kind,
  ]);
  return html`<div class="card">${table('Repeats', columns, rows)}</div>`;
}

export function connectionTable({ config, connections }: BenchResult): Markup | undefined {
  const { attempted, connected, failed, lost, reasons } = connections;
  if (config.scenario !== 'conn' && failed + lost === 0) return undefined;
  const counts = table(
    'Connections',
    ['', 'attempted', 'connected', 'failed', 'lost'].map((name) => ({ name })),
    [['run', formatCount(attempted), formatCount(connected), countCell('refused', failed), countCell('lost', lost)]],
  );
  const why = table(
    'Why connections failed or were lost',
    [{ name: 'reason', isText: true }, { name: 'times' }],
    reasons.map(({ count, reason }) => [reason, formatCount(count)]),
  );
  return html`<div class="card">${counts}${reasons.length > 0 ? why : ''}</div>`;
}

/** How fast connections came to be, at first and after each storm. */
export function openingTable({ config, openings = [] }: BenchResult): Markup | undefined {
  if (openings.length === 0) return undefined;
  const columns = ['', 'attempted', 'connected', 'failed', 'per second', 'TCP p99', 'TLS p99', 'CONNACK p99'];
  const rows = openings.map(({ attempted, connected, connectedPerSecond, failed, latency }, index) => [
    nameOpening(index, config),
    formatCount(attempted),
    formatCount(connected),
    countCell('refused', failed),
    formatPerSecond(connectedPerSecond),
    ...[latency.connect.p99, latency.tls.p99, latency.connack.p99].map((us) =>
      us === null ? '' : formatLatencyUs(us),
    ),
  ]);
  return html`<div class="card">${table(
    'Openings',
    columns.map((name) => ({ name })),
    rows,
  )}</div>`;
}

/** What --find-max tried, in order. */
export function searchTable({ search }: BenchResult): Markup | undefined {
  if (search === undefined) return undefined;
  const columns = [
    { name: 'rate' },
    { name: 'sent/s' },
    { name: 'delivered/s' },
    { name: 'verdict' },
    { name: 'why', isText: true },
  ];
  const rows = search.steps.map(({ held, rate, rates, reason }) => [
    formatPerSecond(rate),
    formatPerSecond(rates.sentPerSecond),
    formatPerSecond(rates.deliveredPerSecond),
    held ? html`<span class="good">held</span>` : html`<span class="bad">missed</span>`,
    reason ?? '',
  ]);
  return html`<div class="card">${table('Search', columns, rows)}</div>`;
}

/** The runs of `mqtt-bench merge`. */
export function mergedTable({ merged }: BenchResult): Markup | undefined {
  if (merged === undefined) return undefined;
  const columns = [
    { name: 'run' },
    { name: 'machine', isText: true },
    { name: 'started', isText: true },
    { name: 'ended', isText: true },
  ];
  const rows = merged.map(({ hostname, outcome, runId, startedAt }) => [runId, hostname, startedAt, outcome.kind]);
  return html`<div class="card">${table('Merged runs', columns, rows)}</div>`;
}

/** One row for each sample, or for each of as many as fit, evenly chosen. */
export function sampleTable({ samples }: BenchResult): Markup | undefined {
  if (samples.length === 0) return undefined;
  const step = Math.ceil(samples.length / MOST_ROWS);
  const shown = samples.filter((_, index) => index % step === 0);
  const columns = [
    'at',
    'sent',
    'accepted',
    'delivered',
    'in flight',
    'lost',
    'connections',
    'p50',
    'p99',
    'max',
    'CPU',
    'loop lag',
    'memory',
    'broker CPU',
    'broker memory',
  ];
  const note =
    step === 1
      ? ''
      : html`<p class="muted">Every ${step}th of ${formatCount(samples.length)} samples: mqtt-bench report --format csv has them all.</p>`;
  return html`<details class="card"><summary>The samples of these charts as a table</summary>${note}${table(
    'Samples',
    columns.map((name) => ({ name })),
    shown.map(sampleRow),
  )}</details>`;
}

function sampleRow(sample: Sample): string[] {
  const { brokerProcess, generator, latency } = sample;
  const percent = (cpu: number): string => `${Math.round(cpu * 100)} %`;
  return [
    `${(sample.atMs / 1000).toFixed(1)} s`,
    ...[sample.sent, sample.accepted, sample.delivered, sample.inFlight, sample.lost, sample.connections].map(
      (count) => (count === undefined ? '' : formatCount(count)),
    ),
    ...(latency === null ? ['', '', ''] : [latency.p50, latency.p99, latency.max].map(formatLatencyUs)),
    ...[percent(generator.cpu), formatLatencyUs(generator.lagUs), formatBytes(generator.memoryBytes)],
    ...(brokerProcess === null ? ['', ''] : [percent(brokerProcess.cpu), formatBytes(brokerProcess.memoryBytes)]),
  ];
}
