/** What comes out of a payload: every kind, with every way to print it. */
import type { SubCase } from '../case.ts';

const BYTES = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));

/** Bytes without a pattern that a buffer's size could hide. */
const MEGABYTE = Buffer.from(Array.from({ length: 1_048_576 }, (_, at) => (at * 2_654_435_761) >>> 24));

const KINDS: Readonly<Record<string, string | Buffer>> = {
  empty: '',
  text: 'hello',
  NUL: '\0',
  'NUL inside': 'a\0b',
  'invalid UTF-8': Buffer.from([0xc3, 0x28, 0xff, 0x41]),
  newlines: '\na\n\nb\r\n',
  JSON: '{"a": [1, 2.50, "ü"]}',
  'every byte': BYTES,
  'a megabyte': MEGABYTE,
  escapes: '\u001b[31mred\u0007%p\\n',
  '(null)': '(null)',
};

const WAYS: readonly (readonly string[])[] = [
  [],
  ['-v'],
  ['-N'],
  ['-v', '-N'],
  ['-F', '%t %l %p'],
  ['-F', '%x'],
  ['-F', '%p', '-N'],
  ['-F', '%p', '-v'],
];

export const PAYLOAD_CASES: readonly SubCase[] = Object.entries(KINDS).flatMap(([name, payload]) =>
  WAYS.map((way) => ({
    title: `${name} ${way.join(' ')}`,
    words: ['-t', 'd/#', ...way],
    messages: [
      { topic: 'd/1', payload },
      { topic: 'd/2', payload: 'end' },
    ],
  })),
);

/** QoS of the message and of the subscription, retained or not, in every version: what is printed and what is sent. */
export const DELIVERY_CASES: readonly SubCase[] = ['31', '311', '5'].flatMap((version) =>
  ([0, 1, 2] as const).flatMap((qos) =>
    ['0', '1', '2'].flatMap((wanted) => [
      {
        words: ['-t', 'd/#', '-V', version, '-q', wanted, '-F', '%t %q %r %m %p'],
        title: `QoS ${qos}, -q ${wanted} -V ${version}`,
        messages: [0, 1].map((number) => ({ topic: `d/${number}`, payload: `message ${number}`, qos })),
        wire: true,
      },
      {
        words: ['-t', 'd/#', '-V', version, '-q', wanted, '-F', '%t %q %r %m %p'],
        title: `QoS ${qos} retained, -q ${wanted} -V ${version}`,
        retained: [{ topic: 'd/0', payload: 'message', qos }],
        wire: true,
      },
    ]),
  ),
);
