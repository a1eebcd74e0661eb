/** `--remove-retained`: deletes each retained message that was received. */
import type { Context } from '../cli/context.ts';
import { ConnectionLostError, PublishRefusedError } from '../errors.ts';
import { describeOutcome } from '../mqtt/reason-codes.ts';
import type { PublishOutcome, ReceivedMessage, Session } from '../mqtt/session.ts';
import { quote } from '../output/escape.ts';
import { formatDurationMs, formatQuantity } from '../output/units.ts';
import { unlessStopped } from './interruption.ts';
import type { Status } from './status.ts';

export interface RetainedRemovalOptions {
  /** Only say what would be deleted. */
  readonly isDryRun: boolean;
  /** How many deletions may be on their way at once; the broker's Receive Maximum holds besides. */
  readonly maxInflight: number | undefined;
}

/** As many as mosquitto's clients have on their way. */
const DEFAULT_INFLIGHT = 20;

export class RetainedRemoval {
  readonly #status: Status;
  readonly #options: RetainedRemovalOptions;
  #session: Session | undefined;
  #removed = 0;
  #inFlight = 0;
  #isLost = false;
  #refusals = 0;
  #refused: (PublishOutcome & { readonly topic: string }) | undefined;
  /** Topics whose turn has not come. */
  readonly #queue = new Set<string>();
  /** Topics of which the empty message that deletes may come back to us, because we are subscribed. */
  readonly #echoes = new Set<string>();
  #wake: () => void = () => undefined;

  constructor(status: Status, options: RetainedRemovalOptions) {
    this.#status = status;
    this.#options = options;
  }

  /** The connection to delete over from now on. */
  use(session: Session): void {
    this.#session = session;
    // What was on its way over a lost connection comes again as a retained message, and is deleted then.
    this.#inFlight = 0;
    this.#isLost = false;
    this.#advance();
  }

  remove(topic: string): void {
    if (this.#options.isDryRun) {
      this.#removed += 1;
      this.#status.warn(`would delete the retained message of ${quote(topic)}`);
      return;
    }
    this.#queue.add(topic);
    this.#advance();
  }

  #advance(): void {
    const session = this.#session;
    if (session === undefined) return;
    const limit = Math.min(this.#options.maxInflight ?? DEFAULT_INFLIGHT, session.info.receiveMaximum);
    for (const topic of this.#queue) {
      if (this.#inFlight >= limit) return;
      this.#queue.delete(topic);
      this.#delete(topic, session);
    }
  }

  #delete(topic: string, session: Session): void {
    this.#echoes.add(topic);
    this.#inFlight += 1;
    const qos = session.info.maximumQoS === 0 ? 0 : 1;
    session.publish({ topic, payload: Buffer.alloc(0), qos, retain: true }).then(
      (outcome) => {
        if (session !== this.#session) return;
        this.#settle(topic, outcome);
        this.#inFlight -= 1;
        this.#advance();
        this.#wake();
      },
      () => {
        if (session !== this.#session) return;
        this.#isLost = true;
        this.#wake();
      },
    );
  }

  #settle(topic: string, outcome: PublishOutcome): void {
    if (outcome.reasonCode < 0x80) {
      this.#removed += 1;
      return;
    }
    this.#refusals += 1;
    this.#refused ??= { ...outcome, topic };
    this.#echoes.delete(topic);
  }

  /** With Retain As Published it comes with RETAIN set; a retained message that is kept is never empty. */
  isEcho({ topic, payload }: ReceivedMessage): boolean {
    return payload.length === 0 && this.#echoes.delete(topic);
  }

  /**
   * Waits for the broker's answers, as long as one comes every `patienceMs`. Throws InterruptedError at a signal, and
   * what {@link check} throws.
   */
  async finish(context: Context, patienceMs: number): Promise<void> {
    while (this.#unconfirmed > 0 && !this.#isLost) {
      if (await this.#isSilent(context, patienceMs)) {
        throw new ConnectionLostError(
          `the broker did not confirm within ${formatDurationMs(patienceMs)} that it had deleted ${formatQuantity(this.#unconfirmed, 'retained message')}`,
        );
      }
    }
    const what = this.#options.isDryRun ? 'would be deleted' : 'deleted';
    this.#status.progress(`${formatQuantity(this.#removed, 'retained message')} ${what}`);
    this.check();
    if (this.#unconfirmed > 0) {
      throw new ConnectionLostError(
        `the connection was lost before the broker had deleted ${formatQuantity(this.#unconfirmed, 'retained message')}`,
      );
    }
  }

  /** Throws PublishRefusedError when the broker refused to delete a message so far. */
  check(): void {
    if (this.#refused === undefined) return;
    const { topic } = this.#refused;
    const why = describeOutcome(this.#refused);
    const all = this.#removed + this.#refusals;
    const what =
      all === 1
        ? `the retained message of ${quote(topic)}`
        : `${this.#refusals} of ${formatQuantity(all, 'retained message')}: ${quote(topic)}`;
    throw new PublishRefusedError(`the broker refused to delete ${what}: ${why}`);
  }

  get #unconfirmed(): number {
    return this.#inFlight + this.#queue.size;
  }

  /** Resolves with false at the next answer, or with true when none came in time. */
  async #isSilent({ clock, stop }: Context, patienceMs: number): Promise<boolean> {
    let timer: object | undefined;
    const silence = new Promise<boolean>((resolve) => {
      this.#wake = () => resolve(false);
      timer = clock.setTimer(() => resolve(true), patienceMs);
    });
    const count = formatQuantity(this.#unconfirmed, 'retained message');
    return unlessStopped(silence, stop, `${count} not deleted yet`).finally(() => clock.clearTimer(timer));
  }
}
