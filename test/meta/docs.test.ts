import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

it('the documents say of options and exit codes what the tables say', async () => {
  const script = fileURLToPath(new URL('../../scripts/generate-docs.mjs', import.meta.url));
  // Its message names the document, and the command that mends it.
  await expect(promisify(execFile)(process.execPath, [script, '--check'])).resolves.toBeDefined();
});
