import type { OutgoingMessage, ReceivedMessage, Session } from '../../mqtt/session.ts';
import { markOf, ProbeReader } from '../content/probe.ts';
import { receiveMaximumOf } from '../load/lane.ts';
import { type BenchPlan, filterOf } from '../plan/plan.ts';

/** Responds to the requests of a run with their own payload. [MQTT5 4.10] */
export class Responder {
  readonly #plan: BenchPlan;
  readonly #mark: ReturnType<typeof markOf>;
  readonly #probe: ProbeReader;
  readonly #onFailed: (error: Error) => void;
  #session: Session | undefined;
  /** QoS 1 and 2 responses that the broker takes at once. */
  #limit = 0;
  #unanswered = 0;
  /** Responses for which there is no place yet; no more than there are requests in the window. */
  readonly #waiting: OutgoingMessage[] = [];

  /** @param onFailed called when a response cannot be sent, for another reason than the end of the connection too. */
  constructor(plan: BenchPlan, epochOffsetUs: number, onFailed: (error: Error) => void) {
    this.#plan = plan;
    this.#mark = markOf(plan.runId);
    this.#probe = new ProbeReader(epochOffsetUs);
    this.#onFailed = onFailed;
  }

  /** From now on it responds by way of this session. */
  open(session: Session): void {
    this.#session = session;
    this.#limit = receiveMaximumOf(this.#plan, session.info);
  }

  respond(request: ReceivedMessage): void {
    const response = this.#makeResponse(request);
    if (response === undefined) return;
    if (response.qos === 0 || this.#unanswered < this.#limit) this.#send(response);
    else this.#waiting.push(response);
  }

  /** Undefined: it is no request of this run. */
  #makeResponse({ payload, properties }: ReceivedMessage): OutgoingMessage | undefined {
    const { qos } = this.#plan;
    const { runHigh, runLow } = this.#mark;
    const probe = this.#probe;
    if (!probe.read(payload, 0, payload.length) || probe.runLow !== runLow || probe.runHigh !== runHigh)
      return undefined;
    // Before MQTT 5 a request cannot say where the response is to go: it is known of its publisher.
    if (properties === undefined) {
      return { topic: filterOf(this.#plan, probe.publisher), payload, qos, retain: false };
    }
    const { correlationData, responseTopic } = properties;
    if (responseTopic === undefined) return undefined;
    const answering = correlationData && { properties: { correlationData } };
    return { topic: responseTopic, payload, qos, retain: false, ...answering };
  }

  #send(response: OutgoingMessage): void {
    // At QoS 0 nothing is acknowledged, and what is written takes no place.
    if (response.qos > 0) this.#unanswered += 1;
    this.#session?.publish(response).then(() => {
      if (response.qos === 0) return;
      this.#unanswered -= 1;
      const next = this.#waiting.shift();
      if (next !== undefined) this.#send(next);
    }, this.#onFailed);
  }
}
