import type { ProtocolVersion } from '../connection-plan.ts';
import type { QoS } from '../session.ts';
import {
  ANSWER_BYTES,
  PUBACK,
  PUBCOMP,
  PUBLISH,
  PUBREC,
  packetIdAt,
  packetIdOf,
  writeAnswer,
} from './answer-packet.ts';
import type { PacketWriter } from './packet-writer.ts';

/** A message of the broker, in place: `bytes` from `from` up to, not including, `to` are its payload, and only now. */
export type OnPayload = (bytes: Buffer, from: number, to: number, qos: QoS, isRetained: boolean) => void;

const MALFORMED = 'the broker sent a malformed PUBLISH';

/**
 * Bulk receiving on the connection of a session: messages are handed over in place, without topic or properties, and
 * acknowledged after that, many answers in one write.
 */
export class ReceiveLane {
  readonly #writer: PacketWriter;
  readonly #hasProperties: boolean;
  readonly #onPayload: OnPayload;
  /** Handled, and not released by PUBREL yet: what comes again under the same identifier is the same. [MQTT5 4.3.3] */
  readonly #unreleased = new Set<number>();

  constructor(writer: PacketWriter, version: ProtocolVersion, onPayload: OnPayload) {
    this.#writer = writer;
    this.#hasProperties = version === 5;
    this.#onPayload = onPayload;
  }

  /** Takes PUBLISH or PUBREL. Throws Error for a malformed one. */
  take(type: number, bytes: Buffer, start: number, body: number, end: number): true {
    if (type === PUBLISH) {
      this.#takePublish(bytes, start, body, end);
    } else {
      const id = packetIdOf(bytes, body, end);
      this.#unreleased.delete(id);
      this.#answer(PUBCOMP, id);
    }
    return true;
  }

  #takePublish(bytes: Buffer, start: number, body: number, end: number): void {
    const flags = bytes[start] ?? 0;
    const qos = (flags >> 1) & 3;
    let at = body + 2 + (((bytes[body] ?? 0) << 8) | (bytes[body + 1] ?? 0));
    let id = 0;
    if (qos > 0) {
      id = at + 2 > end ? 0 : packetIdAt(bytes, at);
      if (id === 0) throw new Error(MALFORMED);
      at += 2;
    }
    if (this.#hasProperties) at = skipProperties(bytes, at, end);
    if (at > end) throw new Error(MALFORMED);
    if (qos === 2 && this.#unreleased.has(id)) return this.#answer(PUBREC, id);
    this.#onPayload(bytes, at, end, qos as QoS, (flags & 1) === 1);
    if (qos === 1) this.#answer(PUBACK, id);
    if (qos < 2) return;
    this.#unreleased.add(id);
    this.#answer(PUBREC, id);
  }

  #answer(type: number, packetId: number): void {
    const at = this.#writer.reserve(ANSWER_BYTES);
    writeAnswer(this.#writer.slab, at, type, packetId);
  }
}

/** Returns where what follows them begins. [MQTT5 2.2.2] */
function skipProperties(bytes: Buffer, from: number, end: number): number {
  let length = 0;
  let factor = 1;
  for (let at = from; at < end && at < from + 4; at += 1) {
    const byte = bytes[at] ?? 0;
    length += (byte & 0x7f) * factor;
    if (byte < 0x80) return at + 1 + length;
    factor *= 128;
  }
  throw new Error(MALFORMED);
}
