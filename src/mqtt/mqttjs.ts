/** Session over MQTT.js: one client object for one network connection. MQTT.js's own spellings stay in this file. */
import type { Duplex } from 'node:stream';
import type { IClientOptions, IClientSubscribeOptions, IConnackPacket, IPublishPacket, MqttClient, Packet } from 'mqtt';
import * as clientModule from 'mqtt/lib/client';
import * as idProviderModule from 'mqtt/lib/unique-message-id-provider';
import { generate, type IAuthPacket, type ISubackPacket } from 'mqtt-packet';
import type { Clock } from '../cli/context.ts';
import { ConnectionLostError } from '../errors.ts';
import type { ConnectionPlan, ProtocolVersion } from './connection-plan.ts';
import { KeepAlive } from './keep-alive.ts';
import { fromMqttjs, toMqttjs } from './mqttjs-properties.ts';
import { describePacket } from './mqttjs-trace.ts';
import type { PacketProperties } from './properties.ts';
import { describeReasonCode } from './reason-codes.ts';
import type {
  MessageProperties,
  OutgoingMessage,
  PublishOutcome,
  ReceivedMessage,
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

/** A CONNACK that is not 0. [MQTT5 3.2.2.2] */
export interface Refusal {
  readonly code: number;
  readonly reasonString?: string;
  readonly serverReference?: string;
}

/** What CONNECT says beyond the plan: these two change from one attempt to the next. */
export interface DialChoice {
  readonly version: ProtocolVersion;
  readonly clientId: string;
}

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

/** [MQTT-3.2.0-1] [MQTT5 3.15] */
const MAY_PRECEDE_CONNACK: readonly string[] = ['auth', 'disconnect'];

/** Longest delay of a timer: MQTT.js insists on a CONNACK timer of its own, and ours is the one that counts. */
const NEVER_MS = 2_147_483_647;

// Both modules are CommonJS with a `default` inside: bundled it is the import itself, in Node it is one level down.
function defaultOf<T>(module: { default: T | { default: T } }): T {
  const inner = module.default;
  return typeof inner === 'object' && inner !== null && 'default' in inner ? inner.default : (inner as T);
}
const Client = defaultOf(clientModule as unknown as { default: typeof MqttClient });
const IdProvider = defaultOf(
  idProviderModule as unknown as { default: new () => NonNullable<IClientOptions['messageIdProvider']> },
);

/** Makes MQTT.js go on to the next packet without an acknowledgement: an "error" that is none. */
const LEFT_UNACKNOWLEDGED = new Error('left unacknowledged');

class MqttjsSession implements Session {
  readonly opened: Promise<DialResult>;
  readonly ended: Promise<SessionEnd>;
  #info: SessionInfo | undefined;
  readonly #client: MqttClient;
  readonly #wire: Wire;
  readonly #plan: ConnectionPlan;
  readonly #choice: DialChoice;
  readonly #handlers: SessionHandlers;
  #closing = false;
  #paused = false;
  #failure: Error | undefined;
  #disconnect: Packet | undefined;
  #end: SessionEnd | undefined;
  /** What waits for an answer from the broker, to be failed when the connection ends. */
  readonly #waiting = new Set<(error: Error) => void>();
  readonly #pings: (() => void)[] = [];
  #drained: Promise<void> | undefined;
  /** Topic Aliases that the broker has been told. */
  readonly #aliases = new Map<number, string>();

  constructor(wire: Wire, plan: ConnectionPlan, choice: DialChoice, handlers: SessionHandlers, clock: Clock) {
    this.#wire = wire;
    this.#plan = plan;
    this.#choice = choice;
    this.#handlers = handlers;
    this.#client = new Client(() => wire as never, this.#makeOptions(clock));
    this.#client.handleMessage = (packet, done) => {
      if (packet.qos === 0) this.#receive(packet, () => done());
      else done();
    };
    // The hook before PUBACK and PUBREC. At QoS 2 MQTT.js would hand the message over at PUBREL only: a process that
    // dies in between would then have acknowledged a message that it never wrote.
    this.#client.options.customHandleAcks = (_topic, _payload, packet, done) => this.#receiveAcknowledged(packet, done);
    this.#client.handleAuth = (_packet, done) => this.#answerAuth(done);
    let settleOpened: (result: DialResult) => void;
    this.opened = new Promise((resolve) => {
      settleOpened = resolve;
    });
    this.#client.on('packetsend', (packet) => this.#trace('sending', packet));
    this.#client.on('packetreceive', (packet) => {
      this.#trace('received', packet);
      if (packet.cmd === 'connack') settleOpened(this.#onConnack(packet));
      else if (this.#info === undefined && !MAY_PRECEDE_CONNACK.includes(packet.cmd)) {
        this.#fail(new Error(`its first packet is ${packet.cmd.toUpperCase()}`));
      } else if (packet.cmd === 'pingresp') this.#pings.shift()?.();
      else if (packet.cmd === 'pubrel') handlers.unreleased?.delete(packet.messageId ?? 0);
      else if (packet.cmd === 'disconnect') this.#disconnect = packet;
    });
    this.#client.on('error', (error) => {
      if (error !== LEFT_UNACKNOWLEDGED) this.#fail(error as Error);
    });
    this.ended = new Promise((resolve) => {
      this.#client.on('close', () => {
        settleOpened({ kind: 'closed', failure: wire.failure ?? this.#failure });
        this.#end = this.#describeEnd();
        const error = new ConnectionLostError(`the connection was lost: ${this.#end.reason}`);
        for (const fail of this.#waiting) fail(error);
        this.#waiting.clear();
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
    return this.#request((resolve, reject) => {
      const publishOptions = { qos, retain, ...this.#withProperties(this.#withoutKnownAlias(topic, properties)) };
      this.#client.publish(topic, payload, publishOptions, (error, packet) => {
        const reason = (error as { code?: unknown } | null | undefined)?.code;
        if (!error) resolve({ reasonCode: 0 });
        else if (typeof reason === 'number') resolve({ reasonCode: reason, ...reasonStringOf(packet) });
        else reject(error);
      });
    });
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
    return this.#request((resolve, reject) => {
      const byFilter = Object.fromEntries(subscriptions.map((one) => [one.filter, subscribeOptions(one)]));
      const options = { qos: 0 as const, ...this.#withProperties(properties) };
      this.#client.subscribe(byFilter, options, (error, _granted, packet) => {
        // A denied filter is an error to MQTT.js and an outcome to us: the SUBACK says it either way.
        const suback = packet as ISubackPacket | undefined;
        if (suback) resolve(outcomesOf(Object.keys(byFilter), suback.granted as number[], suback));
        else reject(error ?? new Error('no SUBACK'));
      });
    });
  }

  unsubscribe(filters: readonly string[], properties?: PacketProperties): Promise<readonly SubscribeOutcome[]> {
    return this.#request((resolve, reject) => {
      this.#client.unsubscribe([...filters], this.#withProperties(properties), (error, packet) => {
        // Before MQTT 5 UNSUBACK has no codes: it is the success itself. [MQTT3.1.1 3.11]
        const codes = (packet as { granted?: number[] } | undefined)?.granted ?? filters.map(() => 0);
        if (error) reject(error);
        else resolve(outcomesOf(filters, codes, packet));
      });
    });
  }

  ping(): Promise<void> {
    return this.#request((resolve) => {
      this.#pings.push(() => resolve());
      this.#client.sendPing();
    });
  }

  async close(reasonCode = 0, properties?: PacketProperties): Promise<void> {
    if (!this.#closing && this.#end === undefined) {
      this.#closing = true;
      const packet = { cmd: 'disconnect', reasonCode, ...this.#withProperties(properties) } as const;
      this.#trace('sending', packet);
      this.#wire.close(generate(packet, { protocolVersion: this.#choice.version }));
    }
    await this.ended;
  }

  #makeOptions(clock: Clock): IClientOptions {
    const { keepAliveSeconds, cleanStart, username, password, will } = this.#plan;
    const { version, clientId } = this.#choice;
    const keepAlive = new KeepAlive(this.#peer());
    return {
      protocolVersion: version,
      protocolId: version === 3 ? 'MQIsdp' : 'MQTT',
      clientId,
      clean: cleanStart,
      keepalive: keepAliveSeconds,
      ...(username !== undefined && { username }),
      ...(password !== undefined && { password }),
      ...(will && {
        will: { ...will, payload: Buffer.from(will.payload), ...this.#withProperties(will.properties) },
      }),
      ...this.#withProperties(this.#connectProperties()),
      // Reconnecting, resubscribing and waiting are ours: see connect.ts and the commands.
      manualConnect: true,
      reconnectPeriod: 0,
      resubscribe: false,
      queueQoSZero: false,
      connectTimeout: NEVER_MS,
      writeCache: false,
      autoUseTopicAlias: true,
      messageIdProvider: new IdProvider(),
      reschedulePings: false,
      timerVariant: {
        // Called at CONNACK and at each PINGRESP.
        set: (_pingOfMqttjs: () => void, periodMs: number) => {
          keepAlive.start();
          return clock.setRepeating(() => keepAlive.tick(), periodMs);
        },
        clear: (timer: object) => clock.clearTimer(timer),
      } as never,
      log: () => undefined,
      // MQTT.js types the properties of each packet apart; ours come from one table that knows what belongs where.
    } as IClientOptions;
  }

  #connectProperties(): PacketProperties {
    const { sessionExpiryInterval, receiveMaximum, properties } = this.#plan;
    return {
      ...(receiveMaximum !== undefined && { receiveMaximum }),
      ...properties,
      ...(sessionExpiryInterval !== undefined && { sessionExpiryInterval }),
    };
  }

  /** Before MQTT 5 there are none. */
  #withProperties(properties: PacketProperties | undefined): { properties?: object } {
    return properties === undefined || this.#choice.version !== 5 ? {} : { properties: toMqttjs(properties) };
  }

  #peer(): ConstructorParameters<typeof KeepAlive>[0] {
    const session = this;
    return {
      get bytesIn() {
        return session.#wire.bytesIn;
      },
      get bytesOut() {
        return session.#wire.bytesOut;
      },
      get paused() {
        return session.#paused;
      },
      sendPing: () => session.#client.sendPing(),
      giveUp: () => session.#client.onKeepaliveTimeout(),
    };
  }

  #onConnack(packet: IConnackPacket): DialResult {
    const { version, clientId } = this.#choice;
    const code = (version === 5 ? packet.reasonCode : packet.returnCode) ?? 0;
    const properties = packet.properties;
    if (code !== 0) {
      const serverReference = properties?.serverReference;
      return {
        kind: 'refused',
        refusal: { code, ...reasonStringOf(packet), ...(serverReference !== undefined && { serverReference }) },
      };
    }
    if (!packet.sessionPresent) this.#handlers.unreleased?.clear();
    this.#info = {
      version,
      clientId: properties?.assignedClientIdentifier ?? clientId,
      sessionPresent: packet.sessionPresent,
      keepAliveSeconds: properties?.serverKeepAlive ?? this.#plan.keepAliveSeconds,
      receiveMaximum: properties?.receiveMaximum ?? 65_535,
      maximumQoS: properties?.maximumQoS === 0 ? 0 : properties?.maximumQoS === 1 ? 1 : 2,
      retainAvailable: properties?.retainAvailable !== false,
      ...(properties?.topicAliasMaximum !== undefined && { topicAliasMaximum: properties.topicAliasMaximum }),
      ...(properties?.maximumPacketSize !== undefined && { maximumPacketSize: properties.maximumPacketSize }),
    };
    return { kind: 'open', session: this };
  }

  /** A QoS 2 message that was written and comes again before its PUBREL is the same message. [MQTT-4.3.3-10] */
  #receiveAcknowledged(packet: IPublishPacket, done: (error: Error | number, code?: number) => void): void {
    const { unreleased } = this.#handlers;
    const id = packet.messageId ?? 0;
    if (packet.qos === 2 && unreleased?.has(id)) return done(0);
    this.#receive(packet, (isHandled) => {
      if (!isHandled) return done(LEFT_UNACKNOWLEDGED);
      if (packet.qos === 2) unreleased?.add(id);
      done(0);
    });
  }

  /** `done` is called when the next packet may be read; `isHandled`: the message may be acknowledged. */
  #receive(packet: IPublishPacket, done: (isHandled: boolean) => void): void {
    // After our DISCONNECT nothing may be acknowledged: what comes now has not been written anywhere.
    if (this.#closing || this.#info === undefined) return;
    const handled = this.#handlers.onMessage?.(this.#messageOf(packet));
    if (handled === undefined || handled === 'unacknowledged') return done(handled === undefined);
    this.#paused = true;
    handled.then(
      () => {
        this.#paused = false;
        if (!this.#closing) done(true);
      },
      // The handler's owner knows of its own failure and ends the session: the message stays unacknowledged.
      () => undefined,
    );
  }

  #messageOf(packet: IPublishPacket): ReceivedMessage {
    const { topic, payload, qos, retain, dup, messageId, properties } = packet;
    return {
      topic,
      payload: typeof payload === 'string' ? Buffer.from(payload) : payload,
      qos,
      retain,
      dup,
      packetId: messageId ?? 0,
      ...(this.#choice.version === 5 && { properties: properties ? fromMqttjs(properties) : {} }),
    };
  }

  #request<T>(start: (resolve: (value: T) => void, reject: (error: Error) => void) => void): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#end !== undefined) {
        return reject(new ConnectionLostError(`the connection was lost: ${this.#end.reason}`));
      }
      this.#waiting.add(reject);
      start(
        (value) => {
          this.#waiting.delete(reject);
          resolve(value);
        },
        (error) => {
          this.#waiting.delete(reject);
          reject(error);
        },
      );
    });
  }

  #describeEnd(): SessionEnd {
    const packet = this.#disconnect;
    if (packet?.cmd === 'disconnect') {
      const reasonCode = packet.reasonCode ?? 0;
      const { reasonString, serverReference } = packet.properties ?? {};
      const said = reasonString === undefined ? '' : `: ${reasonString}`;
      return {
        kind: 'disconnected',
        reason: `the broker disconnected us: ${describeReasonCode(reasonCode)}${said}`,
        reasonCode,
        ...(serverReference !== undefined && { serverReference }),
      };
    }
    if (this.#closing) return { kind: 'closed', reason: 'closed' };
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

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#wire.destroy();
  }

  #trace(direction: 'sending' | 'received', packet: Packet): void {
    this.#handlers.onTrace?.(`${direction} ${describePacket(packet)}`);
  }
}

function subscribeOptions({ qos, noLocal, retainAsPublished, retainHandling }: Subscription): IClientSubscribeOptions {
  return { qos, nl: noLocal ?? false, rap: retainAsPublished ?? false, rh: retainHandling ?? 0 };
}

function outcomesOf(filters: readonly string[], codes: readonly number[], packet: unknown): SubscribeOutcome[] {
  return codes.map((reasonCode, index) => ({
    filter: filters[index] ?? '',
    reasonCode,
    ...reasonStringOf(packet),
  }));
}

function reasonStringOf(packet: unknown): { reasonString?: string } {
  const reasonString = (packet as { properties?: { reasonString?: string } } | undefined)?.properties?.reasonString;
  return reasonString === undefined ? {} : { reasonString };
}

function describeLoss(error: (Error & { code?: unknown }) | undefined, keepAliveSeconds = 0): string {
  if (error === undefined) return 'the broker closed it';
  if (error.code === 'ECONNRESET' || error.code === 'EPIPE') return 'the broker reset it';
  if (error.message === 'Keepalive timeout') return `the broker did not answer PINGREQ for ${keepAliveSeconds} s`;
  return `${error.message}`;
}
