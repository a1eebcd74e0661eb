import { inFlightLimit } from '../mqtt/limits.ts';
import type { OutgoingMessage, PublishOutcome, Session } from '../mqtt/session.ts';
import { type BenchPlan, topicOf } from './plan.ts';
import { ProbeWriter } from './probe.ts';

/** What a lane calls back. */
export interface LaneEvents {
  /** The broker's answer to a message at QoS 1 or 2. */
  onAcknowledged(sequence: number, sentUs: number, outcome: PublishOutcome): void;
  /** A message could not be sent, for another reason than the end of the connection. */
  onFailed(error: Error): void;
}

/** The way by which one publisher sends. It makes the payloads, so that a faster one can write them in place. */
export interface PublishLane {
  /** QoS 1 and 2 messages that the broker takes at once, as far as that is known. */
  readonly receiveMaximum: number;
  send(sequence: number, sentUs: number): void;
  /** Resolves when more may be sent without filling memory; undefined when that is now. */
  drained(): Promise<void> | undefined;
  /** Resolves when the broker has read everything sent before; rejects when the connection ends first. */
  confirm(): Promise<void>;
}

/** Sends by {@link Session.publish}. */
export class SessionLane implements PublishLane {
  readonly receiveMaximum: number;
  readonly #session: Session;
  readonly #events: LaneEvents;
  readonly #probe: ProbeWriter;
  readonly #message: Omit<OutgoingMessage, 'payload'>;

  constructor(session: Session, plan: BenchPlan, publisher: number, events: LaneEvents) {
    const { info } = session;
    this.receiveMaximum = plan.isWindowChosen ? info.receiveMaximum : inFlightLimit(info, plan.qos);
    this.#session = session;
    this.#events = events;
    this.#probe = new ProbeWriter(plan.runId, publisher, plan.payload.sizeBytes);
    this.#message = {
      topic: topicOf(plan, publisher),
      qos: plan.qos,
      retain: false,
      ...(plan.properties && { properties: plan.properties }),
    };
  }

  send(sequence: number, sentUs: number): void {
    const { qos } = this.#message;
    const sent = this.#session.publish({ ...this.#message, payload: this.#probe.write(sequence, sentUs) });
    sent.then(
      (outcome) => {
        if (qos > 0) this.#events.onAcknowledged(sequence, sentUs, outcome);
      },
      (error: Error) => this.#events.onFailed(error),
    );
  }

  drained(): Promise<void> | undefined {
    return this.#session.drained();
  }

  confirm(): Promise<void> {
    return this.#session.ping();
  }
}
