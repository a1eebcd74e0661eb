/** What each field of `-F` prints, with every flag, width and precision that it heeds. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { MessageProperties, ReceivedMessage } from '../../src/mqtt/session.ts';
import { Template } from '../../src/output/template.ts';
import { FIELDS } from '../../src/output/template-fields.ts';

const PROPERTIES: MessageProperties = {
  payloadFormatIndicator: 1,
  messageExpiryInterval: 4_294_967_295,
  topicAlias: 12,
  responseTopic: 'answer/1',
  correlationData: Buffer.from([0, 0xff, 0x41]),
  userProperties: [
    ['k', 'v'],
    ['k', ''],
    ['', 'x y'],
  ],
  subscriptionIdentifiers: [268_435_455, 2],
  contentType: 'text/plain',
};

const MESSAGE: ReceivedMessage = {
  topic: 'a/bé',
  payload: Buffer.from('hello'),
  qos: 2,
  retain: true,
  dup: true,
  packetId: 4711,
  properties: PROPERTIES,
};

/** 2026-01-02T03:04:05.678Z. */
const RECEIVED_MS = 1_767_323_045_678;

function print(format: string, message: Partial<ReceivedMessage> = {}): Buffer {
  const onFault = (): void => undefined;
  return new Template(format, { pretty: false, newline: false, onFault }).format(
    { ...MESSAGE, ...message },
    RECEIVED_MS,
  );
}

const text = (format: string, message?: Partial<ReceivedMessage>): string => print(format, message).toString();

describe('a field', () => {
  it.each<[string, string, string?]>([
    ['%A', '12'],
    ['%5A', '   12'],
    ['%-5A', '12   '],
    ['%05A', '00012'],
    ['%-05A', '12   '],
    ['%1A', '12'],
    ['%C', 'text/plain'],
    ['%12C', '  text/plain'],
    ['%-12C', 'text/plain  '],
    ['%012C', '  text/plain'],
    ['%.4C', 'text'],
    ['%6.4C', '  text'],
    ['%.0C', ''],
    ['%.C', ''],
    ['%E', '4294967295'],
    ['%012E', '004294967295'],
    ['%F', '1'],
    ['%3F', '  1'],
    ['%03F', '001'],
    ['%l', '5'],
    ['%-3l|', '5  |'],
    ['%03l', '005'],
    ['%m', '4711'],
    ['%06m', '004711'],
    ['%P', 'k:v k: :x y'],
    ['%9P', 'k:v k: :x y'],
    ['%p', 'hello'],
    ['%3p', 'hel'],
    ['%8p', '   hello'],
    ['%-8p', 'hello   '],
    ['%08p', '000hello'],
    ['%-08p', 'hello   '],
    ['%.2p', 'hello'],
    ['%q', '2'],
    ['%5q', '2'],
    ['%R', 'answer/1'],
    ['%10R', '  answer/1'],
    ['%.6R', 'answer'],
    ['%r', '1'],
    ['%S', '268435455'],
    ['%-11S|', '268435455  |'],
    ['%t', 'a/bé'],
    // The width counts bytes, and é has two.
    ['%6t', ' a/bé'],
    ['%06t', ' a/bé'],
    ['%-6t|', 'a/bé |'],
    ['%.3t', 'a/b'],
    ['%.2f', ''],
    ['%U', '1767323045.678000000'],
    ['%x', '68656c6c6f'],
    ['%X', '68656C6C6F'],
    ['%.2x', '68 65 6c 6c 6f'],
    ['%.2:x', '68:65:6c:6c:6f'],
    ['%.4-X', '6865-6C6C-6F'],
    ['%.3 x', '686 56c 6c6 f'],
    ['%.0:x', '68656c6c6f'],
    ['%:x', '68656c6c6f'],
    ['%.99:x', '68656c6c6f'],
    // The payload is cut to so many bytes, then padded to so many digits.
    ['%2x', '6865'],
    ['%4x', '68656c6c'],
    ['%12x', '  68656c6c6f'],
    ['%-12x|', '68656c6c6f  |'],
    ['%012X', '0068656C6C6F'],
  ])('%s is %j', (format, printed) => {
    expect(text(format)).toBe(printed);
  });

  it('has a letter that is tested here', () => {
    expect(Object.keys(FIELDS).sort().join('')).toBe('ACDEFIJPRSUXdfjlmpqrtx');
  });

  it('%I is the local time, which a precision cuts', () => {
    const iso = text('%I');
    expect(iso).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d{4}$/);
    expect(new Date(iso.replace(/(\d\d)$/, ':$1')).getTime()).toBe(Math.floor(RECEIVED_MS / 1000) * 1000);
    expect(text('%.10I')).toBe(iso.slice(0, 10));
    expect(text('%26I')).toBe(`  ${iso}`);
    expect(text('%-26I')).toBe(`${iso}  `);
    expect(text('%026I')).toBe(`  ${iso}`);
  });

  it('%D and %p are the bytes', () => {
    const payload = Buffer.from([0, 0xff, 0x1b, 0x0a, 0xc3]);
    expect(print('%D', { payload })).toEqual(Buffer.from([0, 0xff, 0x41]));
    expect(print('%p', { payload })).toEqual(payload);
    expect(print('%2p', { payload })).toEqual(payload.subarray(0, 2));
    expect(print('%7p', { payload })).toEqual(Buffer.concat([Buffer.from('  '), payload]));
    expect(text('%x|%X', { payload })).toBe('00ff1b0ac3|00FF1B0AC3');
  });

  it('of an empty payload is empty, but for its padding', () => {
    const payload = Buffer.alloc(0);
    expect(text('<%p><%x><%.2:X><%l>', { payload })).toBe('<><><><0>');
    expect(text('<%3p><%-3p><%03p>', { payload })).toBe('<   ><   ><000>');
    expect(text('<%4x><%04x>', { payload })).toBe('<    ><0000>');
  });

  it('%m is 0 at QoS 0', () => {
    expect(text('%q %m', { qos: 0, packetId: 0 })).toBe('0 0');
  });
});

describe('a field of a property that the message does not have', () => {
  it.each(['A', 'C', 'D', 'E', 'F', 'P', 'R', 'S'])('%%%s is nothing', (letter) => {
    expect(text(`<%${letter}>`, { properties: {} })).toBe('<>');
    const { properties: _, ...before5 } = MESSAGE;
    const template = new Template(`<%${letter}>`, { pretty: false, newline: false, onFault: () => undefined });
    expect(template.format(before5, RECEIVED_MS).toString()).toBe('<>');
  });

  it.each([
    ['%5A', '     '],
    ['%-5E', '     '],
    ['%05F', '00000'],
    ['%05S', '00000'],
    ['%5C', '     '],
    ['%05C', '     '],
    ['%5R', ''],
    ['%5D', ''],
    ['%5P', ''],
  ])('%s is padding alone: %j', (format, printed) => {
    expect(text(format, { properties: {} })).toBe(printed);
  });

  it('is not one that is empty or zero', () => {
    const properties: MessageProperties = {
      payloadFormatIndicator: 0,
      messageExpiryInterval: 0,
      contentType: '',
      responseTopic: '',
      userProperties: [],
    };
    expect(text('%F%E<%C><%3R><%P>', { properties })).toBe('00<><   ><>');
  });
});

describe('%f and %d', () => {
  function float(value: number): Buffer {
    const bytes = Buffer.alloc(4);
    bytes.writeFloatLE(value);
    return bytes;
  }
  function double(value: number): Buffer {
    const bytes = Buffer.alloc(8);
    bytes.writeDoubleLE(value);
    return bytes;
  }

  it.each<[string, number, string]>([
    ['%d', 0, '0.000000'],
    ['%d', -0, '-0.000000'],
    ['%d', 1.5, '1.500000'],
    ['%d', -2.25, '-2.250000'],
    ['%.1d', 0.1, '0.1'],
    ['%.0d', 2.5, '2'],
    ['%.0d', 3.5, '4'],
    ['%.d', 0.5, '0'],
    ['%.2d', 0.125, '0.12'],
    ['%.2d', 0.375, '0.38'],
    ['%d', 0.0078125, '0.007812'],
    ['%.20d', 0.1, '0.10000000000000000555'],
    ['%d', 1e21, '1000000000000000000000.000000'],
    ['%.0d', 1e22, '10000000000000000000000'],
    ['%.3d', 1.7976931348623157e308, `${BigInt(1.7976931348623157e308)}.000`],
    ['%d', 5e-324, '0.000000'],
    ['%10.2d', 3.15625, '      3.16'],
    ['%-10.2d|', 3.15625, '3.16      |'],
    ['%010.2d', -3.15625, '-000003.16'],
    ['%d', Number.POSITIVE_INFINITY, 'inf'],
    ['%06d', Number.NEGATIVE_INFINITY, '  -inf'],
    ['%d', Number.NaN, 'nan'],
  ])('%s of %d is %s', (format, value, printed) => {
    expect(text(format, { payload: double(value) })).toBe(printed);
  });

  it('read a float of 4 bytes and a double of 8', () => {
    expect(text('%f', { payload: float(21.5) })).toBe('21.500000');
    expect(text('%.10f', { payload: float(0.1) })).toBe('0.1000000015');
    expect(text('%f', { payload: float(-0) })).toBe('-0.000000');
  });

  it('round the exact number, a tie to the even digit', () => {
    // Such a number has at most 90 decimals: toFixed(100) shows all of them.
    const exact = fc
      .tuple(fc.maxSafeInteger(), fc.integer({ min: 0, max: 90 }))
      .map(([mantissa, power]) => mantissa / 2 ** power);
    fc.assert(
      fc.property(exact, fc.integer({ min: 0, max: 100 }), (value, decimals) => {
        expect(text(`%.${decimals}d`, { payload: double(value) })).toBe(roundToEven(value.toFixed(100), decimals));
      }),
    );
  });

  it.each([
    ['%f', 8, 4],
    ['%d', 4, 8],
    ['%f', 0, 4],
    ['%d', 9, 8],
  ])('%s says that a payload of %d bytes is no number of %d, and prints nothing', (format, bytes, wanted) => {
    const said: string[] = [];
    const template = new Template(`<${format}>`, {
      pretty: false,
      newline: true,
      onFault: (fault) => said.push(fault),
    });
    expect(template.format({ ...MESSAGE, payload: Buffer.alloc(bytes) }, RECEIVED_MS).toString()).toBe('<>\n');
    expect(said).toEqual([`the message on a/bé has ${bytes} bytes, not ${wanted}: it is no floating-point number`]);
  });
});

/** A decimal, cut to so many decimals. */
function roundToEven(decimal: string, decimals: number): string {
  const [, sign, whole = '', fraction = ''] = /^(-?)(\d+)\.(\d+)$/.exec(decimal) ?? [];
  const kept = BigInt(whole + fraction.slice(0, decimals));
  const rest = fraction.slice(decimals);
  const half = `5${'0'.repeat(Math.max(0, rest.length - 1))}`;
  const isUp = rest !== '' && (rest > half || (rest === half && kept % 2n === 1n));
  const digits = String(isUp ? kept + 1n : kept).padStart(decimals + 1, '0');
  return `${sign}${digits.slice(0, digits.length - decimals)}${decimals === 0 ? '' : `.${digits.slice(-decimals)}`}`;
}
