import type { BenchResult } from './result.ts';

/** A result, and what to call it: the name of its file. */
export interface NamedResult {
  readonly name: string;
  readonly result: BenchResult;
}
