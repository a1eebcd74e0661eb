/** JSON as cJSON prints it. What stands in the tables was printed by mosquitto_sub, but where a comment says otherwise. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { printNumber, quoteJson, reprintJson } from '../../src/output/cjson.ts';
import { endOfString, nestingOf, withoutWhiteSpace } from '../../src/output/json-scan.ts';

const compact = (json: string): string => reprintJson(json, false);
const pretty = (json: string): string => reprintJson(json, true);

const blanks = fc.constantFrom('', ' ', '\n', '\t\r\n ');

/** A JSON document with white space anywhere between its tokens, and with repeated keys. */
const document: fc.Arbitrary<string> = fc.letrec<{ value: string; members: string; items: string }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom('null', 'true', 'false', '0', '-0', '1e5', '-2.50', '12345678901234567890', '""'),
    fc.string({ unit: 'grapheme' }).map((text) => JSON.stringify(text)),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
    tie('members'),
    tie('items'),
  ),
  members: fc
    .array(fc.tuple(fc.constantFrom('a', 'b', '', '"', '{', '\\'), tie('value'), blanks), { maxLength: 4 })
    .map((pairs) => `{${pairs.map(([key, value, gap]) => `${gap}${JSON.stringify(key)}${gap}:${value}${gap}`)}}`),
  items: fc
    .array(fc.tuple(tie('value'), blanks), { maxLength: 4 })
    .map((items) => `[${items.map((item) => item.join(''))}]`),
})).value;

describe('a number', () => {
  it.each([
    ['0', '0'],
    ['-0', '-0'],
    ['-0.0', '-0'],
    ['27.0', '27'],
    ['1e5', '100000'],
    ['0.1e1', '1'],
    ['2147483647', '2147483647'],
    ['-2147483648', '-2147483648'],
    ['2147483648', '2147483648'],
    ['-2147483649', '-2147483649'],
    ['4294967296.5', '4294967296.5'],
    ['999999999999999', '999999999999999'],
    ['1e15', '1e+15'],
    ['1000000000000000', '1e+15'],
    ['1e21', '1e+21'],
    ['1e23', '1e+23'],
    ['0.1', '0.1'],
    ['9.95', '9.95'],
    ['0.0001', '0.0001'],
    ['0.00001', '1e-05'],
    ['1.1e-5', '1.1e-05'],
    ['1e-7', '1e-07'],
    ['1.5e300', '1.5e+300'],
    ['33.333333333333336', '33.333333333333336'],
    ['66.66666666666667', '66.666666666666671'],
    ['0.1234567890123456789', '0.12345678901234568'],
    ['12345678901234567890', '1.2345678901234567e+19'],
    ['5e-324', '4.94065645841247e-324'],
    ['1e400', 'null'],
    ['-1e400', 'null'],
  ])('%s is %s', (typed, printed) => {
    expect(compact(typed)).toBe(printed);
    expect(compact(`[${typed},{"a":${typed}}]`)).toBe(`[${printed},{"a":${printed}}]`);
  });

  // cJSON takes 15 digits that are nearly the number for the number: 0.3, and 9.00719925474099e+15.
  it.each([
    ['0.30000000000000004', '0.30000000000000004'],
    ['9007199254740993', '9007199254740992'],
    ['1.7976931348623157e308', '1.7976931348623157e+308'],
  ])('%s keeps its last digits, unlike with cJSON', (typed, printed) => {
    expect(compact(typed)).toBe(printed);
  });

  it('is always read back as the same number', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        expect(Object.is(Number(printNumber(value)), value)).toBe(true);
      }),
    );
    fc.assert(
      fc.property(fc.integer(), (value) => {
        expect(printNumber(value)).toBe(String(value));
      }),
    );
  });
});

describe('a string', () => {
  it.each([
    ['"\\u00e9\\ud83d\\ude00"', '"é\u{1f600}"'],
    ['"\\/ \\b\\f\\n\\r\\t\\" \\\\"', '"/ \\b\\f\\n\\r\\t\\" \\\\"'],
    ['"\\u0000\\u001f\u007f\u0085\u2028"', '"\\u0000\\u001f\u007f\u0085\u2028"'],
    ['""', '""'],
    ['"{[,:]}"', '"{[,:]}"'],
  ])('%s is %s', (typed, printed) => {
    expect(compact(typed)).toBe(printed);
    expect(compact(`{${typed}:${typed}}`)).toBe(`{${printed}:${printed}}`);
  });

  it('is JSON, whatever it holds', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(JSON.parse(quoteJson(text))).toBe(text);
        expect(endOfString(`[${quoteJson(text)}, "x"]`, 1)).toBe(1 + quoteJson(text).length);
      }),
    );
  });

  it('of twenty megabytes is no harder than a short one', () => {
    const long = `"${'a\\"'.repeat(500)}${'a'.repeat(2e7)}"`;
    expect(compact(long) === long).toBe(true);
    expect(withoutWhiteSpace(long) === long).toBe(true);
  });
});

describe('a document', () => {
  it.each([
    [' { "b" : 1 , "a" : [ 1 , 2 ] , "b" : 3 } ', '{"b":1,"a":[1,2],"b":3}'],
    ['{"__proto__":1,"constructor":2}', '{"__proto__":1,"constructor":2}'],
    ['{"2":1,"1":2}', '{"2":1,"1":2}'],
    ['\t[ ]\n', '[]'],
    ['{ }', '{}'],
    [' true ', 'true'],
    ['null', 'null'],
  ])('%j keeps its keys in their order, repeated ones too: %s', (typed, printed) => {
    expect(compact(typed)).toBe(printed);
  });

  it.each([
    ['1', '1'],
    ['{}', '{\n}'],
    ['[]', '[]'],
    ['[1,2]', '[1, 2]'],
    ['{"a":1,"b":"x"}', '{\n\t"a":\t1,\n\t"b":\t"x"\n}'],
    [
      '{"a":{},"b":[],"c":[{},{"d":[1,[2,{}]]}],"":""}',
      '{\n\t"a":\t{\n\t},\n\t"b":\t[],\n\t"c":\t[{\n\t\t}, {\n\t\t\t"d":\t[1, [2, {\n\t\t\t\t\t}]]\n\t\t}],\n\t"":\t""\n}',
    ],
  ])('%s is spread by --pretty', (typed, printed) => {
    expect(pretty(typed)).toBe(printed);
  });

  it('means the same when it was printed', () => {
    fc.assert(
      fc.property(document, (json) => {
        const once = compact(json);
        expect(JSON.parse(once)).toEqual(JSON.parse(json));
        expect(once).not.toMatch(/[\n\t]/);
        expect(compact(once)).toBe(once);
        expect(compact(pretty(json))).toBe(once);
        expect(withoutWhiteSpace(pretty(json))).toBe(once);
        expect(JSON.parse(withoutWhiteSpace(json))).toEqual(JSON.parse(json));
      }),
    );
  });

  it('is printed however deep it is', () => {
    const deep = `${'[{"a":'.repeat(50_000)}1${'}]'.repeat(50_000)}`;
    expect(nestingOf(deep)).toBe(100_000);
    expect(compact(deep) === deep).toBe(true);
    expect(pretty(`${'['.repeat(50_000)}${']'.repeat(50_000)}`).length).toBe(100_000);
  });

  it('is measured by brackets, not by what strings hold', () => {
    expect(nestingOf('1')).toBe(0);
    expect(nestingOf('"[[["')).toBe(0);
    expect(nestingOf('{"\\"{[":[1,[2],{}],"b":[]}')).toBe(3);
  });

  it('of many objects takes time in proportion, spread too', () => {
    const json = JSON.stringify(Array.from({ length: 50_000 }, () => ({ a: {} })));
    expect(pretty(json).length).toBeGreaterThan(json.length);
  });
});
