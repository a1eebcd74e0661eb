/** Makes the MQTT.js client of one network connection. */
import type { IClientOptions, MqttClient } from 'mqtt';
import * as clientModule from 'mqtt/lib/client';
import type { Clock } from '../cli/context.ts';
import type { ConnectionPlan, ProtocolVersion } from './connection-plan.ts';
import type { KeepAlive } from './keep-alive.ts';
import { toMqttjs } from './mqttjs-properties.ts';
import type { PacketIdentifiers } from './packet-identifiers.ts';
import type { PacketProperties } from './properties.ts';
import type { Wire } from './wire.ts';

/** What CONNECT says beyond the plan: these two change from one attempt to the next. */
export interface DialChoice {
  readonly version: ProtocolVersion;
  readonly clientId: string;
}

/** Longest delay of a timer: MQTT.js insists on a CONNACK timer of its own, and ours is the one that counts. */
const NEVER_MS = 2_147_483_647;

// Both modules are CommonJS with a `default` inside: bundled it is the import itself, in Node it is one level down.
function defaultOf<T>(module: { default: T | { default: T } }): T {
  const inner = module.default;
  return typeof inner === 'object' && inner !== null && 'default' in inner ? inner.default : (inner as T);
}
const Client = defaultOf(clientModule as unknown as { default: typeof MqttClient });

/** The client sends nothing before its `connect` is called. */
export function makeClient(
  wire: Wire,
  plan: ConnectionPlan,
  choice: DialChoice,
  clock: Clock,
  keepAlive: KeepAlive,
  identifiers: PacketIdentifiers,
): MqttClient {
  return new Client(() => wire as never, makeOptions(plan, choice, clock, keepAlive, identifiers));
}

function makeOptions(
  plan: ConnectionPlan,
  choice: DialChoice,
  clock: Clock,
  keepAlive: KeepAlive,
  identifiers: PacketIdentifiers,
): IClientOptions {
  return {
    ...connectFieldsOf(plan, choice),
    // Reconnecting, resubscribing and waiting are ours: see connect.ts and the commands.
    manualConnect: true,
    reconnectPeriod: 0,
    resubscribe: false,
    queueQoSZero: false,
    connectTimeout: NEVER_MS,
    writeCache: false,
    autoUseTopicAlias: true,
    messageIdProvider: identifiers,
    reschedulePings: false,
    timerVariant: {
      // Called at CONNACK and at each PINGRESP.
      set: (_pingOfMqttjs: () => void, periodMs: number) => {
        keepAlive.start();
        return clock.setRepeating(() => keepAlive.tick(), periodMs);
      },
      clear: (timer: object) => clock.clearTimer(timer),
    } as never,
    log: () => undefined,
    // MQTT.js types the properties of each packet apart; ours come from one table that knows what belongs where.
  } as IClientOptions;
}

/** What CONNECT says, in the spellings of MQTT.js. */
export function connectFieldsOf(plan: ConnectionPlan, { clientId, version }: DialChoice) {
  const { keepAliveSeconds, cleanStart, username, password, will } = plan;
  return {
    protocolVersion: version,
    protocolId: version === 3 ? ('MQIsdp' as const) : ('MQTT' as const),
    clientId,
    clean: cleanStart,
    keepalive: keepAliveSeconds,
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(will && {
      will: { ...will, payload: Buffer.from(will.payload), ...withProperties(version, will.properties) },
    }),
    ...withProperties(version, connectProperties(plan)),
  };
}

function connectProperties({ sessionExpiryInterval, receiveMaximum, properties }: ConnectionPlan): PacketProperties {
  return {
    ...(receiveMaximum !== undefined && { receiveMaximum }),
    ...properties,
    ...(sessionExpiryInterval !== undefined && { sessionExpiryInterval }),
  };
}

/** Before MQTT 5 there are none. */
export function withProperties(
  version: ProtocolVersion,
  properties: PacketProperties | undefined,
): { properties?: object } {
  return properties === undefined || version !== 5 ? {} : { properties: toMqttjs(properties) };
}
