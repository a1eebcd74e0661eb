import type { StopReason } from '../cli/context.ts';
import { exitCodeOfSignal } from '../cli/signals.ts';
import { InterruptedError } from '../errors.ts';

/** The error of a command that a signal stopped; `stop` was aborted. */
export function describeInterruption(stop: AbortSignal, what: string): InterruptedError {
  const reason = stop.reason as StopReason;
  return new InterruptedError(`stopped by ${reason.signal}${what === '' ? '' : `: ${what}`}`, exitCodeOfSignal(reason));
}

/** The outcome of work that cannot be stopped, such as reading a terminal; rejects when a signal comes first. */
export function unlessStopped<T>(work: Promise<T>, stop: AbortSignal, what: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const onStop = (): void => reject(describeInterruption(stop, what));
    if (stop.aborted) onStop();
    stop.addEventListener('abort', onStop, { once: true });
    work.then(resolve, reject).finally(() => stop.removeEventListener('abort', onStop));
  });
}
