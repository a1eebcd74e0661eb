import type { BenchResult } from '../result/result.ts';
import type { Difference } from './comparison.ts';

/** Holds the mark of the run, and is made from the topic. */
const OF_THE_RUN = ['filter'];

const OF_THE_BROKER = [
  'name',
  'version',
  'protocol',
  'transport',
  'receiveMaximum',
  'grantedQoS',
] as const satisfies readonly (keyof BenchResult['broker'])[];

/** What was not the same when two results were measured, other than what is measured. */
export function findDifferences(base: BenchResult, other: BenchResult): readonly Difference[] {
  const inConfig = distinctKeys(base.config, other.config).filter((key) => !OF_THE_RUN.includes(key));
  return [
    ...differencesIn('config', base.config, other.config, inConfig),
    ...differencesIn('broker', base.broker, other.broker, OF_THE_BROKER),
    ...differencesIn(
      'environment',
      base.environment,
      other.environment,
      distinctKeys(base.environment, other.environment),
    ),
  ];
}

function differencesIn(path: string, base: object, other: object, keys: readonly string[]): Difference[] {
  return keys.flatMap((key): Difference[] => {
    const [a, b] = [base, other].map((part) => (part as Record<string, unknown>)[key] ?? null);
    if (JSON.stringify(a) === JSON.stringify(b)) return [];
    // Such as the versions of packages, one by one.
    if (isPlain(a) && isPlain(b)) return differencesIn(`${path}.${key}`, a, b, distinctKeys(a, b));
    return [{ field: `${path}.${key}`, base: a, value: b }];
  });
}

function isPlain(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function distinctKeys(a: object, b: object): string[] {
  return [...new Set([...Object.keys(a), ...Object.keys(b)])];
}
