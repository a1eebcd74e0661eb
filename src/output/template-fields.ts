/** What each letter of a `-F` format prints. Widths count bytes, as in mosquitto. */
import type { ReceivedMessage } from '../mqtt/session.ts';
import { formatMosquittoJson } from './mosquitto-json.ts';
import { formatIsoLocal, type Moment } from './strftime.ts';

export interface FieldOptions {
  /** `-`: padded on the right. */
  readonly left: boolean;
  /** `0`: padded with zeros instead of blanks. */
  readonly zero: boolean;
  /** 0: none. */
  readonly width: number;
  readonly precision: number | undefined;
  /** Between the groups of `%x`. */
  readonly separator: string;
  readonly pretty: boolean;
  readonly onFault: (text: string) => void;
}

type Field = (message: ReceivedMessage, moment: Moment, options: FieldOptions) => Buffer;

const NOTHING = Buffer.alloc(0);

export const FIELDS: Readonly<Record<string, Field>> = {
  A: numberOr(({ properties }) => properties?.topicAlias),
  C: textOr(({ properties }) => properties?.contentType, 'blank'),
  D: ({ properties }) => properties?.correlationData ?? NOTHING,
  // mosquitto prints it as a signed number, so that four thousand million comes out negative; this is the number itself.
  E: numberOr(({ properties }) => properties?.messageExpiryInterval),
  F: numberOr(({ properties }) => properties?.payloadFormatIndicator),
  I: (_message, moment, options) => padText(Buffer.from(formatIsoLocal(moment)), options),
  J: json(true),
  P: ({ properties }) => Buffer.from((properties?.userProperties ?? []).map((pair) => pair.join(':')).join(' ')),
  R: textOr(({ properties }) => properties?.responseTopic, 'nothing'),
  S: numberOr(({ properties }) => properties?.subscriptionIdentifiers?.[0]),
  U: (_message, { date, nanoseconds }) =>
    Buffer.from(`${Math.floor(date.getTime() / 1000)}.${String(nanoseconds).padStart(9, '0')}`),
  X: hexadecimal((bytes) => bytes.toString('hex').toUpperCase()),
  d: floating(8, (payload) => payload.readDoubleLE()),
  f: floating(4, (payload) => payload.readFloatLE()),
  j: json(false),
  l: numberOr(({ payload }) => payload.length),
  m: numberOr(({ packetId }) => packetId),
  p: ({ payload }, _moment, options) => padBytes(cut(payload, options.width), options),
  q: ({ qos }) => Buffer.from(String(qos)),
  r: ({ retain }) => Buffer.from(retain ? '1' : '0'),
  t: ({ topic }, _moment, options) => padText(Buffer.from(topic), options),
  x: hexadecimal((bytes) => bytes.toString('hex')),
};

function numberOr(read: (message: ReceivedMessage) => number | undefined): Field {
  return (message, _moment, options) => {
    const value = read(message);
    return value === undefined ? blank(options) : padNumber(String(value), options);
  };
}

function textOr(read: (message: ReceivedMessage) => string | undefined, otherwise: 'blank' | 'nothing'): Field {
  return (message, _moment, options) => {
    const value = read(message);
    if (value !== undefined) return padText(Buffer.from(value), options);
    return otherwise === 'blank' ? blank({ ...options, zero: false }) : NOTHING;
  };
}

function json(parsePayload: boolean): Field {
  return (message, moment, { pretty, onFault }) => {
    const text = formatMosquittoJson(message, moment, { parsePayload, pretty });
    if (text === undefined) onFault(`the message on ${message.topic} is not JSON (%J)`);
    return Buffer.from(text ?? '');
  };
}

function hexadecimal(print: (bytes: Buffer) => string): Field {
  return ({ payload }, _moment, options) => {
    const digits = print(cut(payload, options.width));
    const { precision, separator } = options;
    const size = precision === undefined || precision === 0 ? digits.length : precision;
    const groups = digits.match(new RegExp(`.{1,${Math.max(1, size)}}`, 'g')) ?? [];
    return padBytes(Buffer.from(groups.join(separator)), options, digits.length);
  };
}

/** A payload that is one number in the machine's own form: little-endian on all that Node runs on but a few. */
function floating(size: number, read: (payload: Buffer) => number): Field {
  return ({ payload, topic }, _moment, options) => {
    if (payload.length !== size) {
      options.onFault(
        `the message on ${topic} has ${payload.length} bytes, not ${size}: it is no floating-point number`,
      );
      return NOTHING;
    }
    return padNumber(printFloat(read(payload), options.precision ?? 6), options);
  };
}

function printFloat(value: number, decimals: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value < 0 ? '-inf' : 'inf';
  // toFixed gives up from 1e21 on; all digits of so large a number stand before the point.
  if (Math.abs(value) >= 1e21) return `${BigInt(value)}${decimals > 0 ? `.${'0'.repeat(decimals)}` : ''}`;
  return `${Object.is(value, -0) ? '-' : ''}${value.toFixed(Math.min(100, decimals))}`;
}

function cut(payload: Buffer, width: number): Buffer {
  return width > 0 ? payload.subarray(0, width) : payload;
}

function blank({ width, zero }: Pick<FieldOptions, 'width' | 'zero'>): Buffer {
  return Buffer.alloc(width, zero ? '0' : ' ');
}

/** Precision cuts, as in `%.3s` of C. */
function padText(bytes: Buffer, options: FieldOptions): Buffer {
  const { precision } = options;
  return padBytes(precision === undefined ? bytes : bytes.subarray(0, precision), { ...options, zero: false });
}

function padNumber(digits: string, options: FieldOptions): Buffer {
  const { zero, left, width } = options;
  if (!zero || left) return padBytes(Buffer.from(digits), { ...options, zero: false });
  const sign = digits.startsWith('-') ? '-' : '';
  return Buffer.from(sign + digits.slice(sign.length).padStart(width - sign.length, '0'));
}

/** `length`: what counts against the width, where that is not the number of bytes. */
function padBytes(bytes: Buffer, { left, zero, width }: FieldOptions, length = bytes.length): Buffer {
  if (length >= width) return bytes;
  const padding = Buffer.alloc(width - length, zero && !left ? '0' : ' ');
  return Buffer.concat(left ? [bytes, padding] : [padding, bytes]);
}
