import type { Clock } from '../../cli/context.ts';
import type { MessageProperties, Session } from '../../mqtt/session.ts';
import type { Content } from '../content/content.ts';
import { PROBE_HEADER_BYTES } from '../content/probe.ts';
import type { BenchPlan } from '../plan/plan.ts';
import { type LaneEvents, type PublishLane, receiveMaximumOf } from './lane.ts';

/** Sends requests: messages that say where the response is to go, and what it is to bring back. [MQTT5 4.10] */
export class RequestLane implements PublishLane {
  readonly receiveMaximum: number;
  readonly #session: Session;
  readonly #plan: BenchPlan;
  readonly #content: Content;
  readonly #responseTopic: string;
  readonly #events: LaneEvents;
  readonly #clock: Clock;

  constructor(
    session: Session,
    plan: BenchPlan,
    content: Content,
    responseTopic: string,
    events: LaneEvents,
    clock: Clock,
  ) {
    this.receiveMaximum = receiveMaximumOf(plan, session.info);
    this.#session = session;
    this.#plan = plan;
    this.#content = content;
    this.#responseTopic = responseTopic;
    this.#events = events;
    this.#clock = clock;
  }

  send(sequence: number, dueUs: number, sentUs: number): void {
    const { qos } = this.#plan;
    const topic = this.#content.topicOf(sequence);
    // A payload of its own: the client may hold it until the broker has acknowledged it.
    const payload = Buffer.allocUnsafe(this.#content.sizeOf(sequence));
    this.#content.write(payload, 0, sequence, dueUs, sentUs);
    const properties = this.#propertiesOf(payload);
    const sent = this.#session.publish({ topic, payload, qos, retain: false, ...(properties && { properties }) });
    sent.then(
      (outcome) => {
        if (qos > 0) this.#events.onAcknowledged(sequence, sentUs, this.#clock.monotonicMs() * 1000, outcome);
      },
      (error: Error) => this.#events.onFailed(error),
    );
  }

  /** The header of the payload is the Correlation Data: the response is verified by it, whatever its payload is. */
  #propertiesOf(payload: Buffer): MessageProperties | undefined {
    const { properties } = this.#plan;
    if (this.#session.info.version !== 5) return properties;
    const correlationData = payload.subarray(0, PROBE_HEADER_BYTES);
    return { ...properties, responseTopic: this.#responseTopic, correlationData };
  }

  drained(): Promise<void> | undefined {
    return this.#session.drained();
  }

  confirm(): Promise<void> {
    return this.#session.ping();
  }
}
