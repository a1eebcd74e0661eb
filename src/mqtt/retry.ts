/** Which failures are worth another attempt. */
import { type CliError, RefusedError, TlsError, UnreachableError } from '../errors.ts';
import type { SessionEnd } from './session.ts';

/** Session taken over, Use another server, Server moved: to come back would be a fight, or in vain. [MQTT5 3.14.2.1] */
const FINAL_REASONS: readonly number[] = [0x8e, 0x9c, 0x9d];

export function mayReconnectAfter(end: SessionEnd): boolean {
  return end.reasonCode === undefined || !FINAL_REASONS.includes(end.reasonCode);
}

/** Once a connection has stood. A broker that restarts is unreachable, closes handshakes, or says that it is busy; anything else stays as it is. */
export function mayRetryAfter(error: unknown): error is CliError {
  if (error instanceof UnreachableError || error instanceof TlsError) return true;
  return error instanceof RefusedError && error.temporary;
}

/** Before there was a connection. A certificate that is not acceptable then stays so, whereas a new one may be coming later. */
export function mayWaitAfter(error: unknown): error is CliError {
  return error instanceof TlsError ? error.temporary : mayRetryAfter(error);
}
