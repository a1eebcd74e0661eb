/** Types only: what a comparison of results came to. docs/json/bench-comparison.schema.json. */
import type { Interval } from './statistics.ts';

export interface ComparedMeasure {
  /** As `--measure` and `--assert` name it. */
  readonly measure: string;
  readonly unit: 'perSecond' | 'us';
  /** Geometric mean over the runs of the base, and of what is compared with it. */
  readonly base: number;
  readonly value: number;
  /** `value` divided by `base`. */
  readonly ratio: number;
  /** Of the ratio; null where one of both is a single run. */
  readonly interval: Interval | null;
  /** What the runs can show; `unknown` without an interval. */
  readonly verdict: 'faster' | 'slower' | 'no-difference' | 'unknown';
  /** Slower beyond `--tolerance`; false without it. */
  readonly beyondTolerance: boolean;
}

/** Something that may explain a difference: not the same in both. */
export interface Difference {
  /** Path in the result, such as `environment.cpus`. */
  readonly field: string;
  readonly base: unknown;
  readonly value: unknown;
}

export interface ComparedFile {
  /** As it was named. */
  readonly name: string;
  readonly runId: string;
  readonly startedAt: string;
  /** How many runs its figures are of. */
  readonly runs: number;
  /** Why its figures may not stand for all that was asked: messages lost, a run cut short. */
  readonly faults: readonly string[];
}

export interface Comparison {
  readonly v: 1;
  /** Probability that an interval holds the true ratio. */
  readonly confidence: number;
  /** How much slower is still accepted: 0.05 for 5 %; null when nothing was asked. */
  readonly tolerance: number | null;
  readonly base: ComparedFile;
  readonly others: readonly (ComparedFile & {
    readonly measures: readonly ComparedMeasure[];
    readonly differences: readonly Difference[];
  })[];
}
