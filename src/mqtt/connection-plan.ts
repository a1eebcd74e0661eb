import type { PacketProperties } from './properties.ts';
import type { QoS } from './session.ts';

/** MQTT 3.1, 3.1.1 and 5 as CONNECT encodes them. [MQTT5 3.1.2.2] */
export type ProtocolVersion = 3 | 4 | 5;

/** Where to connect and by which transport. */
export interface Endpoint {
  /** Name or address; of a Unix socket its path. */
  readonly host: string;
  /** 1 to 65535; 0 for a Unix socket. */
  readonly port: number;
  /** `host` is the path of a Unix socket. */
  readonly unix?: boolean;
  /** A broker has answered there by now: port, transport and name are right, whatever fails later. */
  readonly hasAnswered?: boolean;
  /** Look up `host` by SRV records instead of by address. [RFC2782] */
  readonly srv?: boolean;
  /** Local address to connect from. */
  readonly localAddress?: string;
  readonly proxy?: ProxyPlan;
  /** Set for TLS. */
  readonly tls?: TlsPlan;
  /** Set for WebSocket; the HTTP path, such as `/mqtt`. */
  readonly webSocketPath?: string;
  readonly webSocketHeaders?: readonly (readonly [name: string, value: string])[];
}

/** A proxy to connect through; it resolves the host name. */
export interface ProxyPlan {
  readonly kind: 'socks5' | 'http';
  readonly host: string;
  readonly port: number;
  readonly username?: string;
  readonly password?: string;
}

/** TLS settings, files already read. */
export interface TlsPlan {
  /** PEM certificates to trust instead of Node's own and those of the system. */
  readonly ca?: readonly string[];
  /** Where those are from, in words, if no option gave them. */
  readonly caOrigin?: string;
  readonly cert?: Buffer;
  readonly key?: Buffer;
  /** PKCS#12 with certificate and key. */
  readonly pfx?: Buffer;
  /** Of the private key or the PKCS#12 file. */
  readonly passphrase?: string;
  /** Name to ask for by SNI and to check, instead of the host. */
  readonly serverName?: string;
  /** SHA-256 of the certificate or of its public key, lower-case hexadecimal: one of them must match. */
  readonly pin?: string;
  readonly ciphers?: string;
  /** Default TLSv1.2. */
  readonly minVersion?: 'TLSv1.2' | 'TLSv1.3';
  /** Protocol to ask for by ALPN. */
  readonly alpn?: string;
  readonly psk?: { readonly identity: string; readonly key: Buffer };
  /** File that the session keys are appended to, for a protocol analyser. */
  readonly keyLogFile?: string;
  /** Accept any chain and any name; said on stderr. */
  readonly insecure: boolean;
}

/** The Will Message of CONNECT. [MQTT5 3.1.2.5] */
export interface Will {
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly qos: QoS;
  readonly retain: boolean;
  /** MQTT 5 only. [MQTT5 3.1.3.2] */
  readonly properties?: PacketProperties;
}

/** Everything needed to open a session: the resolved form of the connection options. */
export interface ConnectionPlan {
  readonly endpoint: Endpoint;
  /** `auto` is MQTT 5, then 3.1.1 when the broker refuses 5. */
  readonly version: ProtocolVersion | 'auto';
  /** The option, as typed, for which it is MQTT 5; undefined where the version itself was asked for, and for `auto`. */
  readonly version5NeededBy?: string;
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
  /** The other properties of CONNECT. MQTT 5 only. [MQTT5 3.1.2.11] */
  readonly properties?: PacketProperties;
  /** What an AUTH of ours carries, should the broker ask for one. MQTT 5 only. [MQTT5 3.15] */
  readonly authProperties?: PacketProperties;
  readonly will?: Will;
  /** Bound on name look-up, connection, handshakes and CONNACK together. */
  readonly connectTimeoutMs: number;
}
