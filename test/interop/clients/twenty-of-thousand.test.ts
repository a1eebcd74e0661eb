/** Why 20 of 1000 messages arrive: docs/why-20-of-1000.md tells the story that these tests hold. */
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { BenchResult } from '../../../src/bench/result/result.ts';
import { startInTest } from '../../support/child.ts';
import { waitForSubscription } from '../../support/mosquitto-clients.ts';
import { describeWith } from '../../support/needs.ts';
import { runCli, startCli } from '../../support/run-cli.ts';
import { shareMosquitto } from '../../support/shared-mosquitto.ts';
import { runSpawnedCli } from '../../support/spawn-cli.ts';
import { findPython } from './programs.ts';

const PROGRAM = fileURLToPath(new URL('programs/loop-of-1000.py', import.meta.url));

describeWith(['mosquitto'], 'publishing 1000 messages in a loop', () => {
  const shared = shareMosquitto();
  let runs = 0;

  /** How many of them arrive: a message that is published after the program has ended is the last. */
  const countArrivals = async (qos: number, networkLoop: 'none' | 'running', inFlight = 20): Promise<number> => {
    const clientId = `counting-${++runs}`;
    const subscribe = [...shared.at, '-i', clientId, '-t', 'seed', '-q', '2'];
    const subscriber = startCli('mqtt-sub', subscribe, { real: true });
    await waitForSubscription(shared.broker, clientId);
    const name = `loop-${runs}`;
    const words = [PROGRAM, shared.broker.port, qos, networkLoop, inFlight, name].map(String);
    const program = startInTest(findPython() ?? '', words);
    await program.stdout.waitFor('done\n');
    // What it wrote is read by the broker before its end: a reset would otherwise take some of it away.
    if (qos > 0) await shared.broker.log.waitFor(lastPacketOf(name, qos, networkLoop === 'none' ? inFlight : 1000));
    program.stdin.end();
    expect(await program.exit()).toMatchObject({ exitCode: 0, stderr: '' });
    await shared.broker.log.waitFor(new RegExp(`Client ${name} (?:closed|disconnected)`));
    await runCli('mqtt-pub', [...shared.at, '-t', 'seed', '-m', 'last', '-q', '2'], { real: true });
    await subscriber.stdout.transcript.waitFor(/^last$/m);
    subscriber.stop('SIGTERM');
    const { stdout } = await subscriber.result;
    const lines = stdout.toString().split('\n').slice(0, -2);
    expect(lines).toEqual(Array.from({ length: lines.length }, (_, index) => String(index)));
    return lines.length;
  };

  describe.skipIf(findPython() === undefined)(
    `with Paho for Python${findPython() ? '' : ' (skipped: not installed)'}`,
    () => {
      it('without a network loop 20 arrive at QoS 1', async () => {
        expect(await countArrivals(1, 'none')).toBe(20);
      });

      it('and none at QoS 2, which takes two answers', async () => {
        expect(await countArrivals(2, 'none')).toBe(0);
      });

      it("the 20 are the library's own limit: with 50 it is 50", async () => {
        expect(await countArrivals(1, 'none', 50)).toBe(50);
      });

      it.each([0, 1, 2])('with a network loop, and a wait for the last, all arrive at QoS %i', async (qos) => {
        expect(await countArrivals(qos, 'running')).toBe(1000);
      });
    },
  );

  it.each([0, 1, 2])('mqtt-bench -n 1000 --qos %i on the same broker delivers 1000 of 1000', async (qos) => {
    const words = [...shared.at, '-n', '1000', '--qos', String(qos), '--json'];
    const { exitCode, stdout } = await runSpawnedCli('mqtt-bench', words);
    const { ledger }: BenchResult = JSON.parse(stdout.toString());
    expect({ exitCode, ...ledger }).toMatchObject({ exitCode: 0, attempted: 1000, accepted: 1000, delivered: 1000 });
  });

  it('and so does mqtt-pub with 1000 lines', async () => {
    const clientId = 'counting-lines';
    const words = [...shared.at, '-i', clientId, '-t', 'seed', '-q', '1', '-C', '1000'];
    const subscriber = startCli('mqtt-sub', words, { real: true });
    await waitForSubscription(shared.broker, clientId);
    const lines = Array.from({ length: 1000 }, (_, index) => `${index}\n`).join('');
    expect(
      await runCli('mqtt-pub', [...shared.at, '-t', 'seed', '-q', '1', '-l'], { real: true, stdin: lines }),
    ).toEqual({
      exitCode: 0,
      stdout: Buffer.alloc(0),
      stderr: '',
    });
    expect((await subscriber.result).stdout.toString() === lines).toBe(true);
  });
});

/** What the broker logs when it has read the last packet of the program that there is without an answer from it. */
function lastPacketOf(clientId: string, qos: number, count: number): RegExp {
  return new RegExp(`Sending ${qos === 1 ? 'PUBACK' : 'PUBREC'} to ${clientId} \\(m${count},`);
}
