/** Packets of MQTT.js in the terms of a session. */
import type { IConnackPacket, IDisconnectPacket, IPublishPacket, Packet } from 'mqtt';
import type { ISubackPacket, ISubscription, IUnsubackPacket } from 'mqtt-packet';
import type { ConnectionPlan, ProtocolVersion } from './connection-plan.ts';
import type { DialChoice } from './mqttjs-client.ts';
import { fromMqttjs } from './mqttjs-properties.ts';
import { describeReasonCode, SESSION_TAKEN_OVER } from './reason-codes.ts';
import type { ReceivedMessage, SessionEnd, SessionInfo, SubscribeOutcome, Subscription } from './session.ts';
import { hasWildcard } from './topic.ts';

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
    ...(properties?.sharedSubscriptionAvailable === false && { sharedSubscriptionAvailable: false }),
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

export function subscribeOptions(subscription: Subscription): Omit<ISubscription, 'topic'> {
  const { qos, noLocal = false, retainAsPublished = false, retainHandling = 0 } = subscription;
  return { qos, nl: noLocal, rap: retainAsPublished, rh: retainHandling };
}

/** One for each of `filters`; undefined when there are more or fewer codes than that. */
export function outcomesOf(
  filters: readonly string[],
  packet: ISubackPacket | IUnsubackPacket,
  version: ProtocolVersion,
): readonly SubscribeOutcome[] | undefined {
  // Before MQTT 5 UNSUBACK has no codes: it is the success itself. [MQTT3.1.1 3.11]
  const codes = packet.cmd === 'unsuback' && version !== 5 ? filters.map(() => 0) : (packet.granted as number[]);
  if (codes.length !== filters.length) return undefined;
  return filters.map((filter, index) => ({ filter, reasonCode: codes[index] ?? 0, ...reasonStringOf(packet) }));
}

/** [MQTT-3.2.0-1] [MQTT5 3.15] */
const MAY_PRECEDE_CONNACK: readonly string[] = ['connack', 'auth', 'disconnect'];
const ONLY_FROM_CLIENTS: readonly string[] = ['connect', 'subscribe', 'unsubscribe', 'pingreq'];
/** Beside PUBLISH: their Packet Identifier is never 0. [MQTT5 2.2.1] */
const NUMBERED: readonly string[] = ['puback', 'pubrec', 'pubrel', 'pubcomp', 'suback', 'unsuback'];

/** What MQTT.js takes from a broker although no broker may send it. */
export function findFault(packet: Packet, isOpen: boolean): string | undefined {
  const name = packet.cmd.toUpperCase();
  if (!isOpen && !MAY_PRECEDE_CONNACK.includes(packet.cmd)) return `its first packet is ${name}`;
  if (ONLY_FROM_CLIENTS.includes(packet.cmd)) return `the broker sent ${name}`;
  const isNumbered = NUMBERED.includes(packet.cmd) || (packet.cmd === 'publish' && packet.qos > 0);
  if (isNumbered && !(Number(packet.messageId) > 0)) return `the broker sent ${name} without a Packet Identifier`;
  if (packet.cmd !== 'publish') return undefined;
  const { topic, dup, qos, properties = {} } = packet;
  if (dup && qos === 0) return 'the broker sent PUBLISH of QoS 0 with DUP';
  if (hasWildcard(topic)) return 'the broker sent PUBLISH with a wildcard in its Topic Name';
  if (Object.entries(properties).some(([key, value]) => !isProperty(key, value))) {
    return 'the broker sent PUBLISH with malformed properties';
  }
  return topic === '' && properties.topicAlias === undefined
    ? 'the broker sent PUBLISH without a Topic Name'
    : undefined;
}

/** [MQTT5 3.3.2.3] */
const PUBLISH_PROPERTIES: readonly string[] = [
  'payloadFormatIndicator',
  'messageExpiryInterval',
  'topicAlias',
  'responseTopic',
  'correlationData',
  'userProperties',
  'subscriptionIdentifier',
  'contentType',
];

/**
 * MQTT.js takes the properties of other packets, too, makes null or -1 of a value that is cut off, and a list of one
 * that is given twice. [MQTT5 2.2.2]
 */
function isProperty(key: string, value: unknown): boolean {
  if (!PUBLISH_PROPERTIES.includes(key)) return false;
  if (key === 'userProperties')
    return Object.values(value as object)
      .flat()
      .every((one) => one !== null);
  if (key === 'subscriptionIdentifier') return [value].flat().every((one) => Number(one) > 0);
  return !Array.isArray(value) && value !== null && value !== undefined && value !== -1;
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
    reason: `${reasonCode === 0x8e ? SESSION_TAKEN_OVER : `the broker disconnected us: ${describeReasonCode(reasonCode)}`}${said}`,
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
