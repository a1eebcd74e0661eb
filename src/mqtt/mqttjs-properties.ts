/** Properties between the specification's names and the forms that MQTT.js gives them. */
import type { IPublishPacket } from 'mqtt';
import type { MessageProperties, UserProperties } from './session.ts';

type MqttjsProperties = NonNullable<IPublishPacket['properties']>;

export function toMqttjs(properties: MessageProperties): MqttjsProperties {
  const { payloadFormatIndicator, userProperties, subscriptionIdentifiers, ...same } = properties;
  return {
    ...same,
    ...(payloadFormatIndicator !== undefined && { payloadFormatIndicator: payloadFormatIndicator === 1 }),
    ...(userProperties && { userProperties: groupByName(userProperties) }),
    ...(subscriptionIdentifiers && { subscriptionIdentifier: [...subscriptionIdentifiers] }),
  };
}

export function fromMqttjs(properties: MqttjsProperties): MessageProperties {
  const { payloadFormatIndicator, userProperties, subscriptionIdentifier, ...same } = properties;
  return {
    ...same,
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
