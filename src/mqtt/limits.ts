import { PublishRefusedError } from '../errors.ts';
import type { OutgoingMessage, QoS, SessionInfo } from './session.ts';

/** The largest Remaining Length of a packet, in bytes. [MQTT5 1.5.5] */
const MAX_REMAINING_LENGTH = 268_435_455;
/** Topic length, Packet Identifier and an empty property list: what a PUBLISH holds beside topic and payload. */
const PUBLISH_OVERHEAD = 5;

/** How many bytes of payload fit into one PUBLISH to this Topic Name. */
export function maximumPayloadBytes(topic: string): number {
  return MAX_REMAINING_LENGTH - Buffer.byteLength(topic) - PUBLISH_OVERHEAD;
}

/** mosquitto's default `max_inflight_messages`. */
const QOS_2_IN_FLIGHT = 20;

/**
 * How many QoS 1 and 2 messages may be on their way to the broker at once. Before MQTT 5 a broker cannot say; at QoS 2
 * mosquitto then drops what exceeds its limit, and completes the exchange all the same.
 */
export function inFlightLimit({ version, receiveMaximum }: SessionInfo, qos: QoS): number {
  return version === 5 || qos !== 2 ? receiveMaximum : QOS_2_IN_FLIGHT;
}

/**
 * Throws PublishRefusedError for a message that the broker said in CONNACK it would not take; sending it would end the
 * connection without a reason. [MQTT5 3.2.2.3]
 */
export function checkBrokerLimits(message: OutgoingMessage, info: SessionInfo): void {
  const { payload, qos, retain, properties } = message;
  if (qos > info.maximumQoS) {
    throw new PublishRefusedError(
      `the broker takes messages up to QoS ${info.maximumQoS}, not ${qos}`,
      `Use -q ${info.maximumQoS}.`,
    );
  }
  if (retain && !info.retainAvailable) {
    throw new PublishRefusedError('the broker does not retain messages', 'Leave -r away.');
  }
  const { topicAliasMaximum = 0 } = info;
  if ((properties?.topicAlias ?? 0) > topicAliasMaximum) {
    throw new PublishRefusedError(
      `the broker takes ${topicAliasMaximum === 0 ? 'no Topic Alias' : `Topic Aliases up to ${topicAliasMaximum}`}, not ${properties?.topicAlias}`,
    );
  }
  if (info.maximumPacketSize !== undefined && packetBytes(message) > info.maximumPacketSize) {
    throw new PublishRefusedError(
      `a message of ${payload.length} bytes is too large for the broker (packets up to ${info.maximumPacketSize} bytes)`,
    );
  }
}

/** The whole PUBLISH of MQTT 5, fixed header included; without the properties that the message may have. [MQTT5 3.3] */
function packetBytes({ topic, payload, qos }: OutgoingMessage): number {
  const identifier = qos > 0 ? 2 : 0;
  const propertyLength = 1;
  const remaining = 2 + Buffer.byteLength(topic) + identifier + propertyLength + payload.length;
  const lengthBytes = remaining < 128 ? 1 : remaining < 16_384 ? 2 : remaining < 2_097_152 ? 3 : 4;
  return 1 + lengthBytes + remaining;
}
