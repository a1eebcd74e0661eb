/** The grammar of `-F`: literals, escapes, times, fields; every mistake with its position. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ReceivedMessage } from '../../src/mqtt/session.ts';
import { Template, TemplateError, type TemplateOptions } from '../../src/output/template.ts';

const MESSAGE: ReceivedMessage = {
  topic: 'a/b',
  payload: Buffer.from('hello'),
  qos: 1,
  retain: true,
  dup: false,
  packetId: 7,
  properties: {},
};

/** 2026-01-02T03:04:05.678Z. */
const RECEIVED_MS = 1_767_323_045_678;

function parse(format: string, options: Partial<TemplateOptions> = {}): Template {
  return new Template(format, { pretty: false, newline: false, onFault: () => undefined, ...options });
}

function print(format: string, options?: Partial<TemplateOptions>, message: Partial<ReceivedMessage> = {}): string {
  return parse(format, options)
    .format({ ...MESSAGE, ...message }, RECEIVED_MS)
    .toString();
}

function faultOf(format: string): { message: string; position: number } {
  try {
    parse(format);
  } catch (error) {
    if (error instanceof TemplateError) return { message: error.message, position: error.position };
    throw error;
  }
  throw new Error(`${format} was parsed`);
}

const SEPARATORS = [...'!"#$&\'()*+,-./:;<=>?@[\\]^_`{|}~ '];
const LETTERS = [...'ACDEFIJPRSUXdfjlmpqrtx'];

/** Mostly what means something in a format, now and then anything. */
const anyFormat = fc.string({
  unit: fc.oneof(
    { arbitrary: fc.constantFrom('%', '%', '@', '\\', '-', '0', '5', '.', ...LETTERS, ...SEPARATORS), weight: 9 },
    { arbitrary: fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }), weight: 1 },
  ),
  maxLength: 30,
});

describe('a format', () => {
  it.each([
    ['', ''],
    ['plain text, %% and @@', 'plain text, % and @'],
    ['%t', 'a/b'],
    ['%t:%p', 'a/b:hello'],
    ['%%t', '%t'],
    ['%%%t', '%a/b'],
    ['%5%', '%'],
    ['é\u{1f600}%t\u{1f600}', 'é\u{1f600}a/b\u{1f600}'],
    ['\\\\ \\0 \\a \\e \\n \\r \\t \\v', '\\ \0 \x07 \x1b \n \r \t \v'],
    ['@N', '678000000'],
    ['@Q@%', '%Q%'],
    ['@\u{1f600}', '%\u{1f600}'],
    ['%q%r%m%l', '1175'],
  ])('%j prints %j', (format, printed) => {
    expect(print(format)).toBe(printed);
  });

  it('ends with a newline where that is wanted', () => {
    expect(print('%t', { newline: true })).toBe('a/b\n');
    expect(print('', { newline: true })).toBe('\n');
  });

  it('prints the time of receipt, in one zone and for all its parts', () => {
    const local = new Date(RECEIVED_MS);
    const two = (value: number): string => String(value).padStart(2, '0');
    expect(print('@Y-@m-@dT@H:@M:@S.@N')).toBe(
      `${local.getFullYear()}-${two(local.getMonth() + 1)}-${two(local.getDate())}` +
        `T${two(local.getHours())}:${two(local.getMinutes())}:${two(local.getSeconds())}.678000000`,
    );
    expect(print('%U @s')).toBe('1767323045.678000000 1767323045');
  });
});

describe('a mistake in a format', () => {
  it.each([
    ['%', 'incomplete format specifier at position 1'],
    ['abc%', 'incomplete format specifier at position 4'],
    ['%5', 'incomplete format specifier at position 1'],
    ['%-', 'incomplete format specifier at position 1'],
    ['%0', 'incomplete format specifier at position 1'],
    ['%.', 'incomplete format specifier at position 1'],
    ['%.3', 'incomplete format specifier at position 1'],
    ['%.3:', 'incomplete format specifier at position 1'],
    ['%é', 'incomplete format specifier at position 1'],
    ['% \n', 'incomplete format specifier at position 1'],
    ['%p%Z', 'unknown format specifier %Z at position 3'],
    ['%p %-05.2:y', 'unknown format specifier %y at position 4'],
    ['@', 'incomplete time specifier at position 1'],
    ['@H@', 'incomplete time specifier at position 3'],
    ['\\', 'incomplete escape at position 1'],
    ['%p\\', 'incomplete escape at position 3'],
    ['\\x', 'unknown escape \\x at position 1'],
    ['\\constructor', 'unknown escape \\c at position 1'],
    ['\\\u{1f600}', 'unknown escape \\\u{1f600} at position 1'],
    ['\u{1f600}é%', 'incomplete format specifier at position 3'],
    ['%1000001t', 'width and precision of %t can be at most 1000000 at position 1'],
    ['%.99999999999999999999f', 'width and precision of %f can be at most 1000000 at position 1'],
  ])('%j: %s', (format, message) => {
    expect(faultOf(format)).toEqual({ message, position: Number(/\d+$/.exec(message)?.[0]) });
  });

  it('is found before a message comes, and is the only thing that is ever thrown', () => {
    fc.assert(
      fc.property(anyFormat, fc.boolean(), (format, pretty) => {
        let template: Template;
        try {
          template = parse(format, { pretty });
        } catch (error) {
          expect(error).toBeInstanceOf(TemplateError);
          const { position } = error as TemplateError;
          expect(position).toBeGreaterThanOrEqual(1);
          expect(position).toBeLessThanOrEqual([...format].length);
          expect('%@\\').toContain([...format][position - 1]);
          return;
        }
        expect(template.format(MESSAGE, RECEIVED_MS)).toBeInstanceOf(Buffer);
      }),
      { numRuns: 2000 },
    );
  });

  it('is never a literal text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(print(text.replace(/[%@]/g, '$&$&').replaceAll('\\', '\\\\'))).toBe(text);
      }),
    );
  });
});

describe('a specifier', () => {
  it('is `%`, flags, width, precision, separator and letter, in this order', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('', '-', '0', '-0'),
        fc.option(fc.integer({ min: 1, max: 99 })),
        fc.option(fc.integer({ min: 0, max: 9 })),
        fc.constantFrom('', ...SEPARATORS),
        fc.constantFrom(...LETTERS),
        (flags, width, precision, separator, letter) => {
          const point = precision === null ? '' : `.${precision}`;
          const specifier = `%${flags}${width ?? ''}${point}${separator}${letter}`;
          expect(print(`<%t>${specifier}<%q>`)).toMatch(/^<a\/b>.*<1>$/s);
        },
      ),
    );
  });

  it('means the same for every separator where there is nothing to separate', () => {
    for (const separator of SEPARATORS) {
      // A dot alone is a precision of 0, as in C.
      expect(print(`%${separator}t`), separator).toBe(separator === '.' ? '' : 'a/b');
      expect(print(`%5${separator}l`), separator).toBe('    5');
      expect(print(`%.2${separator}x`), separator).toBe(`68${separator}65${separator}6c${separator}6c${separator}6f`);
    }
  });
});

describe('a format on a terminal', () => {
  const payload = Buffer.from('\u001b[31mred\u0007\n\tx\u009b\u202e');
  const hostile: Partial<ReceivedMessage> = {
    topic: 'a\u001b[2J\nb',
    payload,
    properties: {
      contentType: '\u001b]0;x\u0007\n',
      responseTopic: 'r\r\n',
      correlationData: Buffer.from([0x1b, 0x5b, 0x9b, 0x0a, 0xff]),
      userProperties: [['\u001b', '\u009d\n']],
    },
  };
  const terminal = { terminal: { singleLine: false } };

  it.each([
    ['%p', '\\e[31mred\\x07\n\tx\\x9b\\u202e'],
    ['%t', 'a\\e[2J\\nb'],
    ['%.3t', 'a\\e['],
    ['%C', '\\e]0;x\\x07\\n'],
    ['%R', 'r\\r\\n'],
    ['%D', '\\e[\ufffd\\n\ufffd'],
    ['%P', '\\e:\\x9d\\n'],
  ])('%s shows what would act on it: %j', (format, shown) => {
    expect(print(format, terminal, hostile)).toBe(shown);
  });

  it('leaves the escapes of the format itself as they are', () => {
    expect(print('\\e[1m%p\\e[0m\\a\\r', terminal, hostile)).toBe(
      '\u001b[1m\\e[31mred\\x07\n\tx\\x9b\\u202e\u001b[0m\u0007\r',
    );
  });

  it('prints JSON that is JSON still', () => {
    for (const pretty of [false, true]) {
      const shown = print('%j', { ...terminal, pretty }, hostile);
      expect(shown).not.toMatch(/[^\n\t\u0020-\u007e]/);
      expect(JSON.parse(shown)).toMatchObject({ topic: hostile.topic, payload: payload.toString() });
    }
    expect(print('%J', terminal, { payload: Buffer.from('{"\u009b":"\u202e"}') })).toContain(
      '"payload":{"\\u009b":"\\u202e"}',
    );
  });

  it('keeps a payload on one line where there is only one', () => {
    expect(print('%p', { terminal: { singleLine: true } }, { payload: Buffer.from('a\n\tb\u001b') })).toBe(
      'a\\n\\tb\\e',
    );
  });

  it('lets no message act, whatever its fields and the format', () => {
    // What acts may stand in the format; here it does not.
    const harmless = anyFormat.filter((format) => !/\\[0aenrtv]|@[nt]|[\u0000-\u001f\u007f-\u009f]/.test(format));
    const text = fc.string({ unit: fc.oneof(fc.constantFrom('\u001b', '\u009b', '\n', '\u202e', '['), fc.string()) });
    const bytes = fc.uint8Array().map((array) => Buffer.from(array));
    fc.assert(
      fc.property(harmless, text, bytes, bytes, text, (format, topic, body, correlationData, other) => {
        let template: Template;
        try {
          template = parse(format, { terminal: { singleLine: true } });
        } catch {
          return;
        }
        const properties = {
          contentType: other,
          responseTopic: other,
          correlationData,
          userProperties: [[other, topic]] as const,
        };
        const shown = template.format({ ...MESSAGE, topic, payload: body, properties }, RECEIVED_MS).toString();
        const marks = format.match(/[\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g) ?? [];
        expect(shown).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
        if (marks.length === 0) expect(shown).not.toMatch(/[\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/);
      }),
      { numRuns: 1000 },
    );
  });
});
