/** Which runs can become one result, and what that result was to do. */
import { UsageError } from '../../errors.ts';
import { quote } from '../../output/escape.ts';
import type { BenchConfig } from '../result/result.ts';

/** The load: runs at the same time add it up, runs one after another are of the same. */
const ADDED = [
  'messages',
  'publishers',
  'subscribers',
  'responders',
  'window',
  'rate',
  'connectRate',
  'connections',
  'workers',
] as const satisfies readonly (keyof BenchConfig)[];

type Added = (typeof ADDED)[number];

/** May differ: names that hold the mark of the run, limits, and where connections come from. */
const FREE: readonly string[] = ['topic', 'filter', 'durationMs', 'drainTimeoutMs', 'localAddresses'];

/** A configuration, and what to call it in an error: the name of its file. */
export interface NamedConfig {
  readonly name: string;
  readonly config: BenchConfig;
}

/** Throws UsageError that names the first difference which keeps the runs from being one. `inTurn`: they did not overlap. */
export function mergeConfigs(all: readonly NamedConfig[], inTurn: boolean): BenchConfig {
  const [first, ...others] = all;
  if (first === undefined) throw new UsageError('there is nothing to merge');
  for (const other of others) {
    // Numbers of different things have no sum.
    const measured = [...new Set([...Object.keys(first.config), ...Object.keys(other.config)])].filter(
      (key) => !FREE.includes(key) && !(ADDED as readonly string[]).includes(key),
    );
    refuseDifference(first, other, measured as (keyof BenchConfig)[], 'They measure different things.');
    if (inTurn) {
      refuseDifference(first, other, ADDED, 'Only runs that took place at the same time may differ in their load.');
    }
  }
  const configs = all.map(({ config }) => config);
  return {
    ...first.config,
    ...(inTurn ? {} : addLoads(configs)),
    durationMs: configs.reduce<number | null>((most, config) => larger(most, config.durationMs), null),
    drainTimeoutMs: Math.max(...configs.map(({ drainTimeoutMs }) => drainTimeoutMs)),
    localAddresses: [...new Set(configs.flatMap(({ localAddresses }) => localAddresses))],
  };
}

/** Of what is unbounded in one of them the sum is unbounded too. */
function addLoads(configs: readonly BenchConfig[]): Pick<BenchConfig, Added> {
  const sumOf = (key: Added): number | null =>
    configs.reduce<number | null>((total, { [key]: value = 0 }) => {
      return total === null || value === null ? null : total + value;
    }, 0);
  // Not every scenario has responders.
  const keys = ADDED.filter((key) => configs[0]?.[key] !== undefined);
  return Object.fromEntries(keys.map((key) => [key, sumOf(key)])) as Pick<BenchConfig, Added>;
}

function refuseDifference(a: NamedConfig, b: NamedConfig, keys: readonly (keyof BenchConfig)[], hint: string): void {
  const key = keys.find((candidate) => !isSame(a.config[candidate], b.config[candidate]));
  if (key === undefined) return;
  const [inA, inB] = describeBoth(a.config[key] ?? null, b.config[key] ?? null);
  throw new UsageError(`cannot merge ${quote(a.name)} and ${quote(b.name)}: ${key} is ${inA} and ${inB}`, hint);
}

/** Of things with parts, such as a payload, the parts that differ. */
function describeBoth(a: unknown, b: unknown): readonly string[] {
  const [first, second] = [a, b].map(partsOf);
  if (first === undefined || second === undefined) return [a, b].map(describeValue);
  const keys = [...new Set([...Object.keys(first), ...Object.keys(second)])];
  const differing = keys.filter((key) => !isSame(first[key], second[key]));
  return [first, second].map((parts) =>
    differing.map((key) => `${wordFor(key)} ${describeValue(parts[key] ?? null)}`).join(', '),
  );
}

function partsOf(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : undefined;
}

/** What there is none of is null. */
function describeValue(value: unknown): string {
  if (value === null) return 'none';
  if (typeof value === 'string') return quote(value);
  const parts = partsOf(value);
  if (parts === undefined) return JSON.stringify(value);
  return Object.entries(parts)
    .map(([key, part]) => `${wordFor(key)} ${describeValue(part)}`)
    .join(', ');
}

/** Of `sizeBytes`: size in bytes. */
function wordFor(key: string): string {
  if (key === 'sizeBytes') return 'size in bytes';
  return key.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function larger(a: number | null, b: number | null): number | null {
  return a === null || (b !== null && b > a) ? b : a;
}
