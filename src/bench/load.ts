import type { Clock, Timer } from '../cli/context.ts';
import type { PublishLane } from './lane.ts';
import { type BenchPlan, messagesOf, windowOf } from './plan.ts';
import type { PublisherRecord } from './publisher-record.ts';
import type { Recorder } from './recorder.ts';
import { Sender } from './sender.ts';

/** How the load ended by itself. `stalled`: before all was sent, because nothing was delivered any more. */
export type LoadEnd = 'completed' | 'stalled';

/** Sent before the event loop gets its turn, so that what comes in meanwhile is timed soon after it came. */
const BATCH = 512;
/** Sent by one publisher before the next one has its turn. */
const BURST = 64;
/** So many show that nothing is delivered any more, and not that some messages were lost. */
const GIVEN_UP_IN_A_ROW = 20;
const SHORTEST_SWEEP_MS = 5;
const LONGEST_SWEEP_MS = 250;

/**
 * The load loop: keeps the window full until every message was sent and none is outstanding. Whoever tells the recorder
 * of an acknowledgement or a delivery calls `wake`; all that come in one turn of the event loop refill the window
 * together.
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
  /** Publishers whose closing PINGREQ at QoS 0 is not answered. */
  readonly #unconfirmed = new Set<PublisherRecord>();
  #confirmBeforeMs = 0;
  readonly #window: number;
  #turn = 0;
  #pumpIsDue = false;
  #end: LoadEnd = 'completed';
  #state: 'new' | 'running' | 'over' = 'new';
  #sweep: Timer | undefined;
  #grace: Timer | undefined;
  readonly #wake = (): void => this.wake();

  constructor(plan: BenchPlan, recorder: Recorder, clock: Clock) {
    this.#plan = plan;
    this.#window = windowOf(plan);
    this.#recorder = recorder;
    this.#clock = clock;
    this.ended = new Promise((resolve) => {
      this.#resolveEnded = resolve;
    });
  }

  /** Starts sending, publisher 0 on the first lane. */
  start(lanes: readonly PublishLane[]): void {
    this.#state = 'running';
    for (const [index, lane] of lanes.entries()) {
      const record = this.#recorder.publishers[index];
      const messages = messagesOf(this.#plan, index);
      if (!record || messages === 0) continue;
      this.#senders.push(new Sender(lane, record, messages, this.#plan, this.#recorder, this.#clock));
    }
    const periodMs = Math.min(Math.max(this.#plan.drainTimeoutMs / 10, SHORTEST_SWEEP_MS), LONGEST_SWEEP_MS);
    this.#sweep = this.#clock.setRepeating(() => this.#giveUp(), periodMs);
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
    if (this.#state !== 'running' || this.#grace !== undefined) return;
    this.#stopSending();
    this.#grace = this.#clock.setTimer(() => this.#finish(), graceMs);
    this.wake();
  }

  #pump(): void {
    this.#pumpIsDue = false;
    if (this.#state !== 'running') return;
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
    if (budget === 0) this.wake();
    else this.#finishIfDone();
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
    const { delivered, firstSentUs, givenUpInARow, lastDeliveredUs, lastSentUs } = this.#recorder;
    const nowUs = nowMs * 1000;
    const drainTimeoutUs = this.#plan.drainTimeoutMs * 1000;
    // Where deliveries did come, a pause of the broker must not end the run: it is given a second window.
    const isSilent =
      delivered > 0 ? nowUs - lastDeliveredUs >= 2 * drainTimeoutUs : nowUs - firstSentUs >= drainTimeoutUs;
    // Receive Maximum stays used up by messages that are never answered, and back-pressure may never end.
    const isStuck = nowUs - lastSentUs >= 2 * drainTimeoutUs;
    return isSilent && (givenUpInARow >= GIVEN_UP_IN_A_ROW || isStuck);
  }

  #stopSending(): void {
    for (const sender of this.#senders.splice(0)) this.#confirm(sender);
  }

  #finishIfDone(): void {
    if (this.#senders.length === 0 && this.#recorder.outstanding === 0 && this.#unconfirmed.size === 0) this.#finish();
  }

  #finish(): void {
    this.#state = 'over';
    this.#clock.clearTimer(this.#sweep);
    this.#clock.clearTimer(this.#grace);
    this.#resolveEnded(this.#end);
  }
}
