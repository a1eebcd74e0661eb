/** Publishing to the end: back-pressure, outcomes, and what is to be said of them. */
import type { Context, StopReason } from '../cli/context.ts';
import { exitCodeOfSignal } from '../cli/signals.ts';
import { ConnectionLostError, InterruptedError, PublishRefusedError } from '../errors.ts';
import { checkBrokerLimits } from '../mqtt/limits.ts';
import { describeReasonCode } from '../mqtt/reason-codes.ts';
import type { OutgoingMessage, PublishOutcome, Session, SessionEnd } from '../mqtt/session.ts';
import { quote } from '../output/escape.ts';

/** QoS 1 and 2 messages in flight at once, unless the broker takes fewer. */
const WINDOW = 1000;

export interface PublishingOptions {
  /** How long the broker may take to confirm QoS 0 messages by PINGRESP. */
  readonly confirmTimeoutMs: number;
}

/** Counts what became of each message. Throws nothing while messages are sent: `finish` gives the verdict. */
export class Publishing {
  readonly #session: Session;
  readonly #context: Context;
  readonly #confirmTimeoutMs: number;
  readonly #window: number;
  #sent = 0;
  #accepted = 0;
  #refused = 0;
  #inFlight = 0;
  #sentAtQoS0 = false;
  #firstRefusal: (PublishOutcome & { readonly topic: string }) | undefined;
  /** Wakes whoever waits for a place in the window or for the last answer. */
  #wake: (() => void) | undefined;
  /** Set when nothing more can be sent or heard. */
  #end: SessionEnd | StopReason | undefined;
  readonly #ended: Promise<void>;

  constructor(session: Session, context: Context, options: PublishingOptions) {
    this.#session = session;
    this.#context = context;
    this.#confirmTimeoutMs = options.confirmTimeoutMs;
    this.#window = Math.min(WINDOW, session.info.receiveMaximum);
    const { stop } = context;
    this.#ended = new Promise((resolve) => {
      const end = (reason: SessionEnd | StopReason): void => {
        this.#end ??= reason;
        this.#wake?.();
        resolve();
      };
      const onStop = (): void => end(stop.reason as StopReason);
      if (stop.aborted) onStop();
      stop.addEventListener('abort', onStop, { once: true });
      void session.ended.then(end);
    });
  }

  /** Resolves when the message is on its way and the next may follow. Throws for what the broker's limits exclude. */
  async send(message: OutgoingMessage): Promise<void> {
    checkBrokerLimits(message, this.#session.info);
    while (this.#inFlight >= this.#window && this.#end === undefined) await this.#change();
    if (this.#end !== undefined) return;
    this.#sent += 1;
    this.#inFlight += 1;
    this.#sentAtQoS0 ||= message.qos === 0;
    this.#session.publish(message).then(
      (outcome) => this.#settle(message, outcome),
      // A publish fails only when its connection ends, and that is reported once, by `finish`.
      () => undefined,
    );
    await this.#session.drained();
  }

  /** Sends each line as it arrives; returns how many blank ones were left out because of RETAIN. */
  async sendLines(lines: AsyncIterable<Buffer>, message: Omit<OutgoingMessage, 'payload'>): Promise<number> {
    let skipped = 0;
    // An input that stays open must not hold up the end; destroying it ends the loop.
    void this.#ended.then(() => this.#context.stdin.destroy());
    try {
      for await (const payload of lines) {
        if (this.#end !== undefined) break;
        if (payload.length === 0 && message.retain) skipped += 1;
        else await this.send({ ...message, payload });
      }
    } catch (error) {
      if (this.#end === undefined) throw error;
    }
    return skipped;
  }

  /** Waits for the answers that are due. Throws when any message was not accepted. */
  async finish(): Promise<void> {
    while (this.#inFlight > 0 && this.#end === undefined) await this.#change();
    if (this.#end === undefined && this.#sentAtQoS0) await this.#confirm();
    if (this.#end !== undefined) throw this.#describeEnd(this.#end);
    if (this.#firstRefusal !== undefined) throw this.#describeRefusal(this.#firstRefusal);
  }

  /** At QoS 0 nothing is acknowledged; a PINGRESP shows that the broker has read all that was sent before. */
  async #confirm(): Promise<void> {
    const { clock } = this.#context;
    const late = new Promise<'late'>((resolve) => {
      const timer = clock.setTimer(() => resolve('late'), this.#confirmTimeoutMs);
      void this.#ended.then(() => clock.clearTimer(timer));
    });
    const answer = this.#session.ping().then(
      () => 'confirmed',
      () => 'lost',
    );
    if ((await Promise.race([answer, late, this.#ended])) !== 'late') return;
    throw new ConnectionLostError(
      `the broker did not confirm within ${this.#confirmTimeoutMs / 1000} s that it had read the ${plural(this.#sent)} (PINGREQ was not answered)`,
    );
  }

  #settle(message: OutgoingMessage, outcome: PublishOutcome): void {
    this.#inFlight -= 1;
    if (outcome.reasonCode >= 0x80) {
      this.#refused += 1;
      this.#firstRefusal ??= { ...outcome, topic: message.topic };
    } else {
      this.#accepted += 1;
    }
    this.#wake?.();
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #describeEnd(end: SessionEnd | StopReason): Error {
    const count = this.#sentAtQoS0
      ? `${plural(this.#sent)} sent, not confirmed`
      : `${this.#accepted} of ${plural(this.#sent)} accepted`;
    if ('signal' in end) return new InterruptedError(`stopped by ${end.signal}: ${count}`, exitCodeOfSignal(end));
    const hint = end.reasonCode === 0x8e ? 'Is -i in use by another client?' : undefined;
    return new ConnectionLostError(`the connection was lost (${end.reason}): ${count}`, hint);
  }

  #describeRefusal({ topic, reasonCode, reasonString }: PublishOutcome & { topic: string }): PublishRefusedError {
    const what = this.#sent === 1 ? 'the message' : `${this.#refused} of ${plural(this.#sent)}`;
    const why = `${describeReasonCode(reasonCode)}${reasonString === undefined ? '' : `: ${reasonString}`}`;
    return new PublishRefusedError(`the broker refused ${what}: ${quote(topic)}: ${why}`);
  }
}

function plural(messages: number): string {
  return messages === 1 ? '1 message' : `${messages} messages`;
}
