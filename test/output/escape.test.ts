import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  escapeControls,
  escapeControlsInJson,
  escapeControlsInSpreadJson,
  escapeControlsKeepingLayout,
  quote,
} from '../../src/output/escape.ts';

/** Any text, and often what may act on a terminal. */
const text = fc.string({
  unit: fc.oneof(
    fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)),
    fc.integer({ min: 0, max: 0xa0 }).map((code) => String.fromCharCode(code)),
    fc.integer({ min: 0x2000, max: 0x2070 }).map((code) => String.fromCharCode(code)),
    fc.constantFrom('\u001b[2J', '\u001b]0;x\u0007', '\u009b31m', '\u061c', '\ufeff', '\\', '"', '😀', '\r\n'),
  ),
});

/** The classes of Unicode itself, so that nothing is forgotten that was forgotten in the source. */
const CONTROL = /\p{Cc}/u;
const BIDIRECTIONAL = /\p{Bidi_Control}/u;
const LINE_END = /[\u2028\u2029]/u;

describe('escaped text', () => {
  it('holds no control character and none that reorders text', () => {
    fc.assert(
      fc.property(text, (original) => {
        const escaped = escapeControls(original);
        expect(escaped).not.toMatch(CONTROL);
        expect(escaped).not.toMatch(BIDIRECTIONAL);
        expect(escaped).not.toMatch(LINE_END);
      }),
      { numRuns: 2000 },
    );
  });

  it('is so for each single character there is, and what is safe stays as it is', () => {
    const wrong: string[] = [];
    for (let code = 0; code <= 0xffff; code += 1) {
      const character = String.fromCharCode(code);
      const escaped = escapeControls(character);
      const isUnsafe = CONTROL.test(character) || BIDIRECTIONAL.test(character) || LINE_END.test(character);
      const isRight =
        isUnsafe || code === 0xfeff ? /^\\(?:[0nrte]|x[0-9a-f]{2}|u[0-9a-f]{4})$/.test(escaped) : escaped === character;
      if (!isRight) wrong.push(code.toString(16));
    }
    expect(wrong).toEqual([]);
  });

  it('is what it was where nothing is unsafe, and does not change when escaped again', () => {
    fc.assert(
      fc.property(text, (original) => {
        const once = escapeControls(original);
        expect(escapeControls(once)).toBe(once);
      }),
    );
    expect(escapeControls('plain é 😀 \\n \u00a0')).toBe('plain é 😀 \\n \u00a0');
  });

  it.each([
    ['\u001b[31mred\u001b[0m', '\\e[31mred\\e[0m'],
    ['a\nb\r\nc\td', 'a\\nb\\r\\nc\\td'],
    ['\u0000\u0007\u007f\u009b', '\\0\\x07\\x7f\\x9b'],
    ['\u202egnp.exe', '\\u202egnp.exe'],
    ['\u2066x\u2069', '\\u2066x\\u2069'],
    ['\ufeffx', '\\ufeffx'],
    ['\u2028', '\\u2028'],
  ])('%j is shown as %s', (original, escaped) => {
    expect(escapeControls(original)).toBe(escaped);
  });
});

describe('escaped text with its layout', () => {
  it('keeps LF and tab alone', () => {
    fc.assert(
      fc.property(text, (original) => {
        const escaped = escapeControlsKeepingLayout(original);
        expect(escaped.replaceAll(/[\n\t]/g, '')).not.toMatch(CONTROL);
        expect(escaped).not.toMatch(BIDIRECTIONAL);
        expect(escaped.match(/[\n\t]/g)).toEqual(original.match(/[\n\t]/g));
      }),
      { numRuns: 2000 },
    );
  });

  it('does not let CR overwrite what stands before it', () => {
    expect(escapeControlsKeepingLayout('good\revil\n')).toBe('good\\revil\n');
  });
});

describe('escaped JSON', () => {
  it('is safe, and means the same', () => {
    fc.assert(
      fc.property(fc.dictionary(text, fc.oneof(text, fc.array(text))), (value) => {
        for (const [json, escaped] of [
          [JSON.stringify(value), escapeControlsInJson(JSON.stringify(value))],
          [JSON.stringify(value, null, '\t'), escapeControlsInSpreadJson(JSON.stringify(value, null, '\t'))],
        ] as const) {
          expect(escaped.replaceAll(/[\n\t]/g, '')).not.toMatch(CONTROL);
          expect(escaped).not.toMatch(BIDIRECTIONAL);
          expect(JSON.parse(escaped)).toEqual(JSON.parse(json));
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('a value in a message', () => {
  it.each([
    ['a/b', 'a/b'],
    ['sensors/+/#', 'sensors/+/#'],
    ['-q', '-q'],
    ['', '""'],
    ['a b', '"a b"'],
    ['"', '"\\""'],
    ['a\nb', '"a\\nb"'],
    ['\u001b[2J', '"\\e[2J"'],
    ['é', '"é"'],
    ["it's", '"it\'s"'],
  ])('%j is shown as %s', (value, shown) => {
    expect(quote(value)).toBe(shown);
  });

  it('is cut when it is long', () => {
    expect(quote('x'.repeat(120))).toBe('x'.repeat(120));
    expect(quote('x'.repeat(121))).toBe(`${'x'.repeat(120)}...`);
    expect(quote(' '.repeat(1000))).toBe(`"${' '.repeat(120)}..."`);
  });

  it('is not cut inside of a character', () => {
    expect(quote(`${'x'.repeat(119)}😀😀`).isWellFormed()).toBe(true);
  });

  it('is safe, whatever it is', () => {
    fc.assert(
      fc.property(text, (value) => {
        expect(quote(value)).not.toMatch(CONTROL);
        expect(quote(value)).not.toMatch(BIDIRECTIONAL);
      }),
    );
  });
});
