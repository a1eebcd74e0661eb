import { type Child, type ChildOptions, startInTest } from './child.ts';
import { binOf } from './spawn-cli.ts';

/**
 * Starts a shell command on a terminal of its own, which the command `script` makes; stdout is all that the terminal
 * shows, stdin what is typed on it.
 */
export function startOnTerminal(command: string, { env, ...options }: ChildOptions = {}): Child {
  const words = ['--quiet', '--return', '--flush', '--command', command, '/dev/null'];
  return startInTest('script', words, { ...options, env: { TERM: 'xterm', SHELL: '/bin/sh', NO_COLOR: '1', ...env } });
}

/** A built command, as one writes it for the shell. */
export function shellCommand(name: string, argv: readonly string[]): string {
  return [process.execPath, binOf(name), ...argv].map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
}
