/** The built mqtt-bench on real brokers: every message accounted for. */
import { describe, expect, it } from 'vitest';
import { describeWith } from '../support/needs.ts';
import { shareMosquitto } from '../support/shared-mosquitto.ts';
import { runSpawnedCli, spawnCli } from '../support/spawn-cli.ts';

interface Ledger {
  readonly attempted: number;
  readonly accepted: number;
  readonly refused: number;
  readonly timedOut: number;
  readonly inFlight: number;
  readonly expected: number;
  readonly delivered: number;
  readonly lost: number;
  readonly duplicated: number;
  readonly outOfOrder: number;
}

/** Runs it with --json; what it says of every message. */
async function ledgerOf(...words: string[]): Promise<{ exitCode: number | null; ledger: Ledger; stderr: string }> {
  const { exitCode, stdout, stderr } = await runSpawnedCli('mqtt-bench', [...words, '--json']);
  const { ledger } = JSON.parse(stdout.toString()) as { ledger: Ledger };
  expect(ledger.attempted).toBe(ledger.accepted + ledger.refused + ledger.timedOut + ledger.inFlight);
  expect(ledger.expected).toBe(ledger.delivered + ledger.lost);
  return { exitCode, ledger, stderr };
}

function lossless(attempted: number, delivered: number): Ledger {
  const none = { refused: 0, timedOut: 0, inFlight: 0, lost: 0, duplicated: 0, outOfOrder: 0 };
  return { attempted, accepted: attempted, expected: delivered, delivered, ...none };
}

describe('mqtt-bench --broker embedded', () => {
  it.each(['0', '1', '2'])('delivers 20,000 messages, every one once and in order, QoS %s', async (qos) => {
    const { exitCode, ledger } = await ledgerOf('--broker', 'embedded', '-n', '20000', '-q', qos);
    expect(ledger).toEqual(lossless(20_000, 20_000));
    expect(exitCode).toBe(0);
  });

  it.each(['1', '2'])('delivers from ten publishers to ten subscribers, QoS %s', async (qos) => {
    const words = ['--broker', 'embedded', '-n', '2000', '-q', qos, '--publishers', '10', '--subscribers', '10'];
    const { exitCode, ledger } = await ledgerOf(...words);
    expect(ledger).toEqual(lossless(2000, 20_000));
    expect(exitCode).toBe(0);
  });

  it('delivers with a window larger than there are Packet Identifiers in flight inside the broker', async () => {
    const words = ['--broker', 'embedded', '-n', '60000', '-q', '2', '--window', '60000', '--size', '24'];
    const { exitCode, ledger } = await ledgerOf(...words);
    expect(ledger).toEqual(lossless(60_000, 60_000));
    expect(exitCode).toBe(0);
  });
});

describeWith(['mosquitto'], 'mqtt-bench on mosquitto', () => {
  describe('as Debian configures it', () => {
    const mosquitto = shareMosquitto();

    it('delivers 1000 of 1000 at QoS 1', async () => {
      const { exitCode, ledger } = await ledgerOf(...mosquitto.at, '-n', '1000', '--qos', '1');
      expect(ledger).toEqual(lossless(1000, 1000));
      expect(exitCode).toBe(0);
    });

    it('ends at Ctrl-C with 130 and the ledger so far', async () => {
      const bench = spawnCli('mqtt-bench', [...mosquitto.at, '-n', '100000000', '-q', '1', '-t', 'endless', '--json']);
      await mosquitto.broker.log.waitFor("'endless");
      bench.kill('SIGINT');
      const { exitCode, stdout } = await bench.exit();
      const { ledger } = JSON.parse(stdout.toString()) as { ledger: Ledger };
      expect(ledger.attempted).toBeGreaterThan(0);
      expect(exitCode).toBe(130);
    });
  });

  describe('with room for next to nothing', () => {
    const mosquitto = shareMosquitto({ settings: ['max_inflight_messages 1', 'max_queued_messages 1'] });

    it('says how many were lost, and ends with 11', async () => {
      const words = [...mosquitto.at, '-n', '20000', '-q', '1', '--drain-timeout', '200ms'];
      const { exitCode, ledger } = await ledgerOf(...words);
      expect(ledger).toMatchObject({ attempted: 20_000, accepted: 20_000, expected: 20_000 });
      expect(ledger.lost).toBeGreaterThan(0);
      expect(exitCode).toBe(11);
    });
  });

  describe('that refuses', () => {
    const mosquitto = shareMosquitto({ acl: ['topic readwrite open/#', 'topic read closed/#'] });

    it('says so, and ends with 11', async () => {
      const words = [...mosquitto.at, '-n', '100', '-q', '1', '-V', '5', '-t', 'closed'];
      const { exitCode, ledger } = await ledgerOf(...words);
      expect(ledger).toMatchObject({ attempted: 100, accepted: 0, refused: 100, delivered: 0 });
      expect(exitCode).toBe(11);
    });
  });
});
