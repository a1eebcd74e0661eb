/** Shared subscriptions, with brokers that have none. */
import { describe, expect, it } from 'vitest';
import type { BenchResult } from '../../src/bench/result/result.ts';
import { runBench, startBench } from '../bench/support/command.ts';

const EACH = [
  ['--share s', '--share', 'Leave --share away'],
  ['rr --responders 2', '--responders 2', 'Use --responders 1'],
  ['sub -t $share/s/a -n 1', '-t $share/s/a', 'Use a Topic Filter without $share/NAME/'],
  ['conn --subscribe $share/s/a', '--subscribe $share/s/a', 'Use a Topic Filter without $share/NAME/'],
] as const;

describe('a shared subscription', () => {
  it.each(EACH)('is refused with the embedded broker, before that is started: %s', async (argv, option, remedy) => {
    const { exitCode, stdout, stderr } = await runBench(`${argv} --broker embedded`);
    expect(stderr).toBe(
      `mqtt-bench: ${option} and --broker embedded exclude each other: that broker has no shared subscriptions\n` +
        `  ${remedy}, or name a broker that has them, such as mosquitto.\n`,
    );
    expect([exitCode, stdout.length]).toEqual([2, 0]);
  });

  it.each(EACH)(
    'is refused where CONNACK says Shared Subscription Available 0 [MQTT5 3.2.2.3.13]: %s',
    async (argv, option, remedy) => {
      const { clock, lyingBroker, result } = startBench(argv, { info: { sharedSubscriptionAvailable: false } });
      await clock.advance(10_000);
      const { exitCode, stderr } = await result;
      expect(stderr).toBe(
        `mqtt-bench: the broker has no shared subscriptions (Shared Subscription Available), which ${option} needs\n  ${remedy}.\n`,
      );
      expect([exitCode, lyingBroker.published.length, lyingBroker.subscribers.length]).toEqual([8, 0, 0]);
    },
  );

  it.each(['', 'rr --responders 1', 'sub -t a --duration 1s', 'conn --subscribe a'])(
    'is not missed where there is none: %j',
    async (argv) => {
      const { exitCode } = await runBench(argv || '-n 10', { info: { sharedSubscriptionAvailable: false } });
      expect(exitCode).toBe(0);
    },
  );

  it.each([
    ['--share s', undefined, /delivered none to a shared subscription: it probably has none/],
    ['rr --responders 2 --window 10', undefined, /delivered none to a shared subscription: it probably has none/],
    ['--share s', 'mosquitto version 2.0.11', /mosquitto's ACL file/],
    ['--subscribers 2', undefined, /mosquitto's ACL file/],
  ])('is the likely cause where nothing comes of it: %s, %s', async (argv, version, likely) => {
    const lies = { deliver: () => [], ...(version !== undefined && { version }) };
    const { exitCode, stdout } = await runBench(`${argv} -n 10 -q 1 --drain-timeout 1s --json`, lies);
    const { diagnosis, ledger } = JSON.parse(stdout.toString()) as BenchResult;
    expect(ledger).toMatchObject({ accepted: 10, delivered: 0 });
    expect(diagnosis.find(({ code }) => code === 'nothing-delivered')?.sentence).toMatch(likely);
    expect(exitCode).toBe(11);
  });
});
