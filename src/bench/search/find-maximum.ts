/** The search for the highest rate that holds. Pure: what holds is asked of the caller. */

/** What a run at one rate came to. */
export interface Attempt {
  readonly held: boolean;
  /** Nothing more is to be tried: the user stopped it, or the broker is gone. */
  readonly isLast?: boolean;
}

export interface SearchLimits {
  /** Messages per second to begin with. */
  readonly startRate: number;
  readonly lowestRate: number;
  readonly highestRate: number;
  /** It ends when the lowest rate that did not hold is at most so many times the highest that did; above 1. */
  readonly precision: number;
}

export const DEFAULT_LIMITS: SearchLimits = {
  startRate: 1000,
  lowestRate: 1,
  highestRate: 10_000_000,
  precision: 1.05,
};

/**
 * Doubles the rate until it no longer holds, or halves it until it does, then bisects. A rate that did not hold is tried
 * once more before that counts: one hiccup of machine or broker must not decide. Returns the highest rate that held;
 * undefined when none did.
 */
export async function findMaximum(
  tryRate: (rate: number) => Promise<Attempt>,
  limits: SearchLimits = DEFAULT_LIMITS,
): Promise<number | undefined> {
  let held: number | undefined;
  let failed: number | undefined;
  let rate: number | undefined = clamp(limits.startRate, limits);
  while (rate !== undefined) {
    let attempt = await tryRate(rate);
    if (!attempt.held && !attempt.isLast) attempt = await tryRate(rate);
    if (attempt.held) held = rate;
    else failed = rate;
    if (attempt.isLast) return held;
    rate = nextRate(held, failed, limits);
  }
  return held;
}

/** Undefined when the search is over. */
function nextRate(held: number | undefined, failed: number | undefined, limits: SearchLimits): number | undefined {
  if (held === undefined && failed === undefined) return undefined;
  if (held === undefined) return different(clamp((failed ?? 0) / 2, limits), failed);
  if (failed === undefined) return different(clamp(held * 2, limits), held);
  if (failed / held <= limits.precision) return undefined;
  // Between two rates the middle is where both are missed by the same factor.
  const middle = clamp(Math.sqrt(held * failed), limits);
  return middle > held && middle < failed ? middle : undefined;
}

function different(rate: number, before: number | undefined): number | undefined {
  return rate === before ? undefined : rate;
}

/** To three digits, which is finer than any two runs agree. */
function clamp(rate: number, { highestRate, lowestRate }: SearchLimits): number {
  return Math.min(highestRate, Math.max(lowestRate, Number(rate.toPrecision(3))));
}
