/** Tables for spreadsheets and scripts. [RFC 4180] */
import { escapeControls } from '../../output/escape.ts';
import { LEDGER_COUNTS } from '../record/ledger.ts';
import { type BenchResult, LATENCIES } from '../result/result.ts';

export const CSV_TABLES = ['samples', 'ledger', 'latency'] as const;

export type CsvTable = (typeof CSV_TABLES)[number];

type Cell = string | number | null | undefined;

/** One table with a header row. Units are in the names of the columns; a cell is empty where nothing was measured. */
export function formatCsv(result: BenchResult, table: CsvTable): string {
  const rows = { samples: listSamples, ledger: listLedgers, latency: listLatencies }[table](result);
  return rows.map((cells) => `${cells.map(formatCell).join(',')}\r\n`).join('');
}

function listSamples({ samples }: BenchResult): Cell[][] {
  const figures = [...new Set(samples.flatMap(({ sys }) => Object.keys(sys ?? {})))].sort();
  const header = [
    ...['atMs', 'sent', 'accepted', 'delivered', 'inFlight', 'lost', 'connections'],
    ...['p50Us', 'p99Us', 'maxUs', 'generatorCpu', 'generatorLagUs', 'generatorMemoryBytes'],
    ...['brokerCpu', 'brokerMemoryBytes', ...figures.map((name) => `$SYS/broker/${name}`)],
  ];
  const rows = samples.map((sample) => [
    ...[sample.atMs, sample.sent, sample.accepted, sample.delivered, sample.inFlight, sample.lost, sample.connections],
    ...[sample.latency?.p50, sample.latency?.p99, sample.latency?.max],
    ...[sample.generator.cpu, sample.generator.lagUs, sample.generator.memoryBytes],
    ...[sample.brokerProcess?.cpu, sample.brokerProcess?.memoryBytes],
    ...figures.map((name) => (Object.hasOwn(sample.sys ?? {}, name) ? sample.sys?.[name] : null)),
  ]);
  return [header, ...rows];
}

/** The whole run, then each publisher and each subscriber, which has no counts of its own of what was published. */
function listLedgers({ ledger, perPublisher, perSubscriber }: BenchResult): Cell[][] {
  const owners: readonly (readonly [string, number | null, Partial<BenchResult['ledger']>])[] = [
    ['run', null, ledger],
    ...perPublisher.map((one, index) => ['publisher', index, one] as const),
    ...perSubscriber.map((one, index) => ['subscriber', index, one] as const),
  ];
  return [
    ['of', 'index', ...LEDGER_COUNTS],
    ...owners.map(([of, index, counts]) => [of, index, ...LEDGER_COUNTS.map((count) => counts[count])]),
  ];
}

function listLatencies({ latency }: BenchResult): Cell[][] {
  return [
    ['name', 'count', 'minUs', 'meanUs', 'p50Us', 'p90Us', 'p99Us', 'p999Us', 'maxUs'],
    ...LATENCIES.map((name) => {
      const { count, min, mean, p50, p90, p99, p999, max } = latency[name];
      return [name, count, min, mean, p50, p90, p99, p999, max];
    }),
  ];
}

function formatCell(cell: Cell): string {
  if (cell === null || cell === undefined) return '';
  const text = typeof cell === 'number' ? String(cell) : escapeControls(cell);
  return /[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
