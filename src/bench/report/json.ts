import type { BenchResult } from '../result/result.ts';

// JSON.stringify escapes C0 controls; these too could act on a terminal, and only a broker's own words can hold them.
const UNSAFE = /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

/** The whole result as one line: docs/json/bench-result.schema.json. */
export function formatJson(result: BenchResult): string {
  const json = JSON.stringify(result).replace(
    UNSAFE,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return `${json}\n`;
}
