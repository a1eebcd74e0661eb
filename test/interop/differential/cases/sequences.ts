/** Sessions and retained messages that outlive a run. */
import type { Message, SequenceCase } from '../case.ts';

const VERSIONS = ['31', '311', '5'] as const;

function messages(qos: 1 | 2, ...payloads: string[]): readonly Message[] {
  return payloads.map((payload) => ({ topic: 'd/1', payload, qos }));
}

function waits(version: string, qos: 1 | 2): readonly SequenceCase[] {
  const session = ['-t', 'd/#', '-i', '{id}', '-c', '-q', String(qos), '-V', version];
  const first = [
    { tool: 'sub', words: [...session, '-E'] },
    { publish: messages(qos, 'one', 'two', 'three') },
  ] as const;
  const next = { tool: 'sub', words: [...session, '-C', '1'] } as const;
  const title = `QoS ${qos}, -V ${version}`;
  return [
    {
      title: `a session waits, ${title}`,
      steps: [...first, { tool: 'sub', words: [...session, '-C', '3'] }],
    },
    // Before MQTT 5 mosquitto_sub acknowledges beyond -C, and the rest is lost; ours leaves it to the next run.
    ...(version === '5'
      ? [{ title: `a session is read in parts, ${title}`, steps: [...first, next, next, next] }]
      : []),
  ];
}

function others(version: string): readonly SequenceCase[] {
  const sub = (...words: string[]) => ({ tool: 'sub', words: [...words, '-V', version] }) as const;
  const pub = (...words: string[]) => ({ tool: 'pub', words: [...words, '-V', version, '-q', '1'] }) as const;
  const session = ['-i', '{id}', '-q', '1'];
  const kept = ['-t', 'k/{id}', '-r'];
  return [
    {
      title: `a clean session forgets, -V ${version}`,
      steps: [
        sub('-t', 'd/#', ...session, '-c', '-E'),
        sub('-t', 'e/#', ...session, '-E'),
        { publish: messages(1, 'one') },
        sub('-t', 'e/#', ...session, '-c', '-W', '1'),
      ],
    },
    {
      title: `-U leaves a subscription of the session, -V ${version}`,
      steps: [
        sub('-t', 'd/#', ...session, '-c', '-E'),
        sub('-t', 'e/#', '-U', 'd/#', ...session, '-c', '-E'),
        { publish: [...messages(1, 'one'), { topic: 'e/1', payload: 'two', qos: 1 }] },
        sub('-t', 'e/#', ...session, '-c', '-C', '1'),
      ],
    },
    {
      title: `a retained message is set, replaced and deleted, -V ${version}`,
      steps: [
        pub(...kept, '-m', 'first'),
        pub(...kept, '-m', 'second'),
        sub('-t', 'k/{id}', '-C', '1', '-F', '%r %p'),
        pub(...kept, '-n'),
        sub('-t', 'k/{id}', '-W', '1', '-F', '%r %p'),
      ],
    },
  ];
}

export const SEQUENCE_CASES: readonly SequenceCase[] = VERSIONS.flatMap((version) => [
  ...waits(version, 1),
  ...waits(version, 2),
  ...others(version),
]);
