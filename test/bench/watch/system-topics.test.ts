import { describe, expect, it } from 'vitest';
import { SystemTopics } from '../../../src/bench/watch/system-topics.ts';
import { runToEnd, startRun } from '../support/drive.ts';

function take(topics: SystemTopics, said: Readonly<Record<string, string>>): void {
  for (const [topic, payload] of Object.entries(said)) topics.take(topic, Buffer.from(payload));
}

describe('what a broker says under $SYS/broker/', () => {
  it('is taken as numbers, the newest of each', () => {
    const topics = new SystemTopics();
    expect(topics.figures).toBeNull();
    take(topics, {
      '$SYS/broker/uptime': '120 seconds',
      '$SYS/broker/publish/messages/dropped': '5',
      '$SYS/broker/clients/total': '-1',
      '$SYS/broker/load/messages/received/1min': '12.34',
      '$SYS/broker/timestamp': '2026-01-02 03:04:05',
      '$SYS/broker/heap/current': '1e400',
      '$SYS/other/clients': '7',
      'a/b': '8',
    });
    expect(topics.figures).toEqual({ uptime: 120, 'publish/messages/dropped': 5, 'clients/total': -1 });
    const before = topics.figures;
    take(topics, { '$SYS/broker/publish/messages/dropped': '9' });
    expect(topics.figures?.['publish/messages/dropped']).toBe(9);
    expect(before?.['publish/messages/dropped']).toBe(5);
  });

  it('is not taken without end', () => {
    const topics = new SystemTopics();
    for (let client = 0; client < 1000; client += 1) take(topics, { [`$SYS/broker/of/${client}`]: '1' });
    take(topics, { '$SYS/broker/of/0': '2' });
    expect(Object.keys(topics.figures ?? {}).length).toBe(100);
    expect(topics.figures?.['of/0']).toBe(2);
  });
});

const isSys = (filter: string): boolean => filter.startsWith('$');

describe('the figures of $SYS in a run', () => {
  it('are those of each second, on a connection that is not one of the run', async () => {
    const slow = { messages: 3, qos: 1, window: 1 } as const;
    const { broker, clock, run } = startRun(slow, { deliver: () => [800] });
    await clock.advance(0);
    const [watching] = broker.sessions;
    watching?.deliver('$SYS/broker/clients/total', Buffer.from('3'));
    await clock.advance(1500);
    watching?.deliver('$SYS/broker/clients/total', Buffer.from('4'));
    await clock.advance(2000);
    const { samples } = await run;
    expect(samples.map(({ sys }) => sys)).toEqual([
      { 'clients/total': 3 },
      { 'clients/total': 4 },
      { 'clients/total': 4 },
    ]);
    expect(samples.map(({ connections }) => connections)).toEqual([2, 2, 2]);
    expect(watching?.closed).toBe(true);
  });

  it('are done without where they are denied, and the connection is closed then', async () => {
    const { broker, done } = await runToEnd(
      {},
      { subscribe: ({ filter, qos }) => ({ reasonCode: isSys(filter) ? 0x87 : qos }) },
    );
    expect(done.samples.every(({ sys }) => sys === null)).toBe(true);
    expect(broker.sessions[0]).toMatchObject({ closed: true });
  });

  it('are done without where the broker ends the connection that asks, and what it is is known all the same', async () => {
    const { done } = await runToEnd(
      {},
      {
        version: 'mosquitto version 2.0.11',
        subscribe: ({ filter, qos }) => (filter === '$SYS/broker/#' ? 'closed' : { reasonCode: qos }),
      },
    );
    expect(done.outcome).toEqual({ kind: 'completed' });
    expect(done.identity).toEqual({ name: 'mosquitto', version: '2.0.11' });
  });

  it('are done without when that connection ends in the middle of the run', async () => {
    const { broker, clock, run } = startRun({ messages: 3, window: 1 }, { deliver: () => [800] });
    await clock.advance(1000);
    broker.sessions[0]?.end({ kind: 'lost', reason: 'the broker closed it' });
    await clock.advance(2000);
    expect((await run).outcome).toEqual({ kind: 'completed' });
  });
});
