/** `-F`: every letter with every flag, width and precision, once with and once without what it shows. */
import type { Expectation, SubCase } from '../case.ts';
import { BARE, FULL } from './messages.ts';

const LETTERS = 'ACDEFIPRSUXlmpqrtx%';

const SHAPES = ['', '3', '13', '-', '-3', '-13', '0', '013', '-013', '.0', '.2', '13.2', '-13.2', '013.20', '.'];

const HEX = { reason: '2.0 counts digits against the width twice, and has no groups', from: '2.0' } as const;
const GROUPS_AND_PADDING = {
  reason: '2.0 has no groups; from 2.1 on they run through the padding',
  from: '2.0',
} as const;
const NEGATIVE = {
  reason: "mosquitto's negative padding comes out as blanks; where nothing is to be padded, we add nothing",
};
const ZEROS = { reason: '2.1 fills with zeros what is no number; 2.0 and we fill with blanks', from: '2.1' } as const;

/** From the table of formats: what `%SHAPEx` prints of "hello" and of "hi". */
const HEXADECIMAL: Readonly<Record<string, readonly [string, string, Expectation['differs']?]>> = {
  '3': ['68656c', '6869', HEX],
  '13': ['   68656c6c6f', '         6869', HEX],
  '-': ['68656c6c6f', '6869', NEGATIVE],
  '-3': ['68656c', '6869', { ...NEGATIVE, reason: `${HEX.reason}; ${NEGATIVE.reason}` }],
  '-13': ['68656c6c6f   ', '6869         ', HEX],
  '013': ['00068656c6c6f', '0000000006869', HEX],
  '-013': ['68656c6c6f   ', '6869         ', HEX],
  '.2': ['68 65 6c 6c 6f', '68 69', HEX],
  '13.2': ['    6 86 56 c6 c6 f', '             6 86 9', GROUPS_AND_PADDING],
  '-13.2': ['68 65 6c 6c 6f   ', '68 69         ', HEX],
  '013.20': ['00068656c6c6f', '0000000006869', HEX],
};

const OTHERS: Readonly<Record<string, Expectation>> = {
  '%-p': { stdout: '[hello]\n[hi]\n', differs: NEGATIVE },
  '%013C': { stdout: `[${'text/plain'.padStart(13)}]\n[${''.padStart(13)}]\n`, differs: ZEROS },
  '%-013C': { stdout: `[${'text/plain'.padEnd(13)}]\n[${''.padStart(13)}]\n`, differs: ZEROS },
  '%013.20C': { stdout: `[${'text/plain'.padStart(13)}]\n[${''.padStart(13)}]\n`, differs: ZEROS },
};

function expected(shape: string, letter: string): Expectation {
  const [full, bare, differs] = (letter.toLowerCase() === 'x' && HEXADECIMAL[shape]) || [];
  if (full === undefined || bare === undefined) return OTHERS[`%${shape}${letter}`] ?? {};
  const stdout = `[${full}]\n[${bare}]\n`;
  return { stdout: letter === 'X' ? stdout.toUpperCase() : stdout, ...(differs && { differs }) };
}

function format(text: string, expectation: Expectation & { readonly title?: string } = {}): SubCase {
  const words = ['-t', 'd/#', '-V', '5', '-F', `[${text}]`];
  const identifier = ['-D', 'subscribe', 'subscription-identifier', '7'];
  return { words: text.endsWith('S') ? [...words, ...identifier] : words, messages: [FULL, BARE], ...expectation };
}

/** The shapes of a letter whose output the table does not say go through one client, a line each. */
function formatsOf(letter: string): readonly SubCase[] {
  const written = SHAPES.filter((shape) => Object.keys(expected(shape, letter)).length > 0);
  const others = SHAPES.filter((shape) => !written.includes(shape)).map((shape) => `%${shape}${letter}`);
  return [
    format(others.join(']\\n['), { title: others.join(' ') }),
    ...written.map((shape) => format(`%${shape}${letter}`, expected(shape, letter))),
  ];
}

export const FORMAT_CASES: readonly SubCase[] = [...LETTERS].flatMap(formatsOf);

const ONLY_2_1 = { reason: '2.0 has no separators', from: '2.0' } as const;
const NO_NUMBERS = { reason: '2.0 has no %f and %d', from: '2.0' } as const;

function hex(text: string, hello: string, hi: string): SubCase {
  return format(text, { stdout: `[${hello}]\n[${hi}]\n`, exitCode: 0, differs: ONLY_2_1 });
}

const SEPARATORS = '!"#$&\'()*+,-./:;<=>?@[\\]^_`{|}~ ';

/** The groups of `%x`, with every separator. mosquitto 2.0 refuses these formats. */
export const SEPARATOR_CASES: readonly SubCase[] = [
  hex('%.1x', '6 8 6 5 6 c 6 c 6 f', '6 8 6 9'),
  hex('%.3x', '686 56c 6c6 f', '686 9'),
  hex('%.4-X', '6865-6C6C-6F', '6869'),
  hex('%.2:x', '68:65:6c:6c:6f', '68:69'),
  hex('%04.2:x', '68:65:6c:6c', '68:69'),
  hex('%014.2:x', '00:00:68:65:6c:6c:6f', '00:00:00:00:00:68:69'),
  hex('%-14.2:x', '68:65:6c:6c:6f    ', '68:69          '),
  hex('%:x', '68656c6c6f', '6869'),
  hex('%.0:x', '68656c6c6f', '6869'),
  hex('%5:t', 'd/full', 'd/bare'),
  format([...SEPARATORS].map((separator) => `%.2${separator}x`).join(''), {
    title: 'every separator',
    stdout: ['68656c6c6f', '6869']
      .map((digits) => [...SEPARATORS].map((separator) => (digits.match(/../g) ?? []).join(separator)).join(''))
      .map((line) => `[${line}]\n`)
      .join(''),
    exitCode: 0,
    differs: ONLY_2_1,
  }),
];

function number(letter: 'f' | 'd', payload: Buffer, shape: string, printed: string): SubCase {
  const words = ['-t', 'd/number', '-V', '5', '-F', `[%${shape}${letter}]`];
  return {
    words,
    messages: [{ topic: 'd/number', payload }],
    stdout: `[${printed}]\n`,
    exitCode: 0,
    differs: NO_NUMBERS,
  };
}

const float = (value: number): Buffer => Buffer.from(new Float32Array([value]).buffer);
const double = (value: number): Buffer => Buffer.from(new Float64Array([value]).buffer);

/** Payloads that are a number in the machine's own form, as printf of C prints them. */
export const NUMBER_CASES: readonly SubCase[] = [
  number('f', float(21.5), '', '21.500000'),
  number('f', float(21.5), '.1', '21.5'),
  number('f', float(-21.5), '010.2', '-000021.50'),
  number('f', float(21.5), '-10.2', '21.50     '),
  number('f', float(21.5), '10.2', '     21.50'),
  number('f', float(0.1), '.20', '0.10000000149011611938'),
  number('f', float(Number.POSITIVE_INFINITY), '8', '     inf'),
  number('f', float(Number.NEGATIVE_INFINITY), '08', '    -inf'),
  number('f', float(Number.NaN), '08', '     nan'),
  number('f', float(2.5), '.0', '2'),
  number('f', Buffer.from('hello'), '9', ''),
  number('f', Buffer.alloc(0), '9', ''),
  number('d', double(0.1), '', '0.100000'),
  number('d', double(-0), '.1', '-0.0'),
  number('d', double(0.125), '.2', '0.12'),
  number('d', double(0.375), '.2', '0.38'),
  number('d', double(1e21), '.2', '1000000000000000000000.00'),
  number('d', double(123456789.125), '020.3', '0000000123456789.125'),
  number('d', double(5e-324), '.3', '0.000'),
  number('d', double(0.1), '.60', '0.100000000000000005551115123125782702118158340454101562500000'),
  number('d', double(0.1), '.110', `0.1000000000000000055511151231257827021181583404541015625${'0'.repeat(55)}`),
  number('d', float(21.5), '', ''),
];

/** Widths and precisions count bytes, in the middle of a character too. */
export const BYTE_CASES: readonly SubCase[] = [
  '%t',
  '%3t',
  '%.3t',
  '%.4t',
  '%8t',
  '%-8t',
  '%8.3t',
  '%p',
  '%1p',
  '%2p',
  '%5p',
  '%-5p',
  '%l',
].map((text) => ({
  words: ['-t', 'd/#', '-F', `[${text}]`],
  messages: [{ topic: 'd/ü€', payload: 'ü\u{1f600}' }],
  title: `${text} of d/ü€ and ü\u{1f600}`,
}));

/** What stands between the fields. */
export const LITERAL_CASES: readonly SubCase[] = [
  format('%t %p'),
  format('%t\\t%p\\n'),
  format('\\a\\e\\n\\r\\t\\v\\\\'),
  format('\\0'),
  format('100%%'),
  format('@@'),
  format('grün \u{1f600}'),
  format('%t%q%r%m%l'),
  format('\'%p\' "%t" $HOME `x`'),
  format(''),
];
