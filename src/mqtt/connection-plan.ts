import type { QoS, UserProperties } from './session.ts';

/** MQTT 3.1, 3.1.1 and 5 as CONNECT encodes them. [MQTT5 3.1.2.2] */
export type ProtocolVersion = 3 | 4 | 5;

/** Where to connect and by which transport. */
export interface Endpoint {
  readonly host: string;
  /** 1 to 65535. */
  readonly port: number;
  /** Set for TLS. */
  readonly tls?: TlsPlan;
  /** Set for WebSocket; the HTTP path, such as `/mqtt`. */
  readonly webSocketPath?: string;
}

/** TLS settings, files already read. */
export interface TlsPlan {
  /** PEM certificates to trust instead of Node's own. */
  readonly ca?: readonly string[];
  readonly cert?: Buffer;
  readonly key?: Buffer;
  /** Accept any chain and any name; said on stderr. */
  readonly insecure: boolean;
}

/** The Will Message of CONNECT. [MQTT5 3.1.2.5] */
export interface Will {
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly qos: QoS;
  readonly retain: boolean;
}

/** Everything needed to open a session: the resolved form of the connection options. */
export interface ConnectionPlan {
  readonly endpoint: Endpoint;
  /** `auto` is MQTT 5, then 3.1.1 when the broker refuses 5. */
  readonly version: ProtocolVersion | 'auto';
  /** Empty: the broker assigns one (3.1.1 and 5). */
  readonly clientId: string;
  /** What a generated Client Identifier starts with, should the broker insist on one. */
  readonly generatedClientIdPrefix: string;
  readonly username?: string;
  readonly password?: Buffer;
  /** Where the password came from, for the hint under a refused login. Never the password. */
  readonly passwordSource?: string;
  /** 0 switches Keep Alive off. [MQTT5 3.1.2.10] */
  readonly keepAliveSeconds: number;
  readonly cleanStart: boolean;
  /** Seconds; 4294967295 is for ever. MQTT 5 only. [MQTT5 3.1.2.11.2] */
  readonly sessionExpiryInterval?: number;
  /** How many QoS 1 and 2 messages the broker may have in flight to us. MQTT 5 only. [MQTT5 3.1.2.11.3] */
  readonly receiveMaximum?: number;
  readonly userProperties?: UserProperties;
  readonly will?: Will;
  /** Bound on name look-up, connection, handshakes and CONNACK together. */
  readonly connectTimeoutMs: number;
}
