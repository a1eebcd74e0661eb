/** Properties between the specification's names and the forms that MQTT.js gives them. */
import type { PacketProperties } from './properties.ts';
import type { UserProperties } from './session.ts';

/** All that any packet of MQTT.js can carry. Its types have one shape for each packet; the names are the same. */
interface MqttjsProperties extends Omit<PacketProperties, BooleanName | 'userProperties' | 'subscriptionIdentifiers'> {
  readonly payloadFormatIndicator?: boolean;
  readonly requestResponseInformation?: boolean;
  readonly requestProblemInformation?: boolean;
  readonly userProperties?: Readonly<Record<string, string | string[]>>;
  readonly subscriptionIdentifier?: number | number[];
}

type BooleanName = 'payloadFormatIndicator' | 'requestResponseInformation' | 'requestProblemInformation';

export function toMqttjs(properties: PacketProperties): MqttjsProperties {
  const {
    payloadFormatIndicator,
    requestResponseInformation,
    requestProblemInformation,
    userProperties,
    subscriptionIdentifiers,
    ...same
  } = properties;
  return {
    ...same,
    ...(payloadFormatIndicator !== undefined && { payloadFormatIndicator: payloadFormatIndicator === 1 }),
    ...(requestResponseInformation !== undefined && { requestResponseInformation: requestResponseInformation === 1 }),
    ...(requestProblemInformation !== undefined && { requestProblemInformation: requestProblemInformation === 1 }),
    ...(userProperties && { userProperties: groupByName(userProperties) }),
    ...(subscriptionIdentifiers?.[0] !== undefined && { subscriptionIdentifier: subscriptionIdentifiers[0] }),
  };
}

/** Properties of a received message. */
export function fromMqttjs(properties: object): PacketProperties {
  const { payloadFormatIndicator, userProperties, subscriptionIdentifier, ...same } = properties as MqttjsProperties;
  return {
    ...(same as Omit<PacketProperties, keyof MqttjsProperties>),
    ...(payloadFormatIndicator !== undefined && { payloadFormatIndicator: payloadFormatIndicator ? 1 : 0 }),
    ...(userProperties && { userProperties: listPairs(userProperties) }),
    ...(subscriptionIdentifier !== undefined && { subscriptionIdentifiers: [subscriptionIdentifier].flat() }),
  };
}

// MQTT.js groups User Properties by name: the order among different names is lost in it, both ways.
function groupByName(pairs: UserProperties): Record<string, string[]> {
  const grouped: Record<string, string[]> = Object.create(null);
  for (const [name, value] of pairs) {
    const values = grouped[name] ?? [];
    values.push(value);
    grouped[name] = values;
  }
  return grouped;
}

function listPairs(grouped: Readonly<Record<string, string | string[]>>): UserProperties {
  return Object.entries(grouped).flatMap(([name, values]) =>
    [values].flat().map((value): readonly [string, string] => [name, value]),
  );
}
