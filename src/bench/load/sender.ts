import type { Clock } from '../../cli/context.ts';
import { type BenchPlan, publisherWindowOf, windowOf } from '../plan/plan.ts';
import type { PublisherRecord } from '../record/publisher-record.ts';
import type { Recorder } from '../record/recorder.ts';
import type { Hold } from '../record/schedule-record.ts';
import type { PublishLane } from './lane.ts';

/** When the messages of one publisher are due, in microseconds of the run's clock. */
export type DueUsOf = (sequence: number) => number;

/** One publisher with messages to send, and what bounds it. */
export class Sender {
  readonly lane: PublishLane;
  readonly record: PublisherRecord;
  readonly #recorder: Recorder;
  readonly #clock: Clock;
  readonly #messages: number;
  readonly #dueUsOf: DueUsOf | undefined;
  readonly #window: number;
  readonly #ownWindow: number;
  readonly #receiveMaximum: number;
  #isBlocked = false;
  /** What kept it from sending when something was due; undefined when nothing has since it caught up. */
  #heldBy: Hold | undefined;
  /** Messages that are due so far; in a closed loop every one is at any time. */
  due: number;

  /** @param messages how many it is to send. @param dueUsOf the schedule of an open loop. */
  constructor(
    lane: PublishLane,
    record: PublisherRecord,
    messages: number,
    plan: BenchPlan,
    recorder: Recorder,
    clock: Clock,
    dueUsOf?: DueUsOf,
  ) {
    this.lane = lane;
    this.record = record;
    this.#recorder = recorder;
    this.#clock = clock;
    this.#messages = messages;
    this.#dueUsOf = dueUsOf;
    this.due = dueUsOf === undefined ? messages : 0;
    this.#window = windowOf(plan);
    this.#ownWindow = publisherWindowOf(plan);
    // Receive Maximum does not bound QoS 0. [MQTT5 3.1.2.11.3]
    this.#receiveMaximum = plan.qos === 0 ? Number.POSITIVE_INFINITY : lane.receiveMaximum;
  }

  get isDone(): boolean {
    return this.record.attempted >= this.#messages;
  }

  /** Nothing is due that has not been sent. */
  get hasCaughtUp(): boolean {
    return this.record.attempted >= this.due;
  }

  /** What keeps it from sending what is due. */
  get heldBy(): Hold {
    return this.#heldBy ?? 'generator';
  }

  /** Sends what is due, as far as the window and the connection take it, at most `most`; returns how many. Calls
   * `onDrained` when it was the connection that took no more, and it does again. */
  send(most: number, onDrained: () => void): number {
    let sent = 0;
    while (sent < most && this.#maySend()) {
      const sentUs = this.#clock.monotonicMs() * 1000;
      const sequence = this.#recorder.sent(this.record, sentUs);
      const dueUs = this.#dueUsOf?.(sequence) ?? sentUs;
      if (this.#dueUsOf !== undefined) this.#recorder.schedule.sent(sentUs - dueUs, this.heldBy);
      this.lane.send(sequence, dueUs, sentUs);
      sent += 1;
      const drained = this.lane.drained();
      if (drained) this.#block(drained, onDrained);
    }
    if (this.hasCaughtUp) this.#heldBy = undefined;
    return sent;
  }

  #maySend(): boolean {
    if (this.hasCaughtUp) return false;
    if (this.#isBlocked) {
      this.#heldBy = 'connection';
      return false;
    }
    if (this.record.unanswered >= this.#receiveMaximum) {
      this.#heldBy = 'receive-maximum';
      return false;
    }
    return this.record.outstanding.count < this.#ownWindow && this.#recorder.outstanding < this.#window;
  }

  #block(drained: Promise<void>, onDrained: () => void): void {
    this.#isBlocked = true;
    const unblock = (): void => {
      this.#isBlocked = false;
      onDrained();
    };
    drained.then(unblock, unblock);
  }
}
