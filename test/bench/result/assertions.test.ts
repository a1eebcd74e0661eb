import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OPERATORS, parseAssertions } from '../../../src/bench/result/assertions.ts';
import { MEASURES } from '../../../src/bench/result/measures.ts';
import { ValueError } from '../../../src/options/spec.ts';

function parseOne(text: string): readonly [measure: string, operator: string, bound: number] {
  const [assertion] = parseAssertions(text);
  if (assertion === undefined) throw new Error('parsed to nothing');
  return [assertion.measure.name, assertion.operator, assertion.bound];
}

/** The reason, and the hint line by line. */
function faultOf(text: string): readonly [reason: string, ...hint: string[]] {
  try {
    parseAssertions(text);
  } catch (error) {
    if (error instanceof ValueError) return [error.message, ...(error.hint ?? '').split('\n')];
    throw error;
  }
  throw new Error('it was accepted');
}

describe('an assertion', () => {
  it.each([
    ['p99 < 10ms', ['p99', '<', 10_000]],
    ['p99<10ms', ['p99', '<', 10_000]],
    ['  p99.9 <= 1.005 s ', ['p999', '<=', 1_005_000]],
    ['puback.p50 > 250us', ['puback.p50', '>', 250]],
    ['endToEndService.max != 0', ['endToEndService.max', '!=', 0]],
    ['lost == 0', ['lost', '==', 0]],
    ['lost% < 0.1', ['lost%', '<', 0.1]],
    ['lost < 0.1%', ['lost%', '<', 0.1]],
    ['lost < 0.1 %', ['lost%', '<', 0.1]],
    ['delivered/s >= 20000', ['delivered/s', '>=', 20_000]],
    ['delivered/s >= 20k', ['delivered/s', '>=', 20_000]],
    ['attempted == 1.5M', ['attempted', '==', 1_500_000]],
    ['connections.failed == 0', ['connections.failed', '==', 0]],
  ] as const)('%s is understood', (text, expected) => {
    expect(parseOne(text)).toEqual(expected);
  });

  it('can be several, with commas between them, each with its own text', () => {
    const texts = parseAssertions('p99 < 10ms,lost == 0 , delivered/s>=2k').map(({ text }) => text);
    expect(texts).toEqual(['p99 < 10ms', 'lost == 0', 'delivered/s>=2k']);
  });

  it.each([
    ['', 'expected a measure, at character 1', '', '^', 'Such as: p99 < 10ms, lost == 0, delivered/s >= 20k'],
    ['p99 < 10mss', 'unknown unit mss of p99, at character 9', 'p99 < 10mss', '        ^^^', 'Did you mean ms?'],
    ['p99 < 10', 'a latency needs a unit, at character 7', 'p99 < 10', '      ^^', 'Did you mean 10ms?'],
    ['lsot == 0', 'unknown measure lsot, at character 1', 'lsot == 0', '^^^^', 'Did you mean lost?'],
    [
      'p99 < 10ms, LOST == x',
      'unknown measure LOST, at character 13',
      'p99 < 10ms, LOST == x',
      '            ^^^^',
      'Did you mean lost?',
    ],
    ['lost = 0', 'unknown operator =, at character 6', 'lost = 0', '     ^', 'Did you mean ==?'],
    ['lost ≤ 0', 'unknown operator ≤, at character 6', 'lost ≤ 0', '     ^', 'Did you mean <=?'],
    ['lost 0', 'expected an operator after lost, at character 6', 'lost 0', '     ^', 'One of < <= > >= == !='],
    ['lost ==', 'expected a number, at character 8', 'lost ==', '       ^', 'Such as: lost == 0'],
    ['sent/s > -1', 'expected a number, at character 10', 'sent/s > -1', '         ^^', 'Such as: sent/s >= 20k'],
    [
      'lost == 0 p99 < 1s',
      'expected a comma or the end, at character 11',
      'lost == 0 p99 < 1s',
      '          ^^^',
      'Several conditions are written with commas: p99 < 10ms, lost == 0',
    ],
    [
      '1ms < p99 < 2ms',
      'unknown measure 1ms, at character 1',
      '1ms < p99 < 2ms',
      '^^^',
      expect.stringMatching(/^Measures: sent\/s .*p999.*; of another latency such as puback\.p99/),
    ],
    [
      'lost == 0,',
      'expected a measure, at character 11',
      'lost == 0,',
      '          ^',
      'Such as: p99 < 10ms, lost == 0, delivered/s >= 20k',
    ],
    [
      'sent/s > 20 M/s',
      'unknown unit M/s of sent/s, at character 13',
      'sent/s > 20 M/s',
      '            ^^^',
      'Did you mean M?',
    ],
    ['lost == 3MiB', 'unknown unit MiB of lost, at character 10', 'lost == 3MiB', '         ^^^', 'Did you mean M?'],
    ['lost < 5km', 'unknown unit km of lost, at character 9', 'lost < 5km', '        ^^', 'Did you mean k?'],
    ['lost < 5 apples', expect.any(String), 'lost < 5 apples', '         ^^^^^^', 'A count has no unit, or k or M'],
    [
      'lost == 1 < 2',
      'expected a comma or the end, at character 11',
      'lost == 1 < 2',
      '          ^',
      'A condition is a measure, one operator and a number.',
    ],
    ['mean < 5%', 'unknown unit % of mean, at character 9', 'mean < 5%', '        ^', 'Units of latencies: us, ms, s'],
    [
      'constructor == 0',
      expect.stringContaining('unknown measure constructor'),
      'constructor == 0',
      '^^^^^^^^^^^',
      expect.any(String),
    ],
    [
      'lost == 1constructor',
      expect.stringContaining('unknown unit constructor'),
      'lost == 1constructor',
      '         ^^^^^^^^^^^',
      expect.any(String),
    ],
  ])('%j is refused, and the place shown', (text, ...expected) => {
    expect(faultOf(text)).toEqual(expected);
  });

  it('marks the place below what is shown of control characters', () => {
    const [, shown = '', marks = ''] = faultOf('lost\t==\t\u001b[1m');
    expect(shown).toBe('lost\\t==\\t\\e[1m');
    expect(shown.slice(marks.indexOf('^'))).toBe('\\e[1m');
  });

  it('holds what was written, whatever the space and the number', () => {
    const measures = [...MEASURES.values()];
    const space = fc.constantFrom('', ' ', '   ');
    fc.assert(
      fc.property(
        fc.constantFrom(...measures),
        fc.constantFrom(...OPERATORS),
        fc.nat({ max: 10_000_000 }),
        fc.array(space, { minLength: 4, maxLength: 4 }),
        (measure, operator, thousandths, [a, b, c, d]) => {
          const unit = measure.kind === 'latency' ? 'ms' : '';
          const text = `${a}${measure.name}${b}${operator}${c}${thousandths / 1000}${d}${unit}`;
          const [parsed] = parseAssertions(text);
          expect(parsed?.measure).toBe(measure);
          expect(parsed?.operator).toBe(operator);
          // A whole number of microseconds, without the error of binary fractions.
          expect(parsed?.bound).toBe(measure.kind === 'latency' ? thousandths : thousandths / 1000);
          expect(parseAssertions(parsed?.text ?? '')).toEqual([parsed]);
        },
      ),
    );
  });

  it('is understood, or refused as a value; nothing else', () => {
    const pieces = fc.constantFrom(
      'p99',
      'lost',
      'lost%',
      '<',
      '==',
      '10',
      'ms',
      '%',
      ',',
      ' ',
      'k',
      '.',
      '\n',
      'é',
      '💥',
    );
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(pieces).map((list) => list.join('')),
    );
    fc.assert(
      fc.property(text, (given) => {
        try {
          for (const { bound } of parseAssertions(given)) expect(Number.isFinite(bound)).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(ValueError);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
