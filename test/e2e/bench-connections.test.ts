/** The built `mqtt-bench conn` and `mqtt-bench rr` on mosquitto. */
import { describe, expect, it } from 'vitest';
import { parseResult } from '../../src/bench/result/read-result.ts';
import type { BenchResult } from '../../src/bench/result/result.ts';
import { bytesPerConnection, MOST_BYTES_PER_CONNECTION, startAcceptingBroker } from '../support/connection-memory.ts';
import { describeWith } from '../support/needs.ts';
import { shareMosquitto } from '../support/shared-mosquitto.ts';
import { runSpawnedCli } from '../support/spawn-cli.ts';

async function run(...words: string[]): Promise<{ exitCode: number | null; result: BenchResult; stderr: string }> {
  const { exitCode, stderr, stdout } = await runSpawnedCli('mqtt-bench', [...words, '--json']);
  return { exitCode, stderr, result: parseResult(stdout, 'result') };
}

describeWith(['mosquitto'], 'on mosquitto', () => {
  const mosquitto = shareMosquitto({ settings: ['set_tcp_nodelay true'] });

  describe('mqtt-bench conn', () => {
    it('opens and holds', async () => {
      const { exitCode, result } = await run('conn', ...mosquitto.at, '--connections', '300', '--hold', '100ms');
      expect(result.connections).toEqual({ attempted: 300, connected: 300, failed: 0, lost: 0, reasons: [] });
      expect([result.latency.connect.count, result.latency.tls.count, result.latency.connack.count]).toEqual([
        300, 0, 300,
      ]);
      expect(exitCode).toBe(0);
    });

    it.each(['5', '311', '31'])('makes the broker publish every Will in a storm, MQTT %s', async (version) => {
      const words = ['--connections', '50', '--hold', '0', '--storm', '3', '-V', version];
      const will = ['--will-topic', `will/${version}`, '--will-qos', '1', '--will-payload', 'gone'];
      const { exitCode, result } = await run('conn', ...mosquitto.at, ...words, ...will);
      expect(result.ledger).toMatchObject({ attempted: 150, expected: 150, delivered: 150, lost: 0, duplicated: 0 });
      expect(result.openings?.map(({ connected }) => connected)).toEqual([50, 50, 50, 50]);
      expect(exitCode).toBe(0);
    });

    it('keeps to the connect rate', async () => {
      const words = ['--connections', '100', '--connect-rate', '200', '--hold', '0'];
      const { exitCode, result } = await run('conn', ...mosquitto.at, ...words);
      const [opening] = result.openings ?? [];
      // The last one is due 99 / 200 s after the first.
      expect(opening?.duration).toBeGreaterThan(495_000);
      expect(opening?.connectedPerSecond).toBeLessThan(205);
      expect(exitCode).toBe(0);
    });

    it('subscribes each connection, from two local addresses', async () => {
      const words = ['--connections', '20', '--hold', '0', '--subscribe', 'held/{connection}/#'];
      const { exitCode, result } = await run(
        'conn',
        ...mosquitto.at,
        ...words,
        '--local-address',
        '127.0.0.1,127.0.0.2',
      );
      expect(result.latency.suback.count).toBe(20);
      expect(mosquitto.broker.log.text).toMatch(/New connection from 127\.0\.0\.1:/);
      expect(mosquitto.broker.log.text).toMatch(/New connection from 127\.0\.0\.2:/);
      expect(mosquitto.broker.log.text).toContain('held/19/#');
      expect(exitCode).toBe(0);
    });
  });

  describe('mqtt-bench rr', () => {
    it.each([
      ['0', '5'],
      ['1', '5'],
      ['2', '5'],
      ['1', '311'],
    ])('has a response to each request at QoS %s, MQTT %s', async (qos, version) => {
      const words = ['-n', '500', '-q', qos, '-V', version, '--requesters', '3', '--responders', '2'];
      const { exitCode, result } = await run('rr', ...mosquitto.at, ...words);
      expect(result.ledger).toMatchObject({ attempted: 500, accepted: 500, expected: 500, delivered: 500, lost: 0 });
      expect(result.latency.endToEnd.count).toBe(500);
      expect(exitCode).toBe(0);
    });

    it('keeps to a rate, and tells response and service time apart', async () => {
      const { exitCode, result } = await run('rr', ...mosquitto.at, '--rate', '200', '--duration', '1s');
      expect(result.ledger).toMatchObject({ attempted: 200, delivered: 200 });
      expect(result.latency.endToEnd.mean).toBeGreaterThan(result.latency.endToEndService.mean ?? 0);
      expect(exitCode).toBe(0);
    });
  });
});

describe('held connections', () => {
  // Fewer than 1,024, which is how many files a process may have open on many a machine.
  it('take up no more than 25 KiB each in mqtt-bench', async () => {
    const port = await startAcceptingBroker();
    expect(await bytesPerConnection(port, 900)).toBeLessThan(MOST_BYTES_PER_CONNECTION);
  });
});

describeWith(['mosquitto'], 'on a mosquitto that takes five connections', () => {
  const mosquitto = shareMosquitto({ listeners: { small: { settings: ['max_connections 5'] } } });

  it('mqtt-bench conn counts what was refused, and ends when it is no use', async () => {
    const port = String(mosquitto.broker.ports['small']);
    const { exitCode, result } = await run(
      'conn',
      '-h',
      '127.0.0.1',
      '-p',
      port,
      '--connections',
      '500',
      '--hold',
      '0',
    );
    // One of the five listens to what the broker says of itself.
    expect(result.connections.connected).toBe(4);
    expect(result.connections.attempted).toBe(result.connections.connected + result.connections.failed);
    expect(result.connections.attempted).toBeLessThan(160);
    expect(result.outcome.kind).toBe('failed');
    expect([3, 6]).toContain(exitCode);
  });

  it('is no TLS port because it takes no sixth', async () => {
    const port = String(mosquitto.broker.ports['small']);
    const { exitCode, stderr } = await run('-h', '127.0.0.1', '-p', port, '-n', '10', '--publishers', '20');
    expect(stderr).toContain('In mosquitto, max_connections allows more.\n');
    expect(stderr).not.toContain('TLS');
    expect([3, 6]).toContain(exitCode);
  });
});
