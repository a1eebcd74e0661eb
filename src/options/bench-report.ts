/** The options of mqtt-bench report. */
import { CSV_TABLES, type CsvTable } from '../bench/report/csv.ts';
import { generalOptions } from './connection.ts';
import { type OptionSpec, single, singleOr, ValueError } from './spec.ts';
import { parseNonEmpty } from './values.ts';

const REPORT_FORMATS = ['text', 'csv', 'markdown', 'html'] as const;

export type ReportFormat = (typeof REPORT_FORMATS)[number];

/** The file that a command of mqtt-bench reads: the word without a dash. */
export const resultFileArgument = single({
  long: 'result-file',
  group: 'General',
  summary: 'result, as mqtt-bench --out wrote it; - is standard input',
  value: 'FILE',
  parse: parseNonEmpty,
});

export const reportFormatOption = single({
  long: 'format',
  group: 'Output',
  summary: 'text, csv, markdown or html, one page with charts that needs no network',
  value: 'FORMAT',
  defaultText: 'by the end of the name of --output: .csv, .md, .html; else text',
  parse: oneOf(REPORT_FORMATS),
});

export const csvTableOption = singleOr<CsvTable>('samples', {
  long: 'table',
  group: 'Output',
  summary: 'what --format csv lists: samples (the time series), ledger or latency',
  value: 'TABLE',
  parse: oneOf(CSV_TABLES),
});

export const reportOutputOption = single({
  long: 'output',
  short: 'O',
  group: 'Output',
  summary: 'file to write to',
  value: 'FILE',
  defaultText: 'standard output',
  parse: parseNonEmpty,
});

/** Everything that mqtt-bench report takes, in the order of the help. */
export const benchReportOptions: readonly OptionSpec[] = [
  reportFormatOption,
  csvTableOption,
  reportOutputOption,
  ...generalOptions,
];

function oneOf<T extends string>(words: readonly T[]): (text: string) => T {
  return (text) => {
    const found = words.find((word) => word === text);
    if (found === undefined) throw new ValueError(`must be one of ${words.join(', ')}`);
    return found;
  };
}
