/** What no broker of today sends, or not when asked: PUBLISH packets word for word. */
import type { ScriptedCase } from '../case.ts';

const WORDS = ['-t', 'd/#', '-V', '5'];
const PUBLISH = { cmd: 'publish', topic: 'd/1', payload: 'x', qos: 0, retain: false, dup: false } as const;

/** A PUBLISH with User Properties in an order that a library would not keep. */
function interleaved(): Buffer {
  const text = (value: string): Buffer => Buffer.concat([Buffer.from([0, value.length]), Buffer.from(value)]);
  const pairs = [
    ['a', '1'],
    ['b', '2'],
    ['a', '3'],
  ].flatMap(([name = '', value = '']) => [Buffer.from([0x26]), text(name), text(value)]);
  const properties = Buffer.concat(pairs);
  const body = Buffer.concat([text('d/1'), Buffer.from([properties.length]), properties, Buffer.from('x')]);
  return Buffer.concat([Buffer.from([0x30, body.length]), body]);
}

export const SCRIPTED_CASES: readonly ScriptedCase[] = [
  {
    words: [...WORDS, '-C', '1', '-F', '[%A] [%5A] [%-5A] [%05A] %t', '-D', 'connect', 'topic-alias-maximum', '10'],
    packets: [{ ...PUBLISH, properties: { topicAlias: 5 } }],
  },
  {
    words: [...WORDS, '-C', '2', '-F', '%t %p', '-D', 'connect', 'topic-alias-maximum', '10'],
    packets: [
      { ...PUBLISH, properties: { topicAlias: 5 } },
      { ...PUBLISH, topic: '', payload: 'y', properties: { topicAlias: 5 } },
    ],
    title: 'a Topic Alias in place of the topic',
    exitCode: 0,
    stdout: 'd/1 x\nd/1 y\n',
    differs: {
      reason: "mosquitto's clients offer a Topic Alias Maximum, and then do not know what an alias stands for",
    },
  },
  {
    words: [...WORDS, '-C', '1', '-F', '%P'],
    packets: [interleaved()],
    stdout: 'a:1 a:3 b:2\n',
    differs: { reason: 'User Properties keep their order within a name; ours groups them by name' },
  },
  ...[1, 4711, 65_535].map((messageId) => ({
    words: ['-t', 'd/#', '-q', '1', '-C', '1', '-F', '%m [%6m] [%-6m] [%06m]'],
    packets: [{ ...PUBLISH, qos: 1, messageId } as const],
    title: `Packet Identifier ${messageId}`,
  })),
  {
    words: ['-t', 'd/#', '-q', '1', '-C', '1', '-v'],
    packets: [{ ...PUBLISH, qos: 1, dup: true, messageId: 7 }],
    title: 'DUP',
  },
];
