/** No option is taken and then left without effect. */
import { writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { BenchResult } from '../../src/bench/result/result.ts';
import { runBench, startBench } from '../bench/support/command.ts';
import { makeTempFolder } from '../support/temp-folder.ts';

describe('an option that would have no effect is refused', () => {
  it.each([
    ['conn -q 1', '-q has no effect without --subscribe\n  The QoS of Wills is --will-qos.'],
    ['conn --qos 0 --will-topic w --storm 1', '--qos has no effect without --subscribe'],
    ['conn --drain-timeout 1s', '--drain-timeout has no effect without --will-topic and --storm'],
    ['conn --drain-timeout 1s --will-topic w', '--drain-timeout has no effect without --will-topic and --storm'],
    ['conn --drain-timeout 1s --storm 1', '--drain-timeout has no effect without --will-topic and --storm'],
    ['--unix /tmp/no-broker --local-address 127.0.0.1', '--unix and --local-address exclude each other'],
    ['conn --unix /tmp/no-broker --local-address 127.0.0.1', '--unix and --local-address exclude each other'],
    ['--ramp 1s', '--ramp has no effect without --rate'],
    ['--keep-retained', '--keep-retained has no effect without --retain'],
    ['pub --window 5', '--window has no effect at QoS 0 here'],
    ['--flood --window 5', '--window has no effect at QoS 0 here'],
  ])('%s', async (argv, fault) => {
    const { lyingBroker, result } = startBench(argv);
    const { exitCode, stderr } = await result;
    expect(stderr).toContain(`mqtt-bench: ${fault}`);
    expect([exitCode, lyingBroker.plans.length]).toEqual([2, 0]);
  });

  it.each([
    'conn -q 1 --subscribe a --connections 2',
    'conn --drain-timeout 1s --will-topic w --storm 1 --connections 2',
  ])('but not where it has one: %s', async (argv) => {
    expect((await runBench(argv)).exitCode).toBe(0);
  });

  it('but not in a file of options, which other commands read too', async () => {
    const folder = makeTempFolder();
    const file = folder.file('options');
    writeFileSync(file, '-q 1\n--drain-timeout 3s\n');
    const { exitCode, stderr } = await runBench(`conn --connections 2 --options-file ${file}`);
    folder.remove();
    expect([exitCode, stderr]).toEqual([0, '']);
  });
});

describe('--warmup that leaves nothing to measure', () => {
  it.each([
    ['--duration 2s --warmup 2s', '--warmup must be shorter than --duration'],
    ['sub --duration 2s --warmup 2s', '--warmup must be shorter than --duration'],
    ['-n 100 --rate 100 --warmup 1s', '--warmup 1 s: all 100 messages are due before it is over'],
    ['rr -n 2 --rate 1 --warmup 1500ms', '--warmup 1.5 s: all 2 messages are due before it is over'],
    ['--find-max p99<1s --warmup 5s', 'shorter than each run of --find-max, which lasts 5 s'],
    ['pub --find-max puback.p99<1s --warmup 1s --duration 1s', 'shorter than --duration'],
  ])('is refused: %s', async (argv, fault) => {
    const { lyingBroker, result } = startBench(argv);
    const { exitCode, stderr } = await result;
    expect(stderr).toContain(fault);
    expect([exitCode, lyingBroker.plans.length]).toEqual([2, 0]);
  });

  it('is taken where the last message is due after it', async () => {
    const { exitCode, stdout } = await runBench('-n 101 --rate 100 --warmup 1s --json');
    const { measured } = JSON.parse(stdout.toString()) as BenchResult;
    expect([exitCode, measured]).toEqual([0, { attempted: 1, accepted: 1, delivered: 1 }]);
  });

  it.each(['-n 10', 'pub -n 10 -q 1', 'rr -n 10', '-n 10 --repeat 2'])(
    'is exit code 2 after the run where nobody could know before: %s',
    async (argv) => {
      const { exitCode, stdout, stderr } = await runBench(`${argv} --warmup 1m`);
      expect(stderr).toBe(
        'mqtt-bench: --warmup 60 s: the run was over before it, and nothing was measured\n' +
          '  Use a shorter --warmup, a larger -n, or --duration.\n',
      );
      expect(stdout.toString()).toMatch(/^(sent|requests) +[12]0 /m);
      expect(exitCode).toBe(2);
    },
  );

  it('is a lesser fault than a loss', async () => {
    const lies = { deliver: ({ sequence }: { readonly sequence: number }) => (sequence < 3 ? [] : [0]) };
    const { exitCode } = await runBench('-n 10 -q 1 --warmup 1m --drain-timeout 1s', lies);
    expect(exitCode).toBe(11);
  });
});
