/** At QoS 0 nothing is acknowledged; a PINGRESP shows that the broker has read all that was sent before it. */
import type { Clock, Timer } from '../cli/context.ts';
import { ConnectionLostError } from '../errors.ts';
import { formatDurationMs, formatQuantity } from '../output/units.ts';

/** Messages between two PINGREQ, and how long one may be without: both bound how many are in doubt after a loss. */
const EVERY = 1000;
const AFTER_MS = 1000;
/** While an answer is due the next question comes so much later: each costs as much as many messages. */
const SPACING_MS = 5;

export class Confirmation {
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #ping: () => Promise<void>;
  /** Of the present connection. */
  #sent = 0;
  #confirmed = 0;
  #sinceAsked = 0;
  /** With so many since the last question the next one is asked. */
  #askAt = EVERY;
  #askedMs = 0;
  /** Questions without an answer. */
  #open = 0;
  #doubtful = 0;
  #timer: Timer | undefined;

  /**
   * @param timeoutMs how long the broker may read nothing at the end.
   * @param ping over the present connection, after everything sent so far; rejects when the connection ends first.
   */
  constructor(clock: Clock, timeoutMs: number, ping: () => Promise<void>) {
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
    this.#ping = ping;
  }

  /** Messages that the broker may not have read. */
  get unconfirmed(): number {
    return this.#sent - this.#confirmed + this.#doubtful;
  }

  /** Messages that were on their way when a connection was lost. */
  get doubtful(): number {
    return this.#doubtful;
  }

  /** A QoS 0 message is on its way. */
  sent(): void {
    this.#sent += 1;
    this.#sinceAsked += 1;
    if (this.#sinceAsked >= this.#askAt) this.#askInTime();
    else this.#timer ??= this.#clock.setTimer(() => this.#askLate(), AFTER_MS);
  }

  /** The connection is gone: what was not confirmed stays in doubt. */
  lost(): void {
    this.stop();
    this.#doubtful = this.unconfirmed;
    this.#sent = 0;
    this.#confirmed = 0;
    this.#sinceAsked = 0;
    this.#askAt = EVERY;
    this.#open = 0;
  }

  /** Nothing more is asked. */
  stop(): void {
    this.#clock.clearTimer(this.#timer);
    this.#timer = undefined;
  }

  /**
   * Resolves when everything is confirmed, or the connection lost. Throws ConnectionLostError when no answer comes for too
   * long: a broker may have much to read before the last one.
   */
  async confirm(): Promise<void> {
    this.stop();
    if (this.#sent === this.#confirmed) return;
    const last = this.#ask();
    for (let before = -1; before !== this.#confirmed; ) {
      before = this.#confirmed;
      let timer: object | undefined;
      const late = new Promise<'late'>((resolve) => {
        timer = this.#clock.setTimer(() => resolve('late'), this.#timeoutMs);
      });
      const answer = await Promise.race([last, late]);
      this.#clock.clearTimer(timer);
      if (answer !== 'late') return;
    }
    throw new ConnectionLostError(
      `the broker did not confirm within ${formatDurationMs(this.#timeoutMs)} that it had read ${formatQuantity(this.#sent - this.#confirmed, 'message')} (PINGREQ was not answered)`,
    );
  }

  #askInTime(): void {
    if (this.#open > 0 && this.#clock.monotonicMs() - this.#askedMs < SPACING_MS) this.#askAt += EVERY;
    else void this.#ask();
  }

  #askLate(): void {
    this.#timer = undefined;
    if (this.#sinceAsked > 0) void this.#ask();
  }

  async #ask(): Promise<void> {
    this.stop();
    this.#sinceAsked = 0;
    this.#askAt = EVERY;
    this.#askedMs = this.#clock.monotonicMs();
    this.#open += 1;
    const asked = this.#sent;
    await this.#ping().then(
      () => {
        this.#open -= 1;
        this.#confirmed = Math.max(this.#confirmed, asked);
      },
      // The connection has ended, and `lost` tells.
      () => undefined,
    );
  }
}
