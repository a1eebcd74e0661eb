import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { ROOT } from '../../scripts/bundle.mjs';
import { FIELDS } from '../../src/output/template-fields.ts';

it('the documents say of options and exit codes what the tables say', async () => {
  const script = fileURLToPath(new URL('../../scripts/generate-docs.mjs', import.meta.url));
  // Its message names the document, and the command that mends it.
  await expect(promisify(execFile)(process.execPath, [script, '--check'])).resolves.toBeDefined();
});

it('docs/architecture.md names only files that exist', () => {
  const page = readFileSync(join(ROOT, 'docs/architecture.md'), 'utf8');
  const [, tree = ''] = /```\n([\s\S]*?)```/.exec(page) ?? [];
  let folder = '';
  const inTree = tree.split('\n').flatMap((line) => {
    folder = /^ {2}(\w+\/) /.exec(line)?.[1] ?? folder;
    return [...line.matchAll(/\b([\w-]+\.ts)\b/g)].map(
      ([, name]) => `src/${/^ {2}\w+\.ts /.test(line) ? '' : folder}${name}`,
    );
  });
  const inText = [...page.matchAll(/`((?:src|scripts|test|bin|docs)\/[\w./-]+)`/g)].map(([, path]) => path as string);
  expect(inTree.length).toBeGreaterThan(20);
  expect(inText.length).toBeGreaterThan(15);
  expect([...inTree, ...inText].filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
});

it('docs/output-format.md has every field of -F, and none that does not exist', () => {
  const page = readFileSync(join(ROOT, 'docs/output-format.md'), 'utf8');
  const described = [...page.matchAll(/^\| `%([A-Za-z])`/gm)].map(([, letter]) => letter as string);
  expect(described.sort()).toEqual(Object.keys(FIELDS).sort());
});
