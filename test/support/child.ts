import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import type { Writable } from 'node:stream';
import { onTestFinished } from 'vitest';
import { withDeadline } from './deadline.ts';
import { atExit } from './last-resort.ts';
import { Transcript } from './transcript.ts';

/** Every process started here that runs still; ended with the test process, should a clean-up have been missed. */
const running = new Set<ChildProcess>();
atExit(() => {
  for (const child of running) child.kill('SIGKILL');
});

export interface ChildExit {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** A process that a test started. */
export interface Child {
  readonly pid: number;
  readonly stdin: Writable;
  readonly stdout: Transcript;
  readonly stderr: Transcript;
  readonly process: ChildProcess;
  /** Resolves when the process is gone and its output is complete; rejects at the deadline. */
  exit(deadlineMs?: number): Promise<ChildExit>;
  kill(signal: NodeJS.Signals): void;
  /** Ends it, with SIGKILL if it must be; resolves when it is gone. */
  end(): Promise<void>;
}

export interface ChildOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Written to stdin, which is then closed; without it stdin stays open. */
  readonly input?: string | Uint8Array;
  /** Default: three pipes. */
  readonly stdio?: StdioOptions;
}

/** Starts a process. The caller ends it. */
export function startChild(file: string, words: readonly string[], options: ChildOptions = {}): Child {
  const child = spawn(file, words, {
    env: { ...baseEnvironment(), ...options.env },
    cwd: options.cwd,
    stdio: options.stdio ?? 'pipe',
  });
  running.add(child);
  const stdout = new Transcript(child.stdout ?? undefined);
  const stderr = new Transcript(child.stderr ?? undefined);
  // A process that ends before it read everything: its exit code tells.
  child.stdin?.on('error', () => undefined);
  if (options.input !== undefined) child.stdin?.end(options.input);
  const closed = new Promise<ChildExit>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (exitCode, signal) => {
      running.delete(child);
      resolve({ exitCode, signal, stdout: stdout.bytes, stderr: stderr.text });
    });
  });
  closed.catch(() => running.delete(child));
  return {
    pid: child.pid ?? -1,
    stdin: child.stdin as Writable,
    stdout,
    stderr,
    process: child,
    exit: (deadlineMs) => withDeadline(closed, `end of ${file} ${words.join(' ')}`, deadlineMs),
    kill: (signal) => void child.kill(signal),
    async end() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
      // A grandchild may hold the pipes open: what counts is that this process is gone.
      child.stdout?.destroy();
      child.stderr?.destroy();
      await closed.catch(() => undefined);
    },
  };
}

/** Starts a process that is ended, at the latest, with the test that runs. */
export function startInTest(file: string, words: readonly string[], options: ChildOptions = {}): Child {
  const child = startChild(file, words, options);
  onTestFinished(() => child.end());
  return child;
}

/** Runs a process to its end. */
export function runChild(file: string, words: readonly string[], options: ChildOptions = {}): Promise<ChildExit> {
  return startInTest(file, words, { input: '', ...options }).exit();
}

/** Nothing of the developer's own settings reaches a test: no MQTT_*, no colours, no home. */
function baseEnvironment(): Record<string, string> {
  const { PATH = '' } = process.env;
  return { PATH: `${PATH}:/usr/sbin:/usr/local/sbin`, LC_ALL: 'C.UTF-8', HOME: '/nonexistent' };
}
