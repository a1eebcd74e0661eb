/** Session over MQTT.js: one client object for one network connection. MQTT.js's own spellings stay in this file. */
import type { Duplex } from 'node:stream';
import type { IConnackPacket, IDisconnectPacket, MqttClient, Packet } from 'mqtt';
import {
  generate,
  type IAuthPacket,
  type ISubackPacket,
  type ISubscribePacket,
  type IUnsubackPacket,
  type IUnsubscribePacket,
  parser,
} from 'mqtt-packet';
import type { Clock } from '../cli/context.ts';
import { ConnectionLostError } from '../errors.ts';
import { ANSWER_LIMIT_MS, limitAnswer } from './answer-limit.ts';
import type { ConnectionPlan, ProtocolVersion } from './connection-plan.ts';
import { KeepAlive, type KeepAlivePeer } from './keep-alive.ts';
import type { Lanes } from './lane/lanes.ts';
import type { MessageLane, MessageLaneOwner } from './lane/message-lane.ts';
import { type DialChoice, makeClient, withProperties } from './mqttjs-client.ts';
import {
  describeLoss,
  endOf,
  findFault,
  infoOf,
  messageOf,
  outcomesOf,
  type Refusal,
  reasonStringOf,
  refusalOf,
  subscribeOptions,
} from './mqttjs-packets.ts';
import { LEFT_UNACKNOWLEDGED, Receiving } from './mqttjs-receiving.ts';
import { describePacket } from './mqttjs-trace.ts';
import { PacketIdentifiers } from './packet-identifiers.ts';
import type { PacketProperties } from './properties.ts';
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
} from './session.ts';
import { Wire } from './wire.ts';

/** How CONNECT ended: with a session, with a refusal, or with a connection that closed before CONNACK. */
export type DialResult =
  | { readonly kind: 'open'; readonly session: Session }
  | { readonly kind: 'refused'; readonly refusal: Refusal }
  | { readonly kind: 'closed'; readonly failure: Error | undefined };

/** Never waits for ever by itself: `abort` destroys the connection, and the result is `closed`. */
export function dial(
  transport: Duplex,
  plan: ConnectionPlan,
  choice: DialChoice,
  handlers: SessionHandlers,
  clock: Clock,
  abort: AbortSignal,
): Promise<DialResult> {
  const wire = new Wire(transport, (callback, delayMs) => {
    const timer = clock.setTimer(callback, delayMs);
    return () => clock.clearTimer(timer);
  });
  const session = new MqttjsSession(wire, plan, choice, handlers, clock);
  const onAbort = (): void => {
    wire.destroy();
  };
  if (abort.aborted) onAbort();
  abort.addEventListener('abort', onAbort);
  return session.opened.finally(() => abort.removeEventListener('abort', onAbort));
}

/** MQTT.js's own words for the end of a connection, which comes before it says that it has ended. */
const GONE: readonly string[] = ['Connection closed', 'No connection to broker', 'client disconnecting'];

interface Question {
  readonly filters: readonly string[];
  readonly resolve: (outcomes: readonly SubscribeOutcome[]) => void;
}

class MqttjsSession implements Session {
  readonly opened: Promise<DialResult>;
  readonly ended: Promise<SessionEnd>;
  readonly lanes: Lanes | undefined;
  #info: SessionInfo | undefined;
  readonly #client: MqttClient;
  readonly #wire: Wire;
  readonly #plan: ConnectionPlan;
  readonly #choice: DialChoice;
  readonly #handlers: SessionHandlers;
  readonly #clock: Clock;
  readonly #receiving: Receiving;
  readonly #messageLane: MessageLane | undefined;
  #closing = false;
  #failure: Error | undefined;
  #disconnect: IDisconnectPacket | undefined;
  #end: SessionEnd | undefined;
  /** What waits for an answer from the broker, to be failed when the connection ends. */
  readonly #waiting = new Set<(error: Error) => void>();
  readonly #pings: (() => void)[] = [];
  /** SUBSCRIBE and UNSUBSCRIBE that were not answered yet, by Packet Identifier. */
  readonly #questions = new Map<number, Question>();
  #drained: Promise<void> | undefined;
  /** Topic Aliases that the broker has been told. */
  readonly #aliases = new Map<number, string>();

  constructor(wire: Wire, plan: ConnectionPlan, choice: DialChoice, handlers: SessionHandlers, clock: Clock) {
    this.#wire = wire;
    this.#plan = plan;
    this.#choice = choice;
    this.#handlers = handlers;
    this.#clock = clock;
    const { onBytes } = handlers;
    if (onBytes !== undefined) {
      wire.onBytes = (direction, bytes) => {
        if (this.#info !== undefined) onBytes(direction, bytes);
      };
    }
    // What follows a packet that ends the connection is not taken.
    const isOpen = (): boolean => !this.#closing && this.#info !== undefined && this.#failure === undefined;
    this.#receiving = new Receiving(handlers, choice.version, isOpen);
    const identifiers = new PacketIdentifiers();
    this.lanes = handlers.makeLanes?.(wire, identifiers, choice.version, handlers.onTrace);
    this.#messageLane = this.#makeMessageLane();
    this.#client = makeClient(wire, plan, choice, clock, new KeepAlive(this.#peer()), identifiers);
    this.#receiving.attach(this.#client);
    this.#client.handleAuth = (_packet, done) => this.#answerAuth(done);
    let settleOpened: (result: DialResult) => void;
    this.opened = new Promise((resolve) => {
      settleOpened = resolve;
    });
    this.#client.on('packetsend', (packet) => this.#trace('sending', packet));
    this.#client.on('packetreceive', (packet) => {
      this.#trace('received', packet);
      const fault = findFault(packet, this.#info !== undefined);
      if (fault !== undefined) {
        this.#fail(new Error(fault));
        // So that MQTT.js goes on without a look at it.
        (packet as { cmd: string }).cmd = 'ignored';
        return;
      }
      if (packet.cmd === 'connack') settleOpened(this.#onConnack(packet));
      else if (packet.cmd === 'pingresp') this.#pings.shift()?.();
      else if (packet.cmd === 'suback' || packet.cmd === 'unsuback') this.#onAnswer(packet);
      else if (packet.cmd === 'disconnect') this.#onDisconnect(packet);
    });
    this.#client.on('error', (error) => {
      if (error !== LEFT_UNACKNOWLEDGED) this.#fail(error as Error);
    });
    // MQTT.js destroys the stream with an error for a packet that it cannot make.
    wire.on('error', (error) => {
      this.#failure ??= error;
    });
    this.ended = new Promise((resolve) => {
      this.#client.on('close', () => {
        settleOpened({ kind: 'closed', failure: wire.failure ?? this.#failure });
        this.#end = this.#describeEnd();
        // Thousands may close together with nothing that waits, and an error costs its stack.
        if (this.#waiting.size > 0) {
          const error = new ConnectionLostError(`the connection was lost: ${this.#end.reason}`);
          for (const fail of this.#waiting) fail(error);
          this.#waiting.clear();
        }
        resolve(this.#end);
      });
    });
    this.#client.connect();
  }

  get info(): SessionInfo {
    if (this.#info === undefined) throw new Error('there is no session before CONNACK');
    return this.#info;
  }

  publish(message: OutgoingMessage): Promise<PublishOutcome> {
    const { topic, payload, qos, retain, properties } = message;
    return this.#request(
      (resolve, reject) => {
        const publishOptions = { qos, retain, ...this.#withProperties(this.#withoutKnownAlias(topic, properties)) };
        this.#client.publish(topic, payload, publishOptions, (error, packet) => {
          const reason = (error as { code?: unknown } | null | undefined)?.code;
          if (!error) resolve({ reasonCode: 0 });
          else if (typeof reason === 'number') resolve({ reasonCode: reason, ...reasonStringOf(packet) });
          // What waits is failed when the connection has ended, with the reason for that.
          else if (!GONE.includes(error.message)) reject(error);
        });
      },
      qos === 0 ? undefined : 'PUBLISH',
    );
  }

  /** A Topic Alias is set once; after that MQTT.js sends it in place of the Topic Name. [MQTT5 3.3.2.3.4] */
  #withoutKnownAlias(topic: string, properties: MessageProperties | undefined): MessageProperties | undefined {
    const { topicAlias, ...rest } = properties ?? {};
    if (topicAlias === undefined) return properties;
    if (this.#aliases.get(topicAlias) === topic) return rest;
    this.#aliases.set(topicAlias, topic);
    return properties;
  }

  drained(): Promise<void> | undefined {
    if (!this.#wire.writableNeedDrain || this.#wire.destroyed) return undefined;
    this.#drained ??= new Promise<void>((resolve) => {
      const done = (): void => {
        this.#wire.off('drain', done).off('close', done);
        this.#drained = undefined;
        resolve();
      };
      this.#wire.once('drain', done).once('close', done);
    });
    return this.#drained;
  }

  subscribe(
    subscriptions: readonly Subscription[],
    properties?: PacketProperties,
  ): Promise<readonly SubscribeOutcome[]> {
    const different = [...new Map(subscriptions.map((one) => [one.filter, one])).values()];
    return this.#ask({
      cmd: 'subscribe',
      subscriptions: different.map((one) => ({ topic: one.filter, ...subscribeOptions(one) })),
      ...this.#withProperties(properties),
    });
  }

  unsubscribe(filters: readonly string[], properties?: PacketProperties): Promise<readonly SubscribeOutcome[]> {
    return this.#ask({ cmd: 'unsubscribe', unsubscriptions: [...filters], ...this.#withProperties(properties) });
  }

  /**
   * Not by way of MQTT.js: it sends filters that are numbers first, takes one that is called "resubscribe" for an
   * option, and tells a denied filter apart from a wrong number of codes only in part.
   */
  #ask(packet: ISubscribePacket | IUnsubscribePacket): Promise<readonly SubscribeOutcome[]> {
    const filters =
      packet.cmd === 'subscribe' ? packet.subscriptions.map(({ topic }) => topic) : packet.unsubscriptions;
    return this.#request((resolve, reject) => {
      const messageId = this.#client.messageIdProvider.allocate();
      if (messageId === null) return reject(new Error('every Packet Identifier is in use'));
      this.#questions.set(messageId, { filters, resolve });
      const numbered = { ...packet, messageId };
      this.#trace('sending', numbered);
      this.#wire.write(generate(numbered, { protocolVersion: this.#choice.version }));
    }, packet.cmd.toUpperCase());
  }

  #onAnswer(packet: ISubackPacket | IUnsubackPacket): void {
    const messageId = packet.messageId ?? 0;
    const question = this.#questions.get(messageId);
    if (question === undefined) return;
    this.#questions.delete(messageId);
    this.#client.messageIdProvider.deallocate(messageId);
    const outcomes = outcomesOf(question.filters, packet, this.#choice.version);
    if (outcomes !== undefined) question.resolve(outcomes);
    else this.#fail(new Error(`${packet.cmd.toUpperCase()} has another number of codes than there were filters`));
  }

  ping(): Promise<void> {
    return this.#request((resolve) => this.#sendPing(() => resolve()));
  }

  async close(reasonCode = 0, properties?: PacketProperties, graceMs?: number): Promise<void> {
    if (!this.#closing && this.#end === undefined) {
      this.#closing = true;
      const packet = { cmd: 'disconnect', reasonCode, ...this.#withProperties(properties) } as const;
      this.#trace('sending', packet);
      this.#wire.close(generate(packet, { protocolVersion: this.#choice.version }), graceMs);
    }
    await this.ended;
  }

  cut(): void {
    if (this.#end !== undefined) return;
    this.#closing = true;
    this.#wire.cut();
  }

  #withProperties(properties: PacketProperties | undefined): { properties?: object } {
    return withProperties(this.#choice.version, properties);
  }

  #makeMessageLane(): MessageLane | undefined {
    const { makeMessageLane, onMessage, settle, unreleased = new Set(), onTrace } = this.#handlers;
    // Each packet is traced, and measured, by the client.
    const isBounded = this.#plan.properties?.maximumPacketSize !== undefined;
    if (onMessage === undefined || onTrace !== undefined || isBounded) return undefined;
    const { version } = this.#choice;
    return makeMessageLane?.(this.#wire, {
      isVersion5: version === 5,
      onMessage: onMessage as MessageLaneOwner['onMessage'],
      settle: () => settle?.(),
      unreleased,
      isOpen: () => !this.#closing && this.#info !== undefined,
      readPublish: makeReadPublish(version),
    });
  }

  #peer(): KeepAlivePeer {
    const session = this;
    return {
      get bytesIn() {
        return session.#wire.bytesIn;
      },
      get bytesOut() {
        return session.#wire.bytesOut;
      },
      get paused() {
        return session.#receiving.isPaused || session.#messageLane?.isPaused === true;
      },
      sendPing: () => session.#sendPing(() => undefined),
      giveUp: () => session.#client.onKeepaliveTimeout(),
    };
  }

  #onConnack(packet: IConnackPacket): DialResult {
    // After whatever the client itself does about CONNACK.
    void Promise.resolve().then(() => this.#messageLane?.open());
    const refusal = refusalOf(packet, this.#choice.version);
    if (refusal !== undefined) return { kind: 'refused', refusal };
    if (!packet.sessionPresent) this.#handlers.unreleased?.clear();
    this.#info = infoOf(packet, this.#plan, this.#choice);
    return { kind: 'open', session: this };
  }

  /** Nothing more is sent, and nothing more will come. [MQTT5 3.14.4] */
  #onDisconnect(packet: IDisconnectPacket): void {
    this.#disconnect = packet;
    this.#wire.destroy();
  }

  /** @param asked what is sent, if PINGREQ is not to be all that the broker answers. */
  #request<T>(
    start: (resolve: (value: T) => void, reject: (error: Error) => void) => void,
    asked?: string,
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#end !== undefined) {
        return reject(new ConnectionLostError(`the connection was lost: ${this.#end.reason}`));
      }
      const stopLimit = asked === undefined ? undefined : this.#limit(asked);
      const done = (): void => {
        stopLimit?.();
        this.#waiting.delete(fail);
      };
      const fail = (error: Error): void => {
        done();
        reject(error);
      };
      this.#waiting.add(fail);
      start((value) => {
        done();
        resolve(value);
      }, fail);
    });
  }

  /** Ends the connection to a broker that answers PINGREQ but not what was `asked`. Returns what stops that. */
  #limit(asked: string): () => void {
    const reason = `the broker answers PINGREQ, but not ${asked} for ${ANSWER_LIMIT_MS / 1000} s`;
    return limitAnswer(
      this.#clock,
      (onAnswer) => this.#sendPing(onAnswer),
      () => this.#fail(new Error(reason)),
    );
  }

  #describeEnd(): SessionEnd {
    if (this.#closing) return { kind: 'closed', reason: 'closed' };
    if (this.#disconnect !== undefined) return endOf(this.#disconnect);
    return { kind: 'lost', reason: describeLoss(this.#wire.failure ?? this.#failure, this.#info?.keepAliveSeconds) };
  }

  /** Enhanced authentication in one step: the data that was given for it. [MQTT5 4.12] */
  #answerAuth(done: (error?: Error, packet?: IAuthPacket) => void): void {
    const { authProperties, properties } = this.#plan;
    if (authProperties === undefined) {
      done(new Error('the broker asks for an AUTH packet, and -D auth gives none'));
      return;
    }
    const authenticationMethod = properties?.authenticationMethod;
    const answer = { ...authProperties, ...(authenticationMethod !== undefined && { authenticationMethod }) };
    done(undefined, { cmd: 'auth', reasonCode: 0x18, ...this.#withProperties(answer) });
  }

  /** PINGRESP comes in the order of PINGREQ, and says no more than that: each has its place in the queue. */
  #sendPing(onAnswer: () => void): void {
    this.#pings.push(onAnswer);
    this.#client.sendPing();
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#wire.destroy();
  }

  #trace(direction: 'sending' | 'received', packet: Packet): void {
    this.#handlers.onTrace?.(`${direction} ${describePacket(packet)}`);
  }
}

/** Reads the bytes of one PUBLISH. Undefined for what is malformed, and for what has a Topic Alias. */
function makeReadPublish(version: ProtocolVersion): MessageLaneOwner['readPublish'] {
  const found: Packet[] = [];
  const reading = parser({ protocolVersion: version });
  // An error, where there is nothing that listens to it, would be thrown.
  reading.on('error', () => undefined);
  reading.on('packet', (packet) => found.push(packet));
  return (bytes) => {
    found.length = 0;
    reading.parse(bytes);
    const [packet] = found;
    if (packet?.cmd !== 'publish' || packet.properties?.topicAlias !== undefined) return undefined;
    return findFault(packet, true) === undefined ? messageOf(packet, version) : undefined;
  };
}
