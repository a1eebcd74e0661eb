import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface TempFolder {
  readonly path: string;
  file(name: string): string;
  remove(): void;
}

/** A new folder for one test or one broker, which its maker removes. */
export function makeTempFolder(): TempFolder {
  const path = mkdtempSync(join(tmpdir(), 'mqtt-toolkit-'));
  return {
    path,
    file: (name) => join(path, name),
    remove: () => rmSync(path, { recursive: true, force: true }),
  };
}
