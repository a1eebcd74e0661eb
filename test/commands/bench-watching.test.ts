/** What mqtt-bench shows and checks beside the messages themselves. */
import { describe, expect, it } from 'vitest';
import type { BenchResult } from '../../src/bench/result/result.ts';
import { drive } from '../bench/support/drive.ts';
import { type Lies, LyingBroker } from '../bench/support/lying-broker.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { FakeMachine } from '../support/fake-machine.ts';
import { MemoryOutput } from '../support/memory-streams.ts';
import { type CliResult, startCli } from '../support/run-cli.ts';

interface Watched {
  readonly lies?: Lies;
  readonly env?: Readonly<Record<string, string>>;
  readonly stderr?: MemoryOutput;
  readonly machine?: FakeMachine;
}

async function runBench(argv: string, watched: Watched = {}): Promise<CliResult & { readonly broker: LyingBroker }> {
  const { env = {}, lies = {}, machine = new FakeMachine(), stderr = new MemoryOutput() } = watched;
  const clock = new FakeClock();
  const broker = new LyingBroker(clock, lies);
  const context = { openSession: broker.openSession, stderr, machine };
  const { result } = startCli('mqtt-bench', argv.split(' '), { clock, env, context });
  return { ...(await drive(result, clock, 50)), stderr: stderr.text, broker };
}

/** A message each second, so that a run takes as many seconds as it has messages. */
const SLOW: Lies = { deliver: () => [1000] };

describe('the progress of mqtt-bench in CI', () => {
  it('is a line every five seconds, that stays', async () => {
    const { exitCode, stderr } = await runBench('-n 12 -q 1 --window 1', { lies: SLOW, env: { CI: 'true' } });
    expect(stderr).toBe(
      'mqtt-bench: 5 s, 7 s left, 5 of 12 sent, 4 delivered, 1.00 msg/s, in flight 1, lost 0, p50 1,000 ms, p99 1,000 ms\n' +
        'mqtt-bench: 10 s, 2 s left, 10 of 12 sent, 9 delivered, 1.00 msg/s, in flight 1, lost 0, p50 1,000 ms, p99 1,000 ms\n',
    );
    expect(exitCode).toBe(0);
  });

  it('is nothing in a run that is short, quiet, or for scripts, and nothing in a pipe elsewhere', async () => {
    const ci = { lies: SLOW, env: { CI: 'true' } };
    expect((await runBench('-n 3 -q 1 --window 1', ci)).stderr).toBe('');
    expect((await runBench('-n 12 -q 1 --window 1 --quiet', ci)).stderr).toBe('');
    expect((await runBench('-n 12 -q 1 --window 1 --json', ci)).stderr).toBe('');
    expect((await runBench('-n 12 -q 1 --window 1', { lies: SLOW })).stderr).toBe('');
    expect((await runBench('-n 12 -q 1 --window 1', { lies: SLOW, env: { CI: 'false' } })).stderr).toBe('');
  });

  it('is lines on a terminal that cannot write again what it has written', async () => {
    const stderr = new MemoryOutput({ isTTY: true });
    const dumb = await runBench('-n 7 -q 1 --window 1', { lies: SLOW, env: { TERM: 'dumb' }, stderr });
    expect(dumb.stderr).toMatch(/^mqtt-bench: 5 s, .*\n$/);
  });
});

describe('before the first connection', () => {
  const limited = (): FakeMachine => {
    const machine = new FakeMachine();
    machine.files.set(
      '/proc/self/limits',
      'Max open files            64                   64                   files\n',
    );
    machine.folders.set('/proc/self/fd', 20);
    machine.files.set('/proc/self/stat', '1 (node) S 1\n');
    return machine;
  };

  it('too few files that may be open are an error, with what is needed', async () => {
    const { broker, exitCode, stderr } = await runBench('-n 10 --publishers 10', { machine: limited() });
    expect(stderr).toBe('');
    expect(exitCode).toBe(0);
    const more = await runBench('-n 10 --publishers 20', { machine: limited() });
    expect(more.stderr).toMatch(
      /^mqtt-bench: 22 connections need 74 open files, and this process may have 64\n {2}Raise the hard limit first: /,
    );
    expect(more.exitCode).toBe(2);
    expect(more.broker.sessions).toEqual([]);
    expect(broker.sessions.length).toBe(12);
  });

  it('a process that is not there is an error', async () => {
    const { broker, exitCode, stderr } = await runBench('-n 10 --broker-pid 4711', { machine: limited() });
    expect(stderr).toMatch(/^mqtt-bench: --broker-pid 4711: no such process\n {2}It must run on this machine\./);
    expect(exitCode).toBe(2);
    expect(broker.sessions).toEqual([]);
  });
});

describe('the result of mqtt-bench', () => {
  it('has a sample of each second, and the versions of what it was measured with', async () => {
    const { stdout } = await runBench('-n 3 -q 1 --window 1 --json', { lies: { deliver: () => [900] } });
    const { environment, samples } = JSON.parse(stdout.toString()) as BenchResult;
    expect(samples.map(({ atMs, delivered }) => [atMs, delivered])).toEqual([
      [1000, 1],
      [2000, 1],
      [2700, 1],
    ]);
    expect(samples[0]?.latency).toEqual({ p50: 900_000, p99: 900_000, max: 900_000 });
    const publishing = await runBench('pub -n 3 -q 1 --window 1 --json', {
      lies: { answer: () => ({ afterMs: 700 }) },
    });
    const acknowledged = (JSON.parse(publishing.stdout.toString()) as BenchResult).samples;
    expect(acknowledged[0]?.latency).toEqual({ p50: 700_000, p99: 700_000, max: 700_000 });
    expect(Object.keys(environment.packages)).toEqual(['mqtt', 'mqtt-packet', 'hdr-histogram-js']);
  });
});
