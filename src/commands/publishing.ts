/** Publishing to the end: back-pressure, outcomes, lost connections, and what is to be said of them. */
import type { Clock, Context } from '../cli/context.ts';
import { ConnectionLostError, PublishRefusedError } from '../errors.ts';
import { checkBrokerLimits, inFlightLimit } from '../mqtt/limits.ts';
import { describeReasonCode } from '../mqtt/reason-codes.ts';
import type { OutgoingMessage, PublishOutcome, QoS, Session, SessionEnd } from '../mqtt/session.ts';
import { quote } from '../output/escape.ts';
import { formatQuantity } from '../output/units.ts';
import { Confirmation } from './confirmation.ts';
import { describeInterruption } from './interruption.ts';

/** QoS 1 and 2 messages in flight at once, unless the broker or `-M` allows fewer. */
const WINDOW = 1000;

export interface PublishingOptions {
  /** How long the broker may take to confirm QoS 0 messages by PINGRESP. */
  readonly confirmTimeoutMs: number;
  /** `-M`. */
  readonly maxInflight: number | undefined;
  /** Connects again after a loss; undefined where a loss is the end. Throws what there is to say when it gives up. */
  readonly reopen: ((end: SessionEnd) => Promise<Session | undefined>) | undefined;
}

interface Pending {
  readonly message: OutgoingMessage;
}

/** Counts what became of each message. Nothing is thrown while messages are sent: `finish` gives the verdict. */
export class Publishing {
  #session: Session;
  readonly #context: Context;
  readonly #options: PublishingOptions;
  readonly #confirmation: Confirmation;
  #sent = 0;
  #refused = 0;
  #firstRefusal: (PublishOutcome & { readonly topic: string }) | undefined;
  /** QoS 1 and 2 messages without an outcome, in the order in which they were sent. */
  readonly #pending = new Set<Pending>();
  /** How many of them are on their way over the present connection. */
  #inFlight = 0;
  /** Those that were on their way when the last connection was lost, and wait for their turn to be sent again. */
  #resend: Pending[] = [];
  /** Wakes whoever waits for a place in the window or for the last answer. */
  #wake: (() => void) | undefined;
  #isConnected = true;
  /** Set when nothing more can be sent or heard. */
  #failure: Error | undefined;
  readonly #waiting = new Set<() => void>();
  #reportFailure: () => void = () => undefined;
  readonly #failed: Promise<void>;

  constructor(session: Session, context: Context, options: PublishingOptions) {
    this.#session = session;
    this.#context = context;
    this.#options = options;
    this.#confirmation = new Confirmation(context.clock, options.confirmTimeoutMs);
    this.#failed = new Promise((resolve) => {
      this.#reportFailure = resolve;
    });
    const { stop } = context;
    const onStop = (): void => this.#fail(describeInterruption(stop, this.#describeCount()));
    if (stop.aborted) onStop();
    stop.addEventListener('abort', onStop, { once: true });
    this.#watch(session);
  }

  /** The connection in use, or the last one. */
  get session(): Session {
    return this.#session;
  }

  /** Whether nothing more can be sent: `finish` throws why. */
  get hasFailed(): boolean {
    return this.#failure !== undefined;
  }

  /** Waits, but not beyond a failure. */
  async pause(durationMs: number, clock: Clock): Promise<void> {
    let timer: object | undefined;
    const elapsed = new Promise<void>((resolve) => {
      timer = clock.setTimer(resolve, durationMs);
    });
    await this.#unlessFailed(elapsed);
    clock.clearTimer(timer);
  }

  /** Resolves when the message is on its way and the next may follow. Throws for what the broker's limits exclude. */
  async send(message: OutgoingMessage): Promise<void> {
    while (this.#mustWait(message) && this.#failure === undefined) await this.#change();
    if (this.#failure !== undefined) return;
    checkBrokerLimits(message, this.#session.info);
    this.#sent += 1;
    const pending = { message };
    if (message.qos > 0) this.#pending.add(pending);
    this.#transmit(pending);
    // A broker that reads nothing must not hold up the end: a failure wakes too.
    for (let drained = this.#session.drained(); drained !== undefined; drained = this.#session.drained()) {
      await Promise.race([drained, this.#change()]);
      if (this.#failure !== undefined) return;
    }
  }

  /** Sends each payload as it comes; returns how many empty ones were left out because of RETAIN. */
  async sendLines(lines: AsyncIterable<Buffer>, message: Omit<OutgoingMessage, 'payload'>): Promise<number> {
    let skipped = 0;
    // An input that stays open must not hold up the end; destroying it ends the loop.
    void this.#failed.then(() => this.#context.stdin.destroy());
    try {
      for await (const payload of lines) {
        if (this.#failure !== undefined) break;
        if (payload.length === 0 && message.retain) skipped += 1;
        else await this.send({ ...message, payload });
      }
    } catch (error) {
      if (this.#failure !== undefined) return skipped;
      // The input has failed, the messages before it have not.
      await this.settled().catch(() => undefined);
      throw error;
    }
    return skipped;
  }

  /** Resolves when every message so far has its outcome, or when nothing more can be heard. */
  async settled(): Promise<void> {
    while ((this.#pending.size > 0 || !this.#isConnected) && this.#failure === undefined) await this.#change();
    if (this.#failure === undefined) await this.#unlessFailed(this.#confirmation.confirm(this.#session));
    // The connection can be lost while the broker confirms.
    if (!this.#isConnected && this.#failure === undefined) await this.settled();
  }

  /** Waits for the answers that are due. Throws when any message was not accepted, or may not have arrived. */
  async finish(): Promise<void> {
    await this.settled();
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#firstRefusal !== undefined) throw this.#describeRefusal(this.#firstRefusal);
    const { doubtful } = this.#confirmation;
    if (doubtful > 0) {
      throw new ConnectionLostError(
        `the connection was lost and found again: up to ${doubtful} of ${formatQuantity(this.#sent, 'message')} at QoS 0 may not have arrived`,
        'At QoS 1 (-q 1) they are sent again.',
      );
    }
  }

  #mustWait({ qos }: OutgoingMessage): boolean {
    if (!this.#isConnected) return true;
    return qos > 0 && (this.#resend.length > 0 || this.#inFlight >= this.#window(qos));
  }

  #window(qos: QoS): number {
    const { info } = this.#session;
    // Who asks for more than a silent broker is known to take gets it; Receive Maximum is the broker's word.
    const { maxInflight = Math.min(WINDOW, inFlightLimit(info, qos)) } = this.#options;
    return Math.min(maxInflight, info.receiveMaximum);
  }

  #transmit(pending: Pending): void {
    const { message } = pending;
    const session = this.#session;
    if (message.qos === 0) this.#confirmation.sent(session);
    else this.#inFlight += 1;
    session.publish(message).then(
      (outcome) => {
        if (message.qos === 0) return;
        if (session === this.#session) this.#inFlight -= 1;
        this.#settle(pending, outcome);
        this.#sendAgain();
      },
      // A publish fails only when its connection ends, and that is dealt with once for all of them.
      () => undefined,
    );
  }

  #settle(pending: Pending, outcome: PublishOutcome): void {
    // An answer that comes after the message was sent again over another connection counts once.
    if (!this.#pending.delete(pending)) return;
    if (outcome.reasonCode >= 0x80) {
      this.#refused += 1;
      this.#firstRefusal ??= { ...outcome, topic: pending.message.topic };
    }
    this.#wake?.();
  }

  #watch(session: Session): void {
    void session.ended.then((end) => {
      this.#isConnected = false;
      this.#confirmation.lost();
      if (this.#failure === undefined && end.kind !== 'closed') return this.#recover(end);
      return undefined;
    });
  }

  async #recover(end: SessionEnd): Promise<void> {
    const { reopen } = this.#options;
    try {
      const session = await reopen?.(end);
      if (session === undefined) throw describeLoss(end);
      this.#session = session;
      this.#isConnected = true;
      this.#watch(session);
      this.#inFlight = 0;
      this.#resend = [...this.#pending];
      this.#sendAgain();
      this.#wake?.();
    } catch (error) {
      this.#fail(error instanceof ConnectionLostError ? this.#withCount(error) : (error as Error));
    }
  }

  /** In order, and before anything new; the broker may take fewer at once than before. */
  #sendAgain(): void {
    for (let [next] = this.#resend; next !== undefined && this.#isConnected; [next] = this.#resend) {
      if (this.#inFlight >= this.#window(next.message.qos)) return;
      this.#resend.shift();
      if (this.#pending.has(next)) this.#transmit(next);
    }
  }

  /** How far it came, for whoever has to begin again. */
  #withCount(error: ConnectionLostError): ConnectionLostError {
    return new ConnectionLostError(`${error.message}: ${this.#describeCount()}`, error.hint, { cause: error });
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#reportFailure();
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
    this.#wake?.();
  }

  /** Not Promise.race: what it leaves behind on a promise that stays pending would grow with every message. */
  #unlessFailed(promise: Promise<void>): Promise<void> {
    if (this.#failure !== undefined) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.#waiting.add(resolve);
      promise.then(resolve, reject).finally(() => this.#waiting.delete(resolve));
    });
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #describeCount(): string {
    const { unconfirmed } = this.#confirmation;
    const messages = formatQuantity(this.#sent, 'message');
    if (unconfirmed > 0) return `${messages} sent, ${unconfirmed === this.#sent ? '' : `${unconfirmed} `}not confirmed`;
    return `${this.#sent - this.#pending.size - this.#refused} of ${messages} accepted`;
  }

  #describeRefusal({ topic, reasonCode, reasonString }: PublishOutcome & { topic: string }): PublishRefusedError {
    const what = this.#sent === 1 ? 'the message' : `${this.#refused} of ${formatQuantity(this.#sent, 'message')}`;
    const why = `${describeReasonCode(reasonCode)}${reasonString === undefined ? '' : `: ${reasonString}`}`;
    return new PublishRefusedError(`the broker refused ${what}: ${quote(topic)}: ${why}`);
  }
}

function describeLoss({ reason, reasonCode }: SessionEnd): ConnectionLostError {
  const hint = reasonCode === 0x8e ? 'Is -i in use by another client?' : undefined;
  return new ConnectionLostError(`the connection was lost (${reason})`, hint);
}
