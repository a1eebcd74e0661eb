/** The built mqtt-bench with threads. */
import { expect, it } from 'vitest';
import type { BenchResult } from '../../src/bench/result/result.ts';
import { describeWith } from '../support/needs.ts';
import { shareMosquitto } from '../support/shared-mosquitto.ts';
import { runSpawnedCli } from '../support/spawn-cli.ts';

describeWith(['mosquitto'], 'mqtt-bench --workers', () => {
  const mosquitto = shareMosquitto({ settings: ['max_queued_messages 0'] });

  it.each(['0', '1', '2'])('accounts for every message of connections in three threads, QoS %s', async (qos) => {
    const shape = ['--publishers', '5', '--subscribers', '4', '-n', '5000', '-q', qos];
    const { exitCode, stdout, stderr } = await runSpawnedCli('mqtt-bench', [
      ...mosquitto.at,
      ...shape,
      '--workers',
      '3',
      '--json',
    ]);
    expect(stderr).toBe('');
    const result = JSON.parse(stdout.toString()) as BenchResult;
    expect(result.ledger).toMatchObject({ attempted: 5000, accepted: 5000, delivered: 20_000, lost: 0, duplicated: 0 });
    expect(result.ledger.outOfOrder).toBe(0);
    expect(result.perPublisher.map(({ attempted }) => attempted)).toEqual([1000, 1000, 1000, 1000, 1000]);
    expect(result.connections).toMatchObject({ failed: 0, lost: 0 });
    expect(result.latency.endToEnd.count).toBe(20_000);
    // The clocks of the threads are one: nothing comes before it was sent, nor long after.
    expect(result.latency.endToEnd.min).toBeGreaterThan(0);
    expect(exitCode).toBe(0);
  });
});
