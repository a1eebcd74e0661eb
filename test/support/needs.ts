import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe } from 'vitest';

const { PATH = '' } = process.env;

/** Where commands are looked for: Debian keeps brokers off the PATH of everyone but root. */
const FOLDERS = [...PATH.split(':'), '/usr/sbin', '/usr/local/sbin', '/usr/local/bin'];

/** The path of a command, or undefined where it is not installed. */
export function findCommand(name: string): string | undefined {
  return FOLDERS.map((folder) => join(folder, name)).find((path) => existsSync(path));
}

/** A `describe` that is skipped, with the missing commands in its title, where one of them is not installed. */
export function describeWith(commands: readonly string[], title: string, tests: () => void): void {
  const missing = commands.filter((name) => findCommand(name) === undefined);
  if (missing.length === 0) describe(title, tests);
  else describe.skip(`${title} (skipped: ${missing.join(', ')} not installed)`, tests);
}
