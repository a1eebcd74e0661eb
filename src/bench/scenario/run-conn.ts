/** `mqtt-bench conn`: connections opened, held, cut and opened again. */
import { ConnectionLostError } from '../../errors.ts';
import type { ConnectionPlan, Will } from '../../mqtt/connection-plan.ts';
import { KeepAliveWheel } from '../../mqtt/keep-alive-wheel.ts';
import type { QoS, Session, SessionHandlers } from '../../mqtt/session.ts';
import type { EndedConnection } from '../connect/connections.ts';
import { subscribeAll } from '../connect/subscribe.ts';
import type { LoadEnd } from '../load/load.ts';
import type { BenchPlan } from '../plan/plan.ts';
import { OpeningRecord } from '../record/opening-record.ts';
import { Recorder } from '../record/recorder.ts';
import { WillRecord } from '../record/will-record.ts';
import type { Progress } from '../watch/progress.ts';
import type { Ending } from './ending.ts';
import type { BenchRun, BenchWorld } from './run.ts';
import { runOnStage, type Stage } from './stage.ts';
import { within } from './within.ts';

/** So many failures in a row show that the broker takes no more connections, and not that one had bad luck. */
const FAILURES_IN_A_ROW = 50;

/**
 * Opens the connections of the plan and holds them; cuts and opens them again as often as there are storms. Connections
 * that fail or are lost are counted; the run fails when none can be opened any more, and ends when all are lost.
 */
export async function runConn(plan: BenchPlan, connection: ConnectionPlan, world: BenchWorld): Promise<BenchRun> {
  const run = new ConnRun(plan, connection, world);
  const { openings, wills } = run;
  return runOnStage(plan, connection, world, {
    recorder: new Recorder(plan),
    more: { openings, ...(wills && { wills }) },
    onEnded: (ended, ending) => run.ended(ended, ending),
    play: (stage) => run.play(stage),
  });
}

class ConnRun {
  readonly #plan: BenchPlan;
  readonly #connection: ConnectionPlan;
  readonly #world: BenchWorld;
  readonly openings: OpeningRecord[] = [];
  readonly wills: WillRecord | undefined;
  /** Of each connection that is open, by index, the number of its Will. */
  readonly #willNumbers: (number | undefined)[] = [];
  readonly #handlers: SessionHandlers;
  /** Of the connections that are to be held. */
  #openCount = 0;
  #isOpening = false;
  /** Called when a connection that was cut has ended, and when a Will has come. */
  #onChange = (): void => undefined;

  constructor(plan: BenchPlan, connection: ConnectionPlan, world: BenchWorld) {
    this.#plan = plan;
    this.#connection = connection;
    this.#world = world;
    this.#handlers = needsClient(connection, world) ? world.handlers : { idle: new KeepAliveWheel(world.clock) };
    this.wills = connection.will && new WillRecord(plan.runId, connection.will.payload);
  }

  async play(stage: Stage): Promise<LoadEnd> {
    const { ending } = stage;
    const { will } = this.#connection;
    if (will && this.wills) stage.grantedQoS = await this.#openWatcher(stage, this.wills, will);
    stage.begin(progressOf(stage, this.wills));
    await this.#open(stage);
    await this.#hold(ending.signal);
    for (let storm = 0; storm < this.#plan.storms && !ending.signal.aborted; storm += 1) {
      await this.#cut(stage);
      await this.#open(stage);
      await this.#hold(ending.signal);
    }
    await this.#untilQuiet(() => (this.wills?.missing ?? 0) === 0, this.#plan.drainTimeoutMs, ending.signal);
    return 'completed';
  }

  /** One that is lost is counted. The run ends when it was the last one, or the one that sees the Wills. */
  ended(ended: EndedConnection, ending: Ending): void {
    if (ended.role !== 'connection') return ending.byLoss(ended);
    this.#openCount -= 1;
    if (ended.end.kind === 'closed') {
      this.#onChange();
    } else {
      this.#willNumbers[ended.index] = undefined;
      if (this.#openCount === 0 && !this.#isOpening) ending.byLoss(ended);
    }
  }

  /** Throws CliError when the broker takes none, or no more. */
  async #open(stage: Stage): Promise<void> {
    const { connections, ending } = stage;
    const { clock } = this.#world;
    const opening = new OpeningRecord(clock.monotonicMs());
    this.openings.push(opening);
    let failure: Error | undefined;
    const subscribing: Promise<unknown>[] = [];
    this.#isOpening = true;
    await connections.attemptMany('connection', this.#plan.connections, {
      record: opening,
      handlersOf: () => this.#handlers,
      planOf: (plan, index) => this.#planOf(plan, index),
      isOver: () => opening.failedInARow >= FAILURES_IN_A_ROW,
      onFailure: (error) => {
        failure = error;
      },
      onOpen: (session, index) => {
        this.#openCount += 1;
        opening.lastOpenMs = clock.monotonicMs();
        const asked = this.#subscribe(session, index, stage);
        if (asked === undefined) return;
        subscribing.push(asked);
        // It is told by the others.
        asked.catch(() => undefined);
      },
    });
    this.#isOpening = false;
    ending.signal.throwIfAborted();
    const isInVain = opening.connected === 0 || opening.failedInARow >= FAILURES_IN_A_ROW;
    if (failure !== undefined && isInVain) throw failure;
    await Promise.all(subscribing);
  }

  /** Throws what cut the run short. */
  async #hold(abort: AbortSignal): Promise<void> {
    const { durationMs } = this.#plan;
    if (durationMs !== null) await within(new Promise(() => undefined), durationMs, this.#world.clock, abort);
  }

  async #cut({ connections, ending }: Stage): Promise<void> {
    const nowUs = this.#world.clock.monotonicMs() * 1000;
    for (const number of this.#willNumbers) if (number !== undefined) this.wills?.fallDue(number, nowUs);
    connections.cut('connection');
    await this.#untilQuiet(() => this.#openCount === 0, this.#connection.connectTimeoutMs, ending.signal);
  }

  #planOf(plan: ConnectionPlan, index: number): ConnectionPlan {
    if (this.wills === undefined || plan.will === undefined) return plan;
    const { number, payload } = this.wills.make();
    this.#willNumbers[index] = number;
    return { ...plan, will: { ...plan.will, payload } };
  }

  /** Undefined where no subscription was asked for. Rejects with CliError when it is denied. */
  #subscribe(session: Session, index: number, { connections, ending }: Stage): Promise<unknown> | undefined {
    const filter = this.#plan.filter?.replaceAll('{connection}', String(index));
    if (filter === undefined) return undefined;
    const plan = { ...this.#plan, filter };
    const { suback } = connections.record;
    const asked = subscribeAll([session], plan, this.#connection, this.#world.clock, ending.signal, suback);
    // A connection that is lost meanwhile has been counted.
    return asked.catch((error: unknown) => {
      if (!(error instanceof ConnectionLostError)) throw error;
    });
  }

  /** Waits until `isQuiet`, at most so long. Throws what cut the run short. */
  async #untilQuiet(isQuiet: () => boolean, limitMs: number, abort: AbortSignal): Promise<void> {
    const quiet = new Promise<void>((resolve) => {
      this.#onChange = () => {
        if (isQuiet()) resolve();
      };
      this.#onChange();
    });
    await within(quiet, limitMs, this.#world.clock, abort);
  }

  /** One connection more, which sees the Wills. Returns the QoS that it was granted. */
  async #openWatcher({ connections, ending }: Stage, wills: WillRecord, { topic, qos }: Will): Promise<QoS> {
    const { clock, handlers } = this.#world;
    const watchers = await connections.openMany('subscriber', 1, () => ({
      ...handlers,
      onMessage: ({ payload }) => {
        wills.received(payload, clock.monotonicMs() * 1000);
        this.#onChange();
        return undefined;
      },
    }));
    const plan = { ...this.#plan, filter: topic, qos };
    return subscribeAll(watchers, plan, this.#connection, clock, ending.signal, connections.record.suback);
  }
}

/** Whether only a client can do what the connections have to: enhanced authentication, and a trace. */
function needsClient({ authProperties }: ConnectionPlan, { handlers }: BenchWorld): boolean {
  return authProperties !== undefined || handlers.onTrace !== undefined;
}

function progressOf({ connections }: Stage, wills: WillRecord | undefined): Progress {
  return {
    get sent() {
      return wills?.due ?? 0;
    },
    get accepted() {
      return wills?.due ?? 0;
    },
    get delivered() {
      return wills?.delivered ?? 0;
    },
    get inFlight() {
      return wills?.missing ?? 0;
    },
    lost: undefined,
    get connections() {
      return connections.openCount;
    },
    latency: connections.record.connack,
  };
}
