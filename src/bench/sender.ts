import type { Clock } from '../cli/context.ts';
import type { PublishLane } from './lane.ts';
import { type BenchPlan, publisherWindowOf, windowOf } from './plan.ts';
import type { PublisherRecord } from './publisher-record.ts';
import type { Recorder } from './recorder.ts';

/** One publisher with messages to send, and what bounds it. */
export class Sender {
  readonly lane: PublishLane;
  readonly record: PublisherRecord;
  readonly #recorder: Recorder;
  readonly #clock: Clock;
  readonly #messages: number;
  readonly #window: number;
  readonly #ownWindow: number;
  readonly #receiveMaximum: number;
  #blocked = false;

  /** @param messages how many it is to send. */
  constructor(
    lane: PublishLane,
    record: PublisherRecord,
    messages: number,
    plan: BenchPlan,
    recorder: Recorder,
    clock: Clock,
  ) {
    this.lane = lane;
    this.record = record;
    this.#recorder = recorder;
    this.#clock = clock;
    this.#messages = messages;
    this.#window = windowOf(plan);
    this.#ownWindow = publisherWindowOf(plan);
    // Receive Maximum does not bound QoS 0. [MQTT5 3.1.2.11.3]
    this.#receiveMaximum = plan.qos === 0 ? Number.POSITIVE_INFINITY : lane.receiveMaximum;
  }

  get isDone(): boolean {
    return this.record.attempted >= this.#messages;
  }

  /** Sends what the window and the connection take, at most `most`; returns how many. Calls `onDrained` when it was
   * the connection that took no more, and it does again. */
  send(most: number, onDrained: () => void): number {
    let sent = 0;
    while (sent < most && this.#maySend()) {
      const sentUs = this.#clock.monotonicMs() * 1000;
      this.lane.send(this.#recorder.sent(this.record, sentUs), sentUs);
      sent += 1;
      const drained = this.lane.drained();
      if (drained) this.#block(drained, onDrained);
    }
    return sent;
  }

  #maySend(): boolean {
    return (
      !this.#blocked &&
      !this.isDone &&
      this.record.outstanding.count < this.#ownWindow &&
      this.record.unanswered < this.#receiveMaximum &&
      this.#recorder.outstanding < this.#window
    );
  }

  #block(drained: Promise<void>, onDrained: () => void): void {
    this.#blocked = true;
    const unblock = (): void => {
      this.#blocked = false;
      onDrained();
    };
    drained.then(unblock, unblock);
  }
}
