import { readFileSync } from 'node:fs';
import type { BenchResult } from '../../../src/bench/result/result.ts';

/**
 * A result of a real run against mosquitto, as `--json` printed it; only the machine's name is made up. `frozen`: the
 * broker was stopped for one second of thirty, at 5,000 msg/s.
 */
export function readStored(name: 'lossless' | 'lossy' | 'frozen'): BenchResult {
  return JSON.parse(readFileSync(new URL(`../stored/${name}.json`, import.meta.url), 'utf8')) as BenchResult;
}
