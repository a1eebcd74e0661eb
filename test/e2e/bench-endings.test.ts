/** However a run ends, it ends in time, with the right exit code and a result that is complete. */
import { readFileSync } from 'node:fs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parseResult } from '../../src/bench/result/read-result.ts';
import type { BenchResult } from '../../src/bench/result/result.ts';
import type { Child } from '../support/child.ts';
import { findClosedPort } from '../support/free-port.ts';
import { acceptConnect, startLiar } from '../support/liar.ts';
import { type Mosquitto, startMosquitto } from '../support/mosquitto.ts';
import { describeWith } from '../support/needs.ts';
import type { Peer } from '../support/peer.ts';
import { runSpawnedCli, spawnCli } from '../support/spawn-cli.ts';
import { makeTempFolder } from '../support/temp-folder.ts';

/** Each scenario by the words that make it go on for ever, and what the broker logs when it is in the midst of it. */
const SCENARIOS: readonly (readonly [name: string, words: readonly string[], logged: string])[] = [
  ['pubsub', ['-n', '100000000', '-q', '1', '-i', 'me'], 'Received PUBLISH from me-publisher-0'],
  [
    'pubsub in threads',
    ['-n', '100000000', '-q', '1', '--workers', '2', '-i', 'me'],
    'Received PUBLISH from me-0-publisher-0',
  ],
  ['pub', ['pub', '-n', '100000000', '-q', '1', '-i', 'me'], 'Received PUBLISH from me-publisher-0'],
  ['sub', ['sub', '-t', 'a/#', '--duration', '1h', '-i', 'me'], 'Sending SUBACK to me-subscriber-0'],
  [
    'conn',
    ['conn', '--connections', '20', '--hold', '1h', '-k', '5', '-i', 'me'],
    'Received PINGREQ from me-connection-19',
  ],
  ['rr', ['rr', '-n', '100000000', '-q', '1', '-i', 'me'], 'Received PUBLISH from me-requester-0'],
];

function makeOut(): string {
  const folder = makeTempFolder();
  onTestFinished(() => folder.remove());
  return folder.file('result.json');
}

function readOut(path: string): BenchResult {
  const result = parseResult(readFileSync(path, 'utf8'), path);
  const { attempted, connected, failed } = result.connections;
  expect(attempted).toBe(connected + failed);
  return result;
}

/** Runs it against a port on which `script` or nothing answers. */
async function runAgainst(port: number, words: readonly string[]) {
  const out = makeOut();
  const startMs = performance.now();
  const all = [...words, '-h', '127.0.0.1', '-p', String(port), '--connect-timeout', '500ms', '--out', out];
  const { exitCode, stderr, stdout } = await runSpawnedCli('mqtt-bench', all);
  return { exitCode, stderr, stdout: stdout.toString(), result: readOut(out), tookMs: performance.now() - startMs };
}

async function startPeer(script: (peer: Peer) => Promise<void> | void): Promise<number> {
  const liar = await startLiar(script);
  onTestFinished(() => liar.close().catch(() => undefined));
  return liar.port;
}

describe.each(SCENARIOS)('mqtt-bench, scenario %s, and a broker', (_name, words) => {
  it('that is not there: 3', async () => {
    const { exitCode, result, stderr, stdout } = await runAgainst(await findClosedPort(), words);
    expect(exitCode).toBe(3);
    expect(stderr).toMatch(/^mqtt-bench: nothing is listening on 127\.0\.0\.1/);
    expect(stdout).toBe('');
    expect(result.outcome).toMatchObject({ kind: 'failed' });
    expect(result.connections).toMatchObject({ attempted: 1, failed: 1 });
  });

  it('that refuses the login: 5', async () => {
    const port = await startPeer((peer) => acceptConnect(peer, { reasonCode: 0x87 }));
    const { exitCode, result } = await runAgainst(port, words);
    expect([exitCode, result.outcome.kind]).toEqual([5, 'failed']);
  });

  it('that never answers: 3, within the connect time-out', async () => {
    const port = await startPeer(() => undefined);
    const { exitCode, result, tookMs } = await runAgainst(port, words);
    expect([exitCode, result.outcome.kind]).toEqual([3, 'failed']);
    expect(result.connections.reasons[0]?.reason).toContain('no answer');
    expect(tookMs).toBeLessThan(5000);
  });

  it('that answers CONNECT and nothing more ends it, too', async () => {
    const port = await startPeer((peer) => acceptConnect(peer));
    const brief = words.map((word) => (word === '100000000' ? '5' : word === '1h' ? '300ms' : word));
    const drain = words[0] === 'sub' || words[0] === 'conn' ? [] : ['--drain-timeout', '500ms'];
    const { exitCode, result, tookMs } = await runAgainst(port, [...brief, ...drain]);
    // To be held is all that `conn` asks for, and to publish at QoS 1 without an answer is to lose.
    expect(exitCode).toBe({ conn: 0, pub: 11 }[result.config.scenario as string] ?? 3);
    expect(tookMs).toBeLessThan(8000);
  });
});

describeWith(['mosquitto'], 'in mid-run', () => {
  async function start(
    words: readonly string[],
    logged: string,
  ): Promise<{ broker: Mosquitto; bench: Child; out: string }> {
    const broker = await startMosquitto({ settings: ['set_tcp_nodelay true'] });
    onTestFinished(() => broker.remove());
    const out = makeOut();
    const bench = spawnCli('mqtt-bench', [...words, '-h', '127.0.0.1', '-p', String(broker.port), '--out', out]);
    await broker.log.waitFor(logged);
    return { broker, bench, out };
  }

  it.each(SCENARIOS)('scenario %s loses its broker: 7', async (_name, words, logged) => {
    const { bench, broker, out } = await start(words, logged);
    await broker.crash();
    const { exitCode, stderr } = await bench.exit();
    const result = readOut(out);
    expect([exitCode, stderr]).toEqual([7, expect.stringContaining('lost')]);
    expect(result.outcome).toMatchObject({ kind: 'connection-lost' });
    expect(result.connections.lost).toBeGreaterThan(0);
  });

  it.each(SCENARIOS)(
    'scenario %s is stopped while its broker is frozen: 130, within a second',
    async (_name, words, logged) => {
      const { bench, broker, out } = await start(words, logged);
      process.kill(broker.pid, 'SIGSTOP');
      try {
        const startMs = performance.now();
        bench.kill('SIGINT');
        const { exitCode, stderr } = await bench.exit();
        // A second is promised; the rest is for a machine that has much else to do.
        expect(performance.now() - startMs).toBeLessThan(3000);
        expect([exitCode, stderr]).toEqual([130, expect.stringContaining('stopped by SIGINT')]);
        expect(readOut(out).outcome).toEqual({ kind: 'interrupted', signal: 'SIGINT' });
      } finally {
        process.kill(broker.pid, 'SIGCONT');
      }
    },
  );
});
