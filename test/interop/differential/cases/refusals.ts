/** What is wrong on the command line: both end at once, without connecting; mosquitto with 1, ours with 2. */
import type { RefusalCase } from '../case.ts';

const TARGET = { pub: ['-t', 'p/1', '-m', 'x'], sub: ['-t', 'd/#', '-C', '1'], rr: ['-t', 'r', '-e', 'a', '-m', 'x'] };

type Tool = keyof typeof TARGET;

const TOOLS: readonly Tool[] = ['pub', 'sub', 'rr'];

/** After words that would do without them. */
function added(tool: Tool, ...words: string[]): RefusalCase {
  const title = `${tool} ... ${words.map((word) => JSON.stringify(word.slice(0, 40))).join(' ')}`;
  return { title, tool, words: [...TARGET[tool], ...words] };
}

/** `-h` at the end is a plea for help, to ours. */
const WITH_A_VALUE = [
  ...['--host', '-p', '--port', '-L', '--url', '--unix', '-A', '--proxy', '-u', '--username', '-P', '--pw'],
  ...['-k', '--keepalive', '-V', '--protocol-version', '-M', '-x', '-i', '--id', '-I', '--id-prefix'],
  ...['--will-topic', '--will-payload', '--will-qos', '--cafile', '--capath', '--cert', '--key', '--keyform'],
  ...['--ciphers', '--tls-version', '--tls-alpn', '--tls-engine', '--tls-engine-kpass-sha1', '--psk', '--psk-identity'],
];

const OWN_WITH_A_VALUE: Readonly<Record<Tool, readonly string[]>> = {
  pub: ['-t', '--topic', '-m', '--message', '-f', '--file', '-q', '--qos', '--repeat', '--repeat-delay'],
  sub: [
    '-t',
    '--topic',
    '-T',
    '--filter-out',
    '-U',
    '--unsubscribe',
    '-q',
    '--qos',
    '-C',
    '-W',
    '-F',
    '--random-filter',
  ],
  rr: ['-t', '--topic', '-m', '--message', '-f', '--file', '-q', '--qos', '-e', '-W', '-F'],
};

const MISSING: readonly RefusalCase[] = [
  ...WITH_A_VALUE.map((option, at) => added(TOOLS[at % TOOLS.length] ?? 'pub', option)),
  ...TOOLS.flatMap((tool) => OWN_WITH_A_VALUE[tool].map((option) => added(tool, option))),
];

const TOO_FEW: readonly RefusalCase[] = [
  added('pub', '-D'),
  added('pub', '-D', 'publish'),
  added('pub', '-D', 'publish', 'content-type'),
  added('pub', '-D', 'publish', 'user-property', 'name'),
  added('sub', '--property', 'subscribe', 'user-property'),
];

/** mosquitto 2.0 lets these pass, and the broker is left to refuse them. */
function lately(one: RefusalCase): RefusalCase {
  return { ...one, differs: { reason: '2.0 has no limit to levels, and lets an empty topic pass', from: '2.0' } };
}

function unreadable(tool: 'pub' | 'rr', file: string): RefusalCase {
  if (tool === 'pub') return { tool, words: ['-t', 'r', '-f', file] };
  const differs = { reason: 'mosquitto_rr 2.0 finds out when it is connected', from: '2.0' } as const;
  return { tool, words: ['-t', 'r', '-e', 'a', '-f', file], differs };
}

const BAD_VALUES: readonly RefusalCase[] = [
  ...TOOLS.flatMap((tool) => [
    added(tool, '-p', '65536'),
    added(tool, '-p', '-1'),
    added(tool, '-k', '4'),
    added(tool, '-k', '0'),
    added(tool, '-k', '65536'),
    added(tool, '-k', 'x'),
    added(tool, '-q', '3'),
    added(tool, '-q', '-1'),
    added(tool, '-V', '6'),
    added(tool, '-V', '3.1.1'),
    added(tool, '-V', ''),
    added(tool, '-M', '0'),
    added(tool, '-i', ''),
    added(tool, '-x', 'x'),
    added(tool, '-x', '-2'),
    added(tool, '-x', '1s'),
    added(tool, '-x', '4294967296'),
    added(tool, '--will-topic', 'a/#'),
    lately(added(tool, '--will-topic', '')),
    added(tool, '--will-topic', 'a', '--will-qos', '3'),
    added(tool, '-L', 'http://127.0.0.1/topic'),
    added(tool, '-L', '127.0.0.1'),
    added(tool, '-L', 'mqtt://127.0.0.1'),
    added(tool, '--proxy', 'http://127.0.0.1'),
    added(tool, '--proxy', 'socks4://127.0.0.1'),
    added(tool, '--keyform', 'der'),
    added(tool, '-D', 'nothing', 'content-type', 'x'),
    added(tool, '-D', 'publish', 'nothing', 'x'),
    added(tool, '-D', 'connect', 'content-type', 'x'),
    added(tool, '-D', 'publish', 'topic-alias', '65536'),
    added(tool, '-D', 'publish', 'payload-format-indicator', '256'),
    added(tool, '-D', 'connect', 'maximum-packet-size', '4294967296'),
    added(tool, '-D', 'puback', 'reason-string', 'x'),
    added(tool, '-D', 'connack', 'reason-string', 'x'),
  ]),
  ...(['pub', 'rr'] as const).flatMap((tool) => [
    added(tool, '-t', 'a/#'),
    added(tool, '-t', 'a/+/b'),
    added(tool, '-t', '+'),
    lately(added(tool, '-t', '')),
    added(tool, '-t', 'a\tb'),
    added(tool, '-t', 'a\u0085b'),
    added(tool, '-t', 'a\ufffeb'),
    added(tool, '-t', 'a'.repeat(65_536)),
    lately(added(tool, '-t', '/'.repeat(201))),
    unreadable(tool, '/nonexistent/file'),
    unreadable(tool, '/'),
  ]),
  added('rr', '-e', 'a/#'),
  lately(added('rr', '-e', '')),
  added('rr', '-W', '0'),
  added('pub', '--repeat', '0'),
  added('pub', '--repeat', '-1'),
  added('pub', '--repeat-delay', '-1'),
  added('sub', '-t', 'a/#/b'),
  added('sub', '-t', 'a#'),
  added('sub', '-t', 'a+'),
  lately(added('sub', '-t', '')),
  added('sub', '-t', 'a\tb'),
  lately(added('sub', '-t', '/'.repeat(201))),
  added('sub', '-t', 'a'.repeat(65_536)),
  added('sub', '-T', 'a#'),
  lately(added('sub', '-T', '')),
  added('sub', '-U', 'a/#/b'),
  lately(added('sub', '-U', '')),
  added('sub', '-C', '0'),
  added('sub', '-C', '-1'),
  added('sub', '-C', 'x'),
  added('sub', '-W', '0'),
  added('sub', '-W', '-1'),
  added('sub', '-W', 'x'),
  added('sub', '--random-filter', '0'),
  added('sub', '--random-filter', 'x'),
];

const FORMATS: readonly RefusalCase[] = (['sub', 'rr'] as const).flatMap((tool) =>
  ['%', '%t%', '%Z', '%5', '%-', '%.3', '%0', '%-5.2', '%5.', '%i', '\\', 'a\\', '\\z', '\\x41', '\\1', '@', 'a@'].map(
    (text) => added(tool, '-F', text),
  ),
);

const COMBINATIONS: readonly RefusalCase[] = [
  { tool: 'pub', words: ['-m', 'x'] },
  { tool: 'pub', words: ['-t', 'p/1'] },
  { tool: 'sub', words: ['-v'] },
  { tool: 'rr', words: ['-t', 'r', '-m', 'x'] },
  { tool: 'rr', words: ['-e', 'a', '-m', 'x'] },
  { tool: 'rr', words: ['-t', 'r', '-e', 'a'] },
  ...(['pub', 'rr'] as const).flatMap((tool) => [
    added(tool, '-m', 'y'),
    added(tool, '-n'),
    added(tool, '-s'),
    added(tool, '-f', '/dev/null'),
  ]),
  added('pub', '-l'),
  added('sub', '-R', '--retained-only'),
  ...TOOLS.flatMap((tool) => [
    added(tool, '-i', 'a', '-I', 'b'),
    added(tool, '-c', '-V', '311'),
    added(tool, '--will-payload', 'x'),
    added(tool, '--will-retain'),
    added(tool, '-P', 'secret', '-V', '311'),
    added(tool, '--cert', '/nonexistent/cert'),
    added(tool, '--key', '/nonexistent/key'),
    added(tool, '--cafile', '/nonexistent/ca'),
    added(tool, '--psk', 'ab'),
    added(tool, '--psk', 'ab', '--psk-identity', 'x', '--cafile', '/nonexistent/ca'),
    added(tool, '--tls-engine-kpass-sha1', 'ab'),
    added(tool, '--keyform', 'pem'),
  ]),
  added('rr', '-D', 'publish', 'response-topic', 'x'),
];

const UNKNOWN: readonly RefusalCase[] = [
  ...TOOLS.flatMap((tool) => [
    added(tool, '--frobnicate'),
    added(tool, '--Topic', 'x'),
    added(tool, '-Z'),
    added(tool, 'word'),
    added(tool, '-'),
    added(tool, '---'),
    added(tool, '-t'),
  ]),
  ...[
    '-C',
    '-e',
    '-E',
    '-F',
    '-N',
    '--pretty',
    '-R',
    '--random-filter',
    '--remove-retained',
    '--retain-as-published',
  ].map((option) => added('pub', option)),
  ...['--retained-only', '-T', '-U', '-v', '-W'].map((option) => added('pub', option)),
  ...['-f', '-l', '-m', '-n', '-r', '--repeat', '--repeat-delay', '-s', '-e'].map((option) => added('sub', option)),
  ...['-l', '-r', '--repeat', '--repeat-delay', '-C', '-T', '-U', '-E'].map((option) => added('rr', option)),
];

/** mosquitto goes on, with something that was not asked for: ours does not. */
const SLIPS: readonly RefusalCase[] = [
  ...[
    added('pub', '-q', 'abc'),
    added('pub', '-q', '1x'),
    added('pub', '-k', '10x'),
    added('pub', '-M', '2x'),
    added('pub', '--repeat', '1x'),
    added('pub', '--repeat-delay', 'abc'),
    added('sub', '-C', '1x', '-E'),
    added('sub', '-W', '1x'),
    added('sub', '-q', 'abc', '-E'),
    added('sub', '-E', '-D', 'connect', 'maximum-packet-size', '100x'),
    added('pub', '-D', 'publish', 'message-expiry-interval', 'abc'),
  ].map((one) => ({ ...one, differs: { reason: 'mosquitto reads a number as far as it goes, and a word as 0' } })),
  ...[added('pub', '--will-qos', '1'), added('sub', '--will-qos', '1', '-E')].map((one) => ({
    ...one,
    differs: { reason: 'mosquitto leaves --will-qos without a topic out of account' },
  })),
  {
    ...added('sub', '--random-filter', '1000', '-E'),
    differs: { reason: 'to mosquitto 1000 is a percentage, for it divides by ten' },
  },
];

export const REFUSAL_CASES = { MISSING, TOO_FEW, BAD_VALUES, FORMATS, COMBINATIONS, UNKNOWN, SLIPS };
