import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ValueError } from '../../src/options/spec.ts';
import {
  parseDurationMs,
  parseEncodedString,
  parseFieldText,
  parseNonEmpty,
  parsePositiveDurationMs,
  parseQoS,
  parseText,
  parseTopicFilter,
  parseTopicName,
  parseVersion,
  sizeInBytes,
  wholeNumber,
} from '../../src/options/values.ts';
import { anyText } from './parsing.ts';

const sometimesSmall = fc.oneof(fc.nat({ max: 2_000_000_000 }), fc.nat({ max: 10_000 }));

/** The reason of a refusal; what is thrown must be a ValueError. */
function reasonOf(parse: () => unknown): string {
  try {
    parse();
  } catch (error) {
    expect(error).toBeInstanceOf(ValueError);
    return (error as Error).message;
  }
  throw new Error('nothing was thrown');
}

const NOT_DECIMAL = [
  '',
  ' ',
  '1 ',
  ' 1',
  '+1',
  '-1',
  '-0',
  '1.0',
  '1.',
  '.5',
  '1e3',
  '0x10',
  '1_000',
  '1,000',
  'NaN',
  '١',
  '１',
  '1\n',
];

describe('a whole number', () => {
  it.each(NOT_DECIMAL)('is not "%s"', (text) => {
    expect(reasonOf(() => wholeNumber(0, 10_000)(text))).toBe('must be a whole number from 0 to 10000');
  });

  it('is every number in its range, and none outside', () => {
    const numbers = fc.tuple(fc.nat(), fc.nat(), fc.nat());
    fc.assert(
      fc.property(numbers, ([number, one, other]) => {
        const [min, max] = [Math.min(one, other), Math.max(one, other)];
        const parse = wholeNumber(min, max);
        if (number >= min && number <= max) expect(parse(String(number))).toBe(number);
        else expect(reasonOf(() => parse(String(number)))).toBe(`must be a whole number from ${min} to ${max}`);
      }),
    );
  });

  it('is written in digits: a k or M for thousands or millions is told as the number to type', () => {
    const hintOf = (text: string, unit?: string): string | undefined => {
      try {
        wholeNumber(1, 2_000_000, unit)(text);
      } catch (error) {
        return (error as ValueError).hint;
      }
      throw new Error('nothing was thrown');
    };
    expect(['1k', '10K', '1.5k', '2M', '0.5M'].map((text) => hintOf(text))).toEqual(
      [1000, 10_000, 1500, 2_000_000, 500_000].map((count) => `Type ${count}.`),
    );
    for (const text of ['3M', '0k', '0.0001k', '1m', 'k', '1kk', '1 k', '-1k', 'one'])
      expect(hintOf(text)).toBeUndefined();
    // Where a number has a unit, such as seconds, a letter may stand for another one.
    expect(hintOf('1k', 'seconds')).toBeUndefined();
  });

  it('may have zeros before it', () => {
    expect(wholeNumber(0, 10)('007')).toBe(7);
  });

  it('is exact up to the largest that JavaScript holds', () => {
    const parse = wholeNumber(1, Number.MAX_SAFE_INTEGER);
    expect(parse('9007199254740991')).toBe(9_007_199_254_740_991);
    for (const text of ['9007199254740992', '9007199254740993', '99999999999999999999', '1'.repeat(100_000), '0']) {
      expect(reasonOf(() => parse(text))).toBe('must be a whole number from 1 up');
    }
  });

  it('names its unit', () => {
    expect(reasonOf(() => wholeNumber(5, 65_535, 'seconds')('4'))).toBe(
      'must be a whole number from 5 to 65535, in seconds',
    );
  });
});

describe('a QoS [MQTT5 4.3]', () => {
  it('is 0, 1 or 2 and nothing else', () => {
    expect(['0', '1', '2'].map(parseQoS)).toEqual([0, 1, 2]);
    fc.assert(
      fc.property(fc.oneof(anyText, fc.integer().map(String), fc.double().map(String)), (text) => {
        fc.pre(!/^[012]$/.test(text) || text.length > 1);
        expect(reasonOf(() => parseQoS(text))).toBe('must be 0, 1 or 2');
      }),
    );
  });
});

describe('a protocol version [MQTT5 3.1.2.2]', () => {
  it.each([
    ['auto', 'auto'],
    ['5', 5],
    ['mqttv5', 5],
    ['311', 4],
    ['mqttv311', 4],
    ['31', 3],
    ['mqttv31', 3],
  ])('%s is %s', (text, version) => {
    expect(parseVersion(text)).toBe(version);
  });

  it.each(['', '3', '4', '3.1.1', '5.0', 'MQTTV5', 'v5', '05', 'Auto', 'toString', '__proto__', 'constructor', '311 '])(
    'is not "%s"',
    (text) => {
      expect(reasonOf(() => parseVersion(text))).toBe('must be auto, 5, 311 or 31');
    },
  );
});

describe('a duration', () => {
  it.each([
    ['0', 0],
    ['0ms', 0],
    ['1', 1000],
    ['10', 10_000],
    ['1.5', 1500],
    ['500ms', 500],
    ['0.5ms', 0.5],
    ['10s', 10_000],
    ['2m', 120_000],
    ['1h', 3_600_000],
    ['0.5h', 1_800_000],
    ['007s', 7000],
  ])('%s is %d ms', (text, ms) => {
    expect(parseDurationMs(text)).toBe(ms);
  });

  it.each([
    ...NOT_DECIMAL.filter((text) => text !== '1.0'),
    '1d',
    '1S',
    '1 s',
    's',
    'ms',
    '1m30s',
    '1.2.3',
    '1.5e3s',
    '∞',
    '9'.repeat(13),
  ])('is not "%s"', (text) => {
    expect(reasonOf(() => parseDurationMs(text))).toBe(
      'must be a duration such as 500ms, 10s or 5m; a bare number is seconds',
    );
  });

  it('is exact to the millisecond, however it is written', () => {
    fc.assert(
      fc.property(sometimesSmall, (ms) => {
        const fraction = String(ms % 1000).padStart(3, '0');
        expect(parseDurationMs(`${ms}ms`)).toBe(ms);
        expect(parseDurationMs(`${Math.floor(ms / 1000)}.${fraction}s`)).toBe(ms);
        expect(parseDurationMs(`${Math.floor(ms / 1000)}.${fraction}`)).toBe(ms);
      }),
      { numRuns: 300 },
    );
  });

  it.each(['0', '0ms', '0.0009', '0.9ms', '2147483648ms', '597h', '999999999999h'])(
    'that a timer can hold is not %s',
    (text) => {
      expect(reasonOf(() => parsePositiveDurationMs(text))).toBe('must be a duration from 1ms to 596h');
    },
  );

  it.each([
    ['1ms', 1],
    ['2147483647ms', 2_147_483_647],
    ['596h', 2_145_600_000],
  ])('that a timer can hold is %s', (text, ms) => {
    expect(parsePositiveDurationMs(text)).toBe(ms);
  });
});

describe('a size', () => {
  const parse = sizeInBytes(0, 2 ** 40);

  it.each([
    ['0', 0],
    ['64', 64],
    ['10k', 10_000],
    ['2M', 2_000_000],
    ['1G', 1_000_000_000],
    ['1KiB', 1024],
    ['2MiB', 2_097_152],
    ['1GiB', 1_073_741_824],
    ['1.5k', 1500],
    ['0.5KiB', 512],
    ['0.001k', 1],
  ])('%s is %d bytes', (text, bytes) => {
    expect(parse(text)).toBe(bytes);
  });

  it.each(['', ' ', '-1', '1K', '1kB', '1m', '1g', '1kib', '1 k', 'k', '1e3', '0x10', '1.k', '1k1', '∞', '1T'])(
    'is not "%s"',
    (text) => {
      expect(reasonOf(() => parse(text))).toBe('must be a size such as 64, 10k or 2MiB');
    },
  );

  it.each(['0.5', '1.0001k', '0.0001KiB'])('is not %s, which is no whole number of bytes', (text) => {
    expect(reasonOf(() => parse(text))).toBe('must be a whole number of bytes');
  });

  it('keeps to its range', () => {
    const narrow = sizeInBytes(24, 1000);
    expect(narrow('24')).toBe(24);
    expect(narrow('1k')).toBe(1000);
    for (const text of ['23', '0', '1001', '1KiB', '999999999999999G']) {
      expect(reasonOf(() => narrow(text))).toBe('must be from 24 to 1000 bytes');
    }
  });

  it('is exact to the byte, however it is written', () => {
    fc.assert(
      fc.property(sometimesSmall, (bytes) => {
        const thousandths = String(bytes % 1000).padStart(3, '0');
        expect(parse(String(bytes))).toBe(bytes);
        expect(parse(`${Math.floor(bytes / 1000)}.${thousandths}k`)).toBe(bytes);
      }),
      { numRuns: 300 },
    );
  });
});

describe('a text', () => {
  it('is anything', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(parseText(text)).toBe(text);
      }),
    );
  });

  it('that must not be empty is anything else', () => {
    expect(reasonOf(() => parseNonEmpty(''))).toBe('must not be empty');
    fc.assert(
      fc.property(anyText, (text) => {
        fc.pre(text !== '');
        expect(parseNonEmpty(text)).toBe(text);
      }),
    );
  });
});

describe('a string of a packet [MQTT5 1.5.4]', () => {
  it('is well-formed, without U+0000 [MQTT-1.5.4-1] [MQTT-1.5.4-2]', () => {
    expect(parseEncodedString('é😀\ufeff\u0001')).toBe('é😀\ufeff\u0001');
    for (const text of ['\0', 'a\0b', '\ud800', '\udc00\ud800']) {
      expect(reasonOf(() => parseEncodedString(text))).toBe('must be valid UTF-8 without U+0000');
    }
  });

  it('is at most 65,535 bytes long, and so are binary data [MQTT5 1.5.6]', () => {
    for (const parse of [parseEncodedString, parseFieldText]) {
      expect(parse('x'.repeat(65_535))).toHaveLength(65_535);
      expect(parse(`${'é'.repeat(32_767)}x`)).toHaveLength(32_768);
      for (const text of ['x'.repeat(65_536), 'é'.repeat(32_768)]) {
        expect(reasonOf(() => parse(text))).toBe('must be at most 65535 bytes long');
      }
    }
    expect(parseFieldText('\0')).toBe('\0');
  });
});

describe('a topic', () => {
  it('is handed on as it is, or refused with a reason and a hint', () => {
    expect(parseTopicName('a/ b/$c')).toBe('a/ b/$c');
    expect(parseTopicFilter('+/ b/#')).toBe('+/ b/#');
    expect(reasonOf(() => parseTopicName('a/#'))).toBe('must not hold the wildcards + and #');
    expect(reasonOf(() => parseTopicFilter('a/#/b'))).toBe('"#" must stand alone in the last level');
    expect(() => parseTopicFilter('a#')).toThrow(expect.objectContaining({ hint: 'For everything below a: a/#' }));
  });
});
