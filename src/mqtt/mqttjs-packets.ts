/** Packets of MQTT.js in the terms of a session. */
import type { IClientSubscribeOptions, IConnackPacket, IDisconnectPacket, IPublishPacket } from 'mqtt';
import type { ConnectionPlan, ProtocolVersion } from './connection-plan.ts';
import type { DialChoice } from './mqttjs-client.ts';
import { fromMqttjs } from './mqttjs-properties.ts';
import { describeReasonCode } from './reason-codes.ts';
import type { ReceivedMessage, SessionEnd, SessionInfo, SubscribeOutcome, Subscription } from './session.ts';

/** A CONNACK that is not 0. [MQTT5 3.2.2.2] */
export interface Refusal {
  readonly code: number;
  readonly reasonString?: string;
  readonly serverReference?: string;
}

/** Undefined: the broker accepted. */
export function refusalOf(packet: IConnackPacket, version: ProtocolVersion): Refusal | undefined {
  const code = (version === 5 ? packet.reasonCode : packet.returnCode) ?? 0;
  if (code === 0) return undefined;
  const serverReference = packet.properties?.serverReference;
  return { code, ...reasonStringOf(packet), ...(serverReference !== undefined && { serverReference }) };
}

export function infoOf(packet: IConnackPacket, plan: ConnectionPlan, { version, clientId }: DialChoice): SessionInfo {
  const { properties } = packet;
  return {
    version,
    clientId: properties?.assignedClientIdentifier ?? clientId,
    sessionPresent: packet.sessionPresent,
    keepAliveSeconds: properties?.serverKeepAlive ?? plan.keepAliveSeconds,
    receiveMaximum: properties?.receiveMaximum ?? 65_535,
    maximumQoS: properties?.maximumQoS === 0 ? 0 : properties?.maximumQoS === 1 ? 1 : 2,
    retainAvailable: properties?.retainAvailable !== false,
    ...(properties?.topicAliasMaximum !== undefined && { topicAliasMaximum: properties.topicAliasMaximum }),
    ...(properties?.maximumPacketSize !== undefined && { maximumPacketSize: properties.maximumPacketSize }),
  };
}

export function messageOf(packet: IPublishPacket, version: ProtocolVersion): ReceivedMessage {
  const { topic, payload, qos, retain, dup, messageId, properties } = packet;
  return {
    topic,
    payload: typeof payload === 'string' ? Buffer.from(payload) : payload,
    qos,
    retain,
    dup,
    packetId: messageId ?? 0,
    ...(version === 5 && { properties: properties ? fromMqttjs(properties) : {} }),
  };
}

export function subscribeOptions(subscription: Subscription): IClientSubscribeOptions {
  const { qos, noLocal = false, retainAsPublished = false, retainHandling = 0 } = subscription;
  return { qos, nl: noLocal, rap: retainAsPublished, rh: retainHandling };
}

/** `codes` of a SUBACK or UNSUBACK, one for each of `filters`. */
export function outcomesOf(
  filters: readonly string[],
  codes: readonly number[],
  packet: unknown,
): readonly SubscribeOutcome[] {
  return codes.map((reasonCode, index) => ({
    filter: filters[index] ?? '',
    reasonCode,
    ...reasonStringOf(packet),
  }));
}

export function reasonStringOf(packet: unknown): { reasonString?: string } {
  const reasonString = (packet as { properties?: { reasonString?: string } } | undefined)?.properties?.reasonString;
  return reasonString === undefined ? {} : { reasonString };
}

/** The broker's DISCONNECT. */
export function endOf({ reasonCode = 0, properties }: IDisconnectPacket): SessionEnd {
  const { reasonString, serverReference } = properties ?? {};
  const said = reasonString === undefined ? '' : `: ${reasonString}`;
  return {
    kind: 'disconnected',
    reason: `the broker disconnected us: ${describeReasonCode(reasonCode)}${said}`,
    reasonCode,
    ...(serverReference !== undefined && { serverReference }),
  };
}

/** A connection that ended without a word: what the network or MQTT.js said of it. */
export function describeLoss(error: (Error & { code?: unknown }) | undefined, keepAliveSeconds = 0): string {
  if (error === undefined) return 'the broker closed it';
  if (error.code === 'ECONNRESET' || error.code === 'EPIPE') return 'the broker reset it';
  if (error.message === 'Keepalive timeout') return `the broker did not answer PINGREQ for ${keepAliveSeconds} s`;
  return error.message;
}
