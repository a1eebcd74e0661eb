import { fstatSync, readdirSync, readFileSync, type Stats } from 'node:fs';
import { connectSession } from '../mqtt/connect.ts';
import type { Clock, Context, Input, Machine, Output, StopReason, Timer } from './context.ts';
import { openFileOutput } from './file-output.ts';

const statOf = (descriptor: number): Stats | undefined => orUndefined(() => fstatSync(descriptor));

/** Nobody wakes who waits for it. */
const NEVER_WOKEN = new Int32Array(new SharedArrayBuffer(4));

export const systemClock: Clock = {
  epochMs: () => performance.timeOrigin + performance.now(),
  // Not performance.now(): the first use of that loads all of node:perf_hooks.
  monotonicMs: () => {
    const [seconds, nanoseconds] = process.hrtime();
    return seconds * 1000 + nanoseconds / 1e6;
  },
  setTimer: (callback, delayMs): Timer => setTimeout(callback, delayMs),
  setRepeating: (callback, periodMs): Timer => setInterval(callback, periodMs),
  clearTimer: (timer) => clearTimeout(timer as NodeJS.Timeout | undefined),
  block: (durationMs) => {
    Atomics.wait(NEVER_WOKEN, 0, 0, durationMs);
  },
  setSoon: (callback) => {
    setImmediate(callback);
  },
};

/** What `read` gives; undefined where the system does not let us. */
function orUndefined<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

export const systemMachine: Machine = {
  cpuUs() {
    const { system, user } = process.cpuUsage();
    return system + user;
  },
  memoryBytes: () => process.memoryUsage.rss(),
  // Newer than the types: Node 20.18.
  loopTurns: () => (performance.nodeTiming as { uvMetricsInfo?: { loopCount: number } }).uvMetricsInfo?.loopCount,
  readText: (path) => orUndefined(() => readFileSync(path, 'utf8')),
  countNames: (path) => orUndefined(() => readdirSync(path).length),
};

/** Outputs that were opened: what is written to them may still be on its way. */
export const outputsInUse: Output[] = [];

function inUse(output: Output): Output {
  outputsInUse.push(output);
  return output;
}

/** The real world. `stop` is aborted by the caller, which owns the signals; `folder` holds the built files; see `main`. */
export function makeSystemContext(stop: AbortSignal, folder = '', readThread?: () => string): Context {
  let stdout: Output | undefined;
  let stderr: Output | undefined;
  return {
    env: process.env,
    // Getters: the first touch of a standard stream opens it, and costs start-up time where it is not used.
    get stdin(): Input {
      // Node makes an empty input of a folder: an empty message, which with -r deletes the retained one.
      if (statOf(0)?.isDirectory())
        return process.stdin.destroy(Object.assign(new Error('it is a folder'), { code: 'EISDIR' }));
      return process.stdin;
    },
    get stdout(): Output {
      stdout ??= inUse(
        statOf(1)?.isFile() ? openFileOutput(1, process.getBuiltinModule('node:stream').Writable) : process.stdout,
      );
      return stdout;
    },
    get stderr(): Output {
      stderr ??= inUse(withoutFailure(process.stderr));
      return stderr;
    },
    clock: systemClock,
    stop,
    machine: systemMachine,
    pid: process.pid,
    nodeVersion: process.versions.node,
    readCommandLine: () => orUndefined(() => readFileSync('/proc/self/cmdline')),
    async askSecret(prompt) {
      const { askSecret } = await import('./ask-secret.ts');
      return askSecret(prompt, stop);
    },
    async runShell(command) {
      const { runShell } = await import('./run-shell.ts');
      return runShell(command, stop);
    },
    openSession(plan, handlers) {
      return connectSession(plan, handlers, { clock: systemClock, stop });
    },
    async startBroker(options) {
      const { startEmbeddedBroker } = await import('../broker/embedded.ts');
      return startEmbeddedBroker(options);
    },
    async startThread() {
      const { startSystemThread } = await import('./system-thread.ts');
      return startSystemThread(`${folder}/thread.js`, readThread?.());
    },
  };
}

/** When nobody reads stderr any more there is nobody to be told of that: it must not end the command. */
function withoutFailure(stream: Output): Output {
  return stream.on('error', () => undefined);
}

/** Watches the signals that ask for an end. The second one ends the process at once. */
export function watchSignals(onSecond: (reason: StopReason) => void): AbortSignal {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      const reason: StopReason = { signal };
      if (controller.signal.aborted) onSecond(reason);
      else controller.abort(reason);
    });
  }
  return controller.signal;
}
