import type { BenchResult } from '../../bench/result/result.ts';
import type { Context } from '../../cli/context.ts';
import { benchJsonOption } from '../../options/bench.ts';
import type { OptionValues } from '../../options/option-values.ts';
import { endTypedLine } from '../../output/typed-line.ts';
import { Writer } from '../../output/writer.ts';

/** Writes the result to standard output: for people, or as --json. Throws OutputError. */
export async function printResult(result: BenchResult, values: OptionValues, context: Context): Promise<void> {
  const text = await format(result, values, context.stdout);
  endTypedLine(context, context.stdout);
  await print(text, context);
}

/** A reader that has gone has what it wanted; any other failure to write is an error. Throws OutputError. */
export async function print(text: string, { stdout }: Context): Promise<void> {
  const writer = new Writer(stdout);
  const failed = await Promise.race([writer.writeThrough(Buffer.from(text)), writer.ended]);
  if (failed?.kind === 'failed') throw failed.error;
}

async function format(result: BenchResult, values: OptionValues, stdout: Context['stdout']): Promise<string> {
  if (values.get(benchJsonOption)) {
    const { formatJson } = await import('../../bench/report/json.ts');
    return formatJson(result);
  }
  const { formatReport } = await import('../../bench/report/text.ts');
  return formatReport(result, stdout.isTTY === true ? stdout.columns : undefined);
}
