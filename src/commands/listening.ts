/** The life of mqtt-sub: connect, subscribe, listen, connect again, and the reasons to stop. */
import type { Context, StopReason } from '../cli/context.ts';
import { ExitCode } from '../cli/exit-codes.ts';
import { exitCodeOfSignal } from '../cli/signals.ts';
import {
  type CliError,
  ConnectionLostError,
  InterruptedError,
  SubscriptionDeniedError,
  TimeLimitError,
} from '../errors.ts';
import { formatAddress } from '../mqtt/address.ts';
import { Backoff } from '../mqtt/backoff.ts';
import type { ConnectionPlan } from '../mqtt/connection-plan.ts';
import { describeReasonCode } from '../mqtt/reason-codes.ts';
import { mayReconnectAfter, mayRetryAfter } from '../mqtt/retry.ts';
import type { Session, SessionEnd, SessionHandlers, SubscribeOutcome, Subscription } from '../mqtt/session.ts';
import { quote } from '../output/escape.ts';
import { formatBytes, formatDurationMs, formatQuantity } from '../output/units.ts';
import type { Receiver } from './receiver.ts';
import { describeVersion, type Status } from './status.ts';

export interface ListeningOptions {
  readonly subscriptions: readonly Subscription[];
  readonly timeLimitMs: number | undefined;
  readonly trace: Pick<SessionHandlers, 'onTrace'>;
}

/** Why to stop, whatever the connection does. */
type Verdict =
  | { readonly kind: 'counted' }
  | { readonly kind: 'output-closed' }
  | { readonly kind: 'output-failed'; readonly error: CliError }
  | { readonly kind: 'time-limit' }
  | { readonly kind: 'signal'; readonly reason: StopReason };

export class Listening {
  #plan: ConnectionPlan;
  readonly #context: Context;
  readonly #status: Status;
  readonly #receiver: Receiver;
  readonly #options: ListeningOptions;
  readonly #unreleased = new Set<number>();
  readonly #startedMs: number;
  #verdict: Verdict | undefined;
  readonly #decided: Promise<void>;

  constructor(plan: ConnectionPlan, context: Context, status: Status, receiver: Receiver, options: ListeningOptions) {
    this.#plan = plan;
    this.#context = context;
    this.#status = status;
    this.#receiver = receiver;
    this.#options = options;
    this.#startedMs = context.clock.monotonicMs();
    this.#decided = this.#watch();
  }

  /** Ends with the exit code, or with the CliError that says why the goal was not reached. */
  async run(): Promise<ExitCode> {
    let session: Session | undefined = await this.#firstConnection();
    while (session !== undefined) {
      const end = await Promise.race([session.ended, this.#decided]);
      if (end) {
        session = await this.#connectAgain(end);
      } else {
        await session.close(this.#closeCode());
        session = undefined;
      }
    }
    return this.#conclude();
  }

  #watch(): Promise<void> {
    const { clock, stop } = this.#context;
    const { timeLimitMs } = this.#options;
    return new Promise((resolve) => {
      const decide = (verdict: Verdict): void => {
        this.#verdict ??= verdict;
        clock.clearTimer(timer);
        resolve();
      };
      const timer =
        timeLimitMs === undefined ? undefined : clock.setTimer(() => decide({ kind: 'time-limit' }), timeLimitMs);
      const onStop = (): void => decide({ kind: 'signal', reason: stop.reason as StopReason });
      if (stop.aborted) onStop();
      stop.addEventListener('abort', onStop, { once: true });
      void this.#receiver.counted.then(() => decide({ kind: 'counted' }));
      void this.#receiver.outputEnded.then((end) =>
        decide(end.kind === 'closed' ? { kind: 'output-closed' } : { kind: 'output-failed', error: end.error }),
      );
    });
  }

  async #firstConnection(): Promise<Session | undefined> {
    const session = await this.#open();
    if (session === undefined) return undefined;
    const filters = this.#options.subscriptions.map(({ filter }) => filter).join(', ');
    this.#status.progress(
      `Connected to ${formatAddress(this.#plan.endpoint)} (${describeVersion(session.info)}). Listening on ${filters}. Ctrl-C stops.`,
    );
    return session;
  }

  /** Connects and subscribes; undefined when there was a reason to stop before that was done. */
  async #open(): Promise<Session | undefined> {
    const opening = this.#context.openSession(this.#plan, {
      onMessage: (message) => this.#receiver.receive(message),
      unreleased: this.#unreleased,
      ...this.#options.trace,
    });
    const session = await this.#unlessDecided(opening);
    if (session === undefined) {
      // A session that is opened all the same, a moment later, must not stay.
      void opening.then(
        (late) => late.close(),
        () => undefined,
      );
      return undefined;
    }
    // What was agreed at first holds for the run: a reconnect does not negotiate again.
    this.#plan = { ...this.#plan, version: session.info.version };
    const outcomes = await this.#unlessDecided(session.subscribe(this.#options.subscriptions));
    if (outcomes !== undefined) await this.#checkOutcomes(outcomes, session);
    return session;
  }

  async #unlessDecided<T>(promise: Promise<T>): Promise<T | undefined> {
    return (await Promise.race([promise, this.#decided])) ?? undefined;
  }

  async #checkOutcomes(outcomes: readonly SubscribeOutcome[], session: Session): Promise<void> {
    const denied = outcomes.filter(({ reasonCode }) => reasonCode >= 0x80);
    if (denied.length > 0 && denied.length === outcomes.length) {
      await session.close();
      throw new SubscriptionDeniedError(denied.map(describeDenial).join('; '));
    }
    for (const outcome of denied) this.#status.warn(describeDenial(outcome));
    for (const [index, { filter, reasonCode }] of outcomes.entries()) {
      const asked = this.#options.subscriptions[index]?.qos ?? 0;
      if (reasonCode < asked) {
        this.#status.warn(`the broker granted ${quote(filter)} at QoS ${reasonCode}, not ${asked}`);
      }
    }
  }

  async #connectAgain(end: SessionEnd): Promise<Session | undefined> {
    if (!mayReconnectAfter(end)) throw describeFinalEnd(end);
    const { clock } = this.#context;
    const lostMs = clock.monotonicMs();
    const backoff = new Backoff();
    let delayMs = backoff.nextMs();
    this.#status.warn(`connection lost (${end.reason}), trying again ...`);
    while (this.#verdict === undefined) {
      await this.#delay(delayMs);
      if (this.#verdict !== undefined) break;
      try {
        const session = await this.#open();
        if (session === undefined) break;
        const seconds = ((clock.monotonicMs() - lostMs) / 1000).toFixed(1);
        this.#status.warn(`connected again after ${seconds} s${this.#describeResumption(session)}`);
        return session;
      } catch (error) {
        if (!mayRetryAfter(error) && !(error instanceof ConnectionLostError)) throw error;
        delayMs = backoff.nextMs();
        // The short first attempts are not worth a line each.
        if (delayMs > 1000) {
          this.#status.warn(`${error.message}; trying again in ${formatDurationMs(Math.round(delayMs / 100) * 100)}`);
        }
      }
    }
    return undefined;
  }

  #describeResumption({ info }: Session): string {
    if (this.#plan.cleanStart) return '';
    return info.sessionPresent ? ', session resumed' : ', session lost: messages in between may be missing';
  }

  #delay(delayMs: number): Promise<unknown> {
    const { clock } = this.#context;
    let timer: object | undefined;
    const elapsed = new Promise<void>((resolve) => {
      timer = clock.setTimer(resolve, delayMs);
    });
    return Promise.race([elapsed, this.#decided]).finally(() => clock.clearTimer(timer));
  }

  /** On an early end mosquitto_sub lets its Will be published. [MQTT5 3.14.2.1] */
  #closeCode(): number {
    const kind = this.#verdict?.kind;
    return kind === 'signal' || kind === 'time-limit' ? 0x04 : 0x00;
  }

  #conclude(): ExitCode {
    const verdict = this.#verdict;
    this.#status.progress(this.#summary());
    switch (verdict?.kind) {
      case 'output-failed':
        throw verdict.error;
      case 'time-limit':
        throw new TimeLimitError(
          `time ran out after ${formatDurationMs(this.#options.timeLimitMs ?? 0)} (-W): ${this.#progressOfGoal()}`,
        );
      case 'signal': {
        const { reason } = verdict;
        const hasGoal = this.#receiver.goal !== undefined || this.#options.timeLimitMs !== undefined;
        if (!hasGoal && reason.signal !== 'SIGHUP') return ExitCode.ok;
        throw new InterruptedError(`stopped by ${reason.signal}: ${this.#progressOfGoal()}`, exitCodeOfSignal(reason));
      }
      default:
        return ExitCode.ok;
    }
  }

  #progressOfGoal(): string {
    const { goal, messages } = this.#receiver;
    return goal === undefined
      ? formatQuantity(messages, 'message')
      : `${messages} of ${formatQuantity(goal, 'message')}`;
  }

  #summary(): string {
    const { messages, bytes } = this.#receiver;
    const elapsedMs = this.#context.clock.monotonicMs() - this.#startedMs;
    return `${formatQuantity(messages, 'message')}, ${formatBytes(bytes)} in ${formatDurationMs(Math.round(elapsedMs))}`;
  }
}

function describeDenial({ filter, reasonCode, reasonString }: SubscribeOutcome): string {
  const why = `${describeReasonCode(reasonCode)}${reasonString === undefined ? '' : `: ${reasonString}`}`;
  return `subscription not allowed: ${quote(filter)}: ${why}`;
}

function describeFinalEnd({ reason, reasonCode, serverReference }: SessionEnd): ConnectionLostError {
  if (reasonCode === 0x8e) {
    return new ConnectionLostError(
      'another client connected with the same Client Identifier: Session taken over (0x8E)',
      'Give each client its own: -i NAME',
    );
  }
  return new ConnectionLostError(
    `the connection was lost: ${reason}`,
    serverReference && `Connect there: -h ${serverReference}`,
  );
}
