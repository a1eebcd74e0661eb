/** Assertions held against a result. */
import type { Assertion, Operator } from './assertions.ts';
import type { Figures, Measure } from './measures.ts';
import type { Threshold } from './result.ts';

const HOLDS: Readonly<Record<Operator, (value: number, bound: number) => boolean>> = {
  '<': (value, bound) => value < bound,
  '<=': (value, bound) => value <= bound,
  '>': (value, bound) => value > bound,
  '>=': (value, bound) => value >= bound,
  '==': (value, bound) => value === bound,
  '!=': (value, bound) => value !== bound,
};

/** What became of each assertion. One about something of which nothing was measured does not hold. */
export function checkThresholds(assertions: readonly Assertion[], figures: Figures): readonly Threshold[] {
  return assertions.map(({ text, measure, operator, bound }) => {
    const value = measure.read(figures);
    return { assertion: text, value, held: value !== null && HOLDS[operator](value, bound) };
  });
}

/** Why a threshold did not hold: `p99 was 12.34 ms, not < 10ms`. */
export function describeMiss({ measure, operator, boundText }: Assertion, value: number | null): string {
  if (value === null) return `${measure.name} was not measured, asked was ${operator} ${boundText}`;
  return `${measure.name} was ${formatExactly(value, measure)}, not ${operator} ${boundText}`;
}

/** Not rounded as in the report: 10.004 ms that is not below 10 ms must not look like 10 ms. */
export function formatExactly(value: number, { kind }: Measure): string {
  switch (kind) {
    case 'latency':
      return value < 1000 ? `${value} us` : `${Number((value / 1000).toPrecision(12))} ms`;
    case 'percent':
      return `${Number(value.toPrecision(6))} %`;
    default:
      return String(value);
  }
}
