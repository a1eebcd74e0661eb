/** The built mqtt-bench on mosquitto: files that are complete however a run ends, and results of several runs. */
import { closeSync, existsSync, openSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { Comparison } from '../../src/bench/compare/comparison.ts';
import { parseResult } from '../../src/bench/result/read-result.ts';
import type { BenchResult } from '../../src/bench/result/result.ts';
import { readStored } from '../bench/support/stored.ts';
import { describeWith } from '../support/needs.ts';
import { shareMosquitto } from '../support/shared-mosquitto.ts';
import { runSpawnedCli, spawnCli } from '../support/spawn-cli.ts';
import { makeTempFolder, type TempFolder } from '../support/temp-folder.ts';

let folder: TempFolder;
beforeEach(() => {
  folder = makeTempFolder();
});
afterEach(() => folder.remove());

function read(path: string): BenchResult {
  return parseResult(readFileSync(path), path);
}

describe('mqtt-bench with a folder for standard input', () => {
  const benchIn = (...words: string[]) => {
    const stdin = openSync(folder.path, 'r');
    onTestFinished(() => closeSync(stdin));
    return spawnCli('mqtt-bench', words, { stdio: [stdin, 'pipe', 'pipe'] }).exit();
  };

  it('reads the files that were named, and leaves it alone', async () => {
    const [one, other] = [folder.file('one.json'), folder.file('other.json')];
    writeFileSync(one, JSON.stringify(readStored('lossless')));
    writeFileSync(other, JSON.stringify(readStored('lossy')));
    expect(await benchIn('compare', one, other)).toMatchObject({ exitCode: 0, stderr: '' });
    expect(await benchIn('report', one)).toMatchObject({ exitCode: 0, stderr: '' });
  });

  it('says what it is where it is to be read', async () => {
    const stderr = 'mqtt-bench: cannot read standard input: it is a folder\n';
    expect(await benchIn('report', '-')).toMatchObject({ exitCode: 1, stderr });
  });
});

describeWith(['mosquitto'], 'mqtt-bench', () => {
  const mosquitto = shareMosquitto({ settings: ['max_queued_messages 0', 'set_tcp_nodelay true'] });
  const bench = (...words: string[]) => runSpawnedCli('mqtt-bench', words);

  it('leaves a complete file and nothing beside it when Ctrl-C ends the second of five runs', async () => {
    const out = folder.file('result.json');
    const plan = ['-q', '1', '-t', 'again/{run}/{publisher}', '--rate', '500', '--duration', '700ms', '--repeat', '5'];
    const words = [...mosquitto.at, ...plan];
    const running = spawnCli('mqtt-bench', [...words, '--out', out]);
    // A message of the second run, whose topic has another mark.
    await mosquitto.broker.log.waitFor(
      /PUBLISH .*'again\/([0-9a-f]{16})\/[\s\S]*PUBLISH .*'again\/(?!\1)[0-9a-f]{16}\//,
    );
    running.kill('SIGINT');
    const { exitCode, stderr } = await running.exit();
    expect([exitCode, stderr]).toEqual([
      130,
      expect.stringMatching(/^mqtt-bench: stopped by SIGINT after .* in 2 runs\n/),
    ]);
    const { outcome, repeats } = read(out);
    expect(repeats.map((repeat) => repeat.outcome.kind)).toEqual(['completed', 'interrupted']);
    expect(outcome).toEqual({ kind: 'interrupted', signal: 'SIGINT' });
    expect(readdirSync(folder.path)).toEqual(['result.json']);
  });

  it('makes one result of two that ran at the same time', async () => {
    const files = [folder.file('a.json'), folder.file('b.json')];
    const words = [...mosquitto.at, '-q', '1', '--duration', '1s', '--rate', '500'];
    const ends = await Promise.all(files.map((file) => bench(...words, '--out', file)));
    expect(ends.map(({ exitCode }) => exitCode)).toEqual([0, 0]);
    const { exitCode } = await bench('merge', ...files, '-O', folder.file('both.json'));
    expect(exitCode).toBe(0);
    const both = read(folder.file('both.json'));
    expect(both.ledger).toMatchObject({ attempted: 1000, delivered: 1000, lost: 0 });
    expect(both.latency.endToEnd.count).toBe(1000);
    expect(both.config).toMatchObject({ publishers: 2, rate: 1000 });
    expect(both.perPublisher).toHaveLength(2);
    // Nearly: one of them may have started a little later.
    expect(both.rates.sentPerSecond).toBeGreaterThan(500);
    expect(both.rates.sentPerSecond).toBeLessThanOrEqual(1010);
  });

  it('tells a rate of half as much for slower, by the runs of each', async () => {
    const files = [folder.file('fast.json'), folder.file('slow.json')];
    for (const [index, rate] of ['1000', '500'].entries()) {
      const words = [...mosquitto.at, '--duration', '300ms', '--repeat', '3', '--rate', rate];
      expect((await bench(...words, '--out', files[index] ?? '')).exitCode).toBe(0);
    }
    const { exitCode, stdout } = await bench(
      'compare',
      ...files,
      '--measure',
      'sent/s',
      '--tolerance',
      '20%',
      '--json',
    );
    const [compared] = (JSON.parse(stdout.toString()) as Comparison).others;
    expect(compared?.measures).toMatchObject([{ measure: 'sent/s', verdict: 'slower', beyondTolerance: true }]);
    expect(compared?.differences).toContainEqual({ field: 'config.rate', base: 1000, value: 500 });
    expect(exitCode).toBe(11);
  });

  it('searches a rate that holds', async () => {
    const out = folder.file('found.json');
    // The broker bears far more: what is searched here ends at what the condition allows.
    const condition = 'p99 < 10s, attempted <= 300';
    const words = [...mosquitto.at, '-q', '1', '--find-max', condition, '--duration', '200ms', '--out', out];
    const { exitCode, stderr } = await bench(...words);
    expect(exitCode, stderr).toBe(0);
    const { config, ledger, search } = read(out);
    expect(search?.rate).toBe(config.rate);
    expect(search?.rate).toBeGreaterThan(1300);
    expect(search?.rate).toBeLessThanOrEqual(1500);
    expect(ledger.attempted).toBeLessThanOrEqual(300);
  });

  it('writes no file for what is refused before the run', async () => {
    const out = folder.file('result.json');
    const { exitCode } = await bench(...mosquitto.at, '--out', out, '--assert', 'p99 <');
    expect([exitCode, existsSync(out)]).toEqual([2, false]);
  });
});
