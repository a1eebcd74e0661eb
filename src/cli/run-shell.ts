import { spawn } from 'node:child_process';

/** Runs `command` by the shell. Its input is ours and so are its errors, so that it can ask for what it needs. */
export function runShell(command: string, stop: AbortSignal): Promise<{ exitCode: number; stdout: Buffer }> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, { shell: true, stdio: ['inherit', 'pipe', 'inherit'], signal: stop });
    const chunks: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.once('error', reject);
    // Ended by a signal: no exit code, and no success.
    child.once('close', (exitCode) => resolve({ exitCode: exitCode ?? 1, stdout: Buffer.concat(chunks) }));
  });
}
