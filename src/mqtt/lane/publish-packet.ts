import { generate } from 'mqtt-packet';
import type { ProtocolVersion } from '../connection-plan.ts';
import { toMqttjs } from '../mqttjs-properties.ts';
import type { MessageProperties, QoS } from '../session.ts';

/** What all messages of a lane have in common. */
export interface MessageKind {
  readonly qos: QoS;
  readonly retain: boolean;
  /** Of each message. MQTT 5 only. */
  readonly properties?: MessageProperties;
  /** How many Topic Aliases may be set; 0: none. [MQTT5 3.3.2.3.4] */
  readonly topicAliasMaximum?: number;
}

const PUBLISH = 0x30;
const DUP = 0x08;
const TOPIC_ALIAS = 0x23;
const NONE = new Uint8Array(0);

/**
 * Makes everything of a PUBLISH that stands before its payload, and keeps it for as long as topic and size stay the
 * same: then only the Packet Identifier changes. [MQTT5 3.3]
 */
export class PublishHeader {
  readonly #flags: number;
  readonly #isNumbered: boolean;
  readonly #version: ProtocolVersion;
  /** Encoded properties, without their length. */
  readonly #properties: Uint8Array;
  readonly #aliasMaximum: number;
  readonly #aliases = new Map<string, number>();
  #topic: string | undefined;
  #topicBytes: Uint8Array = NONE;
  #alias = 0;
  #isAliasNew = false;
  #payloadBytes = -1;
  #bytes: Uint8Array = NONE;
  #identifierAt = 0;

  constructor({ qos, retain, properties, topicAliasMaximum = 0 }: MessageKind, version: ProtocolVersion) {
    this.#flags = PUBLISH | (qos << 1) | (retain ? 1 : 0);
    this.#isNumbered = qos > 0;
    this.#version = version;
    this.#properties = version === 5 && properties !== undefined ? encodeProperties(properties) : NONE;
    this.#aliasMaximum = version === 5 ? topicAliasMaximum : 0;
  }

  /** Prepares the next message. Returns the bytes that `write` takes. */
  prepare(topic: string, payloadBytes: number): number {
    if (topic === this.#topic && payloadBytes === this.#payloadBytes && !this.#isAliasNew) return this.#bytes.length;
    if (topic !== this.#topic || this.#isAliasNew) this.#setTopic(topic);
    this.#payloadBytes = payloadBytes;
    this.#build();
    return this.#bytes.length;
  }

  write(target: Buffer, at: number, packetId: number, isDuplicate: boolean): void {
    target.set(this.#bytes, at);
    if (isDuplicate) target[at] = this.#flags | DUP;
    if (!this.#isNumbered) return;
    const identifierAt = at + this.#identifierAt;
    target[identifierAt] = packetId >> 8;
    target[identifierAt + 1] = packetId & 0xff;
  }

  #setTopic(topic: string): void {
    this.#topic = topic;
    this.#topicBytes = Buffer.from(topic);
    const known = this.#aliases.get(topic);
    this.#isAliasNew = known === undefined && this.#aliases.size < this.#aliasMaximum;
    if (this.#isAliasNew) this.#aliases.set(topic, this.#aliases.size + 1);
    this.#alias = this.#aliases.get(topic) ?? 0;
    if (known !== undefined) this.#topicBytes = NONE;
  }

  #build(): void {
    const topic = this.#topicBytes;
    const properties = this.#version === 5 ? this.#encodedProperties() : NONE;
    const remaining = 2 + topic.length + (this.#isNumbered ? 2 : 0) + properties.length + this.#payloadBytes;
    const fixed = [this.#flags, ...encodeVariableByteInteger(remaining)];
    const header = [...fixed, topic.length >> 8, topic.length & 0xff];
    this.#identifierAt = header.length + topic.length;
    this.#bytes = Buffer.concat([Buffer.from(header), topic, this.#isNumbered ? Buffer.alloc(2) : NONE, properties]);
  }

  #encodedProperties(): Uint8Array {
    const alias = this.#alias === 0 ? [] : [TOPIC_ALIAS, this.#alias >> 8, this.#alias & 0xff];
    const length = encodeVariableByteInteger(this.#properties.length + alias.length);
    return Buffer.concat([Buffer.from(length), this.#properties, Buffer.from(alias)]);
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
