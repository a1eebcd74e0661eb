import { mergeResults } from '../../bench/merge/merge.ts';
import { formatJson } from '../../bench/report/json.ts';
import type { Context } from '../../cli/context.ts';
import { ExitCode } from '../../cli/exit-codes.ts';
import { UsageError } from '../../errors.ts';
import { benchMergeOptions, resultFilesArgument } from '../../options/bench-compare.ts';
import { reportOutputOption } from '../../options/bench-report.ts';
import type { OptionValues } from '../../options/option-values.ts';
import { writeWholeFile } from '../../output/whole-file.ts';
import type { Command } from '../command.ts';
import { print } from './printing.ts';
import { readResults } from './reading.ts';

export const mergeCommand: Command = {
  name: 'mqtt-bench merge',
  summary: 'make one result of several: of machines that ran at the same time, or of runs one after another',
  synopsis: 'FILE FILE... [-O FILE]',
  options: benchMergeOptions,
  positional: resultFilesArgument,
  examples: [
    { says: 'the load of two machines as one', typed: 'mqtt-bench merge one.json two.json -O both.json' },
    { says: 'and read it', typed: 'mqtt-bench merge one.json two.json | mqtt-bench report -' },
  ],
  needsArguments: () => true,
  run,
};

/** Whether what it made is a success was judged when it was measured. */
async function run(values: OptionValues, context: Context): Promise<ExitCode> {
  const results = await readResults(values.get(resultFilesArgument), context);
  if (results.length < 2) {
    throw new UsageError('merge takes at least two results', 'mqtt-bench merge one.json two.json -O both.json');
  }
  const text = formatJson(mergeResults(results));
  const output = values.get(reportOutputOption);
  if (output === undefined) await print(text, context);
  else await writeWholeFile(output, text);
  return ExitCode.ok;
}
