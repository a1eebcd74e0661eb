/** One page that holds all it needs: it asks no server for anything, and can be mailed or kept with a release. */
import { createHash } from 'node:crypto';
import { formatBytes, formatCount, formatLatencyUs, formatPerSecond } from '../../output/units.ts';
import type { BenchResult, ConnectionConfig } from '../result/result.ts';
import { describeEnd, judge } from '../result/verdict.ts';
import { makeCharts } from './charts.ts';
import {
  connectionTable,
  latencyTable,
  ledgerTables,
  mergedTable,
  openingTable,
  repeatTable,
  sampleTable,
  searchTable,
  thresholdTable,
} from './html-tables.ts';
import { html, jsonForScript, Markup } from './markup.ts';
import type { Chart } from './page/chart.ts';
import { script, style } from './page/draw.ts?page';
import { chooseLatencies, describeBroker, describeLoad, describeSearch, nameBroker, nameLatency } from './words.ts';

export function formatHtml(result: BenchResult): string {
  const charts = makeCharts(result);
  const title = `${nameBroker(result) ?? result.broker.host}: ${headline(result)}`;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src '${hashOf(script)}'; style-src '${hashOf(style)}'; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${title}</title>
<style>${new Markup(style)}</style>
</head>
<body>
<header>
<h1>${nameBroker(result) ?? result.broker.host}</h1>
<p class="load">${describeLoad(result)}</p>
<p class="muted">${describeBroker(result)}, <time datetime="${result.startedAt}">${result.startedAt.replace('T', ' ').slice(0, 19)} UTC</time></p>
${verdict(result)}
${figures(result)}
</header>
<main>
${section('Notes', notes(result))}
${section('Thresholds', thresholdTable(result))}
${section(
  'Charts',
  charts.length === 0
    ? undefined
    : html`<div class="charts">${charts.map(chartFigure)}</div>
${sampleTable(result)}`,
)}
${section(result.config.scenario === 'conn' ? 'Ledger of the Wills' : 'Ledger', ledgerTables(result))}
${section('Latency', latencyTable(result))}
${section('Connections', connectionTable(result))}
${section('Openings', openingTable(result))}
${section('Repeats', repeatTable(result))}
${section('Search for the highest rate', searchTable(result))}
${section('Merged runs', mergedTable(result))}
${section('Where this comes from', provenance(result))}
</main>
<footer>Made from the result of run ${result.runId} by mqtt-bench report. Every number stands in that file or follows from it.</footer>
<script type="application/json" id="charts">${jsonForScript(charts)}</script>
<script>${new Markup(script)}</script>
</body>
</html>
`.text;
}

/** The source of an inline script or style sheet for the page's policy. */
function hashOf(text: string): Markup {
  return new Markup(`sha256-${createHash('sha256').update(text).digest('base64')}`);
}

function section(title: string, content: Markup | undefined): Markup | undefined {
  if (content === undefined) return undefined;
  return html`<section aria-label="${title}"><h2>${title}</h2>
${content}
</section>`;
}

/** The one number of a run, for the title. */
function headline({ config, connections, rates }: BenchResult): string {
  switch (config.scenario) {
    case 'conn':
      return `${formatCount(connections.connected)} connections`;
    case 'pub':
      return `${formatPerSecond(rates.acceptedPerSecond)} msg/s accepted`;
    case 'rr':
      return `${formatPerSecond(rates.deliveredPerSecond)} round trips/s`;
    default:
      return `${formatPerSecond(rates.deliveredPerSecond)} msg/s delivered`;
  }
}

function verdict(result: BenchResult): Markup {
  const failure = judge(result);
  if (failure !== undefined) return html`<p class="verdict failed">Failed: ${failure.message}</p>`;
  const { config, connections, ledger } = result;
  const sentence = {
    pubsub: `all ${formatCount(ledger.delivered)} deliveries came, each one verified`,
    pub: `all ${formatCount(ledger.accepted)} messages were accepted`,
    sub: `${formatCount(ledger.delivered)} messages received`,
    rr: `all ${formatCount(ledger.delivered)} requests were answered`,
    conn: `all ${formatCount(connections.connected)} connections were made`,
  }[config.scenario];
  return html`<p class="verdict">Passed: ${sentence}</p>`;
}

function figures(result: BenchResult): Markup {
  const { config, ledger, rates } = result;
  const { scenario } = config;
  const first = chooseLatencies(result).find((name) => scenario !== 'conn' || name === 'connack');
  const shown: (readonly [name: string, value: string, unit: string, failed?: boolean])[] = [];
  if (scenario === 'conn') {
    const [opening] = result.openings ?? [];
    shown.push(['Connections', formatCount(result.connections.connected), '']);
    if (opening) shown.push(['At first', formatPerSecond(opening.connectedPerSecond), 'connections/s']);
  }
  if (scenario === 'pubsub' || scenario === 'pub') shown.push(['Sent', formatPerSecond(rates.sentPerSecond), 'msg/s']);
  if (scenario === 'pub') shown.push(['Accepted', formatPerSecond(rates.acceptedPerSecond), 'msg/s']);
  if (scenario === 'pubsub' || scenario === 'sub')
    shown.push(['Delivered', formatPerSecond(rates.deliveredPerSecond), 'msg/s']);
  if (scenario === 'rr') shown.push(['Round trips', formatPerSecond(rates.deliveredPerSecond), '/s']);
  if (first !== undefined) {
    const { p50, p99 } = result.latency[first];
    const { span } = nameLatency(first, config);
    shown.push([`p50, ${span}`, formatLatencyUs(p50 ?? 0), ''], [`p99, ${span}`, formatLatencyUs(p99 ?? 0), '']);
  }
  if (scenario === 'conn')
    shown.push(['Failed', formatCount(result.connections.failed), '', result.connections.failed > 0]);
  else if (scenario !== 'pub')
    shown.push(['Lost', formatCount(ledger.lost), `of ${formatCount(ledger.expected)}`, ledger.lost > 0]);
  return html`<dl class="figures">${shown.map(
    ([
      name,
      value,
      unit,
      failed,
    ]) => html`<div><dt>${name}</dt><dd class="${failed ? 'bad' : 'figure'}">${value} <small>${unit}</small></dd></div>
`,
  )}</dl>`;
}

function notes(result: BenchResult): Markup | undefined {
  const ended = describeEnd(result);
  const { altered, foreign } = result.ignored;
  const sentences = [
    ...(ended === undefined ? [] : [`The run did not do all that it was to do: ${ended}.`]),
    ...(result.search === undefined ? [] : [`Search: ${describeSearch(result).join(', ')}.`]),
    ...result.diagnosis.map(({ sentence }) => sentence),
    ...(foreign > 0 ? [`Ignored: ${formatCount(foreign)} messages of other senders.`] : []),
    ...(altered > 0 ? [`Ignored: ${formatCount(altered)} messages that were altered on the way.`] : []),
  ];
  if (sentences.length === 0) return undefined;
  return html`<ul class="card notes">${sentences.map((sentence) => html`<li>${sentence}</li>`)}</ul>`;
}

/** The canvas is an image with words; what it shows stands in the tables too. */
function chartFigure({ id, lines, title, y }: Chart): Markup {
  const unit = { milliseconds: ' ms', percent: ' %' }[y as string] ?? '';
  const ranges = lines.map(({ label, values }) => {
    const seen = values.filter((value) => value !== null);
    const [low, high] = [Math.min(...seen), Math.max(...seen)].map((value) =>
      Number(value.toPrecision(3)).toLocaleString('en'),
    );
    return `${label} from ${low} to ${high}${unit}`;
  });
  const words = `${title}: ${ranges.join('; ')}`;
  return html`<figure><figcaption>${title}</figcaption><div class="chart" id="${id}" role="img" aria-label="${words}"></div></figure>
`;
}

function provenance({ broker, config, durations, environment, runId, seed, startedAt }: BenchResult): Markup {
  const { packages, memoryBytes, ...machine } = environment;
  const { connection, payload, properties, ...load } = config;
  const seconds = (us: number | null): string => (us === null ? '' : `${(us / 1e6).toFixed(3)} s`);
  return html`<div class="facts">
${facts('Run', {
  runId,
  seed: String(seed),
  startedAt,
  'to the last PUBLISH': seconds(durations.send),
  'to the last acceptance': seconds(durations.accept),
  'to the last delivery': seconds(durations.deliver),
})}
${facts('Broker', { ...broker })}
${facts('Load', { ...load, payload: payload.kind, payloadSource: payload.source, payloadSize: formatBytes(payload.sizeBytes), ...properties })}
${connection === undefined ? '' : facts('Connection', { ...connection, tls: connection.tls && wordForTls(connection.tls) })}
${facts('Machine', { ...machine, memory: formatBytes(memoryBytes), ...packages })}
</div>`;
}

function wordForTls({ clientCertificate, verified }: NonNullable<ConnectionConfig['tls']>): string {
  return `${verified ? 'verified' : 'not verified'}${clientCertificate ? ', with a client certificate' : ''}`;
}

/** What is not there is left out: null, an empty list. */
function facts(title: string, values: Readonly<Record<string, unknown>>): Markup {
  const shown = Object.entries(values).map(([name, value]) => [name, wordFor(value)] as const);
  return html`<div class="card"><h3>${title}</h3><dl>${shown
    .filter(([, word]) => word !== '')
    .map(([name, word]) => html`<dt>${name}</dt><dd>${word}</dd>`)}</dl></div>`;
}

function wordFor(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (Array.isArray(value)) return value.map(wordFor).join(', ');
  return typeof value === 'string' ? value : JSON.stringify(value);
}
