import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Comparison } from '../../src/bench/compare/comparison.ts';
import { parseResult } from '../../src/bench/result/read-result.ts';
import type { BenchResult } from '../../src/bench/result/result.ts';
import { UnreachableError } from '../../src/errors.ts';
import { drive } from '../bench/support/drive.ts';
import { type Lies, LyingBroker } from '../bench/support/lying-broker.ts';
import { readStored } from '../bench/support/stored.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { MemoryOutput } from '../support/memory-streams.ts';
import { type CliResult, type RunningCli, runCli, startCli, type World } from '../support/run-cli.ts';
import { makeTempFolder, type TempFolder } from '../support/temp-folder.ts';

let folder: TempFolder;
beforeEach(() => {
  folder = makeTempFolder();
});
afterEach(() => folder.remove());

interface RunningBench extends RunningCli {
  readonly lyingBroker: LyingBroker;
}

function startBench(argv: readonly string[], lies: Lies = {}, world: World = {}): RunningBench {
  const clock = new FakeClock();
  const lyingBroker = new LyingBroker(clock, lies);
  const context = { openSession: lyingBroker.openSession, ...world.context };
  return { ...startCli('mqtt-bench', argv, { ...world, clock, context }), lyingBroker };
}

function runBench(argv: readonly string[], lies: Lies = {}, world: World = {}): Promise<CliResult> {
  const { result, clock } = startBench(argv, lies, world);
  return drive(result, clock);
}

const STEADY: Lies = { deliver: () => [5], answer: () => ({ afterMs: 4 }) };
const LOSING: Lies = { deliver: ({ sequence }) => (sequence < 3 ? [] : [0]) };
const USUAL = ['-n', '100', '-q', '1', '--window', '10', '--drain-timeout', '1s'];

function readOut(path: string): BenchResult {
  return parseResult(readFileSync(path), path);
}

describe('--out', () => {
  it('writes what --json prints, and nothing beside it', async () => {
    const out = folder.file('result.json');
    const { exitCode, stdout, stderr } = await runBench([...USUAL, '--out', out, '--json'], STEADY);
    expect([exitCode, stderr]).toEqual([0, '']);
    expect(readFileSync(out, 'utf8')).toBe(stdout.toString());
    expect(readOut(out).ledger).toMatchObject({ attempted: 100, delivered: 100 });
    expect(readdirSync(folder.path)).toEqual(['result.json']);
  });

  it('is complete when messages are lost', async () => {
    const out = folder.file('result.json');
    const { exitCode } = await runBench([...USUAL, '--out', out], LOSING);
    expect(exitCode).toBe(11);
    expect(readOut(out).ledger).toMatchObject({ expected: 100, delivered: 97, lost: 3 });
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('is complete when %s stops the run', async (signal, code) => {
    const out = folder.file('result.json');
    const argv = ['-n', '100000', '-q', '1', '--window', '10', '--out', out];
    const { clock, lyingBroker, result, stop } = startBench(argv, STEADY);
    while (lyingBroker.published.length < 110) await clock.advance(10);
    stop(signal);
    const { exitCode } = await drive(result, clock);
    expect(exitCode).toBe(code);
    expect(readOut(out)).toMatchObject({ outcome: { kind: 'interrupted', signal } });
    expect(readOut(out).ledger.attempted).toBeGreaterThan(100);
  });

  it('is complete when a connection is lost', async () => {
    const out = folder.file('result.json');
    const argv = ['-n', '100000', '-q', '1', '--window', '10', '--out', out];
    const { clock, result, lyingBroker } = startBench(argv, STEADY);
    while (lyingBroker.published.length < 110) await clock.advance(10);
    lyingBroker.sessions.at(-1)?.end({ kind: 'lost', reason: 'the broker reset it' });
    const { exitCode } = await drive(result, clock);
    expect(exitCode).toBe(7);
    expect(readOut(out).outcome).toMatchObject({ kind: 'connection-lost', reason: 'the broker reset it' });
  });

  it('is written although nobody reads the report any more', async () => {
    const out = folder.file('result.json');
    const stdout = new MemoryOutput();
    stdout.failWith('EPIPE');
    const { exitCode } = await runBench([...USUAL, '--out', out], STEADY, { stdout });
    expect(exitCode).toBe(0);
    expect(readOut(out).ledger.delivered).toBe(100);
  });

  it('is refused before anything is opened where it cannot be written', async () => {
    const out = folder.file('missing/result.json');
    const { result, lyingBroker } = startBench([...USUAL, '--out', out]);
    const { exitCode, stderr } = await result;
    expect(stderr).toBe(`mqtt-bench: --out ${out}: no such folder\n`);
    expect([exitCode, lyingBroker.plans.length]).toEqual([2, 0]);
  });

  it('that can no longer be written is an error, after the report', async () => {
    const out = folder.file('result.json');
    const { clock, lyingBroker, result } = startBench([...USUAL, '--out', out], STEADY);
    while (lyingBroker.published.length < 10) await clock.advance(1);
    folder.remove();
    const { exitCode, stdout, stderr } = await drive(result, clock);
    expect(stderr).toBe(`mqtt-bench: cannot write ${out}: no such folder\n`);
    expect(exitCode).toBe(1);
    expect(stdout.toString()).toContain('delivered 100 ');
  });

  it('is not standard output', async () => {
    const { exitCode, stderr } = await runBench([...USUAL, '--out', '-']);
    expect(stderr).toBe(
      'mqtt-bench: --out -: must be the name of a file\n  On standard output --json writes the same.\n',
    );
    expect(exitCode).toBe(2);
  });
});

describe('--assert', () => {
  it('holds, and stands in the result', async () => {
    const { exitCode, stdout, stderr } = await runBench(
      [...USUAL, '--assert', 'p99 <= 5ms, lost == 0', '--assert', 'delivered/s >= 1k', '--json'],
      STEADY,
    );
    expect([exitCode, stderr]).toEqual([0, '']);
    const { rates, thresholds } = JSON.parse(stdout.toString()) as BenchResult;
    expect(thresholds).toEqual([
      { assertion: 'p99 <= 5ms', value: 5000, held: true },
      { assertion: 'lost == 0', value: 0, held: true },
      { assertion: 'delivered/s >= 1k', value: rates.deliveredPerSecond, held: true },
    ]);
  });

  it('that does not hold ends with 11 and says measure, value and what was asked', async () => {
    const { exitCode, stderr } = await runBench(
      [...USUAL, '--assert', 'p99 < 5ms', '--assert', 'tls.max < 1s'],
      STEADY,
    );
    expect(stderr).toMatch(
      /^mqtt-bench: p99 was 5 ms, not < 5ms; tls\.max was not measured, asked was < 1s\n {2}Measured were: .*puback\.p99/,
    );
    expect(exitCode).toBe(11);
  });

  it('about losses decides on them', async () => {
    const tolerant = await runBench([...USUAL, '--assert', 'lost < 5'], LOSING);
    expect([tolerant.exitCode, tolerant.stderr]).toEqual([0, '']);
    const strict = await runBench([...USUAL, '--assert', 'lost <= 1%'], LOSING);
    expect([strict.exitCode, strict.stderr]).toEqual([11, 'mqtt-bench: lost% was 3 %, not <= 1%\n']);
  });

  it('that cannot be understood shows the place, and sends nothing', async () => {
    const { result, lyingBroker } = startBench([...USUAL, '--assert', 'lost == 0, p99 < 10mss']);
    const { exitCode, stderr } = await result;
    expect(stderr).toBe(
      [
        'mqtt-bench: --assert "lost == 0, p99 < 10mss": unknown unit mss of p99, at character 20',
        '  lost == 0, p99 < 10mss',
        '                     ^^^',
        '  Did you mean ms?\n',
      ].join('\n'),
    );
    expect([exitCode, lyingBroker.plans.length]).toEqual([2, 0]);
  });

  it('is held against what was measured so far when the run is stopped, whose exit code stays', async () => {
    const { clock, lyingBroker, result, stop } = startBench(
      ['-n', '100000', '-q', '1', '--window', '10', '--json', '--assert', 'p99 < 1ms'],
      STEADY,
    );
    while (lyingBroker.published.length < 110) await clock.advance(10);
    stop('SIGINT');
    const { exitCode, stdout } = await drive(result, clock);
    expect(exitCode).toBe(130);
    expect((JSON.parse(stdout.toString()) as BenchResult).thresholds).toMatchObject([{ held: false }]);
  });
});

describe('--repeat', () => {
  it('makes one result of all runs, and asserts on the sum', async () => {
    const { exitCode, stdout } = await runBench(
      [...USUAL, '--repeat', '3', '--json', '--assert', 'delivered == 300'],
      STEADY,
    );
    expect(exitCode).toBe(0);
    const result = parseResult(stdout, 'standard output');
    expect(result.repeats).toHaveLength(3);
    expect(result.ledger.delivered).toBe(300);
    const rates = result.repeats.map((repeat) => repeat.rates.deliveredPerSecond);
    expect(new Set(rates).size).toBe(1);
    expect(result.rates.deliveredPerSecond).toBeCloseTo(rates[0] ?? 0, 1);
  });

  it('keeps what is complete and what is not when it is stopped in the second run', async () => {
    const out = folder.file('result.json');
    const argv = ['-n', '1000', '-q', '1', '--window', '10', '--repeat', '5', '--out', out];
    const { clock, lyingBroker, result, stop } = startBench(argv, STEADY);
    while (lyingBroker.published.length < 1100) await clock.advance(10);
    stop('SIGINT');
    const { exitCode, stderr } = await drive(result, clock);
    const { ledger, outcome, repeats } = readOut(out);
    expect(repeats.map((repeat) => repeat.outcome.kind)).toEqual(['completed', 'interrupted']);
    expect(outcome).toEqual({ kind: 'interrupted', signal: 'SIGINT' });
    expect(ledger.attempted).toBeGreaterThan(1000);
    expect(stderr).toMatch(/^mqtt-bench: stopped by SIGINT after 1,\d{3} messages in 2 runs\n$/);
    expect(exitCode).toBe(130);
  });

  it('is no reason to hide that it was stopped before it began', async () => {
    const { clock, result, stop } = startBench([...USUAL, '--repeat', '2'], STEADY);
    stop('SIGINT');
    const { exitCode, stderr } = await drive(result, clock);
    expect(stderr).toMatch(/^mqtt-bench: .*stopped by SIGINT/);
    expect(exitCode).toBe(130);
  });

  it('keeps what is complete when the broker is gone', async () => {
    const clock = new FakeClock();
    const broker = new LyingBroker(clock, STEADY);
    const context = {
      openSession: (...given: Parameters<typeof broker.openSession>) =>
        broker.plans.length < 3
          ? broker.openSession(...given)
          : Promise.reject(new UnreachableError('nothing is listening on localhost:1883')),
    };
    const running = startCli('mqtt-bench', [...USUAL, '--repeat', '3', '--json'], { clock, context });
    const { exitCode, stdout, stderr } = await drive(running.result, clock);
    const result = parseResult(stdout, 'standard output');
    expect(result.repeats).toHaveLength(1);
    expect(result.outcome).toMatchObject({ kind: 'failed' });
    expect(stderr).toBe('mqtt-bench: nothing is listening on localhost:1883\n');
    expect(exitCode).toBe(3);
  });
});

describe('--find-max', () => {
  /** Takes 500 messages a second; what exceeds that waits. */
  function limited(clock: () => number): Lies {
    let freeAtMs = 0;
    return {
      deliver: () => {
        freeAtMs = Math.max(freeAtMs, clock()) + 2;
        return [freeAtMs - clock()];
      },
    };
  }

  it('finds what a broker bears, and writes the steps', async () => {
    const out = folder.file('result.json');
    const clock = new FakeClock();
    const broker = new LyingBroker(
      clock,
      limited(() => clock.monotonicMs()),
    );
    const argv = ['--find-max', 'p99 < 20ms, lost == 0', '--duration', '1s', '--rate', '300', '-q', '1', '--out', out];
    const context = { openSession: broker.openSession };
    const { exitCode, stderr, stdout } = await drive(startCli('mqtt-bench', argv, { clock, context }).result, clock);
    expect(exitCode).toBe(0);
    const { config, search, thresholds } = readOut(out);
    expect(search?.rate).toBeGreaterThan(450);
    expect(search?.rate).toBeLessThanOrEqual(530);
    expect(config.rate).toBe(search?.rate);
    expect(thresholds.map(({ held }) => held)).toEqual([true, true]);
    expect(stderr).toContain('mqtt-bench: 300 msg/s held\nmqtt-bench: 600 msg/s did not hold: p99 was ');
    expect(stdout.toString()).toMatch(/^search {6}highest rate that held \d+ msg\/s {3}p99 < 20ms, lost == 0/m);
  });

  it.each(['--messages=10', '--window=5', '--flood', '--ramp=1s', '--repeat=2'])('excludes %s', async (other) => {
    const rate = other.startsWith('--ramp') ? ['--rate', '10'] : [];
    const { exitCode, stderr } = await runBench(['--find-max', 'lost == 0', other, ...rate]);
    expect(stderr).toMatch(new RegExp(`^mqtt-bench: ${other.split('=')[0]} and --find-max exclude each other\n`));
    expect(exitCode).toBe(2);
  });
});

describe('mqtt-bench merge', () => {
  function store(name: string, differs: Partial<BenchResult>): string {
    const path = folder.file(name);
    writeFileSync(path, JSON.stringify({ ...readStored('lossless'), ...differs }));
    return path;
  }

  const a = () => store('a.json', {});
  const b = () => store('b.json', { runId: 'b'.repeat(16) });

  it('prints one result, or writes it', async () => {
    const { exitCode, stdout, stderr } = await runCli('mqtt-bench', ['merge', a(), b()]);
    expect([exitCode, stderr]).toEqual([0, '']);
    const merged = parseResult(stdout, 'standard output');
    expect(merged.ledger.delivered).toBe(2 * readStored('lossless').ledger.delivered);
    expect(merged.latency.endToEnd.count).toBe(2 * readStored('lossless').latency.endToEnd.count);
    const output = folder.file('ab.json');
    expect((await runCli('mqtt-bench', ['merge', a(), b(), '-O', output])).exitCode).toBe(0);
    expect(readFileSync(output, 'utf8')).toBe(stdout.toString());
  });

  it('reads one of them from standard input', async () => {
    const stdin = readFileSync(a());
    const { stdout } = await runCli('mqtt-bench', ['merge', '-', b()], { stdin });
    expect(parseResult(stdout, 'standard output').merged).toHaveLength(2);
    const twice = await runCli('mqtt-bench', ['merge', '-', '-'], { stdin });
    expect([twice.exitCode, twice.stderr]).toEqual([
      2,
      'mqtt-bench: - stands for standard input, which can be read once\n',
    ]);
  });

  it('refuses what is no sum, and what is no result', async () => {
    const { config } = readStored('lossless');
    const other = store('c.json', { runId: 'c'.repeat(16), config: { ...config, qos: 2 } });
    const refused = await runCli('mqtt-bench', ['merge', a(), other]);
    expect(refused.stderr).toContain(': qos is 1 and 2\n');
    expect(refused.exitCode).toBe(2);
    writeFileSync(folder.file('d.json'), '{"v":1}');
    const damaged = await runCli('mqtt-bench', ['merge', a(), folder.file('d.json')]);
    expect(damaged.exitCode).toBe(10);
    const single = await runCli('mqtt-bench', ['merge', a()]);
    expect([single.exitCode, single.stderr]).toEqual([
      2,
      'mqtt-bench: merge takes at least two results\n  mqtt-bench merge one.json two.json -O both.json\n',
    ]);
  });
});

describe('mqtt-bench compare', () => {
  /** A result of three runs at about so many deliveries a second. */
  function store(name: string, perSecond: number): string {
    const stored = readStored('lossless');
    const third = { ...stored.ledger, attempted: 0, accepted: 0, expected: 0, delivered: 0 };
    const repeats = [0.99, 1, 1.01].map((factor, index) => ({
      startedAt: stored.startedAt,
      outcome: stored.outcome,
      ledger: index === 0 ? stored.ledger : third,
      durations: stored.durations,
      rates: { ...stored.rates, deliveredPerSecond: perSecond * factor },
      latency: stored.latency,
    }));
    const path = folder.file(name);
    writeFileSync(path, JSON.stringify({ ...stored, repeats }));
    return path;
  }

  it('tells how much slower, and ends with 11 beyond the tolerance', async () => {
    const files = [store('base.json', 1000), store('new.json', 800)];
    const argv = ['compare', ...files, '--measure', 'delivered/s'];
    const told = await runCli('mqtt-bench', argv);
    expect(told.stdout.toString()).toMatch(
      /^delivered\/s {2}1,000 -> 800 {3}0\.800 \(0\.78\d to 0\.81\d\) {3}slower$/m,
    );
    expect([told.exitCode, told.stderr]).toEqual([0, '']);
    const beyond = await runCli('mqtt-bench', [...argv, '--tolerance', '15%']);
    expect(beyond.stderr).toMatch(
      / is slower than .* by more than 15 %: delivered\/s 0\.800 \(0\.78\d to 0\.81\d\)\n$/,
    );
    expect(beyond.exitCode).toBe(11);
    expect((await runCli('mqtt-bench', [...argv, '--tolerance', '20%'])).exitCode).toBe(0);
  });

  it('prints the same as JSON', async () => {
    const files = [store('base.json', 1000), store('b.json', 800), store('c.json', 1200)];
    const { exitCode, stdout } = await runCli('mqtt-bench', ['compare', ...files, '--json', '--tolerance', '5%']);
    expect(exitCode).toBe(11);
    const { others, tolerance } = JSON.parse(stdout.toString()) as Comparison;
    expect(tolerance).toBe(0.05);
    expect(others.map(({ name }) => name)).toEqual(files.slice(1));
    const deliveries = others.map(({ measures }) => measures.find(({ measure }) => measure === 'delivered/s'));
    expect(deliveries.map((found) => [found?.verdict, found?.beyondTolerance])).toEqual([
      ['slower', true],
      ['faster', false],
    ]);
  });

  it.each([
    [['--tolerance', '5'], '--tolerance 5: must be a share of less than 100 %, such as 5%'],
    [['--tolerance', '100%'], '--tolerance 100%: must be a share of less than 100 %, such as 5%'],
    [['--measure', 'p98'], '--measure p98: is no measure that can be compared\n  Did you mean p90?'],
    [['--measure', 'lost'], '--measure lost: is no measure that can be compared'],
  ])('refuses %j', async (words, message) => {
    const { exitCode, stderr } = await runCli('mqtt-bench', ['compare', 'a', 'b', ...words]);
    expect(stderr.startsWith(`mqtt-bench: ${message}\n`)).toBe(true);
    expect(exitCode).toBe(2);
  });

  it('needs two results', async () => {
    const { exitCode, stderr } = await runCli('mqtt-bench', ['compare', store('base.json', 1)]);
    expect(stderr).toBe(
      'mqtt-bench: compare takes a base and at least one more result\n  mqtt-bench compare before.json after.json\n',
    );
    expect(exitCode).toBe(2);
  });
});

describe('a first word that is no command', () => {
  it.each([
    ['comapre', 'compare'],
    ['Merge', 'merge'],
    ['reprot', 'report'],
  ])('%s is told to be %s', async (word, meant) => {
    const { exitCode, stderr } = await runCli('mqtt-bench', [word, 'a.json', 'b.json']);
    expect(stderr).toBe(`mqtt-bench: unknown command ${word}\n  Did you mean mqtt-bench ${meant}?\n`);
    expect(exitCode).toBe(2);
  });

  it('is told to be unexpected where it is like none', async () => {
    const { exitCode, stderr } = await runCli('mqtt-bench', ['localhost']);
    expect(stderr).toMatch(/^mqtt-bench: unexpected argument localhost\n/);
    expect(exitCode).toBe(2);
  });
});
