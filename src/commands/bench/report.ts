import { readResult } from '../../bench/result/read-result.ts';
import type { BenchResult } from '../../bench/result/result.ts';
import type { Context } from '../../cli/context.ts';
import { ExitCode } from '../../cli/exit-codes.ts';
import { UsageError } from '../../errors.ts';
import {
  benchReportOptions,
  csvTableOption,
  type ReportFormat,
  reportFormatOption,
  reportOutputOption,
  resultFileArgument,
} from '../../options/bench-report.ts';
import type { OptionValues } from '../../options/option-values.ts';
import { checkWholeFile, writeWholeFile } from '../../output/whole-file.ts';
import type { Command } from '../command.ts';
import { print } from './printing.ts';

export const reportCommand: Command = {
  name: 'mqtt-bench report',
  summary: 'print the result of a run again: for a terminal, a spreadsheet, a pull request or a browser',
  synopsis: 'FILE [--format text|csv|markdown|html] [-O FILE]',
  options: benchReportOptions,
  positional: resultFileArgument,
  examples: [
    { says: 'as the run itself printed it', typed: 'mqtt-bench report result.json' },
    {
      says: 'one page with charts, for a browser that may be offline',
      typed: 'mqtt-bench report result.json -O result.html',
    },
    { says: 'the time series for a spreadsheet', typed: 'mqtt-bench report result.json --format csv' },
    { says: 'tables to paste into a pull request', typed: 'mqtt-bench report result.json --format markdown' },
  ],
  needsArguments: () => true,
  run,
};

/** A report says how a run went; its exit code says only whether the report was made. */
async function run(values: OptionValues, context: Context): Promise<ExitCode> {
  const file = values.get(resultFileArgument);
  if (file === undefined) {
    throw new UsageError('which result is missing', 'Such as: mqtt-bench report result.json; - is standard input');
  }
  const output = values.get(reportOutputOption);
  const chosen = values.get(reportFormatOption) ?? formatFor(output);
  if (values.has(csvTableOption) && chosen !== 'csv') {
    throw new UsageError(`--table is for --format csv, and this is ${chosen}`);
  }
  if (output !== undefined) await checkWholeFile(values.spelled(reportOutputOption), output);
  const result = await readResult(file, context);
  const text = await format(result, chosen, values, output === undefined ? context.stdout : undefined);
  if (output === undefined) await print(text, context);
  else await writeWholeFile(output, text);
  return ExitCode.ok;
}

const FORMATS_BY_ENDING: Readonly<Record<string, ReportFormat>> = {
  csv: 'csv',
  htm: 'html',
  html: 'html',
  markdown: 'markdown',
  md: 'markdown',
};

function formatFor(output: string | undefined): ReportFormat {
  const [, ending = ''] = /\.(\w+)$/.exec(output ?? '') ?? [];
  return FORMATS_BY_ENDING[ending.toLowerCase()] ?? 'text';
}

/** `stdout`: where it goes to, unless to a file. */
async function format(
  result: BenchResult,
  chosen: ReportFormat,
  values: OptionValues,
  stdout: Context['stdout'] | undefined,
): Promise<string> {
  switch (chosen) {
    case 'text': {
      const { formatReport } = await import('../../bench/report/text.ts');
      return formatReport(result, stdout?.isTTY === true ? stdout.columns : undefined);
    }
    case 'csv': {
      const { formatCsv } = await import('../../bench/report/csv.ts');
      return formatCsv(result, values.get(csvTableOption));
    }
    case 'markdown': {
      const { formatMarkdown } = await import('../../bench/report/markdown.ts');
      return formatMarkdown(result);
    }
    case 'html': {
      const { formatHtml } = await import('../../bench/report/html.ts');
      return formatHtml(result);
    }
  }
}
