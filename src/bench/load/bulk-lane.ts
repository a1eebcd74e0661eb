import type { Clock } from '../../cli/context.ts';
import { makeExchanges } from '../../mqtt/lane/exchanges.ts';
import type { Lanes } from '../../mqtt/lane/lanes.ts';
import type { PublishLane as MqttLane } from '../../mqtt/lane/publish-lane.ts';
import type { Session } from '../../mqtt/session.ts';
import type { Content } from '../content/content.ts';
import type { BenchPlan } from '../plan/plan.ts';
import { isRetained, type LaneEvents, type PublishLane, receiveMaximumOf } from './lane.ts';

/** Sends by the lane of a session: packets are written in place, and many go out together. */
export class BulkLane implements PublishLane {
  readonly receiveMaximum: number;
  readonly #session: Session;
  readonly #content: Content;
  readonly #lane: MqttLane;
  #isFlushDue = false;

  /** @param window messages that it is to have under way at most; Receive Maximum bounds it too. */
  constructor(
    session: Session,
    lanes: Lanes,
    plan: BenchPlan,
    content: Content,
    window: number,
    events: LaneEvents,
    clock: Clock,
  ) {
    const { info } = session;
    const limit = receiveMaximumOf(plan, info);
    const exchanges = makeExchanges(Math.min(window, limit));
    // Messages that are given up keep their identifiers until they are answered.
    this.receiveMaximum = Math.min(limit, exchanges.largest);
    this.#session = session;
    this.#content = content;
    let nowUs = 0;
    if (plan.qos === 2) {
      // Whoever was woken by what came sends first, and PUBREL goes out with that.
      lanes.holdsAnswers = true;
      lanes.onReadEnd = () => clock.setSoon(this.#flush);
    }
    lanes.onRead = () => {
      nowUs = clock.monotonicMs() * 1000;
    };
    const kind = {
      qos: plan.qos,
      retain: isRetained(plan, info),
      ...(plan.properties && { properties: plan.properties }),
      ...(plan.topicAlias && { topicAliasMaximum: info.topicAliasMaximum ?? 0 }),
    };
    this.#lane = lanes.openPublish(kind, exchanges, {
      onComplete: (sequence, sentUs, outcome) => events.onAcknowledged(sequence, sentUs, nowUs, outcome),
      onReceived: (_sequence, sentUs) => events.onReceived(sentUs, nowUs),
    });
  }

  send(sequence: number, dueUs: number, sentUs: number): void {
    const content = this.#content;
    const at = this.#lane.begin(content.topicOf(sequence), content.sizeOf(sequence), sequence, sentUs);
    content.write(this.#lane.target, at, sequence, dueUs, sentUs);
    if (this.#isFlushDue) return;
    this.#isFlushDue = true;
    // When whoever is sending has sent what it has.
    void Promise.resolve().then(this.#flush);
  }

  drained(): Promise<void> | undefined {
    return this.#session.drained();
  }

  confirm(): Promise<void> {
    this.#flush();
    return this.#session.ping();
  }

  readonly #flush = (): void => {
    this.#isFlushDue = false;
    this.#lane.flush();
  };
}
