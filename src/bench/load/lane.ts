import type { Clock } from '../../cli/context.ts';
import { inFlightLimit } from '../../mqtt/limits.ts';
import type { OutgoingMessage, PublishOutcome, Session, SessionInfo } from '../../mqtt/session.ts';
import type { Content } from '../content/content.ts';
import { TopicAliases } from '../content/topic-aliases.ts';
import type { BenchPlan } from '../plan/plan.ts';
import type { Recorder } from '../record/recorder.ts';

/** What a lane calls back. */
export interface LaneEvents {
  /** The broker's answer to a message at QoS 1 or 2. Times in microseconds: when it was sent, and when the answer came. */
  onAcknowledged(sequence: number, sentUs: number, nowUs: number, outcome: PublishOutcome): void;
  /** QoS 2: PUBREC came, with success, where the lane sees it. */
  onReceived(sentUs: number, nowUs: number): void;
  /** A message could not be sent, for another reason than the end of the connection. */
  onFailed(error: Error): void;
}

/** The way by which one publisher sends. It makes the payloads, so that a faster one can write them in place. */
export interface PublishLane {
  /** QoS 1 and 2 messages that the broker takes at once, as far as that is known. */
  readonly receiveMaximum: number;
  /** Times in microseconds: when the message was due, and when it is sent. */
  send(sequence: number, dueUs: number, sentUs: number): void;
  /** Resolves when more may be sent without filling memory; undefined when that is now. */
  drained(): Promise<void> | undefined;
  /** Resolves when the broker has read everything sent before; rejects when the connection ends first. */
  confirm(): Promise<void>;
}

/** A broker that does not retain messages may end the connection that publishes one. [MQTT5 3.2.2.3.5] */
export function isRetained({ retain }: BenchPlan, { retainAvailable }: SessionInfo): boolean {
  return retain && retainAvailable;
}

/** How many QoS 1 and 2 messages a publisher may have under way; where the window was chosen only the broker bounds it. */
export function receiveMaximumOf({ isWindowChosen, qos }: BenchPlan, info: SessionInfo): number {
  return isWindowChosen ? info.receiveMaximum : inFlightLimit(info, qos);
}

/** What publisher `index` of `recorder` tells it; `wake` is called when a message was acknowledged. */
export function laneEventsOf(
  recorder: Recorder,
  index: number,
  wake: () => void,
  onFailed: LaneEvents['onFailed'],
): LaneEvents {
  return {
    onAcknowledged: (sequence, sentUs, nowUs, outcome) => {
      recorder.acknowledged(index, sequence, sentUs, nowUs, outcome);
      wake();
    },
    onReceived: (sentUs, nowUs) => recorder.receipted(sentUs, nowUs),
    onFailed,
  };
}

/** Sends by {@link Session.publish}. */
export class SessionLane implements PublishLane {
  readonly receiveMaximum: number;
  readonly #session: Session;
  readonly #events: LaneEvents;
  readonly #clock: Clock;
  readonly #content: Content;
  readonly #aliases: TopicAliases | undefined;
  readonly #message: Omit<OutgoingMessage, 'payload' | 'topic'>;

  constructor(session: Session, plan: BenchPlan, content: Content, events: LaneEvents, clock: Clock) {
    const { info } = session;
    this.receiveMaximum = receiveMaximumOf(plan, info);
    this.#session = session;
    this.#events = events;
    this.#clock = clock;
    this.#content = content;
    this.#aliases = plan.topicAlias ? new TopicAliases(info.topicAliasMaximum ?? 0) : undefined;
    this.#message = {
      qos: plan.qos,
      retain: isRetained(plan, info),
      ...(plan.properties && { properties: plan.properties }),
    };
  }

  send(sequence: number, dueUs: number, sentUs: number): void {
    const { qos } = this.#message;
    // A payload of its own: the client may hold it until the broker has acknowledged it.
    const payload = Buffer.allocUnsafe(this.#content.sizeOf(sequence));
    this.#content.write(payload, 0, sequence, dueUs, sentUs);
    const sent = this.#session.publish({ ...this.#message, ...this.#addressOf(sequence), payload });
    sent.then(
      (outcome) => {
        if (qos > 0) this.#events.onAcknowledged(sequence, sentUs, this.#clock.monotonicMs() * 1000, outcome);
      },
      (error: Error) => this.#events.onFailed(error),
    );
  }

  /** The topic, or the Topic Alias that stands in for it. [MQTT5 3.3.2.3.4] */
  #addressOf(sequence: number): Pick<OutgoingMessage, 'topic' | 'properties'> {
    const topic = this.#content.topicOf(sequence);
    const alias = this.#aliases?.aliasOf(topic);
    if (alias === undefined) return { topic };
    const properties = { ...this.#message.properties, topicAlias: alias.number };
    return { topic: alias.isNew ? topic : '', properties };
  }

  drained(): Promise<void> | undefined {
    return this.#session.drained();
  }

  confirm(): Promise<void> {
    return this.#session.ping();
  }
}
