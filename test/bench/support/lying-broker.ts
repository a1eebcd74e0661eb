import type { Clock } from '../../../src/cli/context.ts';
import { ConnectionLostError } from '../../../src/errors.ts';
import type { ConnectionPlan, Will } from '../../../src/mqtt/connection-plan.ts';
import type {
  MessageProperties,
  OutgoingMessage,
  PublishOutcome,
  Session,
  SessionEnd,
  SessionHandlers,
  SessionInfo,
  SubscribeOutcome,
  Subscription,
} from '../../../src/mqtt/session.ts';
import { topicMatches } from '../../../src/mqtt/topic.ts';

/** A message as the broker got it. */
export interface Seen {
  readonly topic: string;
  /** Counted by topic, from 0: the sequence of the publisher. */
  readonly sequence: number;
}

/** What the broker does that it should not. */
export interface Lies {
  readonly info?: Partial<SessionInfo>;
  /** Delays in milliseconds, one for each time that subscriber `index` gets it. None: it is dropped. */
  readonly deliver?: (seen: Seen, index: number) => readonly number[];
  /** What comes in its place. */
  readonly alter?: (payload: Buffer, seen: Seen) => Buffer;
  /** The answer to PUBLISH, at once or after a delay. */
  readonly answer?: (seen: Seen) => PublishOutcome | 'never' | { readonly afterMs: number };
  /** `closed`: the connection is ended in answer. */
  readonly subscribe?: (subscription: Subscription) => Omit<SubscribeOutcome, 'filter'> | 'never' | 'closed';
  /** What opening the connection with this number, from 0 on, fails with; `never`: only the signal ends it. */
  readonly open?: (number: number) => Error | 'never' | undefined;
  /** Delays in milliseconds, one for each time that the Will with this number, counted as they fall due, is published. */
  readonly publishWill?: (number: number) => readonly number[];
  /** Whether PINGREQ is answered, or after how many milliseconds. */
  readonly pong?: boolean | number;
  /** What `$SYS/broker/version` holds. */
  readonly version?: string;
}

const INFO: SessionInfo = {
  version: 5,
  clientId: 'fake',
  sessionPresent: false,
  keepAliveSeconds: 60,
  receiveMaximum: 65_535,
  maximumQoS: 2,
  retainAvailable: true,
};

/** A broker in memory that delivers every message to every subscriber, as far as it does not lie. */
export class LyingBroker {
  readonly sessions: LyingSession[] = [];
  readonly plans: ConnectionPlan[] = [];
  readonly published: OutgoingMessage[] = [];
  readonly clock: Clock;
  readonly lies: Lies;
  readonly #counts = new Map<string, number>();
  #turn = 0;
  #wills = 0;
  /** Unanswered QoS 1 and 2 messages of one connection, at most, so far. */
  mostInFlight = 0;
  /** Called before each PINGREQ is answered. */
  onPing: (() => void) | undefined;

  constructor(clock: Clock, lies: Lies = {}) {
    this.clock = clock;
    this.lies = lies;
  }

  readonly openSession = async (plan: ConnectionPlan, handlers: SessionHandlers): Promise<Session> => {
    const number = this.plans.push(plan) - 1;
    const fault = this.lies.open?.(number);
    if (fault === 'never') return new Promise(() => undefined);
    if (fault !== undefined) throw fault;
    const session = new LyingSession(this, handlers, plan.will);
    this.sessions.push(session);
    return session;
  };

  get subscribers(): readonly LyingSession[] {
    return this.sessions.filter(({ filters }) => filters.some((filter) => !filter.startsWith('$SYS')));
  }

  get publishers(): readonly LyingSession[] {
    return this.sessions.filter(({ hasPublished }) => hasPublished);
  }

  /** Counts the message and sends it on. */
  take(message: OutgoingMessage): Seen {
    const { topic } = message;
    this.published.push(message);
    const sequence = this.#counts.get(topic) ?? 0;
    this.#counts.set(topic, sequence + 1);
    const seen = { topic, sequence };
    const payload = this.lies.alter?.(message.payload, seen) ?? message.payload;
    const matching = this.#receiversOf(topic);
    for (const [index, subscriber] of matching.entries()) {
      for (const delayMs of this.lies.deliver?.(seen, index) ?? [0]) {
        this.after(delayMs, () => subscriber.deliver(topic, payload, message.properties));
      }
    }
    return seen;
  }

  /** Of the members of a shared subscription one has it, in turn. */
  #receiversOf(topic: string): LyingSession[] {
    const groups = new Map<string, LyingSession[]>();
    const receivers: LyingSession[] = [];
    for (const subscriber of this.subscribers) {
      for (const filter of subscriber.filters) {
        const [, share, own] = /^\$share\/([^/]+)\/(.+)$/.exec(filter) ?? [];
        if (!topicMatches(own ?? filter, topic)) continue;
        if (share === undefined) receivers.push(subscriber);
        else groups.set(share, [...(groups.get(share) ?? []), subscriber]);
      }
    }
    for (const members of groups.values()) receivers.push(members[this.#turn++ % members.length] as LyingSession);
    return receivers;
  }

  /** A connection with this Will is gone, without DISCONNECT. */
  publishWill({ payload, topic }: Will): void {
    const number = this.#wills;
    this.#wills += 1;
    for (const subscriber of this.subscribers.filter(({ filters }) => filters.includes(topic))) {
      for (const delayMs of this.lies.publishWill?.(number) ?? [0]) {
        this.after(delayMs, () => subscriber.deliver(topic, Buffer.from(payload)));
      }
    }
  }

  after(delayMs: number, act: () => void): void {
    if (delayMs === 0) this.clock.setSoon(act);
    else this.clock.setTimer(act, delayMs);
  }
}

class LyingSession implements Session {
  readonly info: SessionInfo;
  readonly ended: Promise<SessionEnd>;
  readonly filters: string[] = [];
  hasPublished = false;
  closed = false;
  readonly #broker: LyingBroker;
  readonly #handlers: SessionHandlers;
  readonly #will: Will | undefined;
  #end: (end: SessionEnd) => void = () => undefined;
  #isOpen = true;
  #inFlight = 0;
  readonly #waiting = new Set<(error: Error) => void>();
  #full: { readonly drained: Promise<void>; readonly release: () => void } | undefined;

  constructor(broker: LyingBroker, handlers: SessionHandlers, will: Will | undefined) {
    this.#broker = broker;
    this.#handlers = handlers;
    this.#will = will;
    // So that a test sees whether what it took was counted.
    handlers.onOpened?.({ connectMs: 1, tlsMs: undefined, connackMs: 2 });
    this.info = { ...INFO, ...broker.lies.info };
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  async publish(message: OutgoingMessage): Promise<PublishOutcome> {
    if (!this.#isOpen) throw new ConnectionLostError('the connection was lost');
    this.hasPublished = true;
    const seen = this.#broker.take(message);
    if (message.qos === 0) return { reasonCode: 0 };
    this.#inFlight += 1;
    this.#broker.mostInFlight = Math.max(this.#broker.mostInFlight, this.#inFlight);
    const answer = this.#broker.lies.answer?.(seen) ?? { reasonCode: 0 };
    return this.#request((resolve) => {
      if (answer === 'never') return;
      this.#broker.after('afterMs' in answer ? answer.afterMs : 0, () => {
        this.#inFlight -= 1;
        resolve('afterMs' in answer ? { reasonCode: 0 } : answer);
      });
    });
  }

  drained(): Promise<void> | undefined {
    return this.#full?.drained;
  }

  async subscribe(subscriptions: readonly Subscription[]): Promise<readonly SubscribeOutcome[]> {
    const outcomes: SubscribeOutcome[] = [];
    for (const subscription of subscriptions) {
      const { filter, qos } = subscription;
      const said = this.#broker.lies.subscribe?.(subscription) ?? { reasonCode: qos };
      if (said === 'closed') this.end({ kind: 'lost', reason: 'the broker closed it' });
      if (said === 'closed' || said === 'never') return this.#request(() => undefined);
      if (said.reasonCode < 0x80) this.filters.push(filter);
      outcomes.push({ filter, ...said });
    }
    const { version } = this.#broker.lies;
    if (version !== undefined && this.filters.includes('$SYS/broker/version')) {
      this.#broker.after(0, () => this.deliver('$SYS/broker/version', Buffer.from(version)));
    }
    return outcomes;
  }

  async unsubscribe(filters: readonly string[]): Promise<readonly SubscribeOutcome[]> {
    return filters.map((filter) => ({ filter, reasonCode: 0 }));
  }

  ping(): Promise<void> {
    const { pong = 0 } = this.#broker.lies;
    this.#broker.onPing?.();
    return this.#request((resolve) => {
      if (pong !== false) this.#broker.after(Number(pong), () => resolve());
    });
  }

  async close(): Promise<void> {
    this.closed = true;
    this.end({ kind: 'closed', reason: 'closed' });
  }

  cut(): void {
    if (this.#isOpen && this.#will) this.#broker.publishWill(this.#will);
    this.end({ kind: 'closed', reason: 'cut' });
  }

  /** The connection ends, by the broker's doing or the network's. */
  end(end: SessionEnd): void {
    this.#isOpen = false;
    // As in a real session: first what waits for an answer learns of it, then everybody.
    for (const fail of this.#waiting) fail(new ConnectionLostError(end.reason));
    this.#end(end);
  }

  deliver(topic: string, payload: Buffer, properties?: MessageProperties): void {
    if (!this.#isOpen) return;
    const message = {
      topic,
      payload,
      qos: 0,
      retain: false,
      dup: false,
      packetId: 0,
      ...(properties && { properties }),
    } as const;
    void this.#handlers.onMessage?.(message);
  }

  /** The connection takes no more, until the returned function is called. */
  fill(): () => void {
    let release = (): void => undefined;
    const drained = new Promise<void>((resolve) => {
      release = () => {
        this.#full = undefined;
        resolve();
      };
    });
    this.#full = { drained, release };
    return release;
  }

  /** Rejects when the connection ends before it is answered. */
  #request<T>(ask: (resolve: (answer: T) => void) => void): Promise<T> {
    return new Promise((resolve, reject) => {
      if (!this.#isOpen) return reject(new ConnectionLostError('the connection is closed'));
      this.#waiting.add(reject);
      return ask((answer) => {
        this.#waiting.delete(reject);
        resolve(answer);
      });
    });
  }
}
