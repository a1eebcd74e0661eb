/** Requests and their answers, one after the other over one session. [MQTT5 4.10] */
import { randomUUID } from 'node:crypto';
import type { Context } from '../cli/context.ts';
import {
  CliError,
  ConnectionLostError,
  PublishRefusedError,
  SubscriptionDeniedError,
  TimeLimitError,
} from '../errors.ts';
import { checkBrokerLimits } from '../mqtt/limits.ts';
import type { PacketProperties } from '../mqtt/properties.ts';
import { describeReasonCode } from '../mqtt/reason-codes.ts';
import type { OutgoingMessage, ReceivedMessage, Session, SessionHandlers, Subscription } from '../mqtt/session.ts';
import { quote } from '../output/escape.ts';
import type { Sink } from '../output/sink.ts';
import { formatDurationMs } from '../output/units.ts';
import type { Writer } from '../output/writer.ts';
import { describeInterruption } from './interruption.ts';
import { formatLatency } from './latency.ts';

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
  readonly #givenUp: Promise<never>;

  constructor(context: Context, sink: Sink, writer: Writer, options: RequestingOptions) {
    this.#context = context;
    this.#sink = sink;
    this.#writer = writer;
    this.#options = options;
    this.#givenUp = this.#watch();
    // Whoever waits for it gets the error; nobody may be waiting when it comes.
    this.#givenUp.catch(() => undefined);
  }

  /** For the session that the requests go over. */
  get handlers(): SessionHandlers {
    return { onMessage: (message) => this.#receive(message) };
  }

  /** Subscribes to the Response Topic. Throws SubscriptionDeniedError. */
  async subscribe(session: Session): Promise<void> {
    this.#session = session;
    const { subscription, subscribeProperties } = this.#options;
    const [outcome] = await this.#unlessGivenUp(session.subscribe([subscription], subscribeProperties));
    if (outcome !== undefined && outcome.reasonCode >= 0x80) {
      const why = `${describeReasonCode(outcome.reasonCode)}${outcome.reasonString === undefined ? '' : `: ${outcome.reasonString}`}`;
      throw new SubscriptionDeniedError(`subscription not allowed: ${quote(outcome.filter)}: ${why}`);
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
      const result = await this.#unlessGivenUp(Promise.race([outcome, accepted.then(() => outcome)]));
      if (result.kind === 'answered') await result.written;
      return result.kind === 'answered';
    } finally {
      clock.clearTimer(timer);
      this.#answer = undefined;
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
    const { reasonCode, reasonString } = await session.publish(request);
    if (reasonCode < 0x80) return;
    const why = `${describeReasonCode(reasonCode)}${reasonString === undefined ? '' : `: ${reasonString}`}`;
    throw new PublishRefusedError(`the broker refused the request: ${quote(request.topic)}: ${why}`);
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

  /** Rejects when there is no more use in waiting: a signal, the time limit, the end of the output. */
  #watch(): Promise<never> {
    const { clock, stop } = this.#context;
    const { timeLimitMs } = this.#options;
    return new Promise((_resolve, reject) => {
      const onStop = (): void => reject(describeInterruption(stop, 'no answer yet'));
      if (stop.aborted) onStop();
      stop.addEventListener('abort', onStop, { once: true });
      if (timeLimitMs !== undefined) {
        const error = new TimeLimitError(`time ran out after ${formatDurationMs(timeLimitMs)} (-W): no answer yet`);
        clock.setTimer(() => reject(error), timeLimitMs);
      }
      void this.#writer.ended.then((end) =>
        reject(end.kind === 'failed' ? end.error : new CliError('standard output was closed before the answer came')),
      );
    });
  }

  #unlessGivenUp<T>(promise: Promise<T>): Promise<T> {
    const lost = this.#session?.ended.then(({ reason }) => {
      throw new ConnectionLostError(`the connection was lost before the answer came: ${reason}`);
    });
    return Promise.race([promise, this.#givenUp, ...(lost ? [lost] : [])]);
  }
}
