/** The reasons for mqtt-sub to stop, whatever its connection does. */
import type { Context, StopReason, Timer } from '../cli/context.ts';
import type { WriterEnd } from '../output/writer.ts';
import type { Receiver } from './receiver.ts';

export type Verdict =
  /** What was wanted has come, or has been done. */
  | { readonly kind: 'goal' }
  /** Nothing came for the time of `--idle`. */
  | { readonly kind: 'idle' }
  | { readonly kind: 'output-closed' }
  | { readonly kind: 'failed'; readonly error: unknown }
  | { readonly kind: 'time-limit' }
  | { readonly kind: 'signal'; readonly reason: StopReason };

export interface EndingOptions {
  readonly timeLimitMs: number | undefined;
  readonly idleMs: number | undefined;
}

/** Holds the first reason that came up. */
export class Ending {
  readonly #context: Context;
  readonly #options: EndingOptions;
  #verdict: Verdict | undefined;
  #decide: () => void = () => undefined;
  #timeLimit: Timer | undefined;
  #idle: Timer | undefined;
  /** Resolves with the first reason. */
  readonly decided: Promise<void>;

  constructor(context: Context, receiver: Receiver, outputEnded: Promise<WriterEnd>, options: EndingOptions) {
    this.#context = context;
    this.#options = options;
    this.decided = new Promise((resolve) => {
      this.#decide = resolve;
    });
    const { clock, stop } = context;
    const { timeLimitMs } = options;
    if (timeLimitMs !== undefined) {
      this.#timeLimit = clock.setTimer(() => this.decide({ kind: 'time-limit' }), timeLimitMs);
    }
    const onStop = (): void => this.decide({ kind: 'signal', reason: stop.reason as StopReason });
    if (stop.aborted) onStop();
    stop.addEventListener('abort', onStop, { once: true });
    void receiver.finished.then(() => this.decide({ kind: 'goal' }));
    void outputEnded.then((end) =>
      this.decide(end.kind === 'closed' ? { kind: 'output-closed' } : { kind: 'failed', error: end.error }),
    );
  }

  /** Whether time is to decide. */
  get isTimed(): boolean {
    return this.#options.timeLimitMs !== undefined || this.#options.idleMs !== undefined;
  }

  get verdict(): Verdict | undefined {
    return this.#verdict;
  }

  decide(verdict: Verdict): void {
    this.#verdict ??= verdict;
    this.#context.clock.clearTimer(this.#timeLimit);
    this.#context.clock.clearTimer(this.#idle);
    this.#decide();
  }

  /** Without a connection nobody can say that nothing came. */
  pauseIdle(): void {
    this.#context.clock.clearTimer(this.#idle);
  }

  /** Starts the time of `--idle`, once there is a subscription. */
  watchIdle(receiver: Receiver): void {
    const { idleMs } = this.#options;
    const { clock } = this.#context;
    if (idleMs === undefined || this.#verdict !== undefined) return;
    clock.clearTimer(this.#idle);
    const startedMs = clock.monotonicMs();
    // One timer that looks when the last message came, instead of a new timer for each message.
    const check = (): void => {
      const quietMs = clock.monotonicMs() - Math.max(startedMs, receiver.lastMs);
      if (quietMs >= idleMs) this.decide({ kind: 'idle' });
      else this.#idle = clock.setTimer(check, idleMs - quietMs);
    };
    this.#idle = clock.setTimer(check, idleMs);
  }
}
