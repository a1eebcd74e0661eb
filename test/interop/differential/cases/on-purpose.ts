/** What the clients of 2.0 do not have yet, and where ours differs on purpose, each with its reason. */
import type { Message, PubCase, SubCase } from '../case.ts';
import type { SeenPacket } from '../normalise.ts';

const A: Message = { topic: 'd/a', payload: 'one' };
const OLD: Message = { topic: 'd/old', payload: 'kept', retain: true };

const FLAGS = { retain: false, qos: 0, dup: false } as const;

function connect(protocolVersion: number, properties?: object): SeenPacket {
  const protocol = { protocolId: 'MQTT', protocolVersion, clean: true, keepalive: 60, clientId: '' };
  return { cmd: 'connect', ...FLAGS, ...protocol, ...(properties && { properties }) };
}

function publish(payload: string, more: object = {}): SeenPacket {
  return { cmd: 'publish', ...FLAGS, topic: 'p/1', payload, ...more };
}

function disconnect(protocolVersion: number): SeenPacket {
  return { cmd: 'disconnect', ...FLAGS, ...(protocolVersion === 5 && { reasonCode: 0 }) };
}

function listen(protocolVersion: number, options: object): readonly SeenPacket[] {
  const newer = protocolVersion === 5 ? { nl: false, rap: false, rh: 0, ...options } : {};
  const subscription = { topic: 'd/#', qos: 0, ...newer };
  return [
    connect(protocolVersion),
    { cmd: 'subscribe', ...FLAGS, qos: 1, subscriptions: [subscription] },
    disconnect(protocolVersion),
  ];
}

function since21(what: string): { readonly reason: string; readonly from: '2.0' } {
  return { reason: `2.0 has no ${what}`, from: '2.0' };
}

export const NEWER_SUB_CASES: readonly SubCase[] = [
  ...['always', 'new', 'never'].map((when, rh) => ({
    words: ['-t', 'd/#', '-v', '-V', '5', '-C', '1', '--retain-handling', when],
    messages: [A],
    exitCode: 0,
    stdout: 'd/a one\n',
    sent: listen(5, { rh }),
    wire: true,
    differs: since21('--retain-handling'),
  })),
  {
    words: ['-t', 'd/#', '-v', '-V', '5', '-C', '1', '--retain-handling', 'never'],
    retained: [OLD],
    messages: [A],
    exitCode: 0,
    stdout: 'd/a one\n',
    differs: since21('--retain-handling'),
  },
  {
    words: ['-o', '{file}', '-C', '1'],
    file: '-t d/#\n-v\n',
    messages: [A],
    exitCode: 0,
    stdout: 'd/a one\n',
    differs: since21('-o'),
  },
  {
    words: ['-t', 'd/#', '-w', '-C', '2'],
    messages: [A, { topic: 'd/b', payload: 'two' }],
    exitCode: 0,
    stdout: 'one\ntwo\n',
    differs: { reason: '2.0 has no -w; 2.1 writes the codes of a screen into pipes too' },
  },
];

export const NEWER_PUB_CASES: readonly PubCase[] = [
  {
    words: ['-t', 'p/1', '-m', 'x', '-x', '10', '-i', '{id}'],
    ownVersion: true,
    sent: [{ ...connect(5, { sessionExpiryInterval: 10 }), clientId: '{id}' }, publish('x'), disconnect(5)],
    differs: { reason: '2.0 does not turn to MQTT 5 for -x', from: '2.0' },
  },
  {
    words: ['-o', '{file}', '-m', 'x'],
    file: '-t p/1\n',
    exitCode: 0,
    sent: [connect(4), publish('x'), disconnect(4)],
    differs: since21('-o'),
  },
  { words: ['-t', 'p/1', '-m', 'x', '-D', 'publish', 'content-type', 'text/plain'], ownVersion: true },
];

export const PURPOSEFUL_SUB_CASES: readonly SubCase[] = [
  {
    words: ['-t', 'd/#', '-d'],
    messages: [A],
    stdout: 'one\n',
    differs: { reason: 'the trace of -d goes to standard error, so that it never mixes with data' },
  },
  {
    words: ['-t', 'd/#', '--random-filter', '100'],
    title: '--random-filter 100',
    messages: Array.from({ length: 30 }, (_, at) => ({ topic: 'd/1', payload: `${at}` })),
    stdout: Array.from({ length: 30 }, (_, at) => `${at}\n`).join(''),
    differs: { reason: 'mosquitto prints a tenth of the percentage' },
  },
  {
    words: ['-t', 'd/#', '-V', '5', '-F', '%E'],
    messages: [{ ...A, properties: { messageExpiryInterval: 4_294_967_295 } }],
    stdout: '4294967295\n',
    differs: { reason: 'mosquitto prints it as a signed number' },
  },
  {
    words: ['-t', 'd/#', '-V', '5', '-F', '%P'],
    messages: [{ ...A, properties: { userProperties: { name: '' } } }],
    stdout: 'name:\n',
    differs: { reason: '2.1 prints an empty value as (null)', from: '2.1' },
  },
  {
    words: ['-t', 'd/#', '-t', 'd/#', '-v'],
    messages: [A],
    wire: true,
    sent: listen(4, {}),
    differs: { reason: 'a filter that was given twice is subscribed to once' },
  },
  {
    words: ['-t', 'd/#'],
    ownVersion: true,
    messages: [A],
    wire: true,
    sent: listen(5, {}),
    differs: { reason: '-V auto is our default: MQTT 5, and 3.1.1 where the broker refuses it' },
  },
];

export const PURPOSEFUL_PUB_CASES: readonly PubCase[] = [
  {
    words: ['-t', 'p/1', '-l', '-r'],
    stdin: 'one\n\ntwo\n',
    sent: [connect(4), publish('one', { retain: true }), publish('two', { retain: true }), disconnect(4)],
    differs: { reason: 'a blank line would delete the retained message' },
  },
  {
    words: ['-t', 'p/1', '-l'],
    stdin: 'c\0d\nlast\n',
    sent: [connect(4), publish('c\0d'), publish('last'), disconnect(4)],
    differs: { reason: 'mosquitto loses what follows a NUL, and the next line' },
  },
  {
    words: ['-t', 'p/1', '-s'],
    stdin: '',
    exitCode: 0,
    sent: [connect(4), publish(''), disconnect(4)],
    differs: { reason: 'to mosquitto an empty standard input is an error, and an empty file is none' },
  },
  {
    words: ['-t', 'p/1', '-m', 'x', '--'],
    exitCode: 0,
    sent: [connect(4), publish('x'), disconnect(4)],
    differs: { reason: 'ours has -- for the end of the options' },
  },
  {
    words: ['-tp/1', '--message=x', '-rq0'],
    exitCode: 0,
    sent: [connect(4), publish('x', { retain: true }), disconnect(4)],
    differs: { reason: 'ours takes options as GNU does, too' },
  },
  {
    words: ['-t', 'p/1', '-f', '/dev/null'],
    exitCode: 0,
    sent: [connect(4), publish(''), disconnect(4)],
    differs: { reason: '2.1 reads regular files only', from: '2.1' },
  },
  {
    words: ['-t', 'p/1', '-m', 'x', '-p', '1'],
    exitCode: 3,
    sent: [],
    differs: { reason: 'what failed has a number of its own; mosquitto says 1' },
  },
  ...['1', '2'].map((qos) => ({
    words: ['-t', '$SYS/x', '-m', 'x', '-V', '5', '-q', qos],
    exitCode: 9,
    sent: [connect(5), publish('x', { topic: '$SYS/x', qos: Number(qos) }), disconnect(5)],
    differs: { reason: 'a message that the broker refuses is a failure' },
  })),
];
