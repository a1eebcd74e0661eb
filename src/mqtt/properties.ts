/** MQTT 5 properties by the specification's names, and which packet may carry which. [MQTT5 2.2.2.2] */
import type { MessageProperties, UserProperties } from './session.ts';

/** Packets whose properties a user can set, as `-D` names them. */
export const PROPERTY_PACKETS = [
  'connect',
  'publish',
  'subscribe',
  'unsubscribe',
  'disconnect',
  'auth',
  'will',
] as const;

export type PropertyPacket = (typeof PROPERTY_PACKETS)[number];

/** Properties of any packet; which of them one packet carries is in {@link PROPERTY_RULES}. */
export interface PacketProperties extends MessageProperties {
  /** Seconds. */
  readonly sessionExpiryInterval?: number;
  readonly receiveMaximum?: number;
  /** Bytes of a whole packet. */
  readonly maximumPacketSize?: number;
  readonly topicAliasMaximum?: number;
  readonly requestResponseInformation?: 0 | 1;
  readonly requestProblemInformation?: 0 | 1;
  readonly authenticationMethod?: string;
  readonly authenticationData?: Buffer;
  /** Seconds. */
  readonly willDelayInterval?: number;
  readonly reasonString?: string;
  readonly serverReference?: string;
  readonly userProperties?: UserProperties;
}

export type PropertyName = Exclude<keyof PacketProperties, 'userProperties' | 'subscriptionIdentifiers'>;

/** How a value is written on the command line. */
export type PropertyType =
  | { readonly kind: 'number'; readonly min: number; readonly max: number }
  | { readonly kind: 'text' }
  | { readonly kind: 'binary' }
  | { readonly kind: 'pair' };

export interface PropertyRule {
  readonly key: PropertyName | 'userProperties' | 'subscriptionIdentifiers';
  readonly type: PropertyType;
  readonly packets: readonly PropertyPacket[];
}

const number = (min: number, max: number): PropertyType => ({ kind: 'number', min, max });
const TEXT: PropertyType = { kind: 'text' };
const BINARY: PropertyType = { kind: 'binary' };
const BYTE2 = 65_535;
const BYTE4 = 4_294_967_295;

/** By the names of the specification in mosquitto's spelling. */
export const PROPERTY_RULES: Readonly<Record<string, PropertyRule>> = {
  'payload-format-indicator': { key: 'payloadFormatIndicator', type: number(0, 1), packets: ['publish', 'will'] },
  'message-expiry-interval': { key: 'messageExpiryInterval', type: number(0, BYTE4), packets: ['publish', 'will'] },
  'content-type': { key: 'contentType', type: TEXT, packets: ['publish', 'will'] },
  'response-topic': { key: 'responseTopic', type: TEXT, packets: ['publish', 'will'] },
  'correlation-data': { key: 'correlationData', type: BINARY, packets: ['publish', 'will'] },
  // [MQTT5 3.8.2.1.2]: 0 is a Protocol Error.
  'subscription-identifier': { key: 'subscriptionIdentifiers', type: number(1, 268_435_455), packets: ['subscribe'] },
  'topic-alias': { key: 'topicAlias', type: number(1, BYTE2), packets: ['publish'] },
  'session-expiry-interval': {
    key: 'sessionExpiryInterval',
    type: number(0, BYTE4),
    packets: ['connect', 'disconnect'],
  },
  'receive-maximum': { key: 'receiveMaximum', type: number(1, BYTE2), packets: ['connect'] },
  'topic-alias-maximum': { key: 'topicAliasMaximum', type: number(0, BYTE2), packets: ['connect'] },
  'maximum-packet-size': { key: 'maximumPacketSize', type: number(1, BYTE4), packets: ['connect'] },
  'request-problem-information': { key: 'requestProblemInformation', type: number(0, 1), packets: ['connect'] },
  'request-response-information': { key: 'requestResponseInformation', type: number(0, 1), packets: ['connect'] },
  'authentication-method': { key: 'authenticationMethod', type: TEXT, packets: ['connect'] },
  'authentication-data': { key: 'authenticationData', type: BINARY, packets: ['connect', 'auth'] },
  'will-delay-interval': { key: 'willDelayInterval', type: number(0, BYTE4), packets: ['will'] },
  'reason-string': { key: 'reasonString', type: TEXT, packets: ['disconnect', 'auth'] },
  'server-reference': { key: 'serverReference', type: TEXT, packets: ['disconnect'] },
  'user-property': { key: 'userProperties', type: { kind: 'pair' }, packets: PROPERTY_PACKETS },
};
