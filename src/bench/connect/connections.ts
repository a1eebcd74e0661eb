import type { Context } from '../../cli/context.ts';
import { InterruptedError } from '../../errors.ts';
import type { ConnectionPlan } from '../../mqtt/connection-plan.ts';
import type { Session, SessionEnd, SessionHandlers } from '../../mqtt/session.ts';
import { ConnectionRecord } from '../record/connection-record.ts';
import type { BenchConfig } from '../result/result.ts';
import { beginEach } from './connect-schedule.ts';

/** What a connection of a run is for. */
export type Role = 'publisher' | 'subscriber' | 'connection' | 'requester' | 'responder';

/** A connection that has ended. */
export interface EndedConnection {
  readonly role: Role;
  readonly index: number;
  readonly end: SessionEnd;
}

/** The world of connections, and what of the plan they need. */
export type ConnectionsWorld = Pick<Context, 'clock' | 'openSession'>;
export type ConnectionsConfig = Pick<BenchConfig, 'connectRate' | 'localAddresses'>;

/** How to open many that need not all succeed. */
export interface Attempts {
  readonly handlersOf: (index: number) => SessionHandlers;
  /** What differs from the plan of the run for this one, such as its Will. */
  readonly planOf?: (plan: ConnectionPlan, index: number) => ConnectionPlan;
  readonly onOpen: (session: Session, index: number) => void;
  readonly onFailure: (error: Error, index: number) => void;
  readonly isOver: () => boolean;
  /** Counts these alone, beside the record of all. */
  readonly record?: ConnectionRecord;
}

/** The connections of one run: opened many at a time, counted, watched, closed together. */
export class Connections {
  readonly #config: ConnectionsConfig;
  readonly #plan: ConnectionPlan;
  readonly #world: ConnectionsWorld;
  readonly #sessions = new Map<Session, Role>();
  readonly #onEnded: (ended: EndedConnection) => void;
  readonly #abort: AbortSignal;
  /** What became of all of them. */
  readonly record = new ConnectionRecord();
  #begun = 0;

  /**
   * @param onEnded called for each connection, after `close` and `cut` too.
   * @param abort once aborted, no further one is begun.
   */
  constructor(
    config: ConnectionsConfig,
    plan: ConnectionPlan,
    world: ConnectionsWorld,
    onEnded: (ended: EndedConnection) => void,
    abort: AbortSignal,
  ) {
    this.#config = config;
    this.#plan = plan;
    this.#world = world;
    this.#onEnded = onEnded;
    this.#abort = abort;
  }

  /** How many are open. */
  get openCount(): number {
    return this.#sessions.size;
  }

  /**
   * Opens connections 0 to `count` - 1 of one role. Throws what the first failure was, or why it was aborted; those that
   * are open are closed by `close`.
   */
  async openMany(role: Role, count: number, handlersOf: (index: number) => SessionHandlers): Promise<Session[]> {
    const sessions: Session[] = [];
    let failure: Error | undefined;
    await this.attemptMany(role, count, {
      handlersOf,
      onOpen: (session, index) => {
        sessions[index] = session;
      },
      onFailure: (error) => {
        failure ??= error;
      },
      isOver: () => failure !== undefined,
    });
    if (failure !== undefined) throw failure;
    this.#abort.throwIfAborted();
    return sessions;
  }

  /**
   * Begins to open connections 0 to `count` - 1 of one role, at the connect rate, until that is over. Resolves when each
   * that was begun is open or has failed.
   */
  async attemptMany(role: Role, count: number, attempts: Attempts): Promise<void> {
    const schedule = { clock: this.#world.clock, rate: this.#config.connectRate };
    const isOver = (): boolean => this.#abort.aborted || attempts.isOver();
    await beginEach(count, schedule, isOver, (index, dueMs) => this.#attempt(role, index, dueMs, attempts));
  }

  /** Ends every connection of one role without DISCONNECT. */
  cut(role: Role): void {
    for (const [session, itsRole] of this.#sessions) if (itsRole === role) session.cut();
  }

  /** Closes every connection, within `graceMs` where it is given. Never rejects. */
  async close(graceMs?: number): Promise<void> {
    await Promise.all([...this.#sessions.keys()].map((session) => session.close(undefined, undefined, graceMs)));
  }

  async #attempt(role: Role, index: number, dueMs: number, attempts: Attempts): Promise<void> {
    const records = attempts.record === undefined ? [this.record] : [this.record, attempts.record];
    const lateMs = this.#world.clock.monotonicMs() - dueMs;
    let session: Session;
    try {
      session = await this.#world.openSession(this.#planOf(role, index, attempts), {
        ...attempts.handlersOf(index),
        onOpened: (times) => {
          for (const record of records) record.opened(times, lateMs);
        },
      });
    } catch (error) {
      const failure = error as Error;
      const reason = failure instanceof InterruptedError ? 'stopped by a signal' : failure.message;
      for (const record of records) record.fail(reason);
      return attempts.onFailure(failure, index);
    }
    for (const record of records) record.succeed();
    this.#sessions.set(session, role);
    void session.ended.then((end) => {
      this.#sessions.delete(session);
      if (end.kind !== 'closed') this.record.lose(end.reason);
      this.#onEnded({ role, index, end });
    });
    attempts.onOpen(session, index);
  }

  #planOf(role: Role, index: number, { planOf }: Attempts): ConnectionPlan {
    const { localAddresses } = this.#config;
    let plan = this.#plan;
    // One Client Identifier names one connection: the broker would end the first when the second one comes.
    if (plan.clientId !== '') plan = { ...plan, clientId: `${plan.clientId}-${role}-${index}` };
    const localAddress = localAddresses[this.#begun % localAddresses.length];
    this.#begun += 1;
    if (localAddress !== undefined) plan = { ...plan, endpoint: { ...plan.endpoint, localAddress } };
    return planOf?.(plan, index) ?? plan;
  }
}
