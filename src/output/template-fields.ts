/** What each letter of a `-F` format prints. Widths count bytes, as in mosquitto. */
import type { ReceivedMessage } from '../mqtt/session.ts';
import { formatMosquittoJson } from './mosquitto-json.ts';
import { formatIsoLocal, type Moment } from './strftime.ts';
import { printFixed } from './template-floats.ts';

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

/** Groups are counted from the start of the field: where it is padded on the left, separators run through the padding. */
function hexadecimal(print: (bytes: Buffer) => string): Field {
  return ({ payload }, _moment, options) => {
    const { left, zero, width, precision = 0, separator } = options;
    const digits = print(cut(payload, width));
    const field = left ? digits : digits.padStart(width, zero ? '0' : ' ');
    const padding = left ? ' '.repeat(Math.max(0, width - digits.length)) : '';
    return Buffer.from(`${precision === 0 ? field : splitEvery(field, precision).join(separator)}${padding}`);
  };
}

function splitEvery(text: string, size: number): string[] {
  return Array.from({ length: Math.ceil(text.length / size) }, (_, at) => text.slice(at * size, (at + 1) * size));
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
    const value = Math.abs(read(payload));
    // The sign of zero and of what is no number counts too.
    const sign = (payload.at(-1) ?? 0) >= 0x80 ? '-' : '';
    if (Number.isFinite(value)) return padNumber(sign + printFixed(value, options.precision ?? 6), options);
    return padBytes(Buffer.from(`${sign}${Number.isNaN(value) ? 'nan' : 'inf'}`), { ...options, zero: false });
  };
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

function padBytes(bytes: Buffer, { left, zero, width }: FieldOptions): Buffer {
  if (bytes.length >= width) return bytes;
  const padding = Buffer.alloc(width - bytes.length, zero && !left ? '0' : ' ');
  return Buffer.concat(left ? [bytes, padding] : [padding, bytes]);
}
