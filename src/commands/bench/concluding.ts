/** What becomes of a result, whatever made it: written to a file, printed, judged. */
import type { BenchResult } from '../../bench/result/result.ts';
import type { Context } from '../../cli/context.ts';
import { ExitCode } from '../../cli/exit-codes.ts';
import { benchJsonOption } from '../../options/bench.ts';
import { assertOption, outOption } from '../../options/bench-verdict.ts';
import type { OptionValues } from '../../options/option-values.ts';
import { printResult } from './printing.ts';

/** What one or more runs came to. */
export interface Measured {
  readonly result: BenchResult;
  /** What was thrown in the middle, when sending failed or a further run could not start. */
  readonly error: Error | undefined;
  /** It failed before the load began: a script gets its result, people the error alone. */
  readonly hasFailedEarly?: boolean;
}

/** Throws UsageError where --out could not be written: before the run, which may be long. */
export async function checkOut(values: OptionValues): Promise<void> {
  const path = values.get(outOption);
  if (path === undefined) return;
  const { checkWholeFile } = await import('../../output/whole-file.ts');
  await checkWholeFile(values.spelled(outOption), path);
}

/** Holds the result against --assert, writes it to --out and prints it. Throws CliError where it is no success. */
export async function conclude(measured: Measured, values: OptionValues, context: Context): Promise<ExitCode> {
  const { checkThresholds } = await import('../../bench/result/thresholds.ts');
  const { judge } = await import('../../bench/result/verdict.ts');
  const asked = values.get(assertOption).flat();
  const thresholds = [...measured.result.thresholds, ...checkThresholds(asked, measured.result)];
  const result = { ...measured.result, thresholds };
  await deliver(result, measured.hasFailedEarly ?? false, values, context);
  const failure = measured.error ?? judge(result);
  if (failure !== undefined) throw failure;
  return ExitCode.ok;
}

/** To the file first: a reader of standard output that has gone must not keep it from being written, nor the other way. */
async function deliver(
  result: BenchResult,
  hasFailedEarly: boolean,
  values: OptionValues,
  context: Context,
): Promise<void> {
  const [written] = await Promise.allSettled([writeOut(result, values)]);
  if (!hasFailedEarly || values.get(benchJsonOption)) await printResult(result, values, context);
  if (written.status === 'rejected') throw written.reason;
}

async function writeOut(result: BenchResult, values: OptionValues): Promise<void> {
  const path = values.get(outOption);
  if (path === undefined) return;
  const { formatJson } = await import('../../bench/report/json.ts');
  const { writeWholeFile } = await import('../../output/whole-file.ts');
  await writeWholeFile(path, formatJson(result));
}
