import type { CliError } from '../../src/errors.ts';
import { ConnectionLostError } from '../../src/errors.ts';
import type { ConnectionPlan } from '../../src/mqtt/connection-plan.ts';
import type { Lanes, MakeLanes } from '../../src/mqtt/lane/lanes.ts';
import type { PacketProperties } from '../../src/mqtt/properties.ts';
import type {
  OutgoingMessage,
  PublishOutcome,
  ReceivedMessage,
  Session,
  SessionEnd,
  SessionHandlers,
  SessionInfo,
  SubscribeOutcome,
  Subscription,
} from '../../src/mqtt/session.ts';
import { withDeadline } from './deadline.ts';
import { FakeLink } from './fake-link.ts';

/** What the broker does, where it is not simply fine. */
export interface FakeScript {
  readonly info?: Partial<SessionInfo>;
  /** The outcome of the message with this index, now or later; `never`: it is not answered. Default: accepted. */
  readonly publish?: (message: OutgoingMessage, index: number) => PublishOutcome | 'never' | Promise<PublishOutcome>;
  /** Default: the QoS asked for. */
  readonly subscribe?: (subscription: Subscription) => Omit<SubscribeOutcome, 'filter'> | 'never';
  /** Whether PINGREQ is answered; default: at once. */
  readonly ping?: 'never';
  /** Default: 0. */
  readonly unsubscribe?: (filter: string) => Omit<SubscribeOutcome, 'filter'>;
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

const NEVER = new Promise<never>(() => undefined);

/** A session without a network, in the hands of a test. */
export class FakeSession implements Session {
  readonly info: SessionInfo;
  readonly ended: Promise<SessionEnd>;
  readonly plan: ConnectionPlan;
  readonly handlers: SessionHandlers;
  /** Of messages that come by them the script says too what becomes. */
  readonly lanes: Lanes | undefined;
  readonly published: OutgoingMessage[] = [];
  readonly subscribed: (readonly Subscription[])[] = [];
  readonly unsubscribed: (readonly string[])[] = [];
  /** Properties of each SUBSCRIBE, of each UNSUBSCRIBE and of our DISCONNECT. */
  readonly subscribedWith: (PacketProperties | undefined)[] = [];
  readonly unsubscribedWith: (PacketProperties | undefined)[] = [];
  closedProperties: PacketProperties | undefined;
  /** Messages whose handler has resolved: what a broker would see acknowledged. */
  readonly acknowledged: ReceivedMessage[] = [];
  /** The reason code of our DISCONNECT; undefined while connected. */
  closedWith: number | undefined;
  readonly #script: FakeScript;
  #end: (end: SessionEnd) => void = () => undefined;
  readonly #link: FakeLink | undefined;
  #isOpen = true;
  #lastDelivery: Promise<void> = Promise.resolve();
  readonly #watchers = new Set<() => void>();

  constructor(plan: ConnectionPlan, handlers: SessionHandlers, script: FakeScript, makeLanes?: MakeLanes) {
    this.plan = plan;
    this.handlers = handlers;
    this.#script = script;
    this.info = { ...INFO, ...script.info };
    this.#link =
      makeLanes &&
      new FakeLink(makeLanes, this.info.version, (message) => this.#takeMessage(message), handlers.onTrace);
    this.lanes = this.#link?.lanes;
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  async publish(message: OutgoingMessage): Promise<PublishOutcome> {
    if (!this.#isOpen) throw new ConnectionLostError('the connection is closed');
    const outcome = this.#takeMessage(message);
    const failure = this.ended.then(({ reason }) => {
      throw new ConnectionLostError(reason);
    });
    return outcome === undefined ? failure : Promise.race([outcome, failure]);
  }

  #takeMessage(message: OutgoingMessage): Promise<PublishOutcome> | undefined {
    const index = this.published.push(message) - 1;
    const outcome = this.#script.publish?.(message, index) ?? { reasonCode: 0 };
    this.#wake();
    return outcome === 'never' ? undefined : Promise.resolve(outcome);
  }

  drained(): Promise<void> | undefined {
    return undefined;
  }

  async subscribe(
    subscriptions: readonly Subscription[],
    properties?: PacketProperties,
  ): Promise<readonly SubscribeOutcome[]> {
    this.subscribed.push(subscriptions);
    this.subscribedWith.push(properties);
    const outcomes = subscriptions.map((subscription) => {
      const said = this.#script.subscribe?.(subscription) ?? { reasonCode: subscription.qos };
      return said === 'never' ? said : { filter: subscription.filter, ...said };
    });
    this.#wake();
    if (outcomes.includes('never')) return NEVER;
    return outcomes as SubscribeOutcome[];
  }

  async unsubscribe(filters: readonly string[], properties?: PacketProperties): Promise<readonly SubscribeOutcome[]> {
    this.unsubscribed.push(filters);
    this.unsubscribedWith.push(properties);
    this.#wake();
    return filters.map((filter) => ({ filter, reasonCode: 0, ...this.#script.unsubscribe?.(filter) }));
  }

  async ping(): Promise<void> {
    if (this.#script.ping === 'never') await NEVER;
  }

  async close(reasonCode = 0, properties?: PacketProperties): Promise<void> {
    this.closedWith ??= reasonCode;
    this.closedProperties ??= properties;
    this.end({ kind: 'closed', reason: 'closed' });
    this.#wake();
  }

  cut(): void {
    this.end({ kind: 'closed', reason: 'cut' });
  }

  /** The connection ends, by the broker's doing or the network's. */
  end(end: SessionEnd): void {
    this.#isOpen = false;
    this.#link?.end();
    this.#end(end);
  }

  /** Delivers a message after those before it; resolves when it would be acknowledged. */
  deliver(message: Partial<Omit<ReceivedMessage, 'payload'>> & { readonly payload?: Buffer | string }): Promise<void> {
    const whole: ReceivedMessage = {
      topic: 't',
      qos: 0,
      retain: false,
      dup: false,
      packetId: 0,
      ...(this.info.version === 5 && { properties: {} }),
      ...message,
      payload: Buffer.from(message.payload ?? ''),
    };
    this.#lastDelivery = this.#lastDelivery.then(async () => {
      // After the end, and after our DISCONNECT, nothing more comes.
      if (!this.#isOpen) return;
      const handled = await (this.handlers.onMessage?.(whole) ?? this.handlers.settle?.());
      if (handled !== 'unacknowledged') this.acknowledged.push(whole);
    });
    return this.#lastDelivery;
  }

  /** Resolves once `isSo` holds; looked at after each publish, subscribe and close. */
  waitUntil(isSo: (session: this) => boolean): Promise<void> {
    const arrival = new Promise<void>((resolve) => {
      const check = (): void => {
        if (!isSo(this)) return;
        this.#watchers.delete(check);
        resolve();
      };
      this.#watchers.add(check);
      check();
    });
    return withDeadline(arrival, 'the session');
  }

  #wake(): void {
    for (const check of [...this.#watchers]) check();
  }
}

/** What one attempt to connect comes to; `never`: no answer, whatever the command's own time limits. */
export type FakeConnect = FakeScript | CliError | 'never';

/** Hands out sessions, one for each attempt to connect. */
export class FakeBroker {
  readonly sessions: FakeSession[] = [];
  /** Of each attempt, the failed ones included. */
  readonly plans: ConnectionPlan[] = [];
  readonly #connects: readonly FakeConnect[];
  readonly #watchers = new Set<() => void>();

  /** The last of `connects` is used for every attempt after it. */
  constructor(...connects: readonly FakeConnect[]) {
    this.#connects = connects.length === 0 ? [{}] : connects;
  }

  readonly openSession = async (plan: ConnectionPlan, handlers: SessionHandlers): Promise<Session> => {
    const outcome = this.#connects[Math.min(this.plans.length, this.#connects.length - 1)] ?? {};
    this.plans.push(plan);
    for (const check of [...this.#watchers]) check();
    if (outcome === 'never') return NEVER;
    if (outcome instanceof Error) throw outcome;
    const makeLanes = (await handlers.loadLanes?.()) ?? handlers.makeLanes;
    const session = new FakeSession(plan, handlers, outcome, makeLanes);
    this.sessions.push(session);
    for (const check of [...this.#watchers]) check();
    return session;
  };

  /** Resolves with the session of the connection number `count`, once it is there. */
  async session(count = 1): Promise<FakeSession> {
    await this.#until(() => this.sessions.length >= count, `session ${count}`);
    return this.sessions[count - 1] as FakeSession;
  }

  /** Resolves once so many attempts to connect were made. */
  attempts(count: number): Promise<void> {
    return this.#until(() => this.plans.length >= count, `attempt ${count}`);
  }

  #until(isSo: () => boolean, what: string): Promise<void> {
    const arrival = new Promise<void>((resolve) => {
      const check = (): void => {
        if (!isSo()) return;
        this.#watchers.delete(check);
        resolve();
      };
      this.#watchers.add(check);
      check();
    });
    return withDeadline(arrival, what);
  }
}
