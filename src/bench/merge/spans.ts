/** When runs took place, and how long that was in all. */
import type { BenchResult, MergedRun } from '../result/result.ts';

/** By the clock of the machine, in microseconds since the Unix epoch. */
export interface Span {
  readonly fromUs: number;
  readonly toUs: number;
}

const PHASES = ['send', 'accept', 'deliver'] as const;

type Phase = (typeof PHASES)[number];

/** The runs that a result is of: several where it was merged or repeated. */
export function runsOf(result: BenchResult): readonly MergedRun[] {
  const { config, environment, merged, repeats, runId } = result;
  if (merged !== undefined) return merged;
  const parts = repeats.length > 0 ? repeats : [result];
  return parts.map(({ startedAt, outcome, durations, openings }) => {
    const run = { runId, hostname: environment.hostname, startedAt, outcome, durations };
    if (openings === undefined) return run;
    const holdUs = (config.durationMs ?? 0) * 1000;
    return { ...run, lasted: openings.reduce((sum, { duration }) => sum + (duration ?? 0) + holdUs, 0) };
  });
}

/** What writing `startedAt` in milliseconds may make of two runs that follow each other at once. */
const ROUNDING_US = 1000;

/** Whether no two runs took place at the same time. */
export function wereInTurn(runs: readonly MergedRun[], warmupMs: number): boolean {
  const spans = runs.map((run) => spanFor(run, longestOf(run), warmupMs)).sort(byStart);
  return spans.every(({ fromUs }, index) => index === 0 || fromUs + ROUNDING_US >= (spans[index - 1]?.toUs ?? 0));
}

/**
 * The time in which any of the runs was sending, accepting or delivering. Of runs that overlap, as on several machines,
 * the overlap counts once, so that their rates add up; of runs one after another durations add up.
 */
export function mergeDurations(runs: readonly MergedRun[], warmupMs: number): BenchResult['durations'] {
  const lengthOf = (phase: Phase): number | null => {
    const spans = runs.flatMap((run) => spanOf(run, phase, warmupMs) ?? []);
    return spans.length === 0 ? null : lengthOfUnion(spans);
  };
  return { unit: 'us', send: lengthOf('send'), accept: lengthOf('accept'), deliver: lengthOf('deliver') };
}

/** Of runs that are known to have come one after another, whatever was done to the clock in between. */
export function sumDurations(all: readonly BenchResult['durations'][]): BenchResult['durations'] {
  const sumOf = (phase: Phase): number | null =>
    all.reduce<number | null>((sum, durations) => {
      const lastsUs = durations[phase];
      return lastsUs === null ? sum : (sum ?? 0) + lastsUs;
    }, null);
  return { unit: 'us', send: sumOf('send'), accept: sumOf('accept'), deliver: sumOf('deliver') };
}

/** In microseconds. */
export function lengthOfUnion(spans: readonly Span[]): number {
  let total = 0;
  let coveredToUs = Number.NEGATIVE_INFINITY;
  for (const { fromUs, toUs } of [...spans].sort(byStart)) {
    total += Math.max(0, toUs - Math.max(fromUs, coveredToUs));
    coveredToUs = Math.max(coveredToUs, toUs);
  }
  return total;
}

function spanOf(run: MergedRun, phase: Phase, warmupMs: number): Span | undefined {
  const lastsUs = run.durations[phase];
  return lastsUs === null ? undefined : spanFor(run, lastsUs, warmupMs);
}

function spanFor({ startedAt }: MergedRun, lastsUs: number, warmupMs: number): Span {
  // biome-ignore lint/style/noRestrictedGlobals: reads a time that was written, not the clock
  const startedMs = Date.parse(startedAt);
  // Durations start when the warm-up ends.
  const fromUs = (startedMs + warmupMs) * 1000;
  return { fromUs, toUs: fromUs + lastsUs };
}

function longestOf({ durations, lasted = 0 }: MergedRun): number {
  return Math.max(lasted, ...PHASES.map((phase) => durations[phase] ?? 0));
}

function byStart(a: Span, b: Span): number {
  return a.fromUs - b.fromUs || a.toUs - b.toUs;
}
