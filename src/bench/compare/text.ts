import { escapeControls } from '../../output/escape.ts';
import { formatRows, type Row } from '../../output/table.ts';
import { formatLatencyUs, formatPerSecond, formatQuantity } from '../../output/units.ts';
import type { ComparedFile, ComparedMeasure, Comparison } from './comparison.ts';

const VERDICTS: Readonly<Record<ComparedMeasure['verdict'], string>> = {
  faster: 'faster',
  slower: 'slower',
  'no-difference': 'no difference that the repeats can show',
  unknown: 'no interval, for a single run',
};

/** The comparison for people. `width`: of the terminal; undefined where there is none. */
export function formatComparison({ base, confidence, others, tolerance }: Comparison, width?: number): string {
  const parts = others.map(({ differences, measures, ...file }) => {
    const rows: Row[] = [
      { label: 'base', cells: describeFile(base) },
      { label: 'compared', cells: describeFile(file) },
      ...alignCells(measures.map(describeMeasure)),
      ...differences.map(({ field, base: inBase, value }) => ({
        label: 'differs',
        cells: [`${field}: ${show(inBase)} and ${show(value)}`],
      })),
      ...describeIntervals(measures, confidence),
      ...describeTolerance(measures, tolerance),
    ];
    return formatRows(
      rows.map(({ label, cells }) => ({ label, cells: cells.map(escapeControls) })),
      width,
    );
  });
  return parts.join('\n');
}

/** Such as `1.24 (1.10 to 1.39)`. */
export function describeRatio({ interval, ratio }: ComparedMeasure): string {
  const range = interval === null ? '' : ` (${formatRatio(interval.low)} to ${formatRatio(interval.high)})`;
  return `${formatRatio(ratio)}${range}`;
}

/** `5 %` of 0.05. */
export function formatPercent(share: number): string {
  return `${Number((share * 100).toPrecision(6))} %`;
}

function describeFile({ faults, name, runs }: ComparedFile): string[] {
  return [name, formatQuantity(runs, 'run'), ...faults];
}

function describeMeasure(compared: ComparedMeasure): Row {
  const { base, beyondTolerance, measure, unit, value, verdict } = compared;
  const format = unit === 'us' ? formatLatencyUs : formatPerSecond;
  const judged = beyondTolerance ? `${VERDICTS[verdict]}, beyond the tolerance` : VERDICTS[verdict];
  return { label: measure, cells: [`${format(base)} -> ${format(value)}`, describeRatio(compared), judged] };
}

function describeIntervals(measures: readonly ComparedMeasure[], confidence: number): Row[] {
  const isKnown = measures.some(({ interval }) => interval !== null);
  const text = isKnown
    ? `${formatPercent(confidence)} confidence: Welch's t on the logarithms of the runs`
    : 'a single run says nothing of chance: measure both with --repeat, 5 or more';
  return [{ label: 'interval', cells: [text] }];
}

function describeTolerance(measures: readonly ComparedMeasure[], tolerance: number | null): Row[] {
  if (tolerance === null) return [];
  const beyond = measures.filter(({ beyondTolerance }) => beyondTolerance).map(({ measure }) => measure);
  const met = beyond.length === 0 ? 'held' : `missed by ${beyond.join(', ')}`;
  return [{ label: 'tolerance', cells: [formatPercent(tolerance), met] }];
}

/** The cells of one column begin below each other. */
function alignCells(rows: readonly Row[]): Row[] {
  return rows.map(({ label, cells }) => ({
    label,
    cells: cells.map((cell, column) => {
      const most = Math.max(...rows.map((row) => row.cells[column]?.length ?? 0));
      return column === cells.length - 1 ? cell : cell.padEnd(most);
    }),
  }));
}

function formatRatio(ratio: number): string {
  if (ratio >= 100) return ratio.toFixed(0);
  return ratio >= 10 ? ratio.toFixed(1) : ratio.toFixed(3);
}

function show(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
