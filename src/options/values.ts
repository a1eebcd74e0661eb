/** Text to value, for the option tables. Each throws ValueError with the reason alone. */
import type { ProtocolVersion } from '../mqtt/connection-plan.ts';
import type { QoS } from '../mqtt/session.ts';
import { findFilterFault, findTopicNameFault } from '../mqtt/topic.ts';
import { ValueError } from './spec.ts';

export function parseText(text: string): string {
  return text;
}

export function parseNonEmpty(text: string): string {
  if (text === '') throw new ValueError('must not be empty');
  return text;
}

/** What a string or binary field of a packet holds at most. [MQTT5 1.5.4] [MQTT5 1.5.6] */
export const MAX_FIELD_BYTES = 65_535;

/** A UTF-8 Encoded String. [MQTT-1.5.4-1] [MQTT-1.5.4-2] */
export function parseEncodedString(text: string): string {
  if (text.includes('\0') || !text.isWellFormed()) throw new ValueError('must be valid UTF-8 without U+0000');
  return parseFieldText(text);
}

/** Text whose bytes go into a binary field. [MQTT5 1.5.6] */
export function parseFieldText(text: string): string {
  if (Buffer.byteLength(text) > MAX_FIELD_BYTES) throw new ValueError(`must be at most ${MAX_FIELD_BYTES} bytes long`);
  return text;
}

/** A parser of whole decimal numbers from `min` to `max`. */
export function wholeNumber(min: number, max: number, unit = ''): (text: string) => number {
  return (text) => {
    const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
    if (!(value >= min && value <= max)) {
      const range = max === Number.MAX_SAFE_INTEGER ? `from ${min} up` : `from ${min} to ${max}`;
      const reason = `must be a whole number ${range}${unit && `, in ${unit}`}`;
      throw new ValueError(reason, unit === '' ? hintAtDigits(text, min, max) : undefined);
    }
    return value;
  };
}

/** A rate and a size take 10k, a count does not. */
function hintAtDigits(text: string, min: number, max: number): string | undefined {
  const [, digits, unit = ''] = /^(\d{1,9}(?:\.\d{1,6})?)([kKM])$/.exec(text) ?? [];
  if (digits === undefined) return undefined;
  const value = Number(digits) * (unit === 'M' ? 1_000_000 : 1000);
  return Number.isInteger(value) && value >= min && value <= max ? `Type ${value}.` : undefined;
}

export function parseQoS(text: string): QoS {
  if (text === '0' || text === '1' || text === '2') return Number(text) as QoS;
  throw new ValueError('must be 0, 1 or 2');
}

const VERSIONS: Readonly<Record<string, ProtocolVersion | 'auto'>> = {
  auto: 'auto',
  5: 5,
  mqttv5: 5,
  311: 4,
  mqttv311: 4,
  31: 3,
  mqttv31: 3,
};

/** A protocol version, in mosquitto's spellings too. */
export function parseVersion(text: string): ProtocolVersion | 'auto' {
  const version = Object.hasOwn(VERSIONS, text) ? VERSIONS[text] : undefined;
  if (version === undefined) throw new ValueError('must be auto, 5, 311 or 31');
  return version;
}

const MS_PER_UNIT: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, '': 1000 };

/** A duration in milliseconds: a number with `ms`, `s`, `m` or `h`; bare means seconds. */
export function parseDurationMs(text: string): number {
  const match = /^(\d{1,12}(?:\.\d{1,9})?)(ms|s|m|h|)$/.exec(text);
  if (!match) throw new ValueError('must be a duration such as 500ms, 10s or 5m; a bare number is seconds');
  return multiply(match[1], MS_PER_UNIT[match[2] ?? '']);
}

/** A duration above zero that a timer can hold, in milliseconds. */
export function parsePositiveDurationMs(text: string): number {
  const ms = parseDurationMs(text);
  // Timers overflow beyond 2^31 - 1 ms and then fire at once.
  if (ms < 1 || ms > 2_147_483_647) throw new ValueError('must be a duration from 1ms to 596h');
  return ms;
}

const BYTES_PER_UNIT: Readonly<Record<string, number>> = {
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
};

/** A parser of sizes in bytes, from `min` to `max`: a number with `k`, `M`, `G`, `KiB`, `MiB`, `GiB`. */
export function sizeInBytes(min: number, max: number): (text: string) => number {
  return (text) => {
    const match = /^(\d{1,15}(?:\.\d{1,9})?)(k|M|G|KiB|MiB|GiB|)$/.exec(text);
    if (!match) throw new ValueError('must be a size such as 64, 10k or 2MiB');
    const bytes = multiply(match[1], BYTES_PER_UNIT[match[2] ?? '']);
    if (!Number.isInteger(bytes)) throw new ValueError('must be a whole number of bytes');
    if (bytes < min || bytes > max) throw new ValueError(`must be from ${min} to ${max} bytes`);
    return bytes;
  };
}

/** A decimal times a unit, without the error of binary fractions: 1.005 times 1000 is 1005. */
function multiply(decimal = '', unit = Number.NaN): number {
  return Number((Number(decimal) * unit).toPrecision(15));
}

/** A Topic Name. [MQTT5 4.7] */
export function parseTopicName(text: string): string {
  const fault = findTopicNameFault(text);
  if (fault !== undefined) throw new ValueError(fault.reason, fault.hint);
  return text;
}

/** A Topic Filter. [MQTT5 4.7] */
export function parseTopicFilter(text: string): string {
  const fault = findFilterFault(text);
  if (fault !== undefined) throw new ValueError(fault.reason, fault.hint);
  return text;
}
