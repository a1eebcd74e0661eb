/** `--unsent` on a disk that is full: the file can be made, and nothing written to it. */
import type * as fs from 'node:fs';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { Unsent } from '../../src/commands/unsent.ts';
import { OutputError } from '../../src/errors.ts';
import { makeTempFolder } from '../support/temp-folder.ts';

vi.mock('node:fs', async (importOriginal) => ({
  ...(await importOriginal<typeof fs>()),
  writeSync: () => {
    throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
  },
}));

const folder = makeTempFolder();
afterAll(() => folder.remove());

describe('--unsent', () => {
  it('says that there is no space left', () => {
    const path = folder.file('unsent');
    const unsent = new Unsent(path);
    // Gathered up to 64 KiB, so that a line costs no write.
    expect(() => unsent.add(Buffer.alloc(1000))).not.toThrow();
    expect(() => unsent.add(Buffer.alloc(65_536))).toThrow(
      new OutputError(`cannot write ${path}: no space left on the device`),
    );
  });
});
