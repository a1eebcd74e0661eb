/** The options of mqtt-bench merge and mqtt-bench compare. */
import { MEASURES, type Measure } from '../bench/result/measures.ts';
import { benchJsonOption } from './bench.ts';
import { reportOutputOption } from './bench-report.ts';
import { generalOptions } from './connection.ts';
import { many, type OptionSpec, single, ValueError } from './spec.ts';
import { suggestName } from './suggest.ts';
import { parseNonEmpty } from './values.ts';

/** The files that a command reads: the words without a dash. */
export const resultFilesArgument = many({
  long: 'result-files',
  group: 'General',
  summary: 'results, as mqtt-bench --out wrote them',
  value: 'FILE',
  parse: parseNonEmpty,
});

export const toleranceOption = single({
  long: 'tolerance',
  group: 'Output',
  summary: 'exit 11 when one is slower than the base by more than this, such as 5%',
  value: 'PERCENT',
  parse: parseTolerance,
});

export const measureOption = many<Measure>({
  long: 'measure',
  group: 'Output',
  summary: 'what to compare: sent/s, accepted/s, delivered/s, p50, p99, puback.p99 ...; repeatable',
  value: 'MEASURE',
  parse: parseMeasure,
});

/** Everything that mqtt-bench compare takes, in the order of the help. */
export const benchCompareOptions: readonly OptionSpec[] = [
  measureOption,
  toleranceOption,
  benchJsonOption,
  ...generalOptions,
];

/** Everything that mqtt-bench merge takes, in the order of the help. */
export const benchMergeOptions: readonly OptionSpec[] = [reportOutputOption, ...generalOptions];

/** A share: 0.05 for `5%`. */
function parseTolerance(text: string): number {
  const match = /^(\d{1,3}(?:\.\d{1,6})?) ?%$/.exec(text);
  const percent = Number(match?.[1]);
  if (!(percent < 100)) throw new ValueError('must be a share of less than 100 %, such as 5%');
  return Number((percent / 100).toPrecision(12));
}

function parseMeasure(text: string): Measure {
  const comparable = [...MEASURES.values()].filter(({ kind }) => kind === 'rate' || kind === 'latency');
  const found = comparable.find(({ name }) => name === text);
  if (found !== undefined) return found;
  const near = suggestName(
    text,
    comparable.map(({ name }) => name),
  );
  const usual = 'Rates and latencies: sent/s, accepted/s, delivered/s, p50, p99, puback.p99 ...';
  throw new ValueError('is no measure that can be compared', near === undefined ? usual : `Did you mean ${near}?`);
}
