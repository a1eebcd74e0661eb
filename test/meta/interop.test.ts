import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

it('the tables of docs/interop.md are those of the results', async () => {
  const script = fileURLToPath(new URL('../../scripts/interop-table.mjs', import.meta.url));
  // Its message names the command that mends it.
  await expect(promisify(execFile)(process.execPath, [script, '--check'])).resolves.toBeDefined();
});
