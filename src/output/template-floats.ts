/** Floating-point numbers as printf of C prints them: exactly, where `toFixed` ends at 100 decimals and at 1e21. */

/** The smallest double has so many decimals; beyond them there are only zeros. */
const MAX_DECIMALS = 1074;

/** `%.{decimals}f` of a finite number that is not negative. A tie goes to the even digit. */
export function printFixed(value: number, decimals: number): string {
  const exact = Math.min(decimals, MAX_DECIMALS);
  const { mantissa, exponent } = split(value);
  const scaled = mantissa * 10n ** BigInt(exact);
  const digits = String(exponent >= 0 ? scaled << BigInt(exponent) : divideToEven(scaled, BigInt(-exponent)));
  if (decimals === 0) return digits;
  const padded = digits.padStart(exact + 1, '0');
  return `${padded.slice(0, -exact)}.${padded.slice(-exact)}${'0'.repeat(decimals - exact)}`;
}

/** The value is mantissa times 2 to the exponent. [IEEE 754] */
function split(value: number): { mantissa: bigint; exponent: number } {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  const bits = view.getBigUint64(0);
  const fraction = bits & 0xf_ffff_ffff_ffffn;
  const biased = Number((bits >> 52n) & 0x7ffn);
  // A subnormal number has no leading one.
  if (biased === 0) return { mantissa: fraction, exponent: -1074 };
  return { mantissa: fraction | 0x10_0000_0000_0000n, exponent: biased - 1075 };
}

function divideToEven(value: bigint, shift: bigint): bigint {
  const quotient = value >> shift;
  const twice = (value - (quotient << shift)) * 2n;
  const divisor = 1n << shift;
  const isUp = twice > divisor || (twice === divisor && (quotient & 1n) === 1n);
  return isUp ? quotient + 1n : quotient;
}
