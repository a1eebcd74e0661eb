/** `-D PACKET PROPERTY VALUE` and `-D PACKET user-property NAME VALUE`. */
import { UsageError } from '../errors.ts';
import {
  type PacketProperties,
  PROPERTY_PACKETS,
  PROPERTY_RULES,
  type PropertyPacket,
  type PropertyRule,
} from '../mqtt/properties.ts';
import type { OptionValues, ParsedOccurrence } from './option-values.ts';
import { type OptionSpec, ValueError } from './spec.ts';
import { parseEncodedString, parseFieldText, wholeNumber } from './values.ts';

/** One `-D`, understood. */
export interface PropertyAssignment {
  readonly packet: PropertyPacket;
  readonly name: string;
  readonly value: number | string | Buffer | readonly [name: string, value: string];
}

export const propertyOption: OptionSpec<readonly PropertyAssignment[]> = {
  long: 'property',
  short: 'D',
  group: 'Connection',
  summary: 'MQTT 5 property of a packet, such as: publish content-type text/plain; may be given many times',
  valueNames: ['PACKET', 'PROPERTY', 'VALUE'],
  countWords: ([, name]) => (name?.toLowerCase() === 'user-property' ? 4 : 3),
  repeat: 'all',
  redact: (word, words = []) => (isSecret(words) && word === words[2] ? '***' : word),
  parse: parseAssignment,
  collect: (parsed) => parsed as readonly PropertyAssignment[],
};

/** Authentication Data is a password by another name. [MQTT5 3.1.2.11.10] */
function isSecret([, name = '']: readonly string[]): boolean {
  return name.toLowerCase() === 'authentication-data';
}

function parseAssignment([packetWord = '', nameWord = '', ...values]: readonly string[]): PropertyAssignment {
  const packet = PROPERTY_PACKETS.find((one) => one === packetWord.toLowerCase());
  if (packet === undefined) {
    throw new ValueError(`the packet must be one of ${PROPERTY_PACKETS.join(', ')}`);
  }
  const name = nameWord.toLowerCase();
  const rule = Object.hasOwn(PROPERTY_RULES, name) ? PROPERTY_RULES[name] : undefined;
  if (rule === undefined)
    throw new ValueError('there is no such property', `There are ${Object.keys(PROPERTY_RULES).join(', ')}.`);
  if (!rule.packets.includes(packet)) {
    throw new ValueError(`${packet} has no ${name}`, `${name} is for ${rule.packets.join(' and ')}.`);
  }
  return { packet, name, value: parseValue(rule, values) };
}

function parseValue({ type }: PropertyRule, [text = '', second = '']: readonly string[]): PropertyAssignment['value'] {
  switch (type.kind) {
    case 'number':
      return wholeNumber(type.min, type.max)(text);
    case 'text':
      return parseEncodedString(text);
    case 'binary':
      return Buffer.from(parseFieldText(text));
    case 'pair':
      return [parseEncodedString(text), parseEncodedString(second)];
  }
}

/** Throws UsageError for properties of packets that a command never sends. */
export function refusePropertiesOf(packets: readonly PropertyPacket[], values: OptionValues, command: string): void {
  const odd = values.get(propertyOption).find(({ packet }) => packets.includes(packet));
  if (odd === undefined) return;
  const name = odd.packet.toUpperCase();
  throw new UsageError(`-D ${odd.packet} ${odd.name}: ${command} sends no ${name} with properties`);
}

/**
 * All properties of one packet, of those that are meant. Throws UsageError for one that was given twice, User Properties
 * apart.
 */
export function propertiesFor(
  packet: PropertyPacket,
  values: OptionValues,
  isMeant: (occurrence: ParsedOccurrence) => boolean = () => true,
): PacketProperties | undefined {
  const given = values
    .occurrences(propertyOption)
    .filter(isMeant)
    .map(({ value }) => value as PropertyAssignment)
    .filter((assignment) => assignment.packet === packet);
  if (given.length === 0) return undefined;
  const properties: Record<string, unknown> = {};
  const pairs: (readonly [string, string])[] = [];
  for (const { name, value } of given) {
    const key = PROPERTY_RULES[name]?.key ?? '';
    if (Array.isArray(value)) {
      pairs.push(value as unknown as readonly [string, string]);
    } else if (key in properties) {
      throw new UsageError(`-D ${packet} ${name} was given twice`);
    } else {
      properties[key] = key === 'subscriptionIdentifiers' ? [value] : value;
    }
  }
  if (pairs.length > 0) properties['userProperties'] = pairs;
  return properties as PacketProperties;
}
