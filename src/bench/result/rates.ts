import type { BenchResult } from './result.ts';

/** What was measured over the time in which it was; 0 when there was none. */
export function ratesOf({ measured, durations }: Pick<BenchResult, 'measured' | 'durations'>): BenchResult['rates'] {
  return {
    sentPerSecond: rateOf(measured.attempted, durations.send),
    acceptedPerSecond: rateOf(measured.accepted, durations.accept),
    deliveredPerSecond: rateOf(measured.delivered, durations.deliver),
  };
}

/** To three decimals, as many as anybody can want of a rate; 0 when there was no time. */
export function rateOf(count: number, spanUs: number | null): number {
  return spanUs === null || spanUs === 0 ? 0 : Math.round((count * 1e9) / spanUs) / 1000;
}
