/** Types only: what the commands know of MQTT. `mqttjs.ts` implements {@link Session} over MQTT.js, tests fake it. */
import type { ProtocolVersion } from './connection-plan.ts';
import type { KeepAliveWheel } from './keep-alive-wheel.ts';
import type { Lanes, MakeLanes } from './lane/lanes.ts';
import type { MakeMessageLane } from './lane/message-lane.ts';
import type { OpeningTimes } from './opening-times.ts';
import type { PacketProperties } from './properties.ts';

/** Quality of Service. [MQTT5 4.3] */
export type QoS = 0 | 1 | 2;

/** User Property pairs; repeats are kept, order is kept within a name. [MQTT5 3.3.2.3.7] */
export type UserProperties = readonly (readonly [name: string, value: string])[];

/** Properties of an Application Message, by the specification's names. [MQTT5 3.3.2.3] */
export interface MessageProperties {
  /** 0 unspecified bytes, 1 UTF-8. */
  readonly payloadFormatIndicator?: 0 | 1;
  /** Seconds. */
  readonly messageExpiryInterval?: number;
  readonly topicAlias?: number;
  readonly responseTopic?: string;
  readonly correlationData?: Buffer;
  readonly userProperties?: UserProperties;
  readonly subscriptionIdentifiers?: readonly number[];
  readonly contentType?: string;
}

/** An Application Message to publish. */
export interface OutgoingMessage {
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: QoS;
  readonly retain: boolean;
  readonly properties?: MessageProperties;
}

/** An Application Message that the broker delivered. */
export interface ReceivedMessage {
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: QoS;
  readonly retain: boolean;
  readonly dup: boolean;
  /** 0 at QoS 0. */
  readonly packetId: number;
  /** Set when the session speaks MQTT 5. */
  readonly properties?: MessageProperties;
}

/** What the broker answered to one PUBLISH at QoS 1 or 2; at QoS 0 always reason code 0. */
export interface PublishOutcome {
  /** 0x80 and above: refused. Always 0 before MQTT 5. [MQTT5 3.4.2.1] */
  readonly reasonCode: number;
  readonly reasonString?: string;
}

/** One Topic Filter of a SUBSCRIBE. All but filter and QoS exist in MQTT 5 only, and are left out before. [MQTT5 3.8.3] */
export interface Subscription {
  readonly filter: string;
  readonly qos: QoS;
  /** Messages that this client publishes do not come back to it. */
  readonly noLocal?: boolean;
  /** RETAIN is delivered as it was published. */
  readonly retainAsPublished?: boolean;
  /** Retained messages: 0 always, 1 only for a new subscription, 2 never. */
  readonly retainHandling?: 0 | 1 | 2;
}

/** What SUBACK or UNSUBACK said of one Topic Filter. */
export interface SubscribeOutcome {
  readonly filter: string;
  /** SUBACK: 0, 1, 2 is the granted QoS; UNSUBACK: 0 or 0x11. 0x80 and above: refused. [MQTT5 3.9.3] [MQTT5 3.11.3] */
  readonly reasonCode: number;
  readonly reasonString?: string;
}

/** What was agreed with the broker in CONNECT and CONNACK. */
export interface SessionInfo {
  readonly version: ProtocolVersion;
  /** As sent, or the Assigned Client Identifier. */
  readonly clientId: string;
  readonly sessionPresent: boolean;
  /** The broker's Server Keep Alive, or ours. */
  readonly keepAliveSeconds: number;
  /** QoS 1 and 2 messages that the broker takes at once; 65535 where it does not say. [MQTT5 3.2.2.3.3] */
  readonly receiveMaximum: number;
  readonly maximumQoS: QoS;
  readonly retainAvailable: boolean;
  /** How many Topic Aliases the broker takes. [MQTT5 3.2.2.3.8] */
  readonly topicAliasMaximum?: number;
  /** Bytes of a whole packet that the broker takes; undefined: no limit stated. [MQTT5 3.2.2.3.6] */
  readonly maximumPacketSize?: number;
  /** False: the broker has no shared subscriptions; undefined: it does not say. [MQTT5 3.2.2.3.13] */
  readonly sharedSubscriptionAvailable?: boolean;
}

/** How a connection that had reached CONNACK ended. */
export interface SessionEnd {
  /** `closed` by our own `close`; `disconnected` by the broker's DISCONNECT; `lost` otherwise. */
  readonly kind: 'closed' | 'disconnected' | 'lost';
  /** In words, such as `connection reset`. */
  readonly reason: string;
  /** Of the broker's DISCONNECT. [MQTT5 3.14.2.1] */
  readonly reasonCode?: number;
  readonly serverReference?: string;
}

/**
 * What becomes of a message: acknowledged at once (undefined) or when the promise resolves; or left with the broker,
 * which hands it to the next connection of the session, while later packets are read.
 */
export type Handled = Promise<void> | undefined | 'unacknowledged';

/** What a session calls back. */
export interface SessionHandlers {
  /**
   * Called for each message, one at a time. The acknowledgement is sent after the returned promise resolves, and
   * nothing more is read from the connection until then: the handler's pace is the broker's pace.
   */
  readonly onMessage?: (message: ReceivedMessage) => Handled;
  /**
   * Called after one or more messages for which `onMessage` returned undefined: they are acknowledged when the promise
   * resolves, and nothing more is read until then.
   */
  readonly settle?: () => Promise<void> | undefined;
  /** To take messages in bulk: `onMessage` must return no promise then. Not with a trace. */
  readonly makeMessageLane?: MakeMessageLane;
  /**
   * Packet Identifiers of QoS 2 messages that were handled and that the broker has not released by PUBREL yet. The owner
   * hands the same set to each connection of one session, so that no message is handled twice. [MQTT5 4.3.3]
   */
  readonly unreleased?: Set<number>;
  /** The bytes of packets, from CONNACK on: what comes before it holds the password. */
  readonly onBytes?: (direction: 'sent' | 'received', bytes: Buffer) => void;
  /**
   * How long opening took: told once, when the session is open, of the attempt that succeeded. What a broker refused
   * before, such as MQTT 5, is not in it.
   */
  readonly onOpened?: (times: OpeningTimes) => void;
  /** Makes {@link Session.lanes}: whoever needs none does not load them. */
  readonly makeLanes?: MakeLanes;
  /** The same, to be loaded while the connection is opened. */
  readonly loadLanes?: () => Promise<MakeLanes>;
  /**
   * For a connection that is only to be held, in a fraction of the memory: it can subscribe, be closed and be cut, and
   * neither publish nor ping. The wheel does its Keep Alive. Of the other handlers only `onOpened` is called.
   */
  readonly idle?: KeepAliveWheel;
  /** A line of the protocol trace (`-d`), without a newline. Never holds a password or payload. */
  readonly onTrace?: (line: string) => void;
}

/** One network connection to a broker, from CONNACK on. It never reconnects by itself. */
export interface Session {
  readonly info: SessionInfo;
  /** Resolves once, when the connection has ended. Never rejects. */
  readonly ended: Promise<SessionEnd>;
  /** For bulk. Set where the handlers make them. */
  readonly lanes?: Lanes | undefined;
  /**
   * Sends one PUBLISH. Resolves when the exchange of its QoS is complete: written, PUBACK, or PUBCOMP.
   * Rejects with ConnectionLostError when the connection ends first. The caller keeps to Receive Maximum.
   */
  publish(message: OutgoingMessage): Promise<PublishOutcome>;
  /** Resolves when more may be published without filling memory; undefined when that is now. */
  drained(): Promise<void> | undefined;
  /** Sends one SUBSCRIBE; resolves with an outcome for each different Topic Filter. */
  subscribe(
    subscriptions: readonly Subscription[],
    properties?: PacketProperties,
  ): Promise<readonly SubscribeOutcome[]>;
  /** Sends one UNSUBSCRIBE; resolves with an outcome for each, in order. */
  unsubscribe(filters: readonly string[], properties?: PacketProperties): Promise<readonly SubscribeOutcome[]>;
  /** PINGREQ; resolves at PINGRESP: everything sent before it has been read by the broker. */
  ping(): Promise<void>;
  /**
   * Sends DISCONNECT and closes. Resolves when the socket is closed, `graceMs` later at the latest, 800 ms if not given;
   * never rejects.
   */
  close(reasonCode?: number, properties?: PacketProperties, graceMs?: number): Promise<void>;
  /** Ends the connection without DISCONNECT, as a network that fails does: the broker publishes the Will. */
  cut(): void;
}
