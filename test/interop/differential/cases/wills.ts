/** Whether the Will Message is published: by how the client ends. */
import type { WillCase } from '../case.ts';

const VERSIONS = ['31', '311', '5'] as const;
const WILL = ['-i', '{id}', '--will-topic', 'w/{id}', '--will-payload', 'gone'];
const LISTEN = ['-t', 'd/#', ...WILL];

function inAll(one: WillCase): readonly WillCase[] {
  return VERSIONS.map((version) => ({ ...one, words: [...one.words, '-V', version] }));
}

export const WILL_CASES: readonly WillCase[] = [
  ...inAll({ tool: 'sub', words: LISTEN, signal: 'SIGKILL', spawned: true }),
  ...inAll({ tool: 'sub', words: LISTEN, signal: 'SIGTERM' }),
  ...inAll({ tool: 'sub', words: LISTEN, signal: 'SIGINT' }),
  ...inAll({ tool: 'sub', words: [...LISTEN, '-E'] }),
  ...inAll({ tool: 'sub', words: [...LISTEN, '-C', '1'], message: { topic: 'd/1', payload: 'x' } }),
  { tool: 'sub', words: [...LISTEN, '-W', '1', '-V', '311'] },
  { tool: 'sub', words: [...LISTEN, '-W', '1', '-V', '5'] },
  ...inAll({ tool: 'pub', words: ['-t', 'd/1', '-m', 'x', ...WILL] }),
  ...inAll({ tool: 'pub', words: ['-t', 'd/1', '-l', ...WILL], signal: 'SIGKILL', spawned: true }),
  // Before MQTT 5 there is no DISCONNECT that lets the Will be published. [MQTT5 3.14.2.1]
  ...['31', '311'].map(
    (version): WillCase => ({
      tool: 'pub',
      words: ['-t', 'd/1', '-l', ...WILL, '-V', version],
      signal: 'SIGTERM',
      spawned: true,
      wills: [],
      differs: { reason: 'a signal just kills mosquitto_pub; ours says DISCONNECT, which takes the Will back' },
    }),
  ),
  { tool: 'pub', words: ['-t', 'd/1', '-l', ...WILL, '-V', '5'], signal: 'SIGTERM', spawned: true },
  {
    tool: 'sub',
    words: [...LISTEN, '-V', '5', '--will-qos', '1', '--will-retain', '-D', 'will', 'content-type', 'text/plain'],
    signal: 'SIGTERM',
  },
  { tool: 'sub', words: [...LISTEN, '-V', '5', '--will-payload', ''], signal: 'SIGTERM' },
  { tool: 'sub', words: [...LISTEN, '-V', '5', '--will-payload', 'ü "x" \\n'], signal: 'SIGTERM' },
];
