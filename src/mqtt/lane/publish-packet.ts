import { generate } from 'mqtt-packet';
import type { ProtocolVersion } from '../connection-plan.ts';
import { toMqttjs } from '../mqttjs-properties.ts';
import type { MessageProperties, QoS } from '../session.ts';

/** What all messages of a lane have in common. */
export interface MessageKind {
  readonly qos: QoS;
  readonly retain: boolean;
  /** Of each message. MQTT 5 only. A Topic Alias among them stands for the first topic. */
  readonly properties?: MessageProperties;
  /** How many Topic Aliases may be set; 0: none. [MQTT5 3.3.2.3.4] */
  readonly topicAliasMaximum?: number;
}

const PUBLISH = 0x30;
const DUP = 0x08;
const TOPIC_ALIAS = 0x23;
const NONE = new Uint8Array(0);

/**
 * Makes everything of a PUBLISH that stands before its payload, and keeps it for as long as the topic stays the same:
 * then only the lengths and the Packet Identifier change. [MQTT5 3.3]
 */
export class PublishHeader {
  readonly #flags: number;
  readonly #isNumbered: boolean;
  readonly #version: ProtocolVersion;
  /** Encoded properties, without their length. */
  readonly #properties: Uint8Array;
  readonly #aliasMaximum: number;
  readonly #firstAlias: number;
  readonly #aliases = new Map<string, number>();
  #topic: string | undefined;
  #isAliasNew = false;
  /** What follows Remaining Length. */
  #variable: Uint8Array = NONE;
  /** Where the Packet Identifier is in it. */
  #identifierAt = 0;
  #remaining = 0;

  constructor({ qos, retain, properties, topicAliasMaximum = 0 }: MessageKind, version: ProtocolVersion) {
    this.#flags = PUBLISH | (qos << 1) | (retain ? 1 : 0);
    this.#isNumbered = qos > 0;
    this.#version = version;
    const { topicAlias, ...others } = properties ?? {};
    this.#properties = version === 5 && properties !== undefined ? encodeProperties(others) : NONE;
    const aliasMaximum = topicAlias === undefined ? topicAliasMaximum : 1;
    this.#aliasMaximum = version === 5 ? aliasMaximum : 0;
    this.#firstAlias = topicAlias ?? 1;
  }

  /** Prepares the next message. Returns the bytes that `write` takes. */
  prepare(topic: string, payloadBytes: number): number {
    if (topic !== this.#topic || this.#isAliasNew) this.#setTopic(topic);
    const remaining = this.#variable.length + payloadBytes;
    this.#remaining = remaining;
    const lengthBytes = remaining < 0x80 ? 1 : remaining < 0x4000 ? 2 : remaining < 0x20_0000 ? 3 : 4;
    return 1 + lengthBytes + this.#variable.length;
  }

  write(target: Buffer, start: number, packetId: number, isDuplicate: boolean): void {
    let at = start;
    target[at++] = isDuplicate ? this.#flags | DUP : this.#flags;
    let rest = this.#remaining;
    for (; rest >= 0x80; rest >>= 7) target[at++] = (rest & 0x7f) | 0x80;
    target[at++] = rest;
    target.set(this.#variable, at);
    if (!this.#isNumbered) return;
    const identifierAt = at + this.#identifierAt;
    target[identifierAt] = packetId >> 8;
    target[identifierAt + 1] = packetId & 0xff;
  }

  #setTopic(topic: string): void {
    this.#topic = topic;
    const known = this.#aliases.get(topic);
    this.#isAliasNew = known === undefined && this.#aliases.size < this.#aliasMaximum;
    if (this.#isAliasNew) this.#aliases.set(topic, this.#aliases.size + this.#firstAlias);
    const alias = this.#aliases.get(topic) ?? 0;
    const name = known === undefined ? Buffer.from(topic) : NONE;
    const properties = this.#version === 5 ? this.#encodedProperties(alias) : NONE;
    this.#identifierAt = 2 + name.length;
    const identifier = this.#isNumbered ? Buffer.alloc(2) : NONE;
    this.#variable = Buffer.concat([Buffer.from([name.length >> 8, name.length & 0xff]), name, identifier, properties]);
  }

  #encodedProperties(alias: number): Uint8Array {
    const encoded = alias === 0 ? [] : [TOPIC_ALIAS, alias >> 8, alias & 0xff];
    const length = encodeVariableByteInteger(this.#properties.length + encoded.length);
    return Buffer.concat([Buffer.from(length), this.#properties, Buffer.from(encoded)]);
  }
}

/** [MQTT5 1.5.5] */
export function encodeVariableByteInteger(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  do {
    const low = rest % 128;
    rest = Math.floor(rest / 128);
    bytes.push(rest > 0 ? low | 0x80 : low);
  } while (rest > 0);
  return bytes;
}

/** By the library: a PUBLISH that holds nothing else, without what stands before its properties. */
function encodeProperties(properties: MessageProperties): Uint8Array {
  const packet = generate(
    {
      cmd: 'publish',
      topic: 't',
      payload: '',
      qos: 0,
      retain: false,
      dup: false,
      properties: toMqttjs(properties),
    } as never,
    { protocolVersion: 5 },
  );
  let at = 1;
  while ((packet[at] ?? 0) >= 0x80) at += 1;
  // Remaining Length, topic; then the length of the properties, which is as long as it is.
  at += 1 + 3;
  while ((packet[at] ?? 0) >= 0x80) at += 1;
  return packet.subarray(at + 1);
}
