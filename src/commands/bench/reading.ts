import type { NamedResult } from '../../bench/result/named-result.ts';
import { readResult } from '../../bench/result/read-result.ts';
import type { Context } from '../../cli/context.ts';
import { UsageError } from '../../errors.ts';

/** Reads result files; one of them may be `-`, standard input. Throws as {@link readResult} does. */
export async function readResults(paths: readonly string[], context: Context): Promise<readonly NamedResult[]> {
  if (paths.filter((path) => path === '-').length > 1) {
    throw new UsageError('- stands for standard input, which can be read once');
  }
  const results: NamedResult[] = [];
  for (const path of paths) results.push({ name: path, result: await readResult(path, context) });
  return results;
}
