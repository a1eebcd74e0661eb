import { escapeControlsInJson } from '../../output/escape.ts';
import type { BenchResult } from '../result/result.ts';

/** The whole result as one line: docs/json/bench-result.schema.json. */
export function formatJson(result: BenchResult): string {
  return `${escapeControlsInJson(JSON.stringify(result))}\n`;
}
