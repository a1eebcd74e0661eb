/** What mosquitto_sub's options leave out, and when it ends. */
import type { Message, SubCase } from '../case.ts';

const A: Message = { topic: 'd/a', payload: 'one' };
const B: Message = { topic: 'd/b', payload: 'two' };
const NOISE: Message = { topic: 'd/a/noise', payload: 'noise' };
const EMPTY: Message = { topic: 'd/empty', payload: '' };
const END: Message = { topic: 'd/end', payload: 'end' };
const OLD: Message = { topic: 'd/old', payload: 'kept', retain: true };
const OLDER: Message = { topic: 'd/older', payload: 'kept longer', retain: true };
const ALL = ['-t', 'd/#', '-v'];

const VERSIONS = ['31', '311', '5'] as const;

/**
 * In every version, with what is sent: but for cases in which a client leaves while there is more to read, for then the
 * system resets the connection, and a DISCONNECT may be lost on the way.
 */
function inAll(one: SubCase): readonly SubCase[] {
  return VERSIONS.map((version) => ({ wire: true, ...one, words: [...one.words, '-V', version] }));
}

const FILTERS: readonly SubCase[] = [
  ...inAll({ words: ['-t', 'd/a', '-v'], messages: [A] }),
  ...inAll({ words: ['-t', 'd/a', '-t', 'd/b', '-v', '-q', '1'], messages: [A, B] }),
  ...inAll({ words: ['-t', 'd/+', '-v', '-q', '2'], messages: [A, B] }),
  { words: ['--topic', 'd/a', '--qos', '1', '--verbose', '--protocol-version', '31'], messages: [A], wire: true },
  { words: ['-t', '2', '-t', '1', '-t', 'd/a', '-v'], messages: [A], wire: true },
  { words: ['-t', 'd/a', '-t', '__proto__', '-t', 'constructor', '-v'], messages: [A], wire: true },
  {
    words: [...Array.from({ length: 300 }, (_, at) => ['-t', `d/${at}/#`]).flat(), '-v'],
    title: '300 filters',
    messages: [{ topic: 'd/299/x', payload: 'x' }],
    wire: true,
  },
  { words: ['-t', '#', '-v'], messages: [A, B] },
  { words: ['-t', '+/+', '-v'], messages: [A, B] },
  { words: ['-t', '/', '-v'], messages: [{ topic: '/', payload: 'x' }] },
  { words: ['-t', 'd/ü €', '-v'], messages: [{ topic: 'd/ü €', payload: 'x' }] },
  { words: ['-t', ' ', '-v'], messages: [{ topic: ' ', payload: 'x' }] },
  { words: ['-t', '$share/{id}/d/#', '-v', '-V', '5'], messages: [A, B], title: 'a Shared Subscription', wire: true },
];

const LEFT_OUT: readonly SubCase[] = [
  ...inAll({ words: [...ALL, '-T', 'd/+/noise', '-C', '2'], messages: [A, NOISE, B] }),
  { words: [...ALL, '-T', 'd/a', '-T', 'd/b', '-C', '1'], messages: [A, B, END] },
  { words: [...ALL, '-T', '#', '-T', 'd/end', '-W', '1'], messages: [A] },
  { words: [...ALL, '--filter-out', 'd/a/#', '-C', '1'], messages: [A, NOISE, B] },
  { words: [...ALL, '-T', '+/b', '-C', '1'], messages: [B, A] },
  { words: [...ALL, '-T', 'd/B', '-C', '1'], messages: [B] },
  { words: ['-t', '$SYS/broker/version', '-T', '#', '-C', '1'] },
  { words: [...ALL, '-T', 'd/a/#', '-C', '1'], messages: [A, NOISE, B] },
  { words: [...ALL, '-T', '+/+', '-C', '1'], messages: [A, NOISE] },
  { words: [...ALL, '-T', '/d/a', '-T', 'd/a/', '-T', 'd', '-C', '1'], messages: [A] },
  { words: [...ALL, '-T', '+/+/+', '-C', '1'], messages: [A] },
];

const RETAINED: readonly SubCase[] = [
  ...inAll({ words: ALL, retained: [OLD], messages: [A] }),
  ...inAll({ words: [...ALL, '-R', '-C', '1'], retained: [OLD], messages: [A] }),
  ...inAll({ words: [...ALL, '-R', '-C', '1'], retained: [OLD], messages: [{ ...OLD, payload: 'live' }] }),
  ...inAll({ words: [...ALL, '--retained-only'], retained: [OLD, OLDER], messages: [A] }),
  ...inAll({ words: [...ALL, '--retained-only', '-C', '1'], retained: [OLD] }),
  ...inAll({ words: [...ALL, '--retained-only'], messages: [A] }),
  ...inAll({
    words: [...ALL, '--retain-as-published', '-F', '%t %r %p'],
    retained: [OLD],
    messages: [{ ...OLD, payload: 'live' }, A],
  }),
  ...inAll({
    words: [...ALL, '--retained-only', '--retain-as-published'],
    retained: [OLD],
    messages: [{ ...OLD, payload: 'live' }, A],
    wire: false,
  }),
  ...inAll({
    words: [...ALL, '-R', '--retain-as-published', '-C', '1'],
    retained: [OLD],
    messages: [{ ...OLD, payload: 'live' }, A],
    wire: false,
  }),
  { words: [...ALL, '--retained-only', '-T', 'd/old', '-v'], retained: [OLD, OLDER], messages: [A] },
  { words: ['-t', 'd/#', '-N', '-v'], retained: [OLD], messages: [EMPTY, A] },
];

const ENDS: readonly SubCase[] = [
  ...inAll({ words: [...ALL, '-C', '1'], messages: [A, B], wire: false }),
  ...inAll({ words: [...ALL, '-C', '3'], messages: [A, EMPTY, B] }),
  { words: ['-t', 'd/#', '-C', '2'], messages: [EMPTY, A, B] },
  ...inAll({ words: [...ALL, '-E'] }),
  ...inAll({ words: [...ALL, '-E', '-t', 'e/#', '-q', '1'] }),
  ...inAll({ words: [...ALL, '-W', '1'], messages: [A] }),
  { words: [...ALL, '-W', '1', '-C', '2'], messages: [A], exitCode: 27 },
  { words: [...ALL, '-W', '30', '-C', '1'], messages: [A] },
  ...inAll({ words: ALL, messages: [A, B], stop: { after: 'two', signal: 'SIGTERM' } }),
  ...inAll({ words: ALL, messages: [A, B], stop: { after: 'two', signal: 'SIGINT' } }),
  {
    words: [...ALL, '-C', '3'],
    messages: [A, B],
    stop: { after: 'two', signal: 'SIGTERM' },
    exitCode: 143,
    differs: { reason: 'stopped before its goal, ours has failed' },
  },
];

const UNSUBSCRIBE: readonly SubCase[] = [
  ...inAll({ words: [...ALL, '-U', 'd/#', '-t', 'd/end', '-C', '1'], messages: [A, END] }),
  ...inAll({ words: ['-t', 'd/end', '-U', 'x/1', '-v', '-C', '1'], messages: [END] }),
  { words: ['-t', 'd/end', '--unsubscribe', 'd/a', '-v', '-C', '1', '-V', '5'], messages: [A, END], wire: true },
];

const SESSION: readonly SubCase[] = [
  ...inAll({ words: [...ALL, '-i', '{id}'], messages: [A] }),
  ...inAll({ words: [...ALL, '--id', '{id}', '-k', '17'], messages: [A] }),
  ...inAll({ words: [...ALL, '-I', 'prefix-', '--keepalive', '65535'], messages: [A] }),
  ...inAll({ words: [...ALL, '-i', '{id}', '-c'], messages: [A] }),
  { words: [...ALL, '-V', '5', '-x', '30'], messages: [A], wire: true },
  { words: [...ALL, '-V', '5', '-x', '-1', '-i', '{id}'], messages: [A], wire: true },
  { words: [...ALL, '-V', '5', '-c', '-x', '5', '-i', '{id}'], messages: [A], wire: true },
  { words: [...ALL, '-V', '5', '-c', '-i', '{id}', '-x', '∞'], messages: [A], wire: true },
  { words: [...ALL, '-V', 'mqttv5'], messages: [A], wire: true },
  { words: [...ALL, '-V', 'mqttv311'], messages: [A], wire: true },
  { words: [...ALL, '-V', 'mqttv31'], messages: [A], wire: true },
  ...inAll({ words: [...ALL, '-u', 'user'], messages: [A] }),
  ...inAll({ words: [...ALL, '-u', 'user', '-P', 'pass wörd'], messages: [A] }),
  ...inAll({ words: [...ALL, '-u', 'user', '-P', ''], messages: [A] }),
  {
    words: [...ALL, '-V', '5', '-P', 'alone'],
    messages: [A],
    stdout: '',
    exitCode: 2,
    differs: { reason: 'MQTT 5 has passwords without a user name, and the library that ours is built on has not' },
  },
];

const URLS: readonly SubCase[] = [
  { words: ['-L', 'mqtt://127.0.0.1:{port}/d/a', '-v'], messages: [A], wire: true },
  { words: ['-L', 'mqtt://127.0.0.1:{port}/d/a', '-t', 'd/b', '-v'], messages: [A, B], wire: true },
  { words: ['-t', 'd/b', '-L', 'mqtt://127.0.0.1:{port}/d/a', '-v'], messages: [A, B], wire: true },
  { words: ['--url', 'mqtt://user:pass@127.0.0.1:{port}/d/#', '-v'], messages: [A], wire: true },
  { words: ['-L', 'MQTT://127.0.0.1:{port}/d/+', '-v'], messages: [A], wire: true },
];

export const SUBSCRIBE_CASES = { FILTERS, LEFT_OUT, RETAINED, ENDS, UNSUBSCRIBE, SESSION, URLS };
