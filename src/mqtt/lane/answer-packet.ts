/** PUBACK, PUBREC, PUBREL and PUBCOMP: all four look the same. [MQTT5 3.4] [MQTT5 3.5] [MQTT5 3.6] [MQTT5 3.7] */
import type { PublishOutcome } from '../session.ts';

/** Packet types. [MQTT5 2.1.2] */
export const PUBLISH = 3;
export const PUBACK = 4;
export const PUBREC = 5;
export const PUBREL = 6;
export const PUBCOMP = 7;

/** The first byte of each, with the flags that it must have. [MQTT5 2.1.3] */
export const PUBACK_FIRST = 0x40;
export const PUBREC_FIRST = 0x50;
export const PUBREL_FIRST = 0x62;
export const PUBCOMP_FIRST = 0x70;
/** Those that a PUBLISH may have: not of QoS 3, and with DUP not of QoS 0. [MQTT-3.3.1-4] [MQTT-3.3.1-2] */
export const PUBLISH_FIRST: readonly number[] = [0x30, 0x31, 0x32, 0x33, 0x34, 0x35, 0x3a, 0x3b, 0x3c, 0x3d];

/** Bytes of one without Reason Code, which means success. */
export const ANSWER_BYTES = 4;

const REASON_STRING = 0x1f;
const USER_PROPERTY = 0x26;

export function packetIdAt(bytes: Buffer, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}

/** Throws Error for a packet without a Packet Identifier, which is never 0. [MQTT5 2.2.1] */
export function packetIdOf(bytes: Buffer, body: number, end: number): number {
  const id = end - body < 2 ? 0 : packetIdAt(bytes, body);
  if (id === 0) throw new Error('the broker sent an acknowledgement without a Packet Identifier');
  return id;
}

/** Success where the packet ends after its Packet Identifier. [MQTT5 3.4.2.1] */
export function outcomeOf(bytes: Buffer, body: number, end: number): PublishOutcome {
  const reasonCode = end - body > 2 ? (bytes[body + 2] ?? 0) : 0;
  const reasonString = reasonCode < 0x80 ? undefined : findReasonString(bytes, body + 3, end);
  return { reasonCode, ...(reasonString !== undefined && { reasonString }) };
}

/** Only a Reason String and User Properties may stand here; from anything else on nothing is read. [MQTT5 3.4.2.2] */
function findReasonString(bytes: Buffer, from: number, end: number): string | undefined {
  let at = from;
  while (at < end && (bytes[at] ?? 0) >= 0x80) at += 1;
  at += 1;
  while (at + 3 <= end) {
    const length = bytes.readUInt16BE(at + 1);
    const next = at + 3 + length;
    if (next > end) return undefined;
    if (bytes[at] === REASON_STRING) return bytes.toString('utf8', at + 3, next);
    if (bytes[at] !== USER_PROPERTY || next + 2 > end) return undefined;
    at = next + 2 + bytes.readUInt16BE(next);
  }
  return undefined;
}

/** Writes an answer that says success. PUBREL has a flag that must be set. [MQTT5 3.6.1] */
export function writeAnswer(target: Buffer, at: number, type: number, packetId: number): void {
  target[at] = type === PUBREL ? PUBREL_FIRST : type << 4;
  target[at + 1] = 2;
  target[at + 2] = packetId >> 8;
  target[at + 3] = packetId & 0xff;
}
