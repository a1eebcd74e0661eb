import type { Clock, Timer } from '../../cli/context.ts';
import { type BenchPlan, messagesOf, scheduleOf, totalOf, windowOf } from '../plan/plan.ts';
import type { Schedule } from '../plan/schedule.ts';
import type { PublisherRecord } from '../record/publisher-record.ts';
import type { Recorder } from '../record/recorder.ts';
import { DueQueue } from './due-queue.ts';
import type { PublishLane } from './lane.ts';
import { Sender } from './sender.ts';

/** How the load ended by itself. `stalled`: before all was sent, because nothing was delivered any more. */
export type LoadEnd = 'completed' | 'stalled';

/** Sent before the event loop gets its turn, so that what comes in meanwhile is timed soon after it came. */
const BATCH = 512;
/** Sent by one publisher before the next one has its turn. */
const BURST = 64;
/** So many show that nothing is delivered any more, and not that some messages were lost. */
const GIVEN_UP_IN_A_ROW = 20;
/** So many times all that the window holds show it too: of a window of one each takes a drain time-out. */
const WINDOWS_GIVEN_UP = 6;
const SHORTEST_SWEEP_MS = 5;
const LONGEST_SWEEP_MS = 250;
/** How often an open loop looks at the clock: as often as a timer can. All that is due by then is sent. */
const TICK_MS = 1;
/** So much of the round trip: latencies come out a hundredth too long at most. */
const GATHERED_PART = 0.01;
const LONGEST_GATHERING_US = 250;
/** Linux wakes so much later than it is asked to (timer slack). */
const OVERSLEEP_US = 60;
const SHORTEST_BLOCK_US = 10;

/**
 * The load loop. Closed: keeps the window full until every message was sent and none is outstanding. Open: sends each
 * message when it is due, and what could not be sent then as soon as it can be; none is left out. Whoever tells the
 * recorder of an acknowledgement or a delivery calls `wake`; all that come in one turn of the event loop refill the
 * window together.
 */
export class Load {
  /** Resolves when nothing is outstanding and nothing more will be sent, or when the time for it is over. */
  readonly ended: Promise<LoadEnd>;
  #resolveEnded: (end: LoadEnd) => void = () => undefined;
  readonly #plan: BenchPlan;
  readonly #recorder: Recorder;
  readonly #clock: Clock;
  /** Publishers with something left to send. */
  readonly #senders: Sender[] = [];
  #queue: DueQueue | undefined;
  /** Publishers whose closing PINGREQ at QoS 0 is not answered. */
  readonly #unconfirmed = new Set<PublisherRecord>();
  #confirmBeforeMs = 0;
  readonly #window: number;
  readonly #gathers: boolean;
  #turn = 0;
  #pumpIsDue = false;
  #end: LoadEnd = 'completed';
  #state: 'new' | 'running' | 'over' = 'new';
  readonly #timers = new Set<Timer>();
  #isStopping = false;
  readonly #wake = (): void => this.wake();

  /** @param gathers answers may wait a hundredth of the round trip; not where the broker is in this thread. */
  constructor(plan: BenchPlan, recorder: Recorder, clock: Clock, gathers = false) {
    this.#gathers = gathers;
    this.#plan = plan;
    this.#window = windowOf(plan);
    this.#recorder = recorder;
    this.#clock = clock;
    this.ended = new Promise((resolve) => {
      this.#resolveEnded = resolve;
    });
  }

  /** Starts sending, publisher 0 on the first lane. `startMs`: what a schedule counts from, by the monotonic clock. */
  start(lanes: readonly PublishLane[], startMs = this.#clock.monotonicMs()): void {
    const { drainTimeoutMs, durationMs } = this.#plan;
    this.#state = 'running';
    this.#recorder.start(startMs * 1000);
    const schedule = scheduleOf(this.#plan);
    this.#openSenders(lanes, startMs, schedule);
    const periodMs = Math.min(Math.max(drainTimeoutMs / 10, SHORTEST_SWEEP_MS), LONGEST_SWEEP_MS);
    this.#timers.add(this.#clock.setRepeating(() => this.#giveUp(), periodMs));
    if (schedule) this.#timers.add(this.#clock.setRepeating(() => this.#tick(), TICK_MS));
    if (durationMs !== null) {
      // What was due in time is still sent, but not for ever.
      const limitMs = schedule ? durationMs + drainTimeoutMs : durationMs;
      this.#timers.add(this.#clock.setTimer(() => this.#stopSending(), limitMs));
    }
    this.wake();
  }

  /** Something was acknowledged or delivered: there may be room in the window, or nothing left to wait for. */
  wake(): void {
    if (this.#pumpIsDue || this.#state !== 'running') return;
    this.#pumpIsDue = true;
    this.#clock.setSoon(() => this.#pump());
  }

  /** Sends nothing more, and waits at most `graceMs` for what was sent. */
  stop(graceMs: number): void {
    if (this.#state !== 'running' || this.#isStopping) return;
    this.#isStopping = true;
    this.#stopSending();
    this.#timers.add(this.#clock.setTimer(() => this.#finish(), graceMs));
    this.wake();
  }

  #openSenders(lanes: readonly PublishLane[], startMs: number, schedule: Schedule | undefined): void {
    const { publishers } = this.#plan;
    for (const [index, lane] of lanes.entries()) {
      const record = this.#recorder.publishers[index];
      const messages = messagesOf(this.#plan, index);
      if (!record || messages === 0) continue;
      const dueUsOf =
        schedule && ((sequence: number) => (startMs + schedule.dueMs(sequence * publishers + index)) * 1000);
      this.#senders.push(new Sender(lane, record, messages, this.#plan, this.#recorder, this.#clock, dueUsOf));
    }
    if (!schedule) return;
    const senders = [...this.#senders];
    this.#queue = new DueQueue(senders, publishers, schedule, totalOf(this.#plan), this.#clock, startMs);
  }

  /** Nothing of it waits for `wake`: the schedule does not hang on what comes back. */
  #tick(): void {
    if (this.#state === 'running' && !this.#pumpIsDue && this.#senders.length > 0) this.#pump();
  }

  #pump(): void {
    this.#pumpIsDue = false;
    if (this.#state !== 'running') return;
    const left = this.#queue ? this.#sendDue(this.#queue) : this.#fillWindow();
    if (left === 0) return this.wake();
    this.#finishIfDone();
    if (!this.#queue) this.#letGather();
  }

  /**
   * A broker that writes each packet by itself would cost a system call and a turn of the event loop for each. Where
   * the round trip is long, the answers of a small part of it are read together.
   */
  #letGather(): void {
    if (!this.#gathers || this.#recorder.outstanding === 0) return;
    const blockUs = Math.min(this.#recorder.lastLatencyUs * GATHERED_PART, LONGEST_GATHERING_US) - OVERSLEEP_US;
    // After what was sent in this turn has gone out.
    if (blockUs >= SHORTEST_BLOCK_US) void Promise.resolve().then(() => this.#clock.block(blockUs / 1000));
  }

  /** Returns how many more could have been sent in this turn. */
  #fillWindow(): number {
    let budget = BATCH;
    let idle = 0;
    while (budget > 0 && idle < this.#senders.length && this.#recorder.outstanding < this.#window) {
      this.#turn %= this.#senders.length;
      const sender = this.#senders[this.#turn];
      if (!sender) break;
      const sent = sender.send(Math.min(budget, BURST), this.#wake);
      budget -= sent;
      idle = sent === 0 ? idle + 1 : 0;
      if (sender.isDone) {
        this.#senders.splice(this.#turn, 1);
        this.#confirm(sender);
        idle = 0;
      } else {
        this.#turn += 1;
      }
    }
    return budget;
  }

  #sendDue(queue: DueQueue): number {
    queue.advance();
    let budget = BATCH;
    let hasSent = true;
    while (budget > 0 && hasSent) {
      hasSent = false;
      for (const sender of queue.waiting) {
        const sent = sender.send(Math.min(budget, BURST), this.#wake);
        budget -= sent;
        if (sent > 0) hasSent = true;
        if (sender.hasCaughtUp) queue.leave(sender);
        if (sender.isDone) this.#leave(sender);
        if (budget === 0) break;
      }
    }
    return budget;
  }

  #leave(sender: Sender): void {
    const at = this.#senders.indexOf(sender);
    if (at < 0) return;
    this.#senders.splice(at, 1);
    this.#confirm(sender);
  }

  /** QoS 0 has no acknowledgement: the answer to a PINGREQ that comes after it stands in for one. */
  #confirm({ lane, record }: Sender): void {
    if (this.#plan.qos > 0 || record.attempted === 0) return;
    this.#unconfirmed.add(record);
    this.#confirmBeforeMs = this.#clock.monotonicMs() + this.#plan.drainTimeoutMs;
    lane.confirm().then(
      () => {
        if (!this.#unconfirmed.delete(record)) return;
        this.#recorder.confirmed(record, this.#clock.monotonicMs() * 1000);
        this.wake();
      },
      // The connection has ended, and whoever watches it stops the load.
      () => undefined,
    );
  }

  #giveUp(): void {
    const nowMs = this.#clock.monotonicMs();
    this.#recorder.giveUp((nowMs - this.#plan.drainTimeoutMs) * 1000);
    if (this.#senders.length > 0 && this.#isStalled(nowMs)) {
      this.#end = 'stalled';
      this.#stopSending();
    }
    if (this.#senders.length === 0 && nowMs >= this.#confirmBeforeMs) {
      for (const record of this.#unconfirmed) record.timeOutAll();
      this.#unconfirmed.clear();
    }
    this.wake();
  }

  /** Without this, a broker that delivers nothing would hold up a run for a drain time-out per window. */
  #isStalled(nowMs: number): boolean {
    const { firstSentUs, givenUpInARow, lastProgressUs, lastSentUs } = this.#recorder;
    const nowUs = nowMs * 1000;
    const drainTimeoutUs = this.#plan.drainTimeoutMs * 1000;
    // Where something did come, a pause of the broker must not end the run: it is given a second window.
    const isSilent = Number.isNaN(lastProgressUs)
      ? nowUs - firstSentUs >= drainTimeoutUs
      : nowUs - lastProgressUs >= 2 * drainTimeoutUs;
    // Receive Maximum stays used up by messages that are never answered, and back-pressure may never end.
    const isHeld = this.#queue === undefined || this.#queue.waiting.size > 0;
    const isStuck = isHeld && nowUs - lastSentUs >= 2 * drainTimeoutUs;
    const many = Math.min(GIVEN_UP_IN_A_ROW, WINDOWS_GIVEN_UP * this.#window);
    return isSilent && (givenUpInARow >= many || isStuck);
  }

  #stopSending(): void {
    if (this.#state !== 'running') return;
    if (this.#queue) {
      this.#queue.advance();
      for (const { due, heldBy, record } of this.#senders) {
        this.#recorder.schedule.unsent[heldBy] += due - record.attempted;
      }
      this.#queue = undefined;
    }
    for (const sender of this.#senders.splice(0)) this.#confirm(sender);
    this.wake();
  }

  #finishIfDone(): void {
    const isSent = this.#senders.length === 0 && this.#recorder.outstanding === 0 && this.#unconfirmed.size === 0;
    if (isSent && this.#isDrained()) this.#finish();
  }

  /** With --flood nothing of what is to be delivered holds a place in the window, and it is waited for all the same. */
  #isDrained(): boolean {
    if (!this.#plan.flood || this.#recorder.undelivered <= 0) return true;
    const { lastDeliveredUs, lastSentUs } = this.#recorder;
    const lastUs = Number.isNaN(lastDeliveredUs) ? lastSentUs : Math.max(lastSentUs, lastDeliveredUs);
    return this.#clock.monotonicMs() * 1000 - lastUs >= this.#plan.drainTimeoutMs * 1000;
  }

  #finish(): void {
    if (this.#state === 'over') return;
    this.#state = 'over';
    for (const timer of this.#timers) this.#clock.clearTimer(timer);
    this.#resolveEnded(this.#end);
  }
}
