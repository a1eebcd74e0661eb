import { compareResults } from '../../bench/compare/compare.ts';
import type { Comparison } from '../../bench/compare/comparison.ts';
import { describeRatio, formatComparison, formatPercent } from '../../bench/compare/text.ts';
import type { Context } from '../../cli/context.ts';
import { ExitCode } from '../../cli/exit-codes.ts';
import { BenchFailedError, UsageError } from '../../errors.ts';
import { benchJsonOption } from '../../options/bench.ts';
import {
  benchCompareOptions,
  measureOption,
  resultFilesArgument,
  toleranceOption,
} from '../../options/bench-compare.ts';
import type { OptionValues } from '../../options/option-values.ts';
import { escapeControlsInJson, quote } from '../../output/escape.ts';
import type { Command } from '../command.ts';
import { print } from './printing.ts';
import { readResults } from './reading.ts';

export const compareCommand: Command = {
  name: 'mqtt-bench compare',
  summary: 'how much faster or slower than a base results are, and whether that may be chance',
  synopsis: 'BASE FILE... [--tolerance PERCENT]',
  options: benchCompareOptions,
  positional: resultFilesArgument,
  examples: [
    { says: 'two results, each best of --repeat 5 or more', typed: 'mqtt-bench compare before.json after.json' },
    {
      says: 'exit code 11 when the second is slower by more than 5 %',
      typed: 'mqtt-bench compare before.json after.json --tolerance 5%',
    },
    {
      says: 'one figure alone, for scripts',
      typed: 'mqtt-bench compare before.json after.json --measure delivered/s --json',
    },
  ],
  needsArguments: () => true,
  run,
};

async function run(values: OptionValues, context: Context): Promise<ExitCode> {
  const [base, ...others] = await readResults(values.get(resultFilesArgument), context);
  if (base === undefined || others.length === 0) {
    throw new UsageError(
      'compare takes a base and at least one more result',
      'mqtt-bench compare before.json after.json',
    );
  }
  const wishes = { measures: values.get(measureOption), tolerance: values.get(toleranceOption) };
  const comparison = compareResults(base, others, wishes);
  const { stdout } = context;
  await print(
    values.get(benchJsonOption)
      ? `${escapeControlsInJson(JSON.stringify(comparison))}\n`
      : formatComparison(comparison, stdout.isTTY === true ? stdout.columns : undefined),
    context,
  );
  const slower = describeSlower(comparison);
  if (slower !== undefined) throw new BenchFailedError(slower);
  return ExitCode.ok;
}

/** What was slower beyond the tolerance; undefined when nothing was. */
function describeSlower({ base, others, tolerance }: Comparison): string | undefined {
  const slower = others.flatMap(({ measures, name }) => {
    const beyond = measures.filter(({ beyondTolerance }) => beyondTolerance);
    if (beyond.length === 0) return [];
    const figures = beyond.map((measure) => `${measure.measure} ${describeRatio(measure)}`).join(', ');
    return [
      `${quote(name)} is slower than ${quote(base.name)} by more than ${formatPercent(tolerance ?? 0)}: ${figures}`,
    ];
  });
  return slower.length === 0 ? undefined : slower.join('; ');
}
