/** Reason Codes and return codes in words. [MQTT5 2.4] [MQTT3.1.1 3.2.2.3] */
import type { ProtocolVersion } from './connection-plan.ts';
import type { PublishOutcome } from './session.ts';

const REASON_NAMES: Readonly<Record<number, string>> = {
  0: 'Success',
  1: 'Granted QoS 1',
  2: 'Granted QoS 2',
  4: 'Disconnect with Will Message',
  16: 'No matching subscribers',
  17: 'No subscription existed',
  24: 'Continue authentication',
  25: 'Re-authenticate',
  128: 'Unspecified error',
  129: 'Malformed Packet',
  130: 'Protocol Error',
  131: 'Implementation specific error',
  132: 'Unsupported Protocol Version',
  133: 'Client Identifier not valid',
  134: 'Bad User Name or Password',
  135: 'Not authorized',
  136: 'Server unavailable',
  137: 'Server busy',
  138: 'Banned',
  139: 'Server shutting down',
  140: 'Bad authentication method',
  141: 'Keep Alive timeout',
  142: 'Session taken over',
  143: 'Topic Filter invalid',
  144: 'Topic Name invalid',
  145: 'Packet Identifier in use',
  146: 'Packet Identifier not found',
  147: 'Receive Maximum exceeded',
  148: 'Topic Alias invalid',
  149: 'Packet too large',
  150: 'Message rate too high',
  151: 'Quota exceeded',
  152: 'Administrative action',
  153: 'Payload format invalid',
  154: 'Retain not supported',
  155: 'QoS not supported',
  156: 'Use another server',
  157: 'Server moved',
  158: 'Shared Subscriptions not supported',
  159: 'Connection rate exceeded',
  160: 'Maximum connect time',
  161: 'Subscription Identifiers not supported',
  162: 'Wildcard Subscriptions not supported',
};

const RETURN_CODE_NAMES: Readonly<Record<number, string>> = {
  0: 'Connection Accepted',
  1: 'Unacceptable protocol version',
  2: 'Identifier rejected',
  3: 'Server unavailable',
  4: 'Bad user name or password',
  5: 'Not authorized',
};

/** What Session taken over means, in words: for whoever meets it in a DISCONNECT. [MQTT5 3.14.2.1] */
export const SESSION_TAKEN_OVER = 'another client connected with the same Client Identifier: Session taken over (0x8E)';

/** Such as `Not authorized (0x87)`; a code that does not exist is called unknown. */
export function describeReasonCode(code: number): string {
  return `${REASON_NAMES[code] ?? 'unknown Reason Code'} (${hex(code)})`;
}

/** The same with what the broker said about it. */
export function describeOutcome({ reasonCode, reasonString }: PublishOutcome): string {
  return `${describeReasonCode(reasonCode)}${reasonString === undefined ? '' : `: ${reasonString}`}`;
}

/** A CONNACK code: before MQTT 5, and from brokers that answer MQTT 5 in the old form, it is a return code below 6. */
export function describeConnackCode(code: number, version: ProtocolVersion): string {
  if (version === 5 && code >= 0x80) return describeReasonCode(code);
  return `${RETURN_CODE_NAMES[code] ?? 'unknown return code'} (${hex(code)})`;
}

function hex(code: number): string {
  return `0x${code.toString(16).toUpperCase().padStart(2, '0')}`;
}
