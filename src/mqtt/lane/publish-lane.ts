import type { ProtocolVersion } from '../connection-plan.ts';
import type { PublishOutcome } from '../session.ts';
import { ANSWER_BYTES, outcomeOf, PUBACK, PUBCOMP, PUBREC, PUBREL, packetIdOf, writeAnswer } from './answer-packet.ts';
import { AWAITS_PUBACK, AWAITS_PUBCOMP, AWAITS_PUBREC, Exchanges } from './exchanges.ts';
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
  readonly payload: Uint8Array;
}

const FIRST_FAILURE = 0x80;
const SUCCESS: PublishOutcome = { reasonCode: 0 };

/** For messages at QoS 1 and 2, of which `limit` may be under way: identifiers enough that one is soon found. */
export function makeExchanges(limit: number): Exchanges {
  return new Exchanges(Math.min(Math.max(64, 2 * limit), LARGEST_RANGE));
}

/** Leaves identifiers for SUBSCRIBE and UNSUBSCRIBE. */
const LARGEST_RANGE = 65_000;

/**
 * Bulk publishing on the connection of a session: packets are written in place, in long runs, and the broker's answers
 * are taken out of what it sends before the client reads it. Whoever uses it keeps to Receive Maximum, by `unanswered`.
 */
export class PublishLane {
  readonly #writer: PacketWriter;
  readonly #header: PublishHeader;
  readonly #qos: number;
  readonly #exchanges: Exchanges;
  readonly #events: PublishLaneEvents;

  constructor(
    writer: PacketWriter,
    version: ProtocolVersion,
    kind: MessageKind,
    exchanges: Exchanges,
    events: PublishLaneEvents,
  ) {
    this.#writer = writer;
    this.#header = new PublishHeader(kind, version);
    this.#qos = kind.qos;
    this.#exchanges = exchanges;
    this.#events = events;
  }

  /** Messages at QoS 1 and 2 whose exchange is not complete: what Receive Maximum bounds. [MQTT5 4.9] */
  get unanswered(): number {
    return this.#exchanges.count;
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
    if (this.#qos === 0) return this.#put(topic, payloadBytes, 0, false);
    const id = this.#exchanges.begin(token, this.#qos === 1 ? AWAITS_PUBACK : AWAITS_PUBREC, stamp);
    return this.#put(topic, payloadBytes, id, false);
  }

  /** Sends what was begun since the last time. */
  flush(): void {
    this.#writer.flush();
  }

  /**
   * Goes on with what the connection before left incomplete, oldest first: to be called before anything else is sent.
   * Where the broker has kept the session the messages go out again with DUP, under their identifiers; where it has
   * not, those that it had taken (PUBREC) are complete, and the others are new to it. [MQTT-4.4.0-1]
   */
  resume(isSessionPresent: boolean, find: (token: number) => Resent): void {
    for (const { packetId, token, state } of this.#exchanges.inOrder()) {
      if (state !== AWAITS_PUBCOMP) {
        const { topic, payload } = find(token);
        const at = this.#put(topic, payload.length, packetId, isSessionPresent);
        this.target.set(payload, at);
      } else if (isSessionPresent) {
        this.#answer(PUBREL, packetId);
      } else {
        const stamp = this.#exchanges.stampOf(packetId);
        this.#exchanges.end(packetId);
        this.#events.onComplete(token, stamp, SUCCESS);
      }
    }
    this.flush();
  }

  /** Takes PUBACK, PUBREC or PUBCOMP. False: it is of no message of this lane. Throws Error for a malformed one. */
  take(type: number, bytes: Buffer, body: number, end: number): boolean {
    const id = packetIdOf(bytes, body, end);
    if (id > this.#exchanges.size) return false;
    const state = this.#exchanges.stateOf(id);
    if (type === PUBACK && state === AWAITS_PUBACK) this.#complete(id, bytes, body, end);
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

  #put(topic: string, payloadBytes: number, packetId: number, isDuplicate: boolean): number {
    const header = this.#header.prepare(topic, payloadBytes);
    const at = this.#writer.reserve(header + payloadBytes);
    this.#header.write(this.#writer.slab, at, packetId, isDuplicate);
    return at + header;
  }

  #answer(type: number, packetId: number): void {
    const at = this.#writer.reserve(ANSWER_BYTES);
    writeAnswer(this.#writer.slab, at, type, packetId);
  }
}
