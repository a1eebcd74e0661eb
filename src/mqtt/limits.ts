import { PublishRefusedError } from '../errors.ts';
import type { OutgoingMessage, SessionInfo } from './session.ts';

/** The largest Remaining Length of a packet, in bytes. [MQTT5 1.5.5] */
const MAX_REMAINING_LENGTH = 268_435_455;
/** Topic length, Packet Identifier and an empty property list: what a PUBLISH holds beside topic and payload. */
const PUBLISH_OVERHEAD = 5;

/** How many bytes of payload fit into one PUBLISH to this Topic Name. */
export function maximumPayloadBytes(topic: string): number {
  return MAX_REMAINING_LENGTH - Buffer.byteLength(topic) - PUBLISH_OVERHEAD;
}

/**
 * Throws PublishRefusedError for a message that the broker said in CONNACK it would not take; sending it would end the
 * connection without a reason. [MQTT5 3.2.2.3]
 */
export function checkBrokerLimits(message: OutgoingMessage, info: SessionInfo): void {
  const { topic, payload, qos, retain } = message;
  if (qos > info.maximumQoS) {
    throw new PublishRefusedError(
      `the broker takes messages up to QoS ${info.maximumQoS}, not ${qos}`,
      `Use -q ${info.maximumQoS}.`,
    );
  }
  if (retain && !info.retainAvailable) {
    throw new PublishRefusedError('the broker does not retain messages', 'Leave -r away.');
  }
  const bytes = payload.length + Buffer.byteLength(topic) + PUBLISH_OVERHEAD;
  if (info.maximumPacketSize !== undefined && bytes > info.maximumPacketSize) {
    throw new PublishRefusedError(
      `a message of ${payload.length} bytes is too large for the broker (packets up to ${info.maximumPacketSize} bytes)`,
    );
  }
}
