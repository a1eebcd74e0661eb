/** The conditions of --assert and --find-max: `p99 < 10ms, lost == 0`. */

import { ValueError } from '../../options/spec.ts';
import { suggestName } from '../../options/suggest.ts';
import { escapeControls } from '../../output/escape.ts';
import { MEASURES, type Measure, type MeasureKind } from './measures.ts';

export const OPERATORS = ['<', '<=', '>', '>=', '==', '!='] as const;

export type Operator = (typeof OPERATORS)[number];

/** One condition: a measure, an operator and a bound. */
export interface Assertion {
  /** As it was given, without the space around it. */
  readonly text: string;
  readonly measure: Measure;
  readonly operator: Operator;
  /** In the unit of the measure: microseconds, messages per second, percent or a plain count. */
  readonly bound: number;
  /** The bound as it was given, such as `10ms`. */
  readonly boundText: string;
}

/** Powers of ten by which a unit multiplies: exact in decimals, where 1.005 * 1000 is not. */
const UNITS: Readonly<Record<MeasureKind, Readonly<Record<string, number>>>> = {
  latency: { s: 6, us: 0, µs: 0, ms: 3 },
  count: { '': 0, k: 3, M: 6 },
  rate: { '': 0, k: 3, M: 6 },
  percent: { '': 0, '%': 0 },
};

const UNIT_HINTS: Readonly<Record<MeasureKind, string>> = {
  latency: 'Units of latencies: us, ms, s',
  count: 'A count has no unit, or k or M',
  rate: 'A rate by the second has no unit, or k or M',
  percent: 'A share has no unit, or %',
};

const OTHER_OPERATORS: Readonly<Record<string, Operator>> = {
  '=': '==',
  '===': '==',
  '=<': '<=',
  '≤': '<=',
  '=>': '>=',
  '≥': '>=',
  '<>': '!=',
  '!==': '!=',
  '≠': '!=',
  '!': '!=',
};

/** One or more conditions, with commas between them. Throws ValueError, whose hint shows the place. */
export function parseAssertions(text: string): readonly Assertion[] {
  return new Parser(text).parse();
}

/** A character that starts an operator. */
const OPERATOR = /[<>=!≤≥≠]/;

class Parser {
  readonly #text: string;
  #position = 0;

  constructor(text: string) {
    this.#text = text;
  }

  parse(): Assertion[] {
    const assertions = [this.#assertion()];
    while (this.#position < this.#text.length) {
      if (this.#take(/\s*,\s*/y) === '') {
        this.#take(/\s+/y);
        this.#fail(this.#position, 'expected a comma or the end', this.#commaHint());
      }
      assertions.push(this.#assertion());
    }
    return assertions;
  }

  #assertion(): Assertion {
    this.#take(/\s+/y);
    const start = this.#position;
    const named = this.#measure();
    this.#take(/\s+/y);
    const operator = this.#operator(named.name);
    this.#take(/\s+/y);
    const boundStart = this.#position;
    const { bound, measure } = this.#bound(named);
    const end = this.#position;
    this.#take(/\s+/y);
    const text = this.#text.slice(start, end);
    return { text, measure, operator, bound, boundText: this.#text.slice(boundStart, end) };
  }

  #measure(): Measure {
    const start = this.#position;
    const name = this.#take(/[^\s<>=!≤≥≠,]+/y);
    if (name === '') this.#fail(start, 'expected a measure', 'Such as: p99 < 10ms, lost == 0, delivered/s >= 20k');
    // The report for people says p99.9.
    const measure = MEASURES.get(name.replace('p99.9', 'p999'));
    if (measure !== undefined) return measure;
    const near = suggestName(name, MEASURES.keys());
    const hint = near === undefined ? describeMeasures() : `Did you mean ${near}?`;
    return this.#fail(start, `unknown measure ${escapeControls(name)}`, hint);
  }

  #operator(measure: string): Operator {
    const start = this.#position;
    const symbol = this.#take(/[<>=!≤≥≠]+/y);
    const operator = OPERATORS.find((known) => known === symbol);
    if (operator !== undefined) return operator;
    if (symbol === '') {
      return this.#fail(start, `expected an operator after ${measure}`, `One of ${OPERATORS.join(' ')}`);
    }
    const meant = OTHER_OPERATORS[symbol];
    const hint = meant === undefined ? `One of ${OPERATORS.join(' ')}` : `Did you mean ${meant}?`;
    return this.#fail(start, `unknown operator ${symbol}`, hint);
  }

  #bound(named: Measure): { bound: number; measure: Measure } {
    const start = this.#position;
    const digits = this.#take(/\d+(\.\d+)?/y);
    if (digits === '') this.#fail(start, 'expected a number', example(named));
    const afterDigits = this.#position;
    this.#take(/\s+/y);
    const unitStart = this.#position;
    let unit = this.#take(/[^\s,<>=!≤≥≠]+/y);
    // What follows may be the next condition, without the comma.
    if (MEASURES.has(unit)) unit = '';
    if (unit === '') this.#position = afterDigits;
    // `lost < 0.1%` says what `lost% < 0.1` says.
    const measure = (unit === '%' ? MEASURES.get(`${named.name}%`) : undefined) ?? named;
    const units = UNITS[measure.kind];
    if (Object.hasOwn(units, unit)) return { bound: Number(`${digits}e${units[unit]}`), measure };
    // Zero is zero in every unit.
    if (unit === '' && Number(digits) === 0) return { bound: 0, measure };
    if (unit === '') return this.#fail(start, 'a latency needs a unit', `Did you mean ${digits}ms?`);
    const near = Object.keys(units).findLast((known) => known && unit.toLowerCase().startsWith(known.toLowerCase()));
    const hint = near === undefined ? UNIT_HINTS[measure.kind] : `Did you mean ${near}?`;
    return this.#fail(unitStart, `unknown unit ${escapeControls(unit)} of ${measure.name}`, hint);
  }

  #commaHint(): string {
    return OPERATOR.test(this.#text.charAt(this.#position))
      ? 'A condition is a measure, one operator and a number.'
      : 'Several conditions are written with commas: p99 < 10ms, lost == 0';
  }

  /** What `pattern` (sticky) matches here, passed over; empty when it does not. */
  #take(pattern: RegExp): string {
    pattern.lastIndex = this.#position;
    const [found = ''] = pattern.exec(this.#text) ?? [];
    this.#position += found.length;
    return found;
  }

  #fail(start: number, reason: string, hint: string): never {
    const before = escapeControls(this.#text.slice(0, start));
    const [word = ''] = /^\S*?(?=[,\s]|$)/.exec(this.#text.slice(start)) ?? [];
    const marks = '^'.repeat(Math.max(1, escapeControls(word).length));
    const shown = `${escapeControls(this.#text)}\n${' '.repeat(before.length)}${marks}`;
    throw new ValueError(`${reason}, at character ${start + 1}`, `${shown}\n${hint}`);
  }
}

function example({ kind, name }: Measure): string {
  const bounds = { latency: '< 10ms', count: '== 0', rate: '>= 20k', percent: '< 0.1' };
  return `Such as: ${name} ${bounds[kind]}`;
}

function describeMeasures(): string {
  const names = [...MEASURES.keys()].filter((name) => !name.includes('.'));
  return `Measures: ${names.join(' ')}; of another latency such as puback.p99; connections.failed`;
}
