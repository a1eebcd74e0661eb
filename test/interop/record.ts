/** What a run of the tests finds out about other systems: docs/interop.md is made from it. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';

export interface SystemRecord {
  readonly name: string;
  /** Which table it is in. */
  readonly kind: 'client' | 'scripted' | 'broker' | 'benchmark';
  /** Null where it cannot be told. */
  readonly version: string | null;
  /** What was found, by what it was about; the columns of the table. */
  readonly findings: Readonly<Record<string, string>>;
}

/** Where a run leaves its records, a file each, for `npm run docs:interop`. */
const FOLDER = fileURLToPath(new URL('../../node_modules/.cache/mqtt-toolkit/interop/', import.meta.url));
/** The records that docs/interop.md is made from. */
const COMMITTED = new URL('results.json', import.meta.url);

/** Collects what the tests of one system find. */
export class Findings {
  readonly #found: Record<string, string> = {};

  readonly #system: Pick<SystemRecord, 'kind' | 'name' | 'version'>;

  constructor(kind: SystemRecord['kind'], name: string, version: string | undefined) {
    this.#system = { name, kind, version: version ?? null };
  }

  add(about: string, finding: string): void {
    this.#found[about] = finding;
  }

  /**
   * Leaves the record for the table, and compares it with what the table says. Another version of the system may well
   * behave differently, and is not compared.
   */
  save(): void {
    const record: SystemRecord = { ...this.#system, findings: this.#found };
    mkdirSync(FOLDER, { recursive: true });
    const file = `${record.kind}-${record.name.toLowerCase().replace(/[^a-z0-9]+/g, '-')}.json`;
    writeFileSync(`${FOLDER}${file}`, `${JSON.stringify(record, undefined, 2)}\n`);
    const committed: readonly SystemRecord[] = JSON.parse(readFileSync(COMMITTED, 'utf8'));
    const before = committed.find(({ kind, name }) => kind === record.kind && name === record.name);
    expect.soft(before, 'docs/interop.md does not have it: npm run docs:interop').toBeDefined();
    if (before === undefined || before.version !== record.version) return;
    expect.soft(record.findings, 'docs/interop.md says otherwise: npm run docs:interop').toEqual(before.findings);
  }
}

/** Debian's version of a package without what Debian adds to it; undefined where it is not installed that way. */
export function debianVersion(name: string): string | undefined {
  try {
    const status = execFileSync('dpkg-query', ['-s', name], { stdio: ['ignore', 'pipe', 'ignore'] });
    return /^Version: (?:\d+:)?(\d[\d.]*\d)/m.exec(status.toString())?.[1];
  } catch {
    return undefined;
  }
}

/** The version of a package of npm that the tests use. */
export function npmVersion(name: string): string {
  const file = new URL(`../../node_modules/${name}/package.json`, import.meta.url);
  return JSON.parse(readFileSync(file, 'utf8')).version;
}
