import type { StopReason } from '../cli/context.ts';
import { exitCodeOfSignal } from '../cli/signals.ts';
import { InterruptedError } from '../errors.ts';

/** The error of a command that a signal stopped; `stop` was aborted. */
export function describeInterruption(stop: AbortSignal, what: string): InterruptedError {
  const reason = stop.reason as StopReason;
  return new InterruptedError(`stopped by ${reason.signal}${what === '' ? '' : `: ${what}`}`, exitCodeOfSignal(reason));
}
