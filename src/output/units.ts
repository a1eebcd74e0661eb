/** Numbers with their units, for people. Pure, and the same whatever the locale. */

/** A whole number with thousands separated: `25,865`. */
export function formatCount(count: number): string {
  return groupThousands(String(Math.round(count)));
}

/** A rate to three significant digits: `48,200`, `247`, `1.52`. */
export function formatPerSecond(perSecond: number): string {
  if (perSecond >= 999.5) {
    const step = 10 ** (Math.floor(Math.log10(perSecond)) - 2);
    return formatCount(Math.round(perSecond / step) * step);
  }
  if (perSecond >= 99.95 || perSecond === 0) return String(Math.round(perSecond));
  return perSecond.toFixed(perSecond >= 9.995 ? 1 : 2);
}

/** Microseconds as milliseconds, and as seconds from ten seconds up: `0.085 ms`, `0.41 ms`, `3.2 ms`, `1,234 ms`, `12.3 s`. */
export function formatLatencyUs(us: number): string {
  const ms = us / 1000;
  if (ms >= 9999.5) return `${groupThousands((ms / 1000).toFixed(1))} s`;
  if (ms >= 99.95) return `${formatCount(ms)} ms`;
  if (ms >= 0.995) return `${ms.toFixed(1)} ms`;
  return `${ms.toFixed(ms >= 0.0995 || ms === 0 ? 2 : 3)} ms`;
}

/** A duration that a person set or waited for: `500 ms`, `10 s`, `1.5 s`, `2 min`. */
export function formatDurationMs(ms: number): string {
  if (ms < 1000) return `${trimZeros(ms.toFixed(1))} ms`;
  if (ms < 120_000) return `${trimZeros((ms / 1000).toFixed(1))} s`;
  return `${trimZeros((ms / 60_000).toFixed(1))} min`;
}

const BYTE_UNITS = ['B', 'kB', 'MB', 'GB', 'TB'] as const;

/** A size in powers of 1000, as `--size` reads them: `64 B`, `1.5 kB`, `2 MB`. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  // 999.95 would be shown as 1000.0.
  while (value >= 999.95 && unit < BYTE_UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${trimZeros(value.toFixed(1))} ${BYTE_UNITS[unit]}`;
}

/** `1 message`, `2,000 messages`. */
export function formatQuantity(count: number, noun: string, plural = `${noun}s`): string {
  return `${formatCount(count)} ${count === 1 ? noun : plural}`;
}

function groupThousands(digits: string): string {
  return digits.replace(/\B(?=(\d{3})+(?!\d))(?<!\.\d*)/g, ',');
}

function trimZeros(decimal: string): string {
  return decimal.replace(/\.0$/, '');
}
