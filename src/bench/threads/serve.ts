/** A thread's share of a run: what happens in the thread. */
import type { Context, ThreadPort, Timer } from '../../cli/context.ts';
import { ConnectionLostError } from '../../errors.ts';
import { Connections, type EndedConnection } from '../connect/connections.ts';
import { Contents } from '../content/content.ts';
import { epochOffsetUsOf } from '../content/probe.ts';
import type { PublishLane } from '../load/lane.ts';
import { Load } from '../load/load.ts';
import { UnreadAnswers } from '../load/unread-answers.ts';
import { VerifiedDeliveries } from '../record/deliveries.ts';
import { LatencyCounts } from '../record/latency.ts';
import { Recorder } from '../record/recorder.ts';
import {
  openPublishers,
  openSubscribers,
  type PartyWorld,
  passBarrier,
  type Receive,
  type Subscribers,
} from '../scenario/parties.ts';
import { GRACE_MS } from '../scenario/stage.ts';
import { EventLoopLag } from '../watch/event-loop-lag.ts';
import { progressOf } from '../watch/progress.ts';
import { Arrivals } from './arrivals.ts';
import type { Order, Report } from './messages.ts';
import { reviveBuffers, toErrorState } from './plain.ts';
import { ownersOf, planOf, type Share } from './share.ts';
import { Tally } from './tally.ts';

export type ThreadWorld = Pick<Context, 'clock' | 'machine' | 'openSession'>;

/** How often the main thread is told how far it is. */
const PROGRESS_MS = 100;

/** Does what the main thread says, until that ends the thread. */
export function serveThread(port: ThreadPort, world: ThreadWorld): void {
  let work: ThreadWork | undefined;
  port.onMessage((message) => {
    const order = message as Order;
    if (order.kind !== 'open') return work?.take(order);
    work = new ThreadWork(reviveBuffers(order), port, world);
    void work.open();
  });
}

class ThreadWork {
  readonly #port: ThreadPort;
  readonly #world: ThreadWorld;
  readonly #share: Share;
  readonly #abort = new AbortController();
  readonly #contents: Contents;
  /** What this thread's publishers do. */
  readonly #recorder: Recorder;
  readonly #tally = new Tally();
  /** What comes to this thread's subscribers, from the publishers of all threads. */
  readonly #deliveries: VerifiedDeliveries;
  readonly #load: Load;
  readonly #unread: UnreadAnswers;
  readonly #party: PartyWorld;
  #subscribers: Subscribers | undefined;
  #lanes: readonly PublishLane[] = [];
  #timer: Timer | undefined;
  #lag: EventLoopLag | undefined;
  /** Of which latencies the main thread has been told. */
  readonly #latency: () => LatencyCounts;
  readonly #told = new LatencyCounts();

  constructor(order: Extract<Order, { kind: 'open' }>, port: ThreadPort, world: ThreadWorld) {
    const { connection, index, plan, shares } = order;
    const { clock } = world;
    this.#port = port;
    this.#world = world;
    this.#share = shares[index] as Share;
    const own = planOf(plan, this.#share);
    this.#contents = new Contents(plan, epochOffsetUsOf(clock));
    this.#recorder = new Recorder(own, this.#contents, this.#tally);
    this.#deliveries = new VerifiedDeliveries(plan, this.#contents);
    this.#latency = () => (plan.subscribers === 0 ? this.#recorder.acknowledgement : this.#deliveries.endToEnd);
    this.#load = new Load(own, this.#recorder, clock, true);
    this.#unread = new UnreadAnswers(plan, clock, {
      release: (publisher, sequence, nowUs) => arrivals.add(publisher, sequence, nowUs),
      wake: () => this.#load.wake(),
    });
    const arrivals = new Arrivals(ownersOf(shares), index, clock, {
      onOwn: (publisher, sequence, nowUs) => this.#arrived(publisher, sequence, nowUs),
      onOthers: (to, pairs, nowUs) => this.#report({ kind: 'delivered', to, pairs, nowUs }),
    });
    this.#received = (subscriber, bytes, nowUs, from, to) => {
      const deliveries = this.#deliveries;
      if (!deliveries.received(subscriber, bytes, from, to, nowUs)) return;
      this.#unread.add(subscriber, deliveries.publisher, deliveries.sequence, nowUs);
    };
    const { connectRate } = plan;
    const config = { ...plan, connectRate: connectRate === null ? null : connectRate / shares.length };
    // One Client Identifier names one connection, and each thread counts its own from 0.
    const { clientId } = connection;
    const named = clientId === '' ? connection : { ...connection, clientId: `${clientId}-${index}` };
    this.#party = {
      plan,
      connection,
      connections: new Connections(config, named, world, (ended) => this.#onEnded(ended), this.#abort.signal),
      ending: {
        signal: this.#abort.signal,
        byError: (error) => {
          // The end of a connection comes from the connection itself too, once, and says why.
          if (!(error instanceof ConnectionLostError)) this.#fail(error);
        },
      },
      clock,
      handlers: {},
      wake: () => this.#load.wake(),
    };
  }

  readonly #received: Receive;

  /** Opens the connections of its share. */
  async open(): Promise<void> {
    const { publishers, subscribers } = this.#share;
    const party = this.#party;
    try {
      this.#subscribers = await openSubscribers(party, this.#received, subscribers.from, subscribers.to);
      this.#unread.use(this.#subscribers.sessions, subscribers.from);
      const opened = await openPublishers(party, this.#contents, this.#recorder, publishers.from, publishers.to);
      this.#lanes = opened.lanes;
      this.#report({ kind: 'ready', publishers: opened.infos, grantedQoS: this.#subscribers.grantedQoS });
    } catch (error) {
      this.#fail(error as Error);
    }
  }

  take(order: Exclude<Order, { kind: 'open' }>): void {
    switch (order.kind) {
      case 'begin':
        return this.#begin(order.startMs);
      case 'delivered':
        for (let at = 0; at < order.pairs.length; at += 2) {
          this.#arrived(order.pairs[at] ?? 0, order.pairs[at + 1] ?? 0, order.nowUs);
        }
        return this.#load.wake();
      case 'stop':
        this.#abort.abort();
        return this.#load.stop(GRACE_MS);
      case 'report':
        return void this.#finish(order.isCut);
      case 'close':
        return void this.#close(order.graceMs);
    }
  }

  #begin(startMs: number): void {
    const { clock } = this.#world;
    this.#load.start(this.#lanes, startMs);
    this.#deliveries.measuredFromUs = this.#tally.measuredFromUs;
    this.#lag = new EventLoopLag(clock);
    this.#timer = clock.setRepeating(() => this.#tell(), PROGRESS_MS);
    void this.#load.ended.then((end) => this.#report({ kind: 'ended', end }));
  }

  #arrived(publisher: number, sequence: number, nowUs: number): void {
    this.#tally.add(nowUs);
    this.#recorder.arrived(publisher - this.#share.publishers.from, sequence);
  }

  #tell(): void {
    const { connections } = this.#party;
    const added = this.#latency().since(this.#told);
    this.#told.absorb(added);
    const { latency: _, ...counters } = progressOf(this.#recorder, () => connections.openCount);
    const turns = this.#world.machine.loopTurns() ?? 0;
    // The recorder knows what came of this thread's publishers, and this is about its subscribers.
    const progress = { ...counters, delivered: this.#deliveries.delivered, turns };
    this.#report({ kind: 'progress', progress, added, lagUs: this.#lag?.takeUs() ?? 0 });
  }

  /** Every load has ended: what is still on its way to a subscriber is waited for, unless the run was cut short. */
  async #finish(isCut: boolean): Promise<void> {
    const { clock } = this.#world;
    if (!isCut) await passBarrier(this.#subscribers?.sessions ?? [], clock, this.#abort.signal);
    clock.clearTimer(this.#timer);
    if (this.#timer !== undefined) this.#tell();
    this.#lag?.stop();
    this.#report({ kind: 'result', recorder: this.#recorder.toState(), deliveries: this.#deliveries.toState() });
  }

  async #close(graceMs: number | undefined): Promise<void> {
    const { connections } = this.#party;
    await connections.close(graceMs);
    this.#report({ kind: 'closed', connections: connections.record.toState() });
  }

  #onEnded({ end, index, role }: EndedConnection): void {
    if (end.kind === 'closed') return;
    const { from } = role === 'publisher' ? this.#share.publishers : this.#share.subscribers;
    this.#report({ kind: 'lost', role, index: from + index, reason: end.reason });
  }

  #fail(error: Error): void {
    this.#report({ kind: 'failed', error: toErrorState(error) });
  }

  #report(report: Report): void {
    this.#port.post(report);
  }
}
