/** At QoS 0 nothing is acknowledged; a PINGRESP shows that the broker has read all that was sent before it. */
import type { Clock } from '../cli/context.ts';
import { ConnectionLostError } from '../errors.ts';
import type { Session } from '../mqtt/session.ts';
import { formatDurationMs, formatQuantity } from '../output/units.ts';

/** Messages between two PINGREQ: bounds how many are in doubt when the connection is lost. */
const EVERY = 1000;

export class Confirmation {
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  /** Of the present connection. */
  #sent = 0;
  #confirmed = 0;
  #sinceAsked = 0;
  #doubtful = 0;

  /** `timeoutMs`: how long the broker may take at the end. */
  constructor(clock: Clock, timeoutMs: number) {
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
  }

  /** Messages that the broker may not have read. */
  get unconfirmed(): number {
    return this.#sent - this.#confirmed + this.#doubtful;
  }

  /** Messages that were on their way when a connection was lost. */
  get doubtful(): number {
    return this.#doubtful;
  }

  /** A QoS 0 message is written to this session. */
  sent(session: Session): void {
    this.#sent += 1;
    this.#sinceAsked += 1;
    if (this.#sinceAsked >= EVERY) void this.#ask(session);
  }

  /** The connection is gone: what was not confirmed stays in doubt. */
  lost(): void {
    this.#doubtful = this.unconfirmed;
    this.#sent = 0;
    this.#confirmed = 0;
    this.#sinceAsked = 0;
  }

  /** Resolves when everything is confirmed, or the connection lost. Throws ConnectionLostError when that takes too long. */
  async confirm(session: Session): Promise<void> {
    if (this.#sent === this.#confirmed) return;
    let timer: object | undefined;
    const late = new Promise<'late'>((resolve) => {
      timer = this.#clock.setTimer(() => resolve('late'), this.#timeoutMs);
    });
    const answer = await Promise.race([this.#ask(session), late]);
    this.#clock.clearTimer(timer);
    if (answer !== 'late') return;
    throw new ConnectionLostError(
      `the broker did not confirm within ${formatDurationMs(this.#timeoutMs)} that it had read ${formatQuantity(this.#sent - this.#confirmed, 'message')} (PINGREQ was not answered)`,
    );
  }

  async #ask(session: Session): Promise<void> {
    this.#sinceAsked = 0;
    const asked = this.#sent;
    await session.ping().then(
      () => {
        this.#confirmed = Math.max(this.#confirmed, asked);
      },
      () => undefined,
    );
  }
}
