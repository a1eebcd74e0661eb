/** How sure the ratio of two means is, by what their runs differ among themselves. */

export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** Of the intervals given: 95 in 100 hold the ratio that endless runs would have. */
export const CONFIDENCE = 0.95;

/** Of values above 0. */
export function geometricMean(values: readonly number[]): number {
  return Math.exp(meanOf(values.map(Math.log)));
}

/**
 * The interval of the ratio of the geometric means of `others` and `base`: Welch's t interval of the difference of the
 * means of their logarithms, which does not ask that both vary alike. Undefined where either has fewer than two values.
 */
export function ratioInterval(base: readonly number[], others: readonly number[]): Interval | undefined {
  if (base.length < 2 || others.length < 2) return undefined;
  const [a, b] = [base, others].map((values) => values.map(Math.log)) as [number[], number[]];
  const [inA, inB] = [varianceOf(a) / a.length, varianceOf(b) / b.length];
  const difference = meanOf(b) - meanOf(a);
  const squaredError = inA + inB;
  if (squaredError === 0) return { low: Math.exp(difference), high: Math.exp(difference) };
  // Welch and Satterthwaite.
  const degrees = squaredError ** 2 / (inA ** 2 / (a.length - 1) + inB ** 2 / (b.length - 1));
  const reach = studentQuantile((1 + CONFIDENCE) / 2, degrees) * Math.sqrt(squaredError);
  return { low: Math.exp(difference - reach), high: Math.exp(difference + reach) };
}

/** The value below which Student's t with `degrees` degrees of freedom, at least 1, lies with `probability` above 0.5. */
export function studentQuantile(probability: number, degrees: number): number {
  let low = 0;
  let high = 1;
  while (studentProbability(high, degrees) < probability) high *= 2;
  for (let step = 0; step < 100; step += 1) {
    const middle = (low + high) / 2;
    if (studentProbability(middle, degrees) < probability) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** That Student's t lies below `t`, which is 0 or more. */
function studentProbability(t: number, degrees: number): number {
  return 1 - incompleteBeta(degrees / (degrees + t * t), degrees / 2, 0.5) / 2;
}

/** The regularised incomplete beta function, by its continued fraction (Lentz). */
function incompleteBeta(x: number, a: number, b: number): number {
  if (x <= 0 || x >= 1) return x <= 0 ? 0 : 1;
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x));
  // The fraction converges fast on this side only.
  if (x > (a + 1) / (a + b + 2)) return 1 - (front * betaFraction(1 - x, b, a)) / b;
  return (front * betaFraction(x, a, b)) / a;
}

function betaFraction(x: number, a: number, b: number): number {
  const tiny = 1e-300;
  const nonZero = (value: number): number => (Math.abs(value) < tiny ? tiny : value);
  let c = 1;
  let d = 1 / nonZero(1 - ((a + b) * x) / (a + 1));
  let fraction = d;
  for (let m = 1; m < 500; m += 1) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / nonZero(1 + even * d);
    c = nonZero(1 + even / c);
    fraction *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / nonZero(1 + odd * d);
    c = nonZero(1 + odd / c);
    fraction *= d * c;
    if (Math.abs(d * c - 1) < 1e-15) break;
  }
  return fraction;
}

const LANCZOS = [
  76.18009172947146, -86.50532032941678, 24.01409824083091, -1.231739572450155, 0.1208650973866179e-2,
  -0.5395239384953e-5,
] as const;

/** Of arguments above 0. */
function logGamma(x: number): number {
  const shifted = x + 5.5 - (x + 0.5) * Math.log(x + 5.5);
  const series = LANCZOS.reduce((sum, factor, index) => sum + factor / (x + 1 + index), 1.000000000190015);
  return Math.log((2.5066282746310007 * series) / x) - shifted;
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Of a sample: divided by one less than its size. */
function varianceOf(values: readonly number[]): number {
  const mean = meanOf(values);
  return values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
}
