import { fileURLToPath } from 'node:url';
import { type Child, type ChildExit, type ChildOptions, runChild, startInTest } from './child.ts';

/** The file that runs a command; the commands must have been built. */
export function binOf(name: string): string {
  return fileURLToPath(new URL(`../../bin/${name}.js`, import.meta.url));
}

/** Starts a built command; it is ended, at the latest, with the test. */
export function spawnCli(name: string, argv: readonly string[], options?: ChildOptions): Child {
  return startInTest(process.execPath, [binOf(name), ...argv], options);
}

/** Runs a built command to its end. */
export function runSpawnedCli(name: string, argv: readonly string[], options?: ChildOptions): Promise<ChildExit> {
  return runChild(process.execPath, [binOf(name), ...argv], options);
}
