/** mqtt-pub -l at length: a thousand cuts, and a broker that is killed ten times, under 100,000 lines. */
import { describe, expect, it, onTestFinished } from 'vitest';
import { randomCuts, startChaosProxy } from '../support/chaos-proxy.ts';
import { conclude, numberedLines, startCounting } from '../support/delivery-check.ts';
import { publishOverKills } from '../support/killing.ts';
import { describeWith } from '../support/needs.ts';
import { shareMosquitto } from '../support/shared-mosquitto.ts';
import { spawnCli } from '../support/spawn-cli.ts';

const LINES = 100_000;
const LINE_BYTES = 60;
const CUTS = 1000;
const KILLS = 10;
const PATIENCE_MS = 1_800_000;
/** Without these limits mosquitto drops what a subscriber does not take at once. */
const UNLIMITED = ['max_queued_messages 0', 'max_inflight_messages 0'];
const EXPECTED = {
  '1': { lost: 0, isInOrder: true },
  '2': { lost: 0, isInOrder: true, duplicated: 0 },
} as const;

describeWith(['mosquitto', 'mosquitto_pub'], '100,000 lines', () => {
  describe('through a thousand cuts', () => {
    const mosquitto = shareMosquitto({ settings: UNLIMITED });

    it.each(['1', '2'] as const)('at QoS %s', async (qos) => {
      const { broker } = mosquitto;
      const topic = `cut/${qos}`;
      const subscriber = await startCounting(broker, topic, qos);
      const proxy = await startChaosProxy(broker.port, randomCuts(Number(qos), CUTS, LINES / CUTS / 2, LINE_BYTES));
      onTestFinished(() => proxy.close());
      const argv = ['-h', '127.0.0.1', '-p', String(proxy.port), '-V', '5', '-t', topic, '-q', qos, '-l'];
      const publisher = spawnCli('mqtt-pub', argv, { input: numberedLines(LINES, LINE_BYTES) });
      const { exitCode } = await publisher.exit(PATIENCE_MS);
      expect({ exitCode, cuts: proxy.cuts }).toEqual({ exitCode: 0, cuts: CUTS });
      const delivery = await conclude(subscriber, broker, topic, LINES, PATIENCE_MS);
      console.log(`QoS ${qos}: ${CUTS} cuts, ${JSON.stringify(delivery)}`);
      expect(delivery).toMatchObject(EXPECTED[qos]);
    });
  });

  it.each([
    // What was accepted and not delivered dies with the broker; what the publisher owes is this.
    ['1', true, { lost: 0 }],
    ['2', true, { duplicated: 0 }],
    ['1', false, { lost: 0 }],
    ['2', false, { lost: 0 }],
  ] as const)(
    'over a broker that is killed ten times, at QoS %s, persistent: %s',
    async (qos, isPersistent, expected) => {
      const delivery = await publishOverKills({ qos, kills: KILLS, linesEach: LINES / KILLS, isPersistent });
      console.log(`QoS ${qos}, persistent: ${isPersistent}: ${KILLS} kills, ${JSON.stringify(delivery)}`);
      expect(delivery).toMatchObject(expected);
    },
  );
});
