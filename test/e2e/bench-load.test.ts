/** The built mqtt-bench on mosquitto: open loops, floods, shapes, publishing and receiving alone. */
import { readFileSync } from 'node:fs';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { BenchResult } from '../../src/bench/result/result.ts';
import { describeWith } from '../support/needs.ts';
import { shareMosquitto } from '../support/shared-mosquitto.ts';
import { runSpawnedCli, spawnCli } from '../support/spawn-cli.ts';
import { makeTempFolder } from '../support/temp-folder.ts';

async function run(...words: string[]): Promise<{ exitCode: number | null; result: BenchResult; stderr: string }> {
  const { exitCode, stderr, stdout } = await runSpawnedCli('mqtt-bench', [...words, '--json']);
  return { exitCode, stderr, result: JSON.parse(stdout.toString()) as BenchResult };
}

describeWith(['mosquitto'], 'mqtt-bench on mosquitto', () => {
  describe('as Debian configures it', () => {
    const mosquitto = shareMosquitto();

    it.each(['1', '2'])('loses nothing of many publishers by default, QoS %s', async (qos) => {
      const words = ['-n', '5000', '-q', qos, '--publishers', '50', '--subscribers', '3'];
      const { exitCode, result } = await run(...mosquitto.at, ...words);
      expect(result.ledger).toMatchObject({ attempted: 5000, expected: 15_000, delivered: 15_000, duplicated: 0 });
      expect(exitCode).toBe(0);
    });

    it('loses nothing of publishers and subscribers in threads, and says nothing of leaks', async () => {
      const words = ['-n', '5000', '-q', '1', '--publishers', '50', '--subscribers', '4', '--workers', '2'];
      const { exitCode, result, stderr } = await run(...mosquitto.at, ...words);
      expect(result.ledger).toMatchObject({ attempted: 5000, expected: 20_000, delivered: 20_000, duplicated: 0 });
      expect(stderr).toBe('');
      expect(exitCode).toBe(0);
    });

    it.each(['5', '311'])('delivers in pairs, and to a shared subscription, MQTT %s', async (version) => {
      const pairs = await run(...mosquitto.at, '-V', version, '-n', '2000', '-q', '1', '--pairs', '--publishers', '20');
      expect(pairs.result.ledger).toMatchObject({ expected: 2000, delivered: 2000, duplicated: 0 });
      expect(pairs.result.ignored).toEqual({ foreign: 0, altered: 0 });
      const shared = await run(
        ...mosquitto.at,
        ...['-V', version, '-n', '2000', '-q', '1', '--share', 'g', '--publishers', '3', '--subscribers', '4'],
      );
      expect(shared.result.ledger).toMatchObject({ expected: 2000, delivered: 2000, duplicated: 0, outOfOrder: 0 });
      expect(shared.result.perSubscriber.length).toBe(1);
      expect([pairs.exitCode, shared.exitCode]).toEqual([0, 0]);
    });

    it('removes what it retained, and leaves it with --keep-retained', async () => {
      const words = [
        'pub',
        ...mosquitto.at,
        '-r',
        '-q',
        '1',
        '-n',
        '60',
        '--topics',
        '20',
        '--payload',
        '{i} of {topic}',
      ];
      const retained = async (filter: string): Promise<string[]> => {
        const { stdout } = await runSpawnedCli('mqtt-sub', [
          ...mosquitto.at,
          ...['-t', filter, '-F', '%t %p', '--retained-only', '--idle', '300ms'],
        ]);
        return stdout.toString().split('\n').filter(Boolean).sort();
      };
      expect((await run(...words, '-t', 'gone/{topic}')).exitCode).toBe(0);
      expect((await run(...words, '-t', 'kept/{topic}', '--keep-retained')).exitCode).toBe(0);
      expect(await retained('gone/#')).toEqual([]);
      // The last of three messages on each topic.
      const expected = Array.from({ length: 20 }, (_, topic) => `kept/${topic} ${40 + topic} of ${topic}`);
      expect(await retained('kept/#')).toEqual(expected.sort());
    });

    it('publishes payloads exactly as they were given, with Topic Aliases', async () => {
      const subscriber = spawnCli('mqtt-sub', [...mosquitto.at, '-t', 'exact/#', '-v', '-C', '6', '-d']);
      await subscriber.stderr.waitFor('SUBACK');
      const { exitCode } = await run(
        ...['pub', ...mosquitto.at, '-n', '6', '-q', '1', '-t', 'exact/{topic}', '--topics', '3', '--topic-alias'],
        ...['--payload', '{"n":{i},"r":{rand:1},"p":{publisher}}'],
      );
      const { stdout } = await subscriber.exit();
      const lines = [0, 1, 2, 3, 4, 5].map((i) => `exact/${i % 3} {"n":${i},"r":0,"p":0}\n`);
      expect(stdout.toString()).toBe(lines.join(''));
      expect(exitCode).toBe(0);
    });

    it.each(['0', '1', '2'])('publishes alone, and receives alone what it published, QoS %s', async (qos) => {
      const receiver = spawnCli('mqtt-bench', [
        ...['sub', ...mosquitto.at, '-q', qos, '-n', '3000', '-t', `alone/${qos}/#`, '--json'],
      ]);
      await mosquitto.broker.log.waitFor(`alone/${qos}/# (QoS ${qos})`);
      const sent = await run(
        ...['pub', ...mosquitto.at, '-q', qos, '-n', '3000', '--publishers', '3', '--rate', '5000'],
        ...['-t', `alone/${qos}/{publisher}`],
      );
      expect(sent.result.ledger).toMatchObject({ attempted: 3000, accepted: 3000, expected: 0 });
      const { exitCode, stdout } = await receiver.exit();
      const received = JSON.parse(stdout.toString()) as BenchResult;
      expect(received.ledger).toMatchObject({ expected: 3000, delivered: 3000, lost: 0, duplicated: 0, outOfOrder: 0 });
      // Two processes of one machine, whose clocks agree.
      expect(received.latency.endToEnd).toMatchObject({ count: 3000 });
      expect(received.latency.endToEnd.p50).toBeLessThan(1_000_000);
      expect([sent.exitCode, exitCode]).toEqual([0, 0]);
    });

    it('receives until Ctrl-C, and ends with 0', async () => {
      const receiver = spawnCli('mqtt-bench', ['sub', ...mosquitto.at, '-t', 'open-ended', '--json']);
      await mosquitto.broker.log.waitFor('open-ended (QoS 0)');
      await runSpawnedCli('mqtt-pub', [...mosquitto.at, '-t', 'open-ended', '-m', 'hello', '-q', '1']);
      await mosquitto.broker.log.waitFor(/Sending PUBLISH to \S+ \(d0, q0, r0, m0, 'open-ended'/);
      receiver.kill('SIGINT');
      const { exitCode, stdout } = await receiver.exit();
      expect((JSON.parse(stdout.toString()) as BenchResult).ledger.delivered).toBeLessThanOrEqual(1);
      expect(exitCode).toBe(0);
    });
  });

  describe('that tells what it dropped', () => {
    const mosquitto = shareMosquitto({ settings: ['sys_interval 1'] });
    const DROPPED = '$SYS/broker/publish/messages/dropped';

    it('with --flood loses as many messages as mosquitto says, and names its queue limits', async () => {
      const words = ['-n', '40000', '-q', '1', '--flood', '--window', '20000', '--publishers', '10'];
      const { exitCode, result, stderr } = await run(...mosquitto.at, ...words, '--drain-timeout', '2s');
      const { lost } = result.ledger;
      expect(result.ledger).toMatchObject({ attempted: 40_000, accepted: 40_000, expected: 40_000 });
      expect(lost).toBeGreaterThan(0);
      // It has dropped nothing before, and tells its count every second.
      const watch = spawnCli('mqtt-sub', [...mosquitto.at, '-t', DROPPED]);
      await watch.stdout.waitFor(new RegExp(`^${lost}$`, 'm'));
      expect(result.diagnosis.find(({ code }) => code === 'mosquitto-queue-limits')?.sentence).toMatch(
        /^mosquitto holds 20 \+ 1,000 messages .* Leave --flood away, or set max_queued_messages 0\.$/,
      );
      expect(stderr).toContain(`${lost.toLocaleString('en')} of 40,000 deliveries were lost`);
      expect(exitCode).toBe(11);
    });
  });

  describe('that is stopped for 2 s of 10', () => {
    const mosquitto = shareMosquitto();

    it('shows in the latency from when messages were due, and no message is lost', async () => {
      const folder = makeTempFolder();
      onTestFinished(() => folder.remove());
      const out = folder.file('result.json');
      const words = ['--rate', '1000', '--duration', '10s', '-q', '1', '-t', 'frozen', '--out', out];
      const bench = spawnCli('mqtt-bench', [...mosquitto.at, ...words], { env: { CI: 'true' } });
      // Its first line of progress, some seconds after it began.
      await bench.stderr.waitFor(/delivered/);
      process.kill(mosquitto.broker.pid, 'SIGSTOP');
      await new Promise((resolve) => setTimeout(resolve, 2000));
      process.kill(mosquitto.broker.pid, 'SIGCONT');
      const { exitCode } = await bench.exit();
      const { latency, ledger } = JSON.parse(readFileSync(out, 'utf8')) as BenchResult;
      expect(ledger).toMatchObject({ attempted: 10_000, accepted: 10_000, delivered: 10_000, lost: 0 });
      expect(latency.endToEnd.p99).toBeGreaterThan(1_500_000);
      expect(latency.endToEnd.p50).toBeLessThan(500_000);
      expect(exitCode).toBe(0);
    });
  });
});
