/** The real process around `run`: the only file that ends it. */

import type { Output, StopReason } from './cli/context.ts';
import { ExitCode } from './cli/exit-codes.ts';
import { run } from './cli/run.ts';
import { exitCodeOfSignal } from './cli/signals.ts';
import { makeSystemContext, outputsInUse, watchSignals } from './cli/system-context.ts';

/** How long output may take to flow off after a signal; the whole end is to take less than a second. */
const FLUSH_AFTER_STOP_MS = 300;

/**
 * Runs the command `name` with the words of the process, and ends the process with its exit code. `folder`: of our files;
 * `readThread` gives the program of a thread where that is in no file.
 */
export async function main(name: string, folder: string, readThread?: () => string): Promise<void> {
  const stop = watchSignals((reason) => process.exit(exitCodeOfSignal(reason)));
  const crash = (error: unknown): void => {
    process.stderr.write(`${name}: internal error: ${error instanceof Error ? error.stack : String(error)}\n`);
    process.exit(ExitCode.internal);
  };
  process.on('uncaughtException', crash);
  process.on('unhandledRejection', crash);
  const exitCode = await run(name, process.argv.slice(2), makeSystemContext(stop, folder, readThread));
  const stopped = stop.aborted;
  const flushed = Promise.all(outputsInUse.map(flush));
  // A reader that stands still must not hold up who asked for an end.
  const isFlushed = await Promise.race([flushed.then(() => true), pauseAfter(stop).then(() => false)]);
  // Ends a name look-up or an open pipe that would keep the process alive beyond its answer.
  process.exit(isFlushed || stopped ? exitCode : exitCodeOfSignal(stop.reason as StopReason));
}

/** Resolves {@link FLUSH_AFTER_STOP_MS} after the signal, whether that has come or is still to come. */
function pauseAfter(stop: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const onStop = (): void => {
      setTimeout(resolve, FLUSH_AFTER_STOP_MS);
    };
    if (stop.aborted) onStop();
    stop.addEventListener('abort', onStop, { once: true });
  });
}

/** Resolves when everything written has reached the system, or never will. */
function flush(stream: Output): Promise<void> {
  if (stream.writableLength === 0 || stream.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    stream.once('error', () => resolve());
    stream.write('', () => resolve());
  });
}

/** Runs a thread of mqtt-bench. */
export async function runThread(): Promise<void> {
  const { runSystemThread } = await import('./cli/system-thread.ts');
  runSystemThread();
}
