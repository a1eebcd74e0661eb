import type { StopReason } from '../../cli/context.ts';
import { exitCodeOfSignal } from '../../cli/signals.ts';
import { ConnectionLostError, InterruptedError } from '../../errors.ts';
import type { EndedConnection } from '../connect/connections.ts';
import type { Outcome } from '../result/result.ts';

/** What cuts a run short. The first thing that does is the one that counts. */
export class Ending {
  readonly #controller = new AbortController();
  /** Set once the run is cut short. */
  outcome: Outcome | undefined;

  /** Aborted when the run is cut short, by the error that it ends with. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  byStop(reason: StopReason): void {
    const { signal } = reason;
    this.#cut({ kind: 'interrupted', signal }, new InterruptedError(`stopped by ${signal}`, exitCodeOfSignal(reason)));
  }

  byLoss({ end, index, role }: EndedConnection): void {
    // Thousands end after the first thing that counted, and an error costs its stack.
    if (this.outcome !== undefined) return;
    const whose = role === 'connection' ? `connection ${index}, the last one,` : `the connection of ${role} ${index}`;
    const error = new ConnectionLostError(`${whose} was lost: ${end.reason}`);
    this.#cut({ kind: 'connection-lost', role, index, reason: end.reason }, error);
  }

  /** A message could not be sent. */
  byError(error: Error): void {
    // The end of a connection comes from the connection itself too, once, and says why.
    if (!(error instanceof ConnectionLostError)) this.#cut({ kind: 'failed', reason: error.message }, error);
  }

  #cut(outcome: Outcome, error: Error): void {
    this.outcome ??= outcome;
    this.#controller.abort(error);
  }
}
