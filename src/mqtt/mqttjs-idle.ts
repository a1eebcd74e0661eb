/**
 * A session that is held and publishes nothing: CONNECT, SUBSCRIBE, Keep Alive and DISCONNECT with the packets of MQTT.js
 * but without its client, which takes several times the memory. `mqtt-bench conn` holds thousands of them.
 */
import type { Duplex } from 'node:stream';
import { generate, type IPublishPacket, parser as makeParser, type Packet, type Parser } from 'mqtt-packet';
import type { Clock } from '../cli/context.ts';
import { ConnectionLostError, InternalError } from '../errors.ts';
import type { ConnectionPlan } from './connection-plan.ts';
import type { KeepAliveWheel, Spoke, Ticking } from './keep-alive-wheel.ts';
import type { DialResult } from './mqttjs.ts';
import { connectFieldsOf, type DialChoice, withProperties } from './mqttjs-client.ts';
import { describeLoss, endOf, findFault, infoOf, outcomesOf, refusalOf, subscribeOptions } from './mqttjs-packets.ts';
import type { PacketProperties } from './properties.ts';
import type { Session, SessionEnd, SessionHandlers, SessionInfo, SubscribeOutcome, Subscription } from './session.ts';
import { CLOSE_GRACE_MS, cutTransport } from './wire.ts';

const PINGREQ = generate({ cmd: 'pingreq' });
const PINGRESP = generate({ cmd: 'pingresp' });
/** Half Keep Alive intervals in which the broker says nothing, until it is given up. [MQTT-3.1.2-20] */
const SILENT_TICKS = 3;

/** As `dial` of mqttjs.ts: never waits for ever by itself; `abort` destroys the connection, and the result is `closed`. */
export async function dial(
  transport: Duplex,
  plan: ConnectionPlan,
  choice: DialChoice,
  { idle }: SessionHandlers,
  clock: Clock,
  abort: AbortSignal,
): Promise<DialResult> {
  if (idle === undefined) throw new InternalError('an idle session needs a wheel for its Keep Alive');
  const session = new IdleSession(transport, choice, clock, idle);
  const onAbort = (): void => {
    transport.destroy();
  };
  abort.addEventListener('abort', onAbort);
  try {
    const opened = session.connect(plan, choice);
    if (abort.aborted) onAbort();
    return await opened;
  } finally {
    abort.removeEventListener('abort', onAbort);
  }
}

class IdleSession implements Session, Ticking {
  readonly ended: Promise<SessionEnd>;
  readonly #transport: Duplex;
  readonly #version: DialChoice['version'];
  readonly #clock: Clock;
  readonly #wheel: KeepAliveWheel;
  #info: SessionInfo | undefined;
  #spoke: Spoke | undefined;
  /** Kept only while there are bytes of a packet that is not complete. */
  #parser: Parser | undefined;
  #onAnswer: ((packet: Packet) => void) | undefined;
  #silentTicks = 0;
  #closing = false;
  #end: SessionEnd | undefined;
  #failure: Error | undefined;
  #resolveEnded: (end: SessionEnd) => void = () => undefined;

  constructor(transport: Duplex, { version }: DialChoice, clock: Clock, wheel: KeepAliveWheel) {
    this.#transport = transport;
    this.#version = version;
    this.#clock = clock;
    this.#wheel = wheel;
    this.ended = new Promise((resolve) => {
      this.#resolveEnded = resolve;
    });
    transport.on('data', (chunk: Buffer) => this.#read(chunk));
    transport.on('error', (error: Error) => {
      this.#failure ??= error;
    });
    transport.on('end', () => transport.destroy());
    transport.on('close', () => this.#finish());
    // Whatever happened before this moment is not told again.
    if (transport.destroyed) {
      this.#failure = transport.errored ?? undefined;
      this.#finish();
    }
  }

  /** Sends CONNECT; resolves at CONNACK, or when the connection is closed before it. */
  async connect(plan: ConnectionPlan, choice: DialChoice): Promise<DialResult> {
    const answered = new Promise<DialResult>((resolve) => {
      this.#onAnswer = (packet) => {
        if (packet.cmd !== 'connack') return;
        this.#onAnswer = undefined;
        const refusal = refusalOf(packet, this.#version);
        if (refusal !== undefined) resolve({ kind: 'refused', refusal });
        else {
          this.#info = infoOf(packet, plan, choice);
          this.#keepAlive(this.#info.keepAliveSeconds);
          resolve({ kind: 'open', session: this });
        }
      };
    });
    this.#send({ cmd: 'connect', ...connectFieldsOf(plan, choice) } as Packet);
    const closed = this.ended.then((): DialResult => ({ kind: 'closed', failure: this.#failure }));
    const result = await Promise.race([answered, closed]);
    if (result.kind !== 'open') this.#transport.destroy();
    return result;
  }

  get info(): SessionInfo {
    if (this.#info === undefined) throw new InternalError('there is no session before CONNACK');
    return this.#info;
  }

  /** Called by the wheel, twice in a Keep Alive interval. */
  tick(): void {
    this.#silentTicks += 1;
    if (this.#silentTicks >= SILENT_TICKS) this.#fail(new Error('Keepalive timeout'));
    else this.#write(PINGREQ);
  }

  async close(reasonCode = 0, properties?: PacketProperties, graceMs = CLOSE_GRACE_MS): Promise<void> {
    if (!this.#closing && this.#end === undefined) {
      this.#closing = true;
      const packet = { cmd: 'disconnect', reasonCode, ...withProperties(this.#version, properties) } as const;
      if (graceMs === 0) {
        this.#send(packet);
        this.#transport.destroy();
      } else {
        const timer = this.#clock.setTimer(() => this.#transport.destroy(), graceMs);
        void this.ended.then(() => this.#clock.clearTimer(timer));
        this.#transport.end(generate(packet, { protocolVersion: this.#version }));
      }
    }
    await this.ended;
  }

  cut(): void {
    if (this.#end !== undefined) return;
    this.#closing = true;
    cutTransport(this.#transport);
  }

  drained(): undefined {
    return undefined;
  }

  publish(): Promise<never> {
    return unable();
  }

  /** One at a time. What comes is acknowledged, and goes nowhere. */
  async subscribe(
    subscriptions: readonly Subscription[],
    properties?: PacketProperties,
  ): Promise<readonly SubscribeOutcome[]> {
    const answered = new Promise<readonly SubscribeOutcome[]>((resolve) => {
      this.#onAnswer = (packet) => {
        if (packet.cmd !== 'suback') return;
        this.#onAnswer = undefined;
        const filters = subscriptions.map(({ filter }) => filter);
        const outcomes = outcomesOf(filters, packet, this.#version);
        if (outcomes !== undefined) resolve(outcomes);
        else this.#fail(new Error('SUBACK has another number of codes than there were filters'));
      };
    });
    this.#send({
      cmd: 'subscribe',
      messageId: 1,
      subscriptions: subscriptions.map((one) => ({ topic: one.filter, ...subscribeOptions(one) })),
      ...withProperties(this.#version, properties),
    });
    const lost = this.ended.then(({ reason }): never => {
      throw new ConnectionLostError(`the connection was lost: ${reason}`);
    });
    return Promise.race([answered, lost]);
  }

  unsubscribe(): Promise<never> {
    return unable();
  }

  ping(): Promise<never> {
    return unable();
  }

  #keepAlive(seconds: number): void {
    if (seconds > 0 && this.#end === undefined) this.#spoke = this.#wheel.add(this, seconds * 500);
  }

  #read(chunk: Buffer): void {
    this.#silentTicks = 0;
    if (this.#parser === undefined && chunk.equals(PINGRESP)) return;
    this.#parser ??= this.#makeParser();
    if (this.#parser.parse(chunk) === 0) this.#parser = undefined;
  }

  #makeParser(): Parser {
    const parser = makeParser({ protocolVersion: this.#version });
    parser.on('packet', (packet: Packet) => this.#receive(packet));
    parser.on('error', (error: Error) => this.#fail(error));
    return parser;
  }

  #receive(packet: Packet): void {
    const fault = findFault(packet, this.#info !== undefined);
    if (fault !== undefined) this.#fail(new Error(fault));
    else if (packet.cmd === 'disconnect') this.#finish(endOf(packet));
    else if (packet.cmd === 'auth') this.#fail(new Error('the broker asks for an AUTH packet, and -D auth gives none'));
    else if (packet.cmd === 'publish') this.#acknowledge(packet);
    else if (packet.cmd === 'pubrel') this.#send({ cmd: 'pubcomp', messageId: packet.messageId ?? 0 });
    else this.#onAnswer?.(packet);
  }

  #acknowledge({ messageId = 0, qos }: IPublishPacket): void {
    if (qos > 0) this.#send({ cmd: qos === 1 ? 'puback' : 'pubrec', messageId });
  }

  #send(packet: Packet): void {
    this.#write(generate(packet, { protocolVersion: this.#version }));
  }

  #write(bytes: Buffer): void {
    if (!this.#transport.writableEnded && !this.#transport.destroyed) this.#transport.write(bytes);
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#transport.destroy();
  }

  /** @param said what the broker said at the end. */
  #finish(said?: SessionEnd): void {
    if (this.#end !== undefined) return;
    this.#end = this.#closing ? { kind: 'closed', reason: 'closed' } : (said ?? this.#describeLoss());
    if (this.#spoke !== undefined) this.#wheel.remove(this, this.#spoke);
    this.#transport.destroy();
    this.#resolveEnded(this.#end);
  }

  #describeLoss(): SessionEnd {
    return { kind: 'lost', reason: describeLoss(this.#failure, this.#info?.keepAliveSeconds) };
  }
}

function unable(): Promise<never> {
  return Promise.reject(new InternalError('an idle session can only be held'));
}
