/** strftime against the `date` of this machine, letter by letter, in several time zones. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { transform } from 'esbuild';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { formatIsoLocal, formatTime, type Moment, momentOf } from '../../src/output/strftime.ts';

/** All but %N and %q, which `date` has beside those of strftime. */
const LETTERS = [...'ABCDEFGHIJKLMOPQRSTUVWXYZabcdefghijklmnoprstuvwxyz'];
/** Around the ends of years, leap days, and the changes to and from summer time, at odd times of the day. */
const SECONDS = [
  ...Array.from({ length: 24 }, (_, year) =>
    [-4, -3, -2, -1, 0, 1, 2, 3, 4, 57, 58, 59, 60].map((day) => Date.UTC(2010 + year, 0, 1 + day, 5 * year) / 1000),
  ).flat(),
  ...[2, 9].flatMap((month) =>
    Array.from({ length: 20 }, (_, day) => Date.UTC(2026, month, 12 + day, 2, 30, day) / 1000),
  ),
  0,
  2_147_483_647,
  4_294_967_296,
  Date.UTC(9999, 11, 30, 11, 59, 59) / 1000,
];

const ZONES = [
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'America/Sao_Paulo',
  'Asia/Kolkata',
  'Asia/Kathmandu',
  'Australia/Sydney',
  'Pacific/Auckland',
];

/** What `date` of GNU prints by these formats for each of the times; undefined where there is no such program. */
function askDate(zone: string, formats: readonly string[]): string[][] | undefined {
  const { status, stdout } = spawnSync('date', ['-f', '-', `+${formats.join('\u001f')}\u001e`], {
    input: SECONDS.map((seconds) => `@${seconds}\n`).join(''),
    env: { ...process.env, TZ: zone, LC_ALL: 'C' },
    encoding: 'utf8',
  });
  if (status !== 0) return undefined;
  const records = stdout.split('\u001e\n').slice(0, -1);
  return records.map((record) => record.split('\u001f'));
}

const hasDate = askDate('UTC', ['%s'])?.length === SECONDS.length;

describe.skipIf(!hasDate)('strftime prints what date prints', () => {
  /** By zone and by time: all letters, then ISO 8601. */
  let printed: Record<string, string[][]>;

  beforeAll(async () => {
    const source = readFileSync(new URL('../../src/output/strftime.ts', import.meta.url), 'utf8');
    const { code } = await transform(source, { loader: 'ts', format: 'cjs' });
    const script = `${code};
      const { zones, letters, seconds } = JSON.parse(process.argv[1]);
      const print = (moment) => [...letters.map((letter) => formatTime(letter, moment)), formatIsoLocal(moment)];
      const inZone = (zone) => {
        process.env.TZ = zone;
        return seconds.map((one) => print(momentOf(one * 1000)));
      };
      console.log(JSON.stringify(Object.fromEntries(zones.map((zone) => [zone, inZone(zone)]))));`;
    const input = JSON.stringify({ zones: ZONES, letters: LETTERS, seconds: SECONDS });
    const { stdout, stderr } = spawnSync(process.execPath, ['-e', script, input], {
      encoding: 'utf8',
      maxBuffer: 1 << 26,
    });
    expect(stderr).toBe('');
    printed = JSON.parse(stdout) as typeof printed;
  });

  it.each(ZONES)('in %s', (zone) => {
    const formats = [...LETTERS.map((letter) => `%${letter}`), '%Y-%m-%dT%H:%M:%S%z'];
    const wanted = askDate(zone, formats);
    for (const [index, seconds] of SECONDS.entries()) {
      const label = (values: readonly string[] | undefined): string[] =>
        formats.map((format, at) => `@${seconds} ${format} ${values?.[at]}`);
      expect(label(printed[zone]?.[index])).toEqual(label(wanted?.[index]));
    }
  });
});

describe('strftime', () => {
  const at = (...parts: [number, number, number, number?, number?, number?]): Moment => ({
    date: new Date(...(parts as [number, number, number])),
    nanoseconds: 0,
  });

  it.each([
    ['a', 'Sun'],
    ['A', 'Sunday'],
    ['b', 'Mar'],
    ['h', 'Mar'],
    ['B', 'March'],
    ['c', 'Sun Mar  1 00:07:09 2026'],
    ['C', '20'],
    ['d', '01'],
    ['D', '03/01/26'],
    ['e', ' 1'],
    ['F', '2026-03-01'],
    ['g', '26'],
    ['G', '2026'],
    ['H', '00'],
    ['I', '12'],
    ['j', '060'],
    ['k', ' 0'],
    ['l', '12'],
    ['m', '03'],
    ['M', '07'],
    ['n', '\n'],
    ['p', 'AM'],
    ['P', 'am'],
    ['r', '12:07:09 AM'],
    ['R', '00:07'],
    ['S', '09'],
    ['t', '\t'],
    ['T', '00:07:09'],
    ['u', '7'],
    ['U', '09'],
    ['V', '09'],
    ['w', '0'],
    ['W', '08'],
    ['x', '03/01/26'],
    ['X', '00:07:09'],
    ['y', '26'],
    ['Y', '2026'],
    ['%', '%'],
    ['Q', '%Q'],
    ['é', '%é'],
  ])('%%%s is %j', (letter, printed) => {
    expect(formatTime(letter, at(2026, 2, 1, 0, 7, 9))).toBe(printed);
  });

  it.each([
    [11, 'AM', '11', '11'],
    [12, 'PM', '12', '12'],
    [13, 'PM', '01', ' 1'],
    [23, 'PM', '11', '11'],
  ])('knows %i o’clock as %s', (hour, half, padded, blank) => {
    const moment = at(2026, 0, 1, hour);
    expect(['p', 'I', 'l'].map((letter) => formatTime(letter, moment))).toEqual([half, padded, blank]);
  });

  it('counts weeks by Sundays (%U), by Mondays (%W), and by Thursdays (%V of %G)', () => {
    // Days around New Year, the 1st of January being day 0.
    fc.assert(
      fc.property(fc.integer({ min: 1971, max: 9000 }), fc.integer({ min: -10, max: 10 }), (year, day) => {
        const date = new Date(year, 0, 1 + day, 12);
        const print = (letter: string): string => formatTime(letter, { date, nanoseconds: 0 });
        expect(Number(print('U'))).toBe(countWeekdays(0, date));
        expect(Number(print('W'))).toBe(countWeekdays(1, date));
        const thursday = new Date(year, 0, 1 + day + 4 - (date.getDay() || 7), 12);
        expect(Number(print('V'))).toBe(countWeekdays(4, thursday));
        expect(Number(print('G'))).toBe(thursday.getFullYear());
        expect(print('g')).toBe(String(thursday.getFullYear()).slice(-2));
      }),
    );
  });

  it('prints ISO 8601 with the fraction that it is given', () => {
    expect(formatIsoLocal(at(2026, 0, 2, 3, 4, 5), '.678901')).toMatch(/^2026-01-02T03:04:05\.678901[+-]\d{4}$/);
  });
});

/** How many days of this kind the year has had by then. */
function countWeekdays(weekday: number, until: Date): number {
  let count = 0;
  for (let day = new Date(until.getFullYear(), 0, 1, 12); day <= until; day.setDate(day.getDate() + 1)) {
    if (day.getDay() === weekday) count += 1;
  }
  return count;
}

describe('a moment', () => {
  it.each([
    [0, 0, 0],
    [1, 0, 1_000_000],
    [999, 0, 999_000_000],
    [1_767_323_045_678, 1_767_323_045, 678_000_000],
    [1_767_323_045_678.25, 1_767_323_045, 678_250_000],
  ])('of %d ms is so many seconds and nanoseconds', (epochMs, seconds, nanoseconds) => {
    expect(momentOf(epochMs)).toEqual({ date: new Date(seconds * 1000), nanoseconds });
  });

  it('always has less than a second of nanoseconds', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 4e12, noNaN: true }), (epochMs) => {
        const { date, nanoseconds } = momentOf(epochMs);
        expect(nanoseconds).toBeGreaterThanOrEqual(0);
        expect(nanoseconds).toBeLessThan(1e9);
        expect(date.getTime() + nanoseconds / 1e6).toBeCloseTo(epochMs, 3);
      }),
    );
  });
});
