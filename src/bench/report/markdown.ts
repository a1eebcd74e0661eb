import { escapeControls } from '../../output/escape.ts';
import { formatCount, formatLatencyUs, formatPerSecond } from '../../output/units.ts';
import type { BenchResult } from '../result/result.ts';
import { describeEnd } from '../result/verdict.ts';
import {
  allLatencies,
  describeBroker,
  describeLoad,
  describeSearch,
  formatThresholdValue,
  nameLatency,
  nameOpening,
} from './words.ts';

/** Tables to paste into a pull request, in GitHub's Markdown. */
export function formatMarkdown(result: BenchResult): string {
  const ended = describeEnd(result);
  const { cpuModel, cpus, nodeVersion, toolkitVersion } = result.environment;
  const sections = [
    `**${inline(describeBroker(result))}**  \n${inline(describeLoad(result))}`,
    ledgerTable(result),
    ratesTable(result),
    openingTable(result),
    latencyTable(result),
    thresholdTable(result),
    [
      ...(ended === undefined ? [] : [ended]),
      ...(result.search === undefined ? [] : [`Search: ${describeSearch(result).join(', ')}.`]),
      ...result.diagnosis.map(({ sentence }) => sentence),
    ]
      .map((sentence) => `> ${inline(sentence)}\n`)
      .join('>\n')
      .trimEnd(),
    `<sub>${inline(`mqtt-bench ${toolkitVersion}, run ${result.runId} of ${result.startedAt}, Node ${nodeVersion}, ${formatCount(cpus)} x ${cpuModel}`)}</sub>`,
  ];
  return `${sections.filter((section) => section !== '').join('\n\n')}\n`;
}

function ledgerTable({ config, connections, ledger }: BenchResult): string {
  if (config.scenario === 'conn') {
    const { attempted, connected, failed, lost } = connections;
    return table(['attempted', 'connected', 'failed', 'lost'], [[attempted, connected, failed, lost].map(formatCount)]);
  }
  // What is 0 and rarely anything else says nothing here.
  const rare = { refused: ledger.refused, 'timed out': ledger.timedOut, 'in flight': ledger.inFlight };
  const counts = {
    ...(config.scenario !== 'sub' && { attempted: ledger.attempted, accepted: ledger.accepted }),
    ...Object.fromEntries(Object.entries(rare).filter(([, count]) => count > 0)),
    ...(config.scenario !== 'pub' && {
      expected: ledger.expected,
      delivered: ledger.delivered,
      lost: ledger.lost,
      duplicated: ledger.duplicated,
      'out of order': ledger.outOfOrder,
    }),
  };
  return table(Object.keys(counts), [Object.values(counts).map(formatCount)]);
}

function ratesTable({ rates }: BenchResult): string {
  const shown = { sent: rates.sentPerSecond, accepted: rates.acceptedPerSecond, delivered: rates.deliveredPerSecond };
  const measured = Object.entries(shown).filter(([, rate]) => rate > 0);
  if (measured.length === 0) return '';
  return table(
    measured.map(([name]) => `${name}/s`),
    [measured.map(([, rate]) => formatPerSecond(rate))],
  );
}

function openingTable({ config, openings = [] }: BenchResult): string {
  if (openings.length === 0) return '';
  const rows = openings.map(({ connected, connectedPerSecond, failed, latency }, index) => [
    nameOpening(index, config),
    formatCount(connected),
    formatCount(failed),
    formatPerSecond(connectedPerSecond),
    latency.connack.p99 === null ? '' : formatLatencyUs(latency.connack.p99),
  ]);
  return table(['connections', 'connected', 'failed', 'per second', 'CONNACK p99'], rows);
}

function latencyTable(result: BenchResult): string {
  const { config, latency } = result;
  const rows = allLatencies(result).map((name) => {
    const { count, max, mean, p50, p90, p99, p999 } = latency[name];
    const { span } = nameLatency(name, config);
    return [span, formatCount(count), ...[mean, p50, p90, p99, p999, max].map((us) => formatLatencyUs(us ?? 0))];
  });
  if (rows.length === 0) return '';
  return table(['latency', 'count', 'mean', 'p50', 'p90', 'p99', 'p99.9', 'max'], rows);
}

function thresholdTable({ thresholds }: BenchResult): string {
  if (thresholds.length === 0) return '';
  const rows = thresholds.map((threshold) => [
    inline(threshold.assertion),
    formatThresholdValue(threshold),
    threshold.held ? 'held' : '**missed**',
  ]);
  return table(['threshold', 'measured', 'verdict'], rows);
}

/** The first column is text, the others are numbers unless there is nothing but numbers. */
function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const isText = header.map((_, column) => rows.some((cells) => !/^[\d,.]/.test(cells[column] ?? '')));
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(header), line(isText.map((text) => (text ? '---' : '---:'))), ...rows.map(line)].join('\n');
}

/** Text that can be no markup, no end of a table cell, and no mention of anybody. */
function inline(text: string): string {
  return escapeControls(text)
    .replace(/[\\`*_[\]#|~$]/g, '\\$&')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('@', '@<!-- -->');
}
