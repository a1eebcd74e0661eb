import { spawn } from 'node:child_process';
import { InterruptedError, UsageError } from '../errors.ts';
import type { StopReason } from './context.ts';
import { exitCodeOfSignal } from './signals.ts';

/** As much of the output as is kept: more than any password. */
const MAX_BYTES = 1_048_576;

/**
 * Runs `command` by the shell. Its input is ours and so are its errors, so that it can ask for what it needs. Throws
 * InterruptedError when a signal stops it.
 */
export function runShell(command: string, stop: AbortSignal): Promise<{ exitCode: number; stdout: Buffer }> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, { shell: true, stdio: ['inherit', 'pipe', 'inherit'], signal: stop });
    const chunks: Buffer[] = [];
    let bytes = 0;
    child.stdout.on('data', (chunk: Buffer) => {
      if (bytes < MAX_BYTES) chunks.push(chunk);
      bytes += chunk.length;
      // It may print for ever: without a reader it ends.
      if (bytes >= MAX_BYTES) child.stdout.destroy();
    });
    child.once('error', (error) => reject(stop.aborted ? interruption(stop) : describeStart(error)));
    // Ended by a signal: no exit code, and no success.
    child.once('close', (exitCode) => resolve({ exitCode: exitCode ?? 1, stdout: Buffer.concat(chunks) }));
  });
}

function interruption(stop: AbortSignal): InterruptedError {
  const reason = stop.reason as StopReason;
  return new InterruptedError(`stopped by ${reason.signal} while a command ran`, exitCodeOfSignal(reason));
}

function describeStart(error: NodeJS.ErrnoException): UsageError {
  return new UsageError(`the shell cannot be started: ${error.code ?? error.message}`, undefined, { cause: error });
}
