import type { ProtocolVersion } from '../connection-plan.ts';
import type { PublishOutcome } from '../session.ts';
import { ANSWER_BYTES, outcomeOf, PUBACK, PUBCOMP, PUBREC, PUBREL, packetIdOf, writeAnswer } from './answer-packet.ts';
import { AWAITS_PUBACK, AWAITS_PUBCOMP, AWAITS_PUBREC, type Exchange, type Exchanges } from './exchanges.ts';
import { traceAnswer, tracePublish } from './lane-trace.ts';
import type { PacketWriter } from './packet-writer.ts';
import { type MessageKind, PublishHeader } from './publish-packet.ts';

/** What a lane calls back. */
export interface PublishLaneEvents {
  /** The exchange is complete, by PUBACK or PUBCOMP, or the broker refused the message in PUBACK or PUBREC. */
  onComplete(token: number, stamp: number, outcome: PublishOutcome): void;
  /** QoS 2: PUBREC came, with success. */
  onReceived?(token: number, stamp: number): void;
}

/** A message that is to be sent again. */
export interface Resent {
  readonly topic: string;
  readonly payload: Buffer;
}

/** Payloads of so many bytes and more are written without a copy. */
const LARGE_BYTES = 32_768;

const FIRST_FAILURE = 0x80;
const NOTHING: Resent = { topic: '', payload: Buffer.alloc(0) };
const SUCCESS: PublishOutcome = { reasonCode: 0 };

/**
 * Bulk publishing on the connection of a session: packets are written in place, in long runs, and the broker's answers
 * are taken out of what it sends before the client reads it. Whoever uses it keeps to Receive Maximum, by `unanswered`.
 */
export class PublishLane {
  readonly #writer: PacketWriter;
  readonly #header: PublishHeader;
  readonly #kind: MessageKind;
  readonly #qos: number;
  readonly #exchanges: Exchanges;
  readonly #events: PublishLaneEvents;
  readonly #trace: ((line: string) => void) | undefined;
  /** What is to be sent again, oldest first, from `#nextAgain` on. */
  #again: readonly Exchange[] = [];
  #nextAgain = 0;
  #isSessionPresent = false;
  #find: (token: number, stamp: number) => Resent = () => NOTHING;

  constructor(
    writer: PacketWriter,
    version: ProtocolVersion,
    kind: MessageKind,
    exchanges: Exchanges,
    events: PublishLaneEvents,
    trace?: (line: string) => void,
  ) {
    this.#writer = writer;
    this.#header = new PublishHeader(kind, version);
    this.#kind = kind;
    this.#qos = kind.qos;
    this.#exchanges = exchanges;
    this.#events = events;
    this.#trace = trace;
  }

  /** Messages at QoS 1 and 2 whose exchange is not complete: what Receive Maximum bounds. [MQTT5 4.9] */
  get unanswered(): number {
    return this.#exchanges.count;
  }

  /** Those of them that are on their way over this connection: without what is still to be sent again. */
  get inFlight(): number {
    return this.#exchanges.count - this.#again.length + this.#nextAgain;
  }

  /** Whether more should be sent only when the session has drained. */
  get isFull(): boolean {
    return this.#writer.isFull;
  }

  /** Where the payload of the message goes that `begin` began. */
  get target(): Buffer {
    return this.#writer.slab;
  }

  /**
   * Begins a message. Returns where in `target` its payload goes: it must be there before the lane is used again.
   * @param token told back with the answer; rising from message to message. At QoS 0 it is not used.
   * @param stamp told back with it: a time, or whatever belongs to the message.
   */
  begin(topic: string, payloadBytes: number, token: number, stamp: number): number {
    return this.#put(topic, payloadBytes, payloadBytes, this.#number(token, stamp), false);
  }

  /**
   * Begins a message whose payload is `source` from `from` up to, not including, `to`. It must stay as it is, since a
   * large one is sent from where it stands. Token and stamp as in `begin`.
   */
  append(topic: string, source: Buffer, from: number, to: number, token: number, stamp: number): void {
    this.#write(topic, source, from, to, this.#number(token, stamp), false);
  }

  /** Sends what was begun since the last time. */
  flush(): void {
    this.#writer.flush();
  }

  /**
   * Goes on with what the connection before left incomplete: to be called before anything else is sent. Where the broker
   * has kept the session, messages that it had taken (PUBREC) are released, and `resend` sends the others again, with
   * DUP and under their identifiers. Where it has not, all are new to it. [MQTT-4.4.0-1]
   */
  resume(isSessionPresent: boolean, find: (token: number, stamp: number) => Resent): void {
    const left = this.#exchanges.inOrder();
    this.#find = find;
    this.#isSessionPresent = isSessionPresent;
    this.#nextAgain = 0;
    this.#again = isSessionPresent ? left.filter(({ state }) => state !== AWAITS_PUBCOMP) : left;
    for (const { packetId, state } of left) {
      if (state !== AWAITS_PUBCOMP) continue;
      if (isSessionPresent) this.#answer(PUBREL, packetId);
      else this.#exchanges.setState(packetId, AWAITS_PUBREC);
    }
  }

  /** Sends again what `resume` left, oldest first, until `limit` are in flight. Returns whether that was the last. */
  resend(limit: number): boolean {
    for (; this.#nextAgain < this.#again.length && this.inFlight < limit; this.#nextAgain += 1) {
      const { packetId, token } = this.#again[this.#nextAgain] as Exchange;
      // What has been answered meanwhile is complete.
      if (this.#exchanges.stateOf(packetId) === 0 || this.#exchanges.tokenOf(packetId) !== token) continue;
      const { topic, payload } = this.#find(token, this.#exchanges.stampOf(packetId));
      this.#write(topic, payload, 0, payload.length, packetId, this.#isSessionPresent);
    }
    if (this.#nextAgain < this.#again.length) return false;
    this.#again = [];
    this.#nextAgain = 0;
    return true;
  }

  /** Takes PUBACK, PUBREC or PUBCOMP. False: it is of no message of this lane. Throws Error for a malformed one. */
  take(type: number, bytes: Buffer, body: number, end: number): boolean {
    const id = packetIdOf(bytes, body, end);
    if (id > this.#exchanges.largest) return false;
    if (this.#trace !== undefined)
      traceAnswer(this.#trace, 'received', type, id, outcomeOf(bytes, body, end).reasonCode);
    const state = this.#exchanges.stateOf(id);
    // RabbitMQ 3.10 answers a message of QoS 2 with PUBACK: it takes it at QoS 1.
    const isTaken = state === AWAITS_PUBACK || state === AWAITS_PUBREC;
    if (type === PUBACK && isTaken) this.#complete(id, bytes, body, end);
    else if (type === PUBCOMP && state === AWAITS_PUBCOMP) this.#complete(id, bytes, body, end);
    else if (type === PUBREC && state === AWAITS_PUBREC) this.#onReceived(id, bytes, body, end);
    // A broker that repeats PUBREC has not got our PUBREL. [MQTT5 4.3.3]
    else if (type === PUBREC && state === AWAITS_PUBCOMP) this.#answer(PUBREL, id);
    return true;
  }

  #onReceived(id: number, bytes: Buffer, body: number, end: number): void {
    if (end - body > 2 && (bytes[body + 2] ?? 0) >= FIRST_FAILURE) return this.#complete(id, bytes, body, end);
    this.#exchanges.setState(id, AWAITS_PUBCOMP);
    this.#answer(PUBREL, id);
    this.#events.onReceived?.(this.#exchanges.tokenOf(id), this.#exchanges.stampOf(id));
  }

  #complete(id: number, bytes: Buffer, body: number, end: number): void {
    const token = this.#exchanges.tokenOf(id);
    const stamp = this.#exchanges.stampOf(id);
    this.#exchanges.end(id);
    this.#events.onComplete(token, stamp, end - body === 2 ? SUCCESS : outcomeOf(bytes, body, end));
  }

  /** A Packet Identifier for a new message; 0 at QoS 0. */
  #number(token: number, stamp: number): number {
    if (this.#qos === 0) return 0;
    return this.#exchanges.begin(token, this.#qos === 1 ? AWAITS_PUBACK : AWAITS_PUBREC, stamp);
  }

  #write(topic: string, source: Buffer, from: number, to: number, packetId: number, isDuplicate: boolean): void {
    const bytes = to - from;
    if (bytes < LARGE_BYTES) {
      const at = this.#put(topic, bytes, bytes, packetId, isDuplicate);
      copyBytes(source, from, to, this.#writer.slab, at);
    } else {
      this.#put(topic, bytes, 0, packetId, isDuplicate);
      this.#writer.pass(source.subarray(from, to));
    }
  }

  /** Writes all that stands before the payload; returns where `room` bytes for it are. */
  #put(topic: string, payloadBytes: number, room: number, packetId: number, isDuplicate: boolean): number {
    if (this.#trace !== undefined) tracePublish(this.#trace, this.#kind, topic, payloadBytes, packetId, isDuplicate);
    const header = this.#header.prepare(topic, payloadBytes);
    const at = this.#writer.reserve(header + room);
    this.#header.write(this.#writer.slab, at, packetId, isDuplicate);
    return at + header;
  }

  #answer(type: number, packetId: number): void {
    if (this.#trace !== undefined) traceAnswer(this.#trace, 'sending', type, packetId, 0);
    const at = this.#writer.reserve(ANSWER_BYTES);
    writeAnswer(this.#writer.slab, at, type, packetId);
  }
}

/** What a copy by the system costs before its first byte is as much as so many bytes one by one. */
const SHORT_BYTES = 48;

function copyBytes(source: Buffer, from: number, to: number, target: Buffer, at: number): void {
  if (to - from > SHORT_BYTES) source.copy(target, at, from, to);
  else for (let index = from, end = at; index < to; index += 1, end += 1) target[end] = source[index] as number;
}
