/** What the built mqtt-bench shows while it runs, and sees of a real broker. */
import { expect, it } from 'vitest';
import type { BenchResult } from '../../src/bench/result/result.ts';
import type { Child } from '../support/child.ts';
import { describeWith } from '../support/needs.ts';
import { shareMosquitto } from '../support/shared-mosquitto.ts';
import { runSpawnedCli, spawnCli } from '../support/spawn-cli.ts';
import { shellCommand, startOnTerminal } from '../support/terminal.ts';

const HIDE_CURSOR = '\x1b[?25l';
const SHOW_CURSOR = '\x1b[?25h';
const CTRL_C = '\x03';
/** More than any of these tests waits for. */
const ENDLESS = ['-n', '4000000000', '-q', '1'];

describeWith(['mosquitto', 'script'], 'mqtt-bench on a terminal', () => {
  const mosquitto = shareMosquitto();

  function startBench(columns: number): Child {
    const bench = shellCommand('mqtt-bench', [...mosquitto.at, ...ENDLESS]);
    return startOnTerminal(`stty cols ${columns}; exec ${bench}`);
  }

  it('shows how far it is, and gives the terminal back at Ctrl-C', async () => {
    const terminal = startBench(80);
    // The second block has the latency of the first second.
    await terminal.stdout.waitFor(/ of 4,000,000,000 sent [\s\S]* msg\/s[\s\S]*p50 [\d.]+ ms/);
    terminal.stdin.write(CTRL_C);
    const { exitCode, stdout } = await terminal.exit();
    const shown = stdout.toString();
    expect(shown).toContain(HIDE_CURSOR);
    const after = shown.slice(shown.indexOf(SHOW_CURSOR));
    expect(after).toMatch(/broker +mosquitto 2/);
    expect(after).toMatch(/\nmqtt-bench: stopped by SIGINT after /);
    expect(after).not.toMatch(/ left|\x1b\[\?25l/);
    expect(exitCode).toBe(130);
  });

  it('gives the terminal back when a second Ctrl-C ends it at once', async () => {
    const terminal = startBench(80);
    await terminal.stdout.waitFor(/ msg\/s/);
    terminal.stdin.write(CTRL_C + CTRL_C);
    const { exitCode, stdout } = await terminal.exit();
    const shown = stdout.toString();
    expect(shown.lastIndexOf(SHOW_CURSOR)).toBeGreaterThan(shown.lastIndexOf(HIDE_CURSOR));
    expect(exitCode).toBe(130);
  });

  it('shows a line every few seconds where the terminal does not tell its width', async () => {
    const terminal = startBench(0);
    await terminal.stdout.waitFor(/^mqtt-bench: 5 s, .* of 4,000,000,000 sent, /m);
    terminal.stdin.write(CTRL_C);
    expect((await terminal.exit()).stdout.toString()).not.toContain(HIDE_CURSOR);
  });

  it('keeps each line within a narrow terminal', async () => {
    const terminal = startBench(34);
    await terminal.stdout.waitFor(/p99 [\d.]+ ms/);
    terminal.stdin.write(CTRL_C);
    const { stdout } = await terminal.exit();
    // What moves the cursor takes up no column.
    const lines = stdout
      .toString()
      .split(SHOW_CURSOR)[0]
      ?.replace(/\x1b\[[\d;?]*[A-Za-z]/g, '\n')
      .split(/[\r\n]+/);
    const blocks = lines?.filter((line) => / left|in flight|msg\/s/.test(line)) ?? [];
    expect(blocks.length).toBeGreaterThan(2);
    expect(blocks.filter((line) => line.length > 34)).toEqual([]);
  });
});

describeWith(['mosquitto'], 'mqtt-bench sees', () => {
  const mosquitto = shareMosquitto({
    settings: ['sys_interval 1', 'max_inflight_messages 5', 'max_queued_messages 10'],
  });

  async function resultOf(...words: string[]): Promise<BenchResult> {
    const { stdout } = await runSpawnedCli('mqtt-bench', [...mosquitto.at, ...words, '--json']);
    return JSON.parse(stdout.toString()) as BenchResult;
  }

  it('the figures of $SYS, and what the broker dropped by its own count: as many as were lost', async () => {
    const { diagnosis, ledger, samples } = await resultOf(
      ...['-n', '5000', '-q', '1', '--flood', '--drain-timeout', '3s', '-V', '311'],
    );
    expect(ledger.lost).toBeGreaterThan(0);
    expect(samples.at(-1)?.sys).toMatchObject({ 'clients/connected': expect.any(Number) });
    const { sentence = '' } = diagnosis.find(({ code }) => code === 'sys-dropped') ?? {};
    expect(sentence).toContain(`dropped ${ledger.lost.toLocaleString('en')} messages`);
  });

  it('its own CPU and memory, and every message in a second of its own', async () => {
    const { ledger, samples } = await resultOf('-n', '2000', '-q', '1', '--window', '10');
    const sum = (count: 'sent' | 'accepted' | 'delivered'): number =>
      samples.reduce((total, sample) => total + sample[count], 0);
    expect([sum('sent'), sum('accepted'), sum('delivered')]).toEqual([2000, 2000, 2000]);
    expect(ledger.lost).toBe(0);
    for (const { generator } of samples) {
      expect(generator.cpu).toBeGreaterThan(0);
      expect(generator.memoryBytes).toBeGreaterThan(10_000_000);
    }
  });
});

describeWith(['mosquitto'], 'mqtt-bench --broker-pid', () => {
  const mosquitto = shareMosquitto();

  it('sees the CPU and the memory of the process, to its end', async () => {
    const words = [...mosquitto.at, '-n', '20000', '-q', '1', '--json', '--broker-pid', String(mosquitto.broker.pid)];
    const { stdout } = await runSpawnedCli('mqtt-bench', words);
    const { samples } = JSON.parse(stdout.toString()) as BenchResult;
    expect(samples.every(({ brokerProcess }) => (brokerProcess?.memoryBytes ?? 0) > 1_000_000)).toBe(true);
    expect(Math.max(...samples.map(({ brokerProcess }) => brokerProcess?.cpu ?? 0))).toBeGreaterThan(0);
  });

  it('is refused before the run where the process is not there', async () => {
    const bench = spawnCli('mqtt-bench', [...mosquitto.at, '-n', '1', '--broker-pid', '4194304']);
    const { exitCode, stderr } = await bench.exit();
    expect(stderr).toMatch(/^mqtt-bench: --broker-pid 4194304: no such process\n/);
    expect(exitCode).toBe(2);
  });
});
