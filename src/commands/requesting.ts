/** Requests and their answers, one after the other over one session. [MQTT5 4.10] */
import { randomUUID } from 'node:crypto';
import type { Context } from '../cli/context.ts';
import { CliError, PublishRefusedError, SubscriptionDeniedError, TimeLimitError } from '../errors.ts';
import { checkBrokerLimits } from '../mqtt/limits.ts';
import type { PacketProperties } from '../mqtt/properties.ts';
import { describeOutcome } from '../mqtt/reason-codes.ts';
import type { OutgoingMessage, ReceivedMessage, Session, SessionHandlers, Subscription } from '../mqtt/session.ts';
import { quote } from '../output/escape.ts';
import type { Sink } from '../output/sink.ts';
import { formatDurationMs } from '../output/units.ts';
import type { Writer } from '../output/writer.ts';
import { describeInterruption } from './interruption.ts';
import { formatLatency } from './latency.ts';
import { describeLoss } from './reconnecting.ts';

export interface RequestingOptions {
  readonly message: Omit<OutgoingMessage, 'payload'>;
  readonly responseTopic: string;
  readonly subscription: Subscription;
  readonly subscribeProperties: PacketProperties | undefined;
  readonly requestTimeoutMs: number | undefined;
  readonly timeLimitMs: number | undefined;
  /** An answer without Correlation Data does not count. */
  readonly isStrict: boolean;
  /** Print how long each answer took. */
  readonly showsLatency: boolean;
}

/** The answer to one request, or that there was none in time. */
type Outcome = { readonly kind: 'answered'; readonly written: Promise<void> | undefined } | { readonly kind: 'late' };

export class Requesting {
  readonly #context: Context;
  readonly #sink: Sink;
  readonly #writer: Writer;
  readonly #options: RequestingOptions;
  #session: Session | undefined;
  #expected: Buffer | undefined;
  #answer: ((message: ReceivedMessage) => Promise<void> | undefined) | undefined;
  /** Why there is no more use in waiting. */
  #failure: Error | undefined;
  readonly #waiting = new Set<(error: Error) => void>();
  #isOutputClosed = false;
  #hasAnswered = false;

  constructor(context: Context, sink: Sink, writer: Writer, options: RequestingOptions) {
    this.#context = context;
    this.#sink = sink;
    this.#writer = writer;
    this.#options = options;
    this.#watch();
  }

  /** Whether the reader of the answers has gone, after one answer at least: it had what it wanted. */
  get isSatisfied(): boolean {
    return this.#isOutputClosed && this.#hasAnswered;
  }

  /** For the session that the requests go over. */
  get handlers(): SessionHandlers {
    return { onMessage: (message) => this.#receive(message) };
  }

  /** Subscribes to the Response Topic. Throws SubscriptionDeniedError. */
  async subscribe(session: Session): Promise<void> {
    this.#session = session;
    void session.ended.then((end) =>
      this.#giveUp(describeLoss(end, `the connection was lost before the answer came: ${end.reason}`)),
    );
    const { subscription, subscribeProperties } = this.#options;
    const [outcome] = await this.unlessGivenUp(session.subscribe([subscription], subscribeProperties));
    if (outcome !== undefined && outcome.reasonCode >= 0x80) {
      throw new SubscriptionDeniedError(
        `subscription not allowed: ${quote(outcome.filter)}: ${describeOutcome(outcome)}`,
      );
    }
  }

  /** Resolves with whether the answer came in time, once it is written. Throws for everything that ends the run. */
  async request(payload: Buffer): Promise<boolean> {
    const session = this.#session;
    if (session === undefined) throw new Error('there is no request before subscribe');
    const { message, requestTimeoutMs } = this.#options;
    const { clock } = this.#context;
    // Text without blanks, so that a responder written as a shell loop can hand it back.
    this.#expected = message.properties?.correlationData ?? Buffer.from(randomUUID());
    const request = this.#makeRequest(payload, session);
    checkBrokerLimits(request, session.info);
    let timer: object | undefined;
    const sentMs = clock.monotonicMs();
    const outcome = new Promise<Outcome>((resolve) => {
      if (requestTimeoutMs !== undefined) timer = clock.setTimer(() => resolve({ kind: 'late' }), requestTimeoutMs);
      this.#answer = (answer) => {
        this.#answer = undefined;
        const written = this.#print(answer, clock.monotonicMs() - sentMs);
        resolve({ kind: 'answered', written });
        return written;
      };
    });
    try {
      const accepted = this.#publish(request, session);
      const result = await this.unlessGivenUp(Promise.race([outcome, accepted.then(() => outcome)]));
      if (result.kind === 'late') return false;
      this.#hasAnswered = true;
      // What cannot be written any more never resolves.
      await this.unlessGivenUp(result.written ?? Promise.resolve());
      return true;
    } finally {
      clock.clearTimer(timer);
      this.#answer = undefined;
    }
  }

  /** An input that stays open must not hold up the end. */
  async *unlessGivenUpEach(lines: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    const iterator = lines[Symbol.asyncIterator]();
    for (;;) {
      const next = await this.unlessGivenUp(iterator.next());
      if (next.done) return;
      yield next.value;
    }
  }

  #makeRequest(payload: Buffer, { info }: Session): OutgoingMessage {
    const { message, responseTopic } = this.#options;
    if (info.version !== 5 || this.#expected === undefined) return { ...message, payload };
    return {
      ...message,
      payload,
      properties: { ...message.properties, responseTopic, correlationData: this.#expected },
    };
  }

  async #publish(request: OutgoingMessage, session: Session): Promise<void> {
    const outcome = await session.publish(request);
    if (outcome.reasonCode < 0x80) return;
    throw new PublishRefusedError(
      `the broker refused the request: ${quote(request.topic)}: ${describeOutcome(outcome)}`,
    );
  }

  #receive(message: ReceivedMessage): Promise<void> | undefined {
    const { subscription, isStrict } = this.#options;
    // What was retained before is nobody's answer; with Retain As Published the flag does not tell.
    if (message.retain && !subscription.retainAsPublished) return undefined;
    const correlationData = message.properties?.correlationData;
    if (correlationData === undefined ? isStrict : !this.#expected?.equals(correlationData)) return undefined;
    return this.#answer?.(message);
  }

  #print(message: ReceivedMessage, latencyMs: number): Promise<void> | undefined {
    const written = this.#sink.take(message);
    if (!this.#options.showsLatency) return written;
    const line = this.#writer.writeThrough(Buffer.from(`Latency: ${formatLatency(latencyMs)}\n`));
    return Promise.all([written, line]).then(() => undefined);
  }

  /** Gives up when there is no more use in waiting: a signal, the time limit, the end of the output. */
  #watch(): void {
    const { clock, stop } = this.#context;
    const { timeLimitMs } = this.#options;
    const onStop = (): void => this.#giveUp(describeInterruption(stop, 'no answer yet'));
    if (stop.aborted) onStop();
    stop.addEventListener('abort', onStop, { once: true });
    if (timeLimitMs !== undefined) {
      const error = new TimeLimitError(`time ran out after ${formatDurationMs(timeLimitMs)} (-W): no answer yet`);
      clock.setTimer(() => this.#giveUp(error), timeLimitMs);
    }
    void this.#writer.ended.then((end) => {
      this.#isOutputClosed = end.kind === 'closed';
      const closed = new CliError('standard output was closed before the answer came');
      this.#giveUp(end.kind === 'failed' ? end.error : closed);
    });
  }

  #giveUp(error: Error): void {
    this.#failure ??= error;
    for (const reject of this.#waiting) reject(this.#failure);
    this.#waiting.clear();
  }

  /** `promise`, unless there is no more use in waiting for it: then it rejects with why. */
  unlessGivenUp<T>(promise: Promise<T>): Promise<T> {
    if (this.#failure !== undefined) {
      // It may fail for the same reason, and nobody waits for it.
      promise.catch(() => undefined);
      return Promise.reject(this.#failure);
    }
    // Not Promise.race: what it leaves behind on a promise that stays pending would grow with every request.
    return new Promise((resolve, reject) => {
      this.#waiting.add(reject);
      promise.then(resolve, reject).finally(() => this.#waiting.delete(reject));
    });
  }
}
