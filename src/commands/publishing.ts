/** Publishing to the end: back-pressure, outcomes, lost connections, and what is to be said of them. */
import type { Clock, Context } from '../cli/context.ts';
import { ConnectionLostError, InternalError } from '../errors.ts';
import { makeExchanges } from '../mqtt/lane/exchanges.ts';
import { KeptPayloads } from '../mqtt/lane/kept-payloads.ts';
import type { PublishLane } from '../mqtt/lane/publish-lane.ts';
import { checkBrokerLimits } from '../mqtt/limits.ts';
import type { OutgoingMessage, PublishOutcome, Session, SessionEnd } from '../mqtt/session.ts';
import { formatDurationMs } from '../output/units.ts';
import { AnswerWatch } from './answer-watch.ts';
import { Changes } from './changes.ts';
import { Confirmation } from './confirmation.ts';
import { describeInterruption } from './interruption.ts';
import { Outcomes } from './outcomes.ts';
import { describeLoss } from './reconnecting.ts';
import { GATHERING_MS, largestWindow, mayGather, windowOf } from './window.ts';

/** Bytes of messages that wait for an answer: with more than that no further one is sent. */
const KEPT_BYTES = 16_777_216;

/** What all messages of a run have in common. */
export type MessageFrame = Omit<OutgoingMessage, 'payload'>;

export interface PublishingOptions {
  /** How long the broker may take to confirm QoS 0 messages by PINGRESP. */
  readonly confirmTimeoutMs: number;
  /** How long it may acknowledge nothing at QoS 1 and 2 before the connection counts as lost. */
  readonly ackTimeoutMs: number;
  /** Whether more than one message is to be on its way at a time. */
  readonly isMany: boolean;
  /** Whether the broker is in this very thread, which then must not be held up. */
  readonly isBrokerHere: boolean;
  /** `-M`. */
  readonly maxInflight: number | undefined;
  /** Connects again after a loss; undefined where a loss is the end. Throws what there is to say when it gives up. */
  readonly reopen: ((end: SessionEnd) => Promise<Session | undefined>) | undefined;
  /** A message was refused. */
  readonly onRefused?: ((payload: Buffer) => void) | undefined;
}

/** Counts what became of each message. Nothing is thrown while messages are sent: `finish` gives the verdict. */
export class Publishing {
  readonly #frame: MessageFrame;
  readonly #options: PublishingOptions;
  readonly #confirmation: Confirmation;
  readonly #watch: AnswerWatch;
  readonly #outcomes = new Outcomes();
  readonly #gather: () => void;
  readonly #exchanges;
  readonly #kept;
  #session: Session;
  #lane: PublishLane;
  #window = 0;
  /** Set where the broker bounds the size of a message: each is looked at. */
  #isBounded = false;
  #isConnected = true;
  #isResending = false;
  #isDraining = false;
  /** Answers of any kind. */
  #answers = 0;
  /** Set when nothing more can be sent or heard. */
  #failure: Error | undefined;
  readonly #changes = new Changes(() => this.#failure !== undefined);
  /** Called when {@link hasRoom} may have changed: after the answers of one read, and before what is sent with them. */
  onChange: (() => void) | undefined;

  constructor(session: Session, frame: MessageFrame, context: Context, options: PublishingOptions) {
    this.#frame = frame;
    this.#options = options;
    const { clock, stop } = context;
    this.#gather = () => clock.block(GATHERING_MS);
    const ping = (): Promise<void> => {
      this.#lane.flush();
      return this.#session.ping();
    };
    this.#confirmation = new Confirmation(clock, options.confirmTimeoutMs, ping);
    const publishing = this;
    this.#watch = new AnswerWatch(clock, options.ackTimeoutMs, {
      get isWaiting() {
        return publishing.#isConnected && publishing.#lane.inFlight > 0;
      },
      get answers() {
        return publishing.#answers;
      },
      ping,
      onOverdue: () => this.#onOverdue(),
    });
    this.#exchanges = makeExchanges(options.isMany ? largestWindow(frame.qos, options.maxInflight) : 1);
    this.#kept = new KeptPayloads(this.#exchanges.size);
    this.#session = session;
    this.#lane = this.#open(session);
    const onStop = (): void => this.#fail(describeInterruption(stop, this.#describeCount()));
    if (stop.aborted) onStop();
    stop.addEventListener('abort', onStop, { once: true });
  }

  /** The connection in use, or the last one. */
  get session(): Session {
    return this.#session;
  }

  /** Whether nothing more can be sent: `finish` throws why. */
  get hasFailed(): boolean {
    return this.#failure !== undefined;
  }

  /** Whether the next message may be put now. */
  get hasRoom(): boolean {
    if (!this.#isConnected || this.#failure !== undefined) return false;
    if (this.#lane.isFull) {
      this.#awaitDrain();
      return false;
    }
    if (this.#frame.qos === 0) return true;
    return !this.#isResending && this.#lane.inFlight < this.#window && this.#kept.bytes < KEPT_BYTES;
  }

  /**
   * Puts a message on its way: `source` from `from` up to, not including, `to`, which must stay as it is. It is sent with
   * the next flush. Throws PublishRefusedError for what the broker's limits exclude.
   */
  put(source: Buffer, from: number, to: number): void {
    if (this.#isBounded) this.#check(source.subarray(from, to));
    const token = this.#outcomes.sent();
    if (this.#frame.qos === 0) {
      this.#lane.append(this.#frame.topic, source, from, to, token, 0);
      this.#confirmation.sent();
    } else {
      this.#lane.append(this.#frame.topic, source, from, to, token, this.#kept.keep(source, from, to));
    }
  }

  /** Sends what was put. */
  flush(): void {
    this.#lane.flush();
    if (!this.#watch.isRunning && this.#isConnected && this.#lane.inFlight > 0) this.#watch.start();
  }

  /** Resolves when the message is on its way, or nothing more can be sent. Throws as {@link put} does. */
  async send(payload: Buffer): Promise<void> {
    while (!this.hasRoom && this.#failure === undefined) await this.#changes.next();
    if (this.#failure !== undefined) return;
    this.put(payload, 0, payload.length);
    this.flush();
  }

  /** Waits, but not beyond a failure. */
  async pause(durationMs: number, clock: Clock): Promise<void> {
    let timer: object | undefined;
    const elapsed = new Promise<void>((resolve) => {
      timer = clock.setTimer(resolve, durationMs);
    });
    await this.#changes.unlessOver(elapsed);
    clock.clearTimer(timer);
  }

  /** Resolves when every message so far has its outcome, or when nothing more can be heard. */
  async settled(): Promise<void> {
    while (this.#isBusy && this.#failure === undefined) await this.#changes.next();
    if (this.#failure === undefined) await this.#changes.unlessOver(this.#confirmation.confirm());
    // The connection can be lost while the broker confirms.
    if (!this.#isConnected && this.#failure === undefined) await this.settled();
  }

  /** Waits for the answers that are due. Throws when any message was not accepted, or may not have arrived. */
  async finish(): Promise<void> {
    await this.settled().finally(() => this.stop());
    if (this.#failure !== undefined) throw this.#failure;
    this.#outcomes.check(this.#frame.topic, this.#confirmation.doubtful);
  }

  /** Nothing more is to be heard: no timer goes on. */
  stop(): void {
    this.#watch.stop();
    this.#confirmation.stop();
  }

  /** The messages at QoS 1 and 2 that have no answer, in order. */
  *unanswered(): Generator<Buffer> {
    for (const { packetId } of this.#exchanges.inOrder()) yield this.#kept.get(this.#exchanges.stampOf(packetId));
  }

  /** Whether answers are due, or messages are still to be written. */
  get #isBusy(): boolean {
    if (this.#exchanges.count > 0 || !this.#isConnected) return true;
    if (this.#lane.isFull) this.#awaitDrain();
    return this.#lane.isFull;
  }

  #open(session: Session): PublishLane {
    const { lanes, info } = session;
    if (lanes === undefined) throw new InternalError('a session without lanes');
    const { qos, retain, properties } = this.#frame;
    const lane = lanes.openPublish({ qos, retain, ...(properties && { properties }) }, this.#exchanges, {
      onComplete: (_token, slot, outcome) => this.#onComplete(slot, outcome),
      onReceived: () => {
        this.#answers += 1;
      },
    });
    lanes.onReadEnd = () => this.#onRead(session);
    this.#window = Math.min(windowOf(info, qos, this.#options.maxInflight), this.#exchanges.size);
    this.#isBounded = true;
    void session.ended.then((end) => this.#onEnd(session, end));
    return lane;
  }

  #check(payload: Buffer): void {
    const { info } = this.#session;
    checkBrokerLimits({ ...this.#frame, payload }, info);
    // Anything but its size is the same for each message.
    this.#isBounded = info.maximumPacketSize !== undefined;
  }

  #awaitDrain(): void {
    if (this.#isDraining) return;
    const session = this.#session;
    // Undefined where the connection has ended: its successor has room.
    const drained = session.drained();
    this.#isDraining = drained !== undefined;
    void drained?.then(() => {
      if (session !== this.#session) return;
      this.#isDraining = false;
      this.#changed();
    });
  }

  #onComplete(slot: number, outcome: PublishOutcome): void {
    this.#answers += 1;
    if (outcome.reasonCode >= 0x80) {
      this.#outcomes.refused(outcome);
      this.#options.onRefused?.(this.#kept.get(slot));
    }
    this.#kept.drop(slot);
  }

  #onRead(session: Session): void {
    if (session !== this.#session || !this.#isConnected) return;
    this.#resend();
    this.#changed();
    // Once what goes out with this read has gone.
    if (this.#mayGather) void Promise.resolve().then(this.#gather);
  }

  /**
   * A broker that writes each answer by itself costs a system call and a turn of the event loop for each. While it has
   * much to do for us nothing is gained by taking them one by one.
   */
  get #mayGather(): boolean {
    return !this.#options.isBrokerHere && mayGather(this.#window) && this.#lane.inFlight > this.#window / 2;
  }

  /** In order, and before anything new; the broker may take fewer at once than before. */
  #resend(): void {
    if (this.#isResending) this.#isResending = !this.#lane.resend(this.#window);
  }

  #onOverdue(): void {
    const { ackTimeoutMs } = this.#options;
    const reason = `the broker answers PINGREQ, but acknowledged nothing for ${formatDurationMs(ackTimeoutMs)}`;
    const session = this.#session;
    this.#onEnd(session, { kind: 'lost', reason });
    session.cut();
  }

  #onEnd(session: Session, end: SessionEnd): void {
    if (session !== this.#session || !this.#isConnected) return;
    this.#isConnected = false;
    this.#isDraining = false;
    this.#watch.stop();
    this.#confirmation.lost();
    if (this.#failure === undefined && end.kind !== 'closed') void this.#recover(end);
  }

  async #recover(end: SessionEnd): Promise<void> {
    const { reopen } = this.#options;
    try {
      const session = await reopen?.(end);
      if (session === undefined) throw describeLoss(end, `the connection was lost (${end.reason})`);
      this.#session = session;
      this.#isConnected = true;
      this.#lane = this.#open(session);
      this.#goOn(session);
    } catch (error) {
      this.#fail(error instanceof ConnectionLostError ? this.#withCount(error) : (error as Error));
    }
  }

  #goOn({ info }: Session): void {
    const { topic } = this.#frame;
    this.#lane.resume(info.sessionPresent, (_token, slot) => ({ topic, payload: this.#kept.get(slot) }));
    this.#isResending = true;
    this.#resend();
    this.flush();
    this.#changed();
  }

  /** How far it came, for whoever has to begin again. */
  #withCount(error: ConnectionLostError): ConnectionLostError {
    return new ConnectionLostError(`${error.message}: ${this.#describeCount()}`, error.hint, { cause: error });
  }

  #describeCount(): string {
    return this.#outcomes.describe(this.#confirmation.unconfirmed, this.#exchanges.count);
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.stop();
    this.#changed();
  }

  #changed(): void {
    this.#changes.tell();
    this.onChange?.();
  }
}
