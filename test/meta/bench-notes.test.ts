import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ROOT } from '../../scripts/bundle.mjs';

it('docs/bench.md says on what evidence each note rests, in the order in which they are shown', () => {
  const documented = [...read('docs/bench.md').matchAll(/^\| `([a-z0-9-]+)` +\| /gm)].map(([, code]) => code);
  const checks = /const CHECKS[^{]*\{([\s\S]*?)\n\};/.exec(read('src/bench/diagnosis/diagnosis.ts'))?.[1] ?? '';
  const codes = [...checks.matchAll(/^ {2}'?([a-z0-9-]+)'?:/gm)].map(([, code]) => code);
  expect(codes.length).toBeGreaterThan(10);
  expect(documented.filter((code) => codes.includes(code))).toEqual(codes);
});

function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}
