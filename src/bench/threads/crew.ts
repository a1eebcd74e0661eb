/** The threads of a run, as the main thread leads them. */
import type { Clock, Thread } from '../../cli/context.ts';
import { InternalError } from '../../errors.ts';
import type { ConnectionPlan } from '../../mqtt/connection-plan.ts';
import type { EndedConnection } from '../connect/connections.ts';
import type { LoadEnd } from '../load/load.ts';
import type { BenchPlan } from '../plan/plan.ts';
import type { ConnectionRecordState } from '../record/connection-record.ts';
import { LatencyCounts } from '../record/latency.ts';
import { within } from '../scenario/within.ts';
import type { Progress } from '../watch/progress.ts';
import type { Order, Report, ThreadProgress } from './messages.ts';
import { reviveError } from './plain.ts';
import { divide, isEmpty, type Share } from './share.ts';

type ReportOf<K extends Report['kind']> = Extract<Report, { readonly kind: K }>;

/** What a crew calls back. */
export interface CrewEvents {
  onLost(ended: EndedConnection): void;
  onFailed(error: Error): void;
}

/** How long threads may take to answer what costs them no waiting on the broker. */
const ANSWER_MS = 5000;

const NO_PROGRESS: ThreadProgress = {
  sent: 0,
  accepted: 0,
  delivered: 0,
  inFlight: 0,
  lost: undefined,
  connections: 0,
  turns: 0,
};

export class Crew {
  readonly shares: readonly Share[];
  readonly #threads: readonly Thread[];
  readonly #clock: Clock;
  readonly #events: CrewEvents;
  readonly #waiting: ((reports: Report) => void)[] = [];
  /** By kind, then by thread, what came. */
  readonly #reports = new Map<Report['kind'], Map<number, Report>>();
  readonly #progress: ThreadProgress[];
  readonly #latency = new LatencyCounts();
  /** How late an event loop of theirs was at most, since the last time that this was asked for. */
  #lagUs = 0;
  #isOver = false;

  /** Starts the threads that there is something for. */
  static async start(
    plan: BenchPlan,
    startThread: () => Promise<Thread>,
    clock: Clock,
    events: CrewEvents,
  ): Promise<Crew> {
    const shares = divide(plan, plan.workers).filter((share) => !isEmpty(share));
    return new Crew(shares, await Promise.all(shares.map(startThread)), clock, events);
  }

  constructor(shares: readonly Share[], threads: readonly Thread[], clock: Clock, events: CrewEvents) {
    this.shares = shares;
    this.#threads = threads;
    this.#clock = clock;
    this.#events = events;
    this.#progress = shares.map(() => NO_PROGRESS);
    for (const [index, thread] of threads.entries()) {
      thread.onMessage((message) => this.#take(index, message as Report));
      void thread.ended.then((error) => {
        if (this.#isOver) return;
        const reason = error === undefined ? 'for no reason that it gave' : (error.stack ?? error.message);
        events.onFailed(new InternalError(`thread ${index} has ended: ${reason}`));
      });
    }
  }

  /** Of all of them together. */
  get progress(): Progress {
    const sumOf = (count: keyof ThreadProgress): number =>
      this.#progress.reduce((sum, progress) => sum + (progress[count] ?? 0), 0);
    const isKnown = (count: keyof ThreadProgress): boolean =>
      this.#progress.some((progress) => progress[count] !== undefined);
    return {
      get sent() {
        return sumOf('sent');
      },
      get accepted() {
        return sumOf('accepted');
      },
      get delivered() {
        return sumOf('delivered');
      },
      get inFlight() {
        return sumOf('inFlight');
      },
      get lost() {
        // Threads without publishers know of none.
        return isKnown('lost') ? sumOf('lost') : undefined;
      },
      get connections() {
        return sumOf('connections');
      },
      get turns() {
        return sumOf('turns');
      },
      latency: this.#latency,
      takeLagUs: () => {
        const lagUs = this.#lagUs;
        this.#lagUs = 0;
        return lagUs;
      },
    };
  }

  /** Counts messages of which no thread could know, for it had not their subscribers, that they were accepted. */
  addAccepted(count: number): void {
    const [first = NO_PROGRESS] = this.#progress;
    this.#progress[0] = { ...first, accepted: first.accepted + count };
  }

  /** Resolves when every connection is open and every subscription made. */
  async open(plan: BenchPlan, connection: ConnectionPlan, abort: AbortSignal): Promise<readonly ReportOf<'ready'>[]> {
    for (const [index, thread] of this.#threads.entries()) {
      post(thread, { kind: 'open', plan, connection, shares: this.shares, index });
    }
    return this.#all('ready', abort);
  }

  /** Resolves when the load of every thread has ended. */
  async run(startMs: number): Promise<LoadEnd> {
    this.#tell({ kind: 'begin', startMs });
    const ends = await this.#all('ended');
    return ends.some(({ end }) => end === 'stalled') ? 'stalled' : 'completed';
  }

  /** Sends nothing more. */
  stop(): void {
    this.#tell({ kind: 'stop' });
  }

  async report(isCut: boolean): Promise<readonly ReportOf<'result'>[]> {
    this.#tell({ kind: 'report', isCut });
    const results = await within(this.#all('result'), ANSWER_MS, this.#clock);
    if (results === undefined) throw new InternalError('a thread did not say what it saw');
    return results;
  }

  /** Closes every connection, and ends the threads. */
  async close(graceMs: number | undefined): Promise<readonly ConnectionRecordState[]> {
    this.#isOver = true;
    this.#tell({ kind: 'close', graceMs });
    const closed = await within(this.#all('closed'), ANSWER_MS, this.#clock);
    for (const thread of this.#threads) thread.terminate();
    return closed?.map(({ connections }) => connections) ?? [];
  }

  #take(index: number, report: Report): void {
    switch (report.kind) {
      case 'delivered': {
        const { nowUs, pairs, to } = report;
        const thread = this.#threads[to];
        if (thread) post(thread, { kind: 'delivered', pairs, nowUs });
        return;
      }
      case 'progress':
        this.#progress[index] = report.progress;
        this.#lagUs = Math.max(this.#lagUs, report.lagUs);
        return this.#latency.absorb(report.added);
      case 'lost': {
        const { index: number, reason, role } = report;
        return this.#events.onLost({ role, index: number, end: { kind: 'lost', reason } });
      }
      case 'failed':
        return this.#events.onFailed(reviveError(report.error));
      default: {
        const reports = this.#reports.get(report.kind) ?? new Map<number, Report>();
        this.#reports.set(report.kind, reports.set(index, report));
        for (const check of [...this.#waiting]) check(report);
      }
    }
  }

  /** Resolves with the reports of one kind of all threads, in their order; rejects when `abort` is aborted first. */
  #all<K extends Report['kind']>(kind: K, abort?: AbortSignal): Promise<readonly ReportOf<K>[]> {
    return new Promise((resolve, reject) => {
      const onAbort = (): void => reject(abort?.reason);
      const check = (): void => {
        const reports = this.#reports.get(kind);
        if (reports?.size !== this.#threads.length) return;
        this.#waiting.splice(this.#waiting.indexOf(check), 1);
        abort?.removeEventListener('abort', onAbort);
        resolve(this.#threads.map((_, index) => reports.get(index) as ReportOf<K>));
      };
      this.#waiting.push(check);
      if (abort?.aborted) return onAbort();
      abort?.addEventListener('abort', onAbort);
      check();
    });
  }

  #tell(order: Order): void {
    for (const thread of this.#threads) post(thread, order);
  }
}

function post(thread: Thread, order: Order): void {
  thread.post(order);
}
