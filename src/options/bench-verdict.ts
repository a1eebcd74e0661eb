/** The options of mqtt-bench that say what becomes of a result: where it is written, what it must hold. */
import { type Assertion, parseAssertions } from '../bench/result/assertions.ts';
import { many, type OptionSpec, single, singleOr, ValueError } from './spec.ts';
import { parseNonEmpty, wholeNumber } from './values.ts';

export const outOption = single({
  long: 'out',
  group: 'Output',
  summary: 'write the whole result as JSON to FILE, whatever the run came to',
  value: 'FILE',
  parse: parseOut,
});

export const assertOption = many<readonly Assertion[]>({
  long: 'assert',
  group: 'Output',
  summary: "what must hold, else exit 11: 'p99 < 10ms', 'lost == 0', 'delivered/s >= 20k'; repeatable",
  value: 'CONDITION',
  parse: parseAssertions,
});

export const repeatOption = singleOr(1, {
  long: 'repeat',
  group: 'Load',
  summary: 'run so many times, into one result',
  value: 'COUNT',
  parse: wholeNumber(1, 1000),
});

export const findMaxOption = single<readonly Assertion[]>({
  long: 'find-max',
  group: 'Load',
  summary: "search the highest --rate at which this holds, by runs of --duration (5s): 'p99 < 10ms, lost == 0'",
  value: 'CONDITION',
  parse: parseAssertions,
});

/** For every scenario. */
export const verdictOptions: readonly OptionSpec[] = [repeatOption, outOption, assertOption];

function parseOut(text: string): string {
  if (text === '-') throw new ValueError('must be the name of a file', 'On standard output --json writes the same.');
  return parseNonEmpty(text);
}
