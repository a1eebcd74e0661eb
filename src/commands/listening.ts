/** The life of mqtt-sub: connect, subscribe, listen, connect again, until there is a reason to stop. */
import type { Context } from '../cli/context.ts';
import { ExitCode } from '../cli/exit-codes.ts';
import { exitCodeOfSignal } from '../cli/signals.ts';
import { InterruptedError, SubscriptionDeniedError, TimeLimitError } from '../errors.ts';
import { formatAddress } from '../mqtt/address.ts';
import type { ConnectionPlan } from '../mqtt/connection-plan.ts';
import { makeMessageLane } from '../mqtt/lane/message-lane.ts';
import type { PacketProperties } from '../mqtt/properties.ts';
import { describeOutcome } from '../mqtt/reason-codes.ts';
import type {
  Handled,
  ReceivedMessage,
  Session,
  SessionHandlers,
  SubscribeOutcome,
  Subscription,
} from '../mqtt/session.ts';
import { quote } from '../output/escape.ts';
import { formatBytes, formatDurationMs, formatQuantity } from '../output/units.ts';
import type { Ending } from './ending.ts';
import { describeInterruption } from './interruption.ts';
import type { Receiver } from './receiver.ts';
import { connectAgain, connectFirst, limitConnect, type Patience, type ReconnectWorld } from './reconnecting.ts';
import type { RetainedRemoval } from './retained-removal.ts';
import { describeVersion, type Status, warnBefore5 } from './status.ts';

export interface ListeningOptions {
  readonly subscriptions: readonly Subscription[];
  readonly subscribeProperties: PacketProperties | undefined;
  readonly unsubscribe: readonly string[];
  readonly unsubscribeProperties: PacketProperties | undefined;
  readonly disconnectProperties: PacketProperties | undefined;
  /** End when the broker has answered SUBSCRIBE and UNSUBSCRIBE. */
  readonly exitAfterSubscribe: boolean;
  /** A subscription that is denied in part is an error. */
  readonly isStrict: boolean;
  /** Options that only MQTT 5 can carry out, as they were typed. */
  readonly onlyVersion5: readonly string[];
  readonly timeLimitMs: number | undefined;
  readonly patience: Patience;
  readonly removal: RetainedRemoval | undefined;
  readonly trace: Pick<SessionHandlers, 'onTrace'>;
}

export class Listening {
  #plan: ConnectionPlan;
  readonly #context: Context;
  readonly #status: Status;
  readonly #receiver: Receiver;
  readonly #ending: Ending;
  readonly #options: ListeningOptions;
  readonly #unreleased = new Set<number>();
  readonly #startedMs: number;
  #wasConnected = false;

  constructor(
    plan: ConnectionPlan,
    context: Context,
    status: Status,
    receiver: Receiver,
    ending: Ending,
    options: ListeningOptions,
  ) {
    this.#plan = plan;
    this.#context = context;
    this.#status = status;
    this.#receiver = receiver;
    this.#ending = ending;
    this.#options = options;
    this.#startedMs = context.clock.monotonicMs();
  }

  /** Ends with the exit code, or with the CliError that says why the goal was not reached. */
  async run(): Promise<ExitCode> {
    const { patience } = this.#options;
    const world: ReconnectWorld = {
      context: this.#context,
      status: this.#status,
      patience,
      cancelled: this.#ending.decided,
    };
    let session = await connectFirst((limitMs) => this.#open(limitMs), world);
    if (session !== undefined) this.#greet(session);
    while (session !== undefined) {
      const end = await Promise.race([session.ended, this.#ending.decided]);
      if (end) {
        this.#ending.pauseIdle();
        session = await connectAgain(end, (limitMs) => this.#open(limitMs), world, this.#plan);
      } else {
        await this.#close(session);
        session = undefined;
      }
    }
    return this.#conclude();
  }

  /** What was begun is finished first, unless a signal or a failure asks for haste. Throws what went wrong with it. */
  async #close(session: Session): Promise<void> {
    const { removal, disconnectProperties } = this.#options;
    try {
      const kind = this.#ending.verdict?.kind;
      if (kind !== 'signal' && kind !== 'failed') await removal?.finish(this.#context, this.#plan.connectTimeoutMs);
    } finally {
      await session.close(this.#closeCode(), disconnectProperties);
    }
  }

  #greet({ info }: Session): void {
    const filters = this.#options.subscriptions.map(({ filter }) => filter).join(', ');
    this.#status.progress(
      `Connected to ${formatAddress(this.#plan.endpoint)} (${describeVersion(info)}). Listening on ${filters}. Ctrl-C stops.`,
    );
    warnBefore5(this.#status, this.#options.onlyVersion5, info);
  }

  /** Connects and subscribes; undefined when there was a reason to stop before that was done. */
  async #open(limitMs: number): Promise<Session | undefined> {
    const opening = this.#context.openSession(limitConnect(this.#plan, limitMs), {
      onMessage: (message) => this.#receive(message),
      ...(this.#receiver.gathers && { settle: () => this.#receiver.settle(), makeMessageLane }),
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
    this.#wasConnected = true;
    // What was agreed at first holds for the run: a reconnect does not negotiate again.
    this.#plan = { ...this.#plan, version: session.info.version };
    this.#options.removal?.use(session);
    await this.#subscribe(session);
    return session;
  }

  /** A message that cannot be shown, where that is an error, ends the command: it and those after it stay unacknowledged. */
  #receive(message: ReceivedMessage): Handled {
    if (this.#ending.verdict?.kind === 'failed') return 'unacknowledged';
    try {
      return this.#receiver.receive(message);
    } catch (error) {
      this.#ending.decide({ kind: 'failed', error });
      return 'unacknowledged';
    }
  }

  async #subscribe(session: Session): Promise<void> {
    const { subscriptions, subscribeProperties, unsubscribe, unsubscribeProperties } = this.#options;
    if (subscriptions.length > 0) {
      const outcomes = await this.#unlessDecided(session.subscribe(subscriptions, subscribeProperties));
      if (outcomes !== undefined) await this.#checkOutcomes(outcomes, session);
    }
    if (unsubscribe.length > 0) {
      const outcomes = await this.#unlessDecided(session.unsubscribe(unsubscribe, unsubscribeProperties));
      const denied = (outcomes ?? []).filter(({ reasonCode }) => reasonCode >= 0x80);
      if (denied.length > 0) this.#status.warn(`unsubscribing not allowed: ${denied.map(describeDenied).join('; ')}`);
    }
    if (this.#options.exitAfterSubscribe) this.#ending.decide({ kind: 'goal' });
    this.#ending.watchIdle(this.#receiver);
  }

  async #unlessDecided<T>(promise: Promise<T>): Promise<T | undefined> {
    return (await Promise.race([promise, this.#ending.decided])) ?? undefined;
  }

  async #checkOutcomes(outcomes: readonly SubscribeOutcome[], session: Session): Promise<void> {
    const denied = outcomes.filter(({ reasonCode }) => reasonCode >= 0x80);
    if (denied.length > 0 && (this.#options.isStrict || denied.length === outcomes.length)) {
      await session.close();
      throw new SubscriptionDeniedError(`subscription not allowed: ${denied.map(describeDenied).join('; ')}`);
    }
    if (denied.length > 0) this.#status.warn(`subscription not allowed: ${denied.map(describeDenied).join('; ')}`);
    for (const { filter, reasonCode } of outcomes) {
      const asked = this.#options.subscriptions.find((one) => one.filter === filter)?.qos ?? 0;
      if (reasonCode < asked) {
        this.#status.warn(`the broker granted ${quote(filter)} at QoS ${reasonCode}, not ${asked}`);
      }
    }
  }

  /** On an early end the Will is published, as for mosquitto_sub. [MQTT5 3.14.2.1] */
  #closeCode(): number {
    const kind = this.#ending.verdict?.kind;
    return kind === 'signal' || kind === 'time-limit' ? 0x04 : 0x00;
  }

  #conclude(): ExitCode {
    const { verdict } = this.#ending;
    this.#status.progress(this.#summary());
    if (verdict?.kind === 'failed') throw verdict.error;
    this.#options.removal?.check();
    switch (verdict?.kind) {
      case 'time-limit':
        throw new TimeLimitError(
          `time ran out after ${formatDurationMs(this.#options.timeLimitMs ?? 0)} (-W): ${this.#progressOfGoal()}`,
        );
      case 'signal': {
        const { reason } = verdict;
        // Nobody has listened to anything: that is no success, whatever was wanted.
        if (!this.#wasConnected) throw describeInterruption(this.#context.stop, 'before the broker was there');
        if (!this.#hasGoal() && reason.signal !== 'SIGHUP') return ExitCode.ok;
        throw new InterruptedError(`stopped by ${reason.signal}: ${this.#progressOfGoal()}`, exitCodeOfSignal(reason));
      }
      default:
        return ExitCode.ok;
    }
  }

  #hasGoal(): boolean {
    return this.#receiver.goal !== undefined || this.#options.exitAfterSubscribe || this.#ending.isTimed;
  }

  #progressOfGoal(): string {
    const { goal, messages } = this.#receiver;
    if (this.#options.exitAfterSubscribe) return 'the broker had not answered yet';
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

function describeDenied(outcome: SubscribeOutcome): string {
  return `${quote(outcome.filter)}: ${describeOutcome(outcome)}`;
}
