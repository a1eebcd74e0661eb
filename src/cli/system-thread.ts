/** Threads of this process, seen from both ends. */
import { setMaxListeners } from 'node:events';
import { parentPort, Worker, workerData } from 'node:worker_threads';
import { serveThread } from '../bench/threads/serve.ts';
import { connectSession } from '../mqtt/connect.ts';
import type { Clock, Thread } from './context.ts';
import { systemClock, systemMachine } from './system-context.ts';

/** Of the thread that started this one: its monotonic clock counts from another moment than ours. */
interface StartData {
  readonly startedMs: number;
}

/** When the monotonic clock of this thread was 0. */
const startedMs = (): number => systemClock.epochMs() - systemClock.monotonicMs();

/** Runs the file in a thread, or the program where that is given. */
export function startSystemThread(file: string, program?: string): Thread {
  const data: StartData = { startedMs: startedMs() };
  const worker = new Worker(program ?? file, { eval: program !== undefined, workerData: data });
  let failure: Error | undefined;
  worker.on('error', (error) => {
    failure = error as Error;
  });
  return {
    post: (message) => worker.postMessage(message),
    onMessage: (take) => {
      worker.on('message', take);
    },
    ended: new Promise((resolve) => {
      worker.once('exit', () => resolve(failure));
    }),
    terminate: () => void worker.terminate(),
  };
}

/** What runs in the thread. */
export function runSystemThread(): void {
  const port = parentPort;
  if (port === null) return;
  const aheadMs = startedMs() - (workerData as StartData).startedMs;
  const clock: Clock = { ...systemClock, monotonicMs: () => systemClock.monotonicMs() + aheadMs };
  // The main thread owns the signals: it says when there is to be an end.
  const stop = new AbortController().signal;
  // Each connection listens to it while it opens, and many do at once: more than ten is no leak here.
  setMaxListeners(0, stop);
  serveThread(
    {
      post: (message) => port.postMessage(message),
      onMessage: (take) => {
        port.on('message', take);
      },
    },
    { clock, machine: systemMachine, openSession: (plan, handlers) => connectSession(plan, handlers, { clock, stop }) },
  );
}
