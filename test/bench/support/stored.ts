import { readFileSync } from 'node:fs';
import type { BenchResult } from '../../../src/bench/result.ts';

/** A result of a real run against mosquitto, as `--json` printed it; only the machine's name is made up. */
export function readStored(name: 'lossless' | 'lossy'): BenchResult {
  return JSON.parse(readFileSync(new URL(`../stored/${name}.json`, import.meta.url), 'utf8')) as BenchResult;
}
