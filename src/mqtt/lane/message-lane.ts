import type { ReceivedMessage } from '../session.ts';
import { hasWildcard } from '../topic.ts';
import type { Wire } from '../wire.ts';
import { ANSWER_BYTES, PUBACK, PUBCOMP, PUBLISH, PUBREC, PUBREL, packetIdAt, writeAnswer } from './answer-packet.ts';

const CONNACK = 2;
/** The longest fixed header: type and flags, and four bytes of Remaining Length. [MQTT5 2.1.4] */
const LONGEST_HEADER = 5;
const FIRST_ANSWERS_BYTES = 4096;
/** Of a message. */
const LARGE_BYTES = 131_072;
const NO_PROPERTIES = {};

/** What a lane for messages needs of its session. */
export interface MessageLaneOwner {
  readonly isVersion5: boolean;
  /** Called for each message. The payload is a part of what was read, and stays as it is. */
  onMessage(message: ReceivedMessage): undefined | 'unacknowledged';
  /** Called after those of one read: they are acknowledged when the promise resolves, and nothing is read until then. */
  settle(): Promise<void> | undefined;
  /** Handled, and not released by PUBREL yet: what comes again under the same identifier is the same. [MQTT5 4.3.3] */
  readonly unreleased: Set<number>;
  /** False after our DISCONNECT: nothing may be acknowledged any more. */
  isOpen(): boolean;
  /** By the client's parser: undefined for what is malformed, and for what has a Topic Alias. */
  readPublish(packet: Buffer): ReceivedMessage | undefined;
}

export type MakeMessageLane = (wire: Wire, owner: MessageLaneOwner) => MessageLane;

export const makeMessageLane: MakeMessageLane = (wire, owner) => new MessageLane(wire, owner);

/**
 * The messages of a connection, taken out of what comes before the client reads it: many for one write of their output
 * and one write of their acknowledgements. Whatever is not quite regular, from a Topic Alias to a malformed packet, is
 * left to the client, and with it all that follows: what the broker is told of its mistakes stays in one place.
 */
export class MessageLane {
  readonly #wire: Wire;
  readonly #owner: MessageLaneOwner;
  /** Until the session is open, what follows CONNACK waits. */
  #state: 'opening' | 'open' | 'left-to-client' = 'opening';
  /** What came and was not looked at yet. */
  readonly #queue: Buffer[] = [];
  /** Nothing is to be looked at until CONNACK is dealt with, messages are settled, or answers have flowed off. */
  #isHeld = false;
  #isPumping = false;
  /** What is passed on ends with CONNACK. */
  #isPassingConnack = false;
  /** The begin of a packet whose end has not come: of a message, or less than a fixed header of any. */
  #partial: Buffer | undefined;
  #filled = 0;
  /** Bytes still to come of a packet that is passed on. */
  #passing = 0;
  /** Topic of the message before: most often it is the same. */
  #topicBytes: Buffer = Buffer.alloc(0);
  #topic = '';
  #hasMessages = false;
  /** What answers the messages since the last time. */
  #answers: Buffer = Buffer.allocUnsafeSlow(FIRST_ANSWERS_BYTES);
  #answersEnd = 0;

  /** To be made before the first byte has come. */
  constructor(wire: Wire, owner: MessageLaneOwner) {
    this.#wire = wire;
    this.#owner = owner;
    wire.intercept((chunk) => this.#read(chunk));
    // What was handed over and not settled was not acknowledged: it comes again.
    wire.once('close', () => this.#forgetAnswers());
  }

  /** Whether nothing is read because what came before is not settled. */
  get isPaused(): boolean {
    return this.#isHeld;
  }

  /** To be called when CONNACK was dealt with. */
  open(): void {
    this.#state = 'open';
    this.#isPassingConnack = false;
    this.#resume();
  }

  #read(chunk: Buffer): void {
    this.#queue.push(chunk);
    this.#pump();
  }

  #hold(): void {
    this.#isHeld = true;
    this.#wire.hold();
  }

  #resume(): void {
    this.#isHeld = false;
    this.#pump();
  }

  #pump(): void {
    if (this.#isPumping) return;
    this.#isPumping = true;
    while (!this.#isHeld && this.#queue.length > 0) {
      const bytes = this.#queue.shift() as Buffer;
      if (this.#state === 'left-to-client') this.#passTo(bytes, 0, bytes.length);
      else this.#scan(bytes);
    }
    this.#isPumping = false;
    if (!this.#isHeld) this.#wire.release();
  }

  #scan(chunk: Buffer): void {
    let bytes = chunk;
    if (this.#partial !== undefined) {
      const rest = this.#complete(chunk);
      if (rest === undefined) return;
      bytes = rest;
    }
    let at = Math.min(this.#passing, bytes.length);
    this.#passing -= at;
    if (this.#isPassingConnack && this.#passing === 0 && at > 0) return this.#holdAfterConnack(bytes, at);
    let passFrom = 0;
    const { length } = bytes;
    while (at < length) {
      const first = bytes[at] ?? 0;
      const type = first >> 4;
      const isOurs = this.#state === 'open' && (type === PUBLISH || type === PUBREL);
      if (isOurs && !hasValidFlags(first)) return this.#leaveToClient(bytes, passFrom, at);
      let body = at + 2;
      let remaining = bytes[at + 1] ?? 0x80;
      if (remaining >= 0x80) {
        body = endOfHeader(bytes, at);
        if (body === 0) {
          // Less than a header, or none: four bytes at the most come before a decision.
          if (length - at >= LONGEST_HEADER) return this.#leaveToClient(bytes, passFrom, at);
          this.#passTo(bytes, passFrom, at);
          this.#partial = Buffer.from(bytes.subarray(at));
          this.#filled = this.#partial.length;
          return this.#endRead();
        }
        remaining = remainingLength(bytes, at, body);
      }
      const end = body + remaining;
      if (isOurs) {
        this.#passTo(bytes, passFrom, at);
        if (end > length) {
          this.#partial = end - at < LONGEST_HEADER ? Buffer.alloc(end - at) : Buffer.allocUnsafeSlow(end - at);
          this.#filled = bytes.copy(this.#partial, 0, at);
          this.#readInPlace(this.#partial);
          return this.#endRead();
        }
        if (!this.#take(type, bytes, at, body, end)) return this.#leaveToClient(bytes, at, at);
        passFrom = end;
      } else if (type === CONNACK && this.#state === 'opening') {
        this.#isPassingConnack = true;
        this.#passing = Math.max(0, end - length);
        if (this.#passing === 0) return this.#holdAfterConnack(bytes, end, passFrom);
      } else if (end > length) {
        this.#passing = end - length;
      }
      at = end;
    }
    this.#passTo(bytes, passFrom, length);
    this.#endRead();
  }

  /** Fills the partial packet. Returns what is to be scanned then; undefined when it needs more. */
  #complete(chunk: Buffer): Buffer | undefined {
    const partial = this.#partial as Buffer;
    if (partial.length < LONGEST_HEADER && endOfHeader(partial, 0) === 0) {
      this.#partial = undefined;
      return Buffer.concat([partial, chunk]);
    }
    const taken = Math.min(partial.length - this.#filled, chunk.length);
    // What was read into its place is there.
    const isInPlace = chunk.buffer === partial.buffer && chunk.byteOffset === partial.byteOffset + this.#filled;
    if (!isInPlace) chunk.copy(partial, this.#filled, 0, taken);
    this.#filled += taken;
    if (this.#filled < partial.length) {
      if (!isInPlace) this.#readInPlace(partial);
      return undefined;
    }
    this.#partial = undefined;
    const rest = chunk.subarray(taken);
    const type = (partial[0] ?? 0) >> 4;
    if (this.#take(type, partial, 0, endOfHeader(partial, 0), partial.length)) return rest;
    this.#queue.unshift(rest);
    this.#leaveToClient(partial, 0, 0);
    return undefined;
  }

  /** The rest of a message that takes many reads is read to where it belongs. */
  #readInPlace(partial: Buffer): void {
    if (partial.length - this.#filled >= LARGE_BYTES) this.#wire.readInto(partial.subarray(this.#filled));
  }

  #passTo(bytes: Buffer, from: number, to: number): void {
    if (to > from) this.#wire.pass(from === 0 && to === bytes.length ? bytes : bytes.subarray(from, to));
  }

  #holdAfterConnack(bytes: Buffer, end: number, from = 0): void {
    // The client may open the session while it gets this.
    this.#hold();
    this.#queue.unshift(bytes.subarray(end));
    this.#passTo(bytes, from, end);
  }

  /** What is before `at` is passed on at once, what begins there when the messages before it are settled. */
  #leaveToClient(bytes: Buffer, passFrom: number, at: number): void {
    this.#passTo(bytes, passFrom, at);
    this.#state = 'left-to-client';
    this.#queue.unshift(bytes.subarray(at));
    this.#endRead();
  }

  /** False: it is nothing for this lane. */
  #take(type: number, bytes: Buffer, start: number, body: number, end: number): boolean {
    if (type === PUBLISH) return this.#takePublish((bytes[start] ?? 0) & 0x0f, bytes, start, body, end);
    const id = packetIdAt(bytes, body);
    if (end - body !== 2 || id === 0) return false;
    this.#owner.unreleased.delete(id);
    this.#answer(PUBCOMP, id);
    return true;
  }

  #takePublish(flags: number, bytes: Buffer, start: number, body: number, end: number): boolean {
    const qos = (flags >> 1) & 3;
    const dup = (flags & 8) !== 0;
    const topicEnd = body + 2 + (((bytes[body] ?? 0) << 8) | (bytes[body + 1] ?? 0));
    let at = qos === 0 ? topicEnd : topicEnd + 2;
    if ((dup && qos === 0) || end - body < 3 || topicEnd === body + 2 || at > end) return false;
    const packetId = qos === 0 ? 0 : packetIdAt(bytes, topicEnd);
    if (qos > 0 && packetId === 0) return false;
    const { isVersion5, unreleased } = this.#owner;
    let message: ReceivedMessage | undefined;
    if (isVersion5) {
      if (at >= end) return false;
      if (bytes[at] !== 0) {
        message = this.#owner.readPublish(bytes.subarray(start, end));
        if (message === undefined) return false;
      }
      at += 1;
    }
    this.#hasMessages = true;
    if (qos === 2 && unreleased.has(packetId)) {
      this.#answer(PUBREC, packetId);
      return true;
    }
    if (message === undefined) {
      const topic = this.#readTopic(bytes, body + 2, topicEnd);
      if (topic === undefined) return false;
      const payload = bytes.subarray(at, end);
      const retain = (flags & 1) === 1;
      message = isVersion5
        ? { topic, payload, qos: qos as 0 | 1 | 2, retain, dup, packetId, properties: NO_PROPERTIES }
        : { topic, payload, qos: qos as 0 | 1 | 2, retain, dup, packetId };
    }
    if (!this.#owner.isOpen() || this.#owner.onMessage(message) === 'unacknowledged' || qos === 0) return true;
    if (qos === 2) unreleased.add(packetId);
    this.#answer(qos === 1 ? PUBACK : PUBREC, packetId);
    return true;
  }

  /** Undefined for one that no message may have. */
  #readTopic(bytes: Buffer, from: number, to: number): string | undefined {
    const known = this.#topicBytes;
    let isSame = known.length === to - from;
    for (let index = 0; isSame && index < known.length; index += 1) isSame = known[index] === bytes[from + index];
    if (isSame) return this.#topic;
    const topic = bytes.toString('utf8', from, to);
    if (hasWildcard(topic)) return undefined;
    this.#topicBytes = Buffer.from(bytes.subarray(from, to));
    this.#topic = topic;
    return topic;
  }

  #answer(type: number, packetId: number): void {
    if (this.#answersEnd + ANSWER_BYTES > this.#answers.length) {
      const larger = Buffer.allocUnsafeSlow(this.#answers.length * 2);
      this.#answers.copy(larger, 0, 0, this.#answersEnd);
      this.#answers = larger;
    }
    writeAnswer(this.#answers, this.#answersEnd, type, packetId);
    this.#answersEnd += ANSWER_BYTES;
  }

  /** Settles the messages of this read, and then acknowledges them and goes on. */
  #endRead(): void {
    const settled = this.#hasMessages ? this.#owner.settle() : undefined;
    this.#hasMessages = false;
    if (settled === undefined) {
      this.#sendAnswers();
      return;
    }
    this.#hold();
    settled.then(
      () => {
        if (this.#sendAnswers()) this.#resume();
      },
      // Its owner knows of its own failure and ends the session: the messages stay unacknowledged.
      () => undefined,
    );
  }

  /** Returns whether to go on. */
  #sendAnswers(): boolean {
    if (this.#answersEnd === 0 || !this.#owner.isOpen()) return true;
    const answers = Buffer.from(this.#answers.subarray(0, this.#answersEnd));
    this.#answersEnd = 0;
    if (this.#wire.write(answers) || !this.#wire.writableNeedDrain) return true;
    // A broker that does not read the answers gets no more of them.
    this.#hold();
    this.#wire.once('drain', () => this.#resume());
    return false;
  }

  #forgetAnswers(): void {
    for (let at = 0; at < this.#answersEnd; at += ANSWER_BYTES) {
      if ((this.#answers[at] ?? 0) >> 4 === PUBREC) this.#owner.unreleased.delete(packetIdAt(this.#answers, at + 2));
    }
    this.#answersEnd = 0;
  }
}

/** Of PUBLISH or PUBREL. [MQTT-3.3.1-4] [MQTT-3.6.1-1] */
function hasValidFlags(first: number): boolean {
  return first >> 4 === PUBREL ? (first & 0x0f) === 2 : (first & 0x06) !== 0x06;
}

/** Where what follows the fixed header begins; 0 when its end is not there, or it has none. */
function endOfHeader(bytes: Buffer, start: number): number {
  for (let at = start + 1; at < start + LONGEST_HEADER; at += 1) {
    if ((bytes[at] ?? 0x80) < 0x80) return at + 1;
  }
  return 0;
}

/** [MQTT5 1.5.5] */
function remainingLength(bytes: Buffer, start: number, body: number): number {
  let remaining = 0;
  for (let at = body - 1; at > start; at -= 1) remaining = remaining * 128 + ((bytes[at] ?? 0) & 0x7f);
  return remaining;
}
