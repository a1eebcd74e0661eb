/** What mosquitto_pub sends: the payloads, the flags and the properties of each PUBLISH. */
import type { PubCase } from '../case.ts';

const TO = ['-t', 'p/1'];
const VERSIONS = ['31', '311', '5'] as const;

/** In every version and with every QoS. */
function everyWay(one: PubCase): readonly PubCase[] {
  return VERSIONS.flatMap((version) =>
    ['0', '1', '2'].map((qos) => ({ ...one, words: [...one.words, '-V', version, '-q', qos] })),
  );
}

const MEGABYTE = Buffer.from(Array.from({ length: 1_048_576 }, (_, at) => (at * 2_654_435_761) >>> 24));
const BYTES = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));

const MESSAGES: readonly PubCase[] = [
  ...everyWay({ words: [...TO, '-m', 'hello'] }),
  ...everyWay({ words: [...TO, '-m', 'hello', '-r'] }),
  ...everyWay({ words: [...TO, '-n', '-r'] }),
  { words: [...TO, '-m', ''] },
  { words: [...TO, '-n'] },
  { words: [...TO, '-m', '-5'] },
  { words: [...TO, '-m', '--help'] },
  { words: [...TO, '-m', '--'] },
  { words: [...TO, '-m', 'grün € \u{1f600}'] },
  { words: [...TO, '-m', 'a\\nb%s'] },
  { words: [...TO, '-m', ' two  words\t'] },
  { words: ['--topic', 'p/1', '--message', 'long', '--qos', '1', '--retain'] },
  { words: ['-t', 'first', '-t', 'p/1', '-m', 'the last topic counts'] },
  { words: [...TO, '-m', 'the last QoS counts', '-q', '2', '-q', '1'] },
  { words: ['-t', '/', '-m', 'x'] },
  { words: ['-t', '//', '-m', 'x'] },
  { words: ['-t', ' ', '-m', 'x'] },
  { words: ['-t', 'ü/€ x', '-m', 'x'] },
  { words: ['-t', '-x', '-m', '-V', '-V', '311'] },
  { words: ['-t', '$SYS/x', '-m', 'x'] },
  { words: ['-t', `p${'/'.repeat(200)}`, '-m', 'x'], title: 'two hundred levels' },
  { words: ['-t', 'a'.repeat(65_535), '-m', 'x'], title: 'the longest topic' },
  { words: [...TO, '-m', 'x'.repeat(100_000)], title: 'a long message on the command line' },
];

const FILES: readonly PubCase[] = [
  ...everyWay({ words: [...TO, '-f', '{file}'], file: 'a file\nof two lines\n' }),
  { words: [...TO, '-f', '{file}'], file: BYTES, title: '-f: every byte' },
  { words: [...TO, '-f', '{file}'], file: '', title: '-f: an empty file' },
  { words: [...TO, '-f', '{file}', '-q', '1'], file: MEGABYTE, title: '-f: a megabyte' },
  { words: [...TO, '--file', '{file}'], file: 'x' },
  ...everyWay({ words: [...TO, '-s'], stdin: 'all of\nthe input' }),
  { words: [...TO, '-s'], stdin: BYTES, title: '-s: every byte' },
  { words: [...TO, '-s', '-q', '1'], stdin: MEGABYTE, title: '-s: a megabyte' },
  { words: [...TO, '--stdin-file'], stdin: 'x' },
];

const LINES: readonly PubCase[] = [
  ...everyWay({ words: [...TO, '-l'], stdin: 'one\ntwo\nthree\n' }),
  { words: [...TO, '-l'], stdin: 'without an end' },
  { words: [...TO, '-l'], stdin: '' },
  { words: [...TO, '-l'], stdin: '\n' },
  { words: [...TO, '-l'], stdin: 'a\n\nb\n', title: '-l: a blank line is an empty message' },
  { words: [...TO, '-l'], stdin: 'carriage\r\nreturn\r\n' },
  { words: [...TO, '-l'], stdin: 'grün\n\u{1f600}\n' },
  { words: [...TO, '-l'], stdin: Buffer.from([0xff, 0x0a, 0xfe, 0x0a]), title: '-l: invalid UTF-8' },
  { words: [...TO, '-l', '-q', '1'], stdin: `${'x'.repeat(300_000)}\ny\n`, title: '-l: a long line' },
  { words: [...TO, '-l', '-r', '-q', '1'], stdin: 'one\ntwo\n' },
  { words: [...TO, '--stdin-line', '-q', '2', '-M', '1'], stdin: 'one\ntwo\nthree\n' },
  {
    words: [...TO, '-l', '-q', '1'],
    stdin: Array.from({ length: 500 }, (_, at) => `line ${at}\n`).join(''),
    title: '-l: 500 lines',
  },
];

const REPEATS: readonly PubCase[] = [
  ...everyWay({ words: [...TO, '-m', 'again', '--repeat', '3'] }),
  { words: [...TO, '-n', '--repeat', '2'] },
  { words: [...TO, '-s', '--repeat', '2'], stdin: 'input' },
  { words: [...TO, '-f', '{file}', '--repeat', '2'], file: 'file' },
  { words: [...TO, '-m', 'x', '--repeat', '1'] },
  { words: [...TO, '-m', 'x', '--repeat', '2', '--repeat-delay', '0.05'] },
  { words: [...TO, '-m', 'x', '--repeat', '2', '--repeat-delay', '0'] },
  { words: [...TO, '-m', 'x', '--repeat-delay', '1'] },
  { words: [...TO, '-l', '--repeat', '3'], stdin: 'one\ntwo\n' },
  { words: [...TO, '-l', '--repeat', '3', '--repeat-delay', '1', '-q', '1'], stdin: 'one\ntwo\n' },
];

const CONNECT: readonly PubCase[] = [
  { words: [...TO, '-m', 'x', '-i', '{id}'] },
  { words: [...TO, '-m', 'x', '-I', 'prefix-'] },
  { words: [...TO, '-m', 'x', '-i', '{id}', '-c'] },
  { words: [...TO, '-m', 'x', '-i', '{id}', '-c', '-V', '5'] },
  { words: [...TO, '-m', 'x', '-k', '5'] },
  { words: [...TO, '-m', 'x', '-u', 'user', '-P', 'secret'] },
  { words: [...TO, '-m', 'x', '--username', 'user', '--pw', 'secret', '-V', '5'] },
  { words: [...TO, '-m', 'x', '-u', ''] },
  { words: [...TO, '-m', 'x', '-V', '5', '-x', '10'] },
  { words: [...TO, '-m', 'x', '-V', '5', '-x', '0'] },
  { words: [...TO, '-m', 'x', '-V', '5', '-x', '0x10', '-i', '{id}'] },
  { words: [...TO, '-m', 'x', '-V', '5', '-x', '0XFF', '-i', '{id}'] },
  { words: [...TO, '-m', 'x', '-V', '5', '-x', '010', '-i', '{id}'] },
  { words: [...TO, '-m', 'x', '-M', '1', '-q', '1'] },
  { words: [...TO, '-m', 'x', '--nodelay', '-A', '127.0.0.1'] },
  { words: [...TO, '-m', 'x', '--quiet'] },
  { words: [...TO, '-m', 'x', '--will-topic', 'w', '--will-payload', 'gone', '--will-qos', '2', '--will-retain'] },
  { words: [...TO, '-m', 'x', '--will-topic', 'w'] },
  { words: [...TO, '-m', 'x', '--will-topic', 'w', '--will-payload', '', '-V', '5'] },
  { words: [...TO, '-m', 'x', '--will-topic', 'w/ü', '--will-payload', 'ü', '--will-qos', '1', '-V', '31'] },
];

const URLS: readonly PubCase[] = [
  { words: ['-L', 'mqtt://127.0.0.1:{port}/p/1', '-m', 'x'] },
  { words: ['-L', 'mqtt://127.0.0.1:{port}//p', '-m', 'x'] },
  { words: ['-L', 'mqtt://127.0.0.1:{port}/p/1?a=b&c', '-m', 'x'] },
  { words: ['-L', 'mqtt://user@127.0.0.1:{port}/p/1', '-m', 'x'] },
  { words: ['-L', 'mqtt://user:pass@127.0.0.1:{port}/p/1', '-m', 'x'] },
  { words: ['-L', 'mqtt://user:pa:ss@127.0.0.1:{port}/p/1', '-m', 'x'] },
  { words: ['-L', 'mqtt://user:pass@127.0.0.1:{port}/p/1', '-u', 'other', '-P', 'secret', '-m', 'x'] },
  { words: ['-L', 'mqtt://127.0.0.1:{port}/p/1', '-t', 'p/2', '-m', 'x'] },
  { words: ['-t', 'p/2', '-L', 'mqtt://127.0.0.1:{port}/p/1', '-m', 'x'] },
  { words: ['-L', 'mqtt://nowhere.invalid:1/p/1', '-h', '127.0.0.1', '-p', '{port}', '-m', 'x'] },
  { words: ['-L', 'mqtt://127.0.0.1:{port}/grün', '-m', 'x'] },
];

export const PUBLISH_CASES = { MESSAGES, FILES, LINES, REPEATS, CONNECT, URLS };
