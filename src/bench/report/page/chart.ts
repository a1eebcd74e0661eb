/** Types only: what the page of the HTML report gets to draw. */

/** What an axis counts; latencies are in milliseconds, shares in percent. */
export type Axis = 'seconds' | 'percentile' | 'per second' | 'milliseconds' | 'messages' | 'connections' | 'percent';

export interface Line {
  readonly label: string;
  /** One for each of the chart's `xs`; null: nothing was measured. */
  readonly values: readonly (number | null)[];
}

export interface Chart {
  /** Of the element that it is drawn in. */
  readonly id: string;
  readonly title: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly isLogarithmic: boolean;
  /** Rising. Seconds are ends of intervals, and a line is drawn level from one to the next; a percentile P is 1/(1-P). */
  readonly xs: readonly number[];
  readonly lines: readonly Line[];
}
