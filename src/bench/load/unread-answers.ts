import type { Clock } from '../../cli/context.ts';
import type { Session } from '../../mqtt/session.ts';
import { type BenchPlan, windowOf } from '../plan/plan.ts';

/** What mosquitto holds for a subscriber by default: 20 in flight and 1000 queued. What comes beyond it drops. */
const MOSQUITTO_HOLDS = 1020;
/** The window up to which a run is to be safe with that. */
const SAFE_WINDOW = 1000;

/** What is done with deliveries. */
export interface UnreadEvents {
  /** The message no longer takes up a place at the broker. */
  release(publisher: number, sequence: number, nowUs: number): void;
  /** Messages were released by themselves, and not because one came. */
  wake(): void;
}

/** What one subscriber got. */
interface Inbox {
  /** First deliveries so far, and how many of them the broker is known to have read the answers of. */
  came: number;
  read: number;
  isAsking: boolean;
  /** Publisher, sequence number and time of those that are held back, oldest first. */
  held: number[];
}

/**
 * Holds back deliveries whose answers (PUBACK, PUBREC, PUBCOMP) the broker may not have read: until then it holds the
 * message, though the subscriber has it. mosquitto 2.0 reads one packet of each connection in turn, so that with many
 * publishers it takes in far more messages than answers, and drops messages of a window that it has room for. The answer
 * to a PINGREQ tells that everything before it was read.
 */
export class UnreadAnswers {
  readonly #budget: number;
  readonly #rounds: number;
  readonly #clock: Clock;
  readonly #events: UnreadEvents;
  readonly #inboxes = new Map<number, Inbox>();
  readonly #due = new Set<number>();
  #sessions: readonly Session[] = [];
  #first = 0;

  constructor(plan: BenchPlan, clock: Clock, events: UnreadEvents) {
    this.#budget = budgetOf(plan);
    // PUBCOMP answers PUBREL, which has come when the first PINGREQ after PUBREC is answered.
    this.#rounds = plan.qos;
    this.#clock = clock;
    this.#events = events;
  }

  /** The connections of subscribers `first` and up. */
  use(sessions: readonly Session[], first: number): void {
    this.#sessions = sessions;
    this.#first = first;
  }

  /** A subscriber has a message for the first time. */
  add(subscriber: number, publisher: number, sequence: number, nowUs: number): void {
    if (this.#budget === Number.POSITIVE_INFINITY) return this.#events.release(publisher, sequence, nowUs);
    const inbox = this.#inboxes.get(subscriber) ?? this.#open(subscriber);
    inbox.came += 1;
    const unread = inbox.came - inbox.read;
    if (unread <= this.#budget) this.#events.release(publisher, sequence, nowUs);
    else inbox.held.push(publisher, sequence, nowUs);
    if (inbox.isAsking || unread * 2 < this.#budget) return;
    inbox.isAsking = true;
    if (this.#due.size === 0) this.#clock.setSoon(() => this.#ask());
    this.#due.add(subscriber);
  }

  #open(subscriber: number): Inbox {
    const inbox = { came: 0, read: 0, isAsking: false, held: [] };
    this.#inboxes.set(subscriber, inbox);
    return inbox;
  }

  /** The answers to what came in this turn of the event loop have been written now. */
  #ask(): void {
    for (const subscriber of this.#due) {
      const inbox = this.#inboxes.get(subscriber);
      if (inbox) void this.#askOne(subscriber, inbox);
    }
    this.#due.clear();
  }

  async #askOne(subscriber: number, inbox: Inbox): Promise<void> {
    const session = this.#sessions[subscriber - this.#first];
    if (session === undefined) return;
    const { came } = inbox;
    try {
      for (let round = 0; round < this.#rounds; round += 1) await session.ping();
    } catch {
      // The connection has ended, and whoever watches it ends the run.
      return;
    }
    inbox.read = came;
    this.#releaseHeld(inbox);
    if ((inbox.came - inbox.read) * 2 < this.#budget) inbox.isAsking = false;
    else void this.#askOne(subscriber, inbox);
  }

  #releaseHeld(inbox: Inbox): void {
    const { held } = inbox;
    const kept = Math.max(0, inbox.came - inbox.read - this.#budget);
    const end = held.length - kept * 3;
    for (let at = 0; at < end; at += 3) this.#events.release(held[at] ?? 0, held[at + 1] ?? 0, held[at + 2] ?? 0);
    inbox.held = held.slice(Math.max(0, end));
    if (end > 0) this.#events.wake();
  }
}

/** How many answers of a subscriber may be unread without any message being held back. */
function budgetOf(plan: BenchPlan): number {
  const window = windowOf(plan);
  // At QoS 0 nothing is answered; what exceeds the queue is wanted with --flood, and with a window that is larger.
  if (plan.qos === 0 || plan.flood || window > SAFE_WINDOW) return Number.POSITIVE_INFINITY;
  return MOSQUITTO_HOLDS - window;
}
