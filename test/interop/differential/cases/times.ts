/** `@X`: strftime of the C library, in local time. A case whose clients print in different seconds is run again. */
import type { SubCase } from '../case.ts';
import { BARE } from './messages.ts';

const LETTERS = 'aAbBcCdDeFgGhHIjklmMnpPrRsStTuUVwWxXyYzZ';

function time(format: string, more: Partial<SubCase> = {}): SubCase {
  return { words: ['-t', 'd/#', '-F', format], messages: [BARE], ...more };
}

function every(letters: string): string {
  return [...letters].map((letter) => `${letter}=[@${letter}]`).join('\n');
}

const GLIBC = { reason: 'after a digit that no letter follows, glibc pads what is no conversion' } as const;
const NAMES = {
  reason:
    'Node knows the names of fewer zones than the tz database, and of others more; without a name it is the offset',
} as const;

/** Names and signs that differ by summer time, halves and quarters of hours, and the day. */
const ZONES = [
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'Asia/Kolkata',
  'Pacific/Kiritimati',
  'America/Sao_Paulo',
  'Africa/Casablanca',
  'Asia/Kathmandu',
];

function inZone(zone: string, format: string): SubCase {
  return time(format, { title: `every letter in ${zone}`, env: { TZ: zone }, spawned: true });
}

export const TIME_CASES: readonly SubCase[] = [
  time(every(LETTERS), { title: 'every letter' }),
  time(every('EfiJKLOoQqv'), { title: 'letters that mean nothing' }),
  time(every('01 !"#$&\'()*+,-./:;<=>?[]^_`{|}~%'), { title: 'signs' }),
  time('[@7]', { stdout: '[%7]\n', differs: GLIBC }),
  time('%I'),
  time('%U'),
  time('@Y-@m-@d @H:@M:@S'),
  ...ZONES.map((zone) => inZone(zone, `${every(LETTERS)}\n%I`)),
  inZone('Asia/Tokyo', every(LETTERS.replace('Z', ''))),
  { ...inZone('Asia/Tokyo', '[@Z]'), title: 'the name of Asia/Tokyo', stdout: '[+09]\n', differs: NAMES },
];
