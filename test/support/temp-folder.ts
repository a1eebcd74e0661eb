import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { atExit } from './last-resort.ts';

export interface TempFolder {
  readonly path: string;
  file(name: string): string;
  remove(): void;
}

/** Folders that are there still; removed with the test process, should a clean-up have been missed. */
const present = new Set<string>();
atExit(() => {
  for (const path of present) rmSync(path, { recursive: true, force: true });
});

/** A new folder for one test or one broker, which its maker removes. */
export function makeTempFolder(): TempFolder {
  const path = mkdtempSync(join(tmpdir(), 'mqtt-toolkit-'));
  present.add(path);
  return {
    path,
    file: (name) => join(path, name),
    remove() {
      rmSync(path, { recursive: true, force: true });
      present.delete(path);
    },
  };
}
