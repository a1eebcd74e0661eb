import type { Context } from '../cli/context.ts';
import type { ConnectionPlan } from '../mqtt/connection-plan.ts';
import type { Session, SessionEnd, SessionHandlers } from '../mqtt/session.ts';

/** What a connection of a run is for. */
export type Role = 'publisher' | 'subscriber';

/** A connection that has ended. */
export interface EndedConnection {
  readonly role: Role;
  readonly index: number;
  readonly end: SessionEnd;
}

/** Handshakes under way at once: enough to hide the network, few enough for any broker's listen queue. */
const OPENING_AT_ONCE = 50;

/** The connections of one run: opened many at a time, watched, closed together. */
export class Connections {
  readonly #open: Context['openSession'];
  readonly #plan: ConnectionPlan;
  readonly #sessions: Session[] = [];
  readonly #onEnded: (ended: EndedConnection) => void;

  /** @param onEnded called for each connection, after `close` too. */
  constructor(open: Context['openSession'], plan: ConnectionPlan, onEnded: (ended: EndedConnection) => void) {
    this.#open = open;
    this.#plan = plan;
    this.#onEnded = onEnded;
  }

  /** Opens connections 0 to `count` - 1 of one role. Throws what the first failure was; the others are closed by `close`. */
  async openMany(role: Role, count: number, handlersOf: (index: number) => SessionHandlers): Promise<Session[]> {
    const sessions: Session[] = [];
    let next = 0;
    let failed = false;
    const openInTurn = async (): Promise<void> => {
      while (next < count && !failed) {
        const index = next;
        next += 1;
        try {
          sessions[index] = await this.#openOne(role, index, handlersOf(index));
        } catch (error) {
          failed = true;
          throw error;
        }
      }
    };
    // All of them: a session that is still opening when another one fails must be known before `close`.
    const turns = await Promise.allSettled(Array.from({ length: Math.min(count, OPENING_AT_ONCE) }, openInTurn));
    const failure = turns.find((turn) => turn.status === 'rejected');
    if (failure) throw failure.reason;
    return sessions;
  }

  /** Closes every connection. Never rejects. */
  async close(): Promise<void> {
    await Promise.all(this.#sessions.map((session) => session.close()));
  }

  async #openOne(role: Role, index: number, handlers: SessionHandlers): Promise<Session> {
    const { clientId } = this.#plan;
    // One Client Identifier names one connection: the broker would end the first when the second one comes.
    const plan = clientId === '' ? this.#plan : { ...this.#plan, clientId: `${clientId}-${role}-${index}` };
    const session = await this.#open(plan, handlers);
    this.#sessions.push(session);
    void session.ended.then((end) => this.#onEnded({ role, index, end }));
    return session;
  }
}
