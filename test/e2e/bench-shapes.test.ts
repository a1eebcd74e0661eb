/** The built mqtt-bench: every scenario on the embedded broker, other transports, many messages, few and many ends. */
import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { parseResult } from '../../src/bench/result/read-result.ts';
import type { BenchResult } from '../../src/bench/result/result.ts';
import { type Certificates, makeCertificates } from '../support/certificates.ts';
import { type Mosquitto, startMosquitto } from '../support/mosquitto.ts';
import { describeWith } from '../support/needs.ts';
import { shareMosquitto } from '../support/shared-mosquitto.ts';
import { runSpawnedCli, spawnCli } from '../support/spawn-cli.ts';
import { makeTempFolder } from '../support/temp-folder.ts';

async function run(...words: string[]): Promise<{ exitCode: number | null; result: BenchResult; stderr: string }> {
  const { exitCode, stderr, stdout } = await runSpawnedCli('mqtt-bench', [...words, '--json']);
  return { exitCode, stderr, result: parseResult(stdout, 'result') };
}

const NO_FAULT = { refused: 0, timedOut: 0, inFlight: 0, lost: 0, duplicated: 0, outOfOrder: 0 };

describe('on the embedded broker', () => {
  const embedded = ['--broker', 'embedded'];

  it.each([
    ['pairs', ['-n', '500', '--pairs', '--publishers', '5'], 500, 500],
    ['retained messages', ['-n', '500', '-r', '--topics', '20'], 500, 500],
    ['publishing alone', ['pub', '-n', '500', '--publishers', '3'], 500, 0],
    ['requests and responses', ['rr', '-n', '500', '--requesters', '3'], 500, 500],
  ] as const)('runs %s at each QoS', async (_, words, accepted, delivered) => {
    for (const qos of ['0', '1', '2']) {
      const { exitCode, result } = await run(...words, ...embedded, '-q', qos);
      expect(result.ledger).toEqual({ attempted: 500, accepted, expected: delivered, delivered, ...NO_FAULT });
      expect(result.diagnosis.map(({ code }) => code)).toContain('embedded-broker');
      expect(exitCode).toBe(0);
    }
  });

  it('holds connections, and publishes the Wills of those that are cut', async () => {
    const words = ['conn', ...embedded, '--connections', '20', '--hold', '0', '--storm', '1', '--will-topic', 'w'];
    const { exitCode, result } = await run(...words);
    expect(result.connections).toMatchObject({ connected: 41, failed: 0, lost: 0 });
    expect(result.ledger).toMatchObject({ expected: 20, delivered: 20, lost: 0 });
    expect(exitCode).toBe(0);
  });

  it('receives what somebody else publishes', async () => {
    const receiver = spawnCli('mqtt-bench', ['sub', ...embedded, '-n', '300', '-q', '1', '--json', '-d']);
    const [, url = ''] = await receiver.stderr.waitFor(/embedded broker at (mqtt:\/\/127\.0\.0\.1:\d+)/);
    await receiver.stderr.waitFor(/(?:received SUBACK[\s\S]*){3}/);
    expect((await run('pub', url, '-n', '300', '-q', '1')).exitCode).toBe(0);
    const { exitCode, stdout } = await receiver.exit();
    expect(parseResult(stdout, 'result').ledger).toMatchObject({ expected: 300, delivered: 300, ...NO_FAULT });
    expect(exitCode).toBe(0);
  });
});

describeWith(['mosquitto', 'openssl'], 'over other transports', () => {
  const folder = makeTempFolder();
  let certificates: Certificates;
  let broker: Mosquitto;
  beforeAll(async () => {
    certificates = await makeCertificates(folder);
    const tls = { tls: certificates.server };
    broker = await startMosquitto({
      listeners: { tls, ws: { webSocket: true }, wss: { ...tls, webSocket: true } },
    });
  });
  afterAll(async () => {
    await broker.remove();
    folder.remove();
  });

  it.each([
    ['mqtts', 'tls', 'tls'],
    ['ws', 'ws', 'ws'],
    ['wss', 'wss', 'wss'],
  ] as const)('%s verifies every message', async (scheme, listener, transport) => {
    const url = `${scheme}://127.0.0.1:${broker.ports[listener]}`;
    const trust = scheme === 'ws' ? [] : ['--cafile', certificates.caFile];
    // A request at a time would take 40 ms of a broker with Nagle's algorithm.
    for (const scenario of [[], ['rr', '--window', '1000'], ['pub']]) {
      const words = [...scenario, url, ...trust, '-n', '2000', '-q', '1'];
      const { exitCode, result } = await run(...words);
      const due = scenario[0] === 'pub' ? 0 : 2000;
      expect(result.ledger).toEqual({ attempted: 2000, accepted: 2000, expected: due, delivered: due, ...NO_FAULT });
      expect(result.broker.transport).toBe(transport);
      // Of each connection but the one that listens to $SYS.
      expect(result.latency.tls.count).toBe(scheme === 'ws' ? 0 : result.connections.connected);
      expect(exitCode).toBe(0);
    }
  });
});

describeWith(['mosquitto'], 'on mosquitto', () => {
  const mosquitto = shareMosquitto({ settings: ['set_tcp_nodelay true', 'max_queued_messages 0'] });

  it.each([
    ['1', [], 70_000],
    ['2', [], 70_000],
    ['1', ['pub'], 0],
    ['2', ['pub'], 0],
  ] as const)('uses Packet Identifiers more than once, QoS %s %j', async (qos, scenario, due) => {
    const { exitCode, result } = await run(...scenario, ...mosquitto.at, '-n', '70000', '-q', qos, '--size', '24');
    expect(result.ledger).toEqual({ attempted: 70_000, accepted: 70_000, expected: due, delivered: due, ...NO_FAULT });
    expect(exitCode).toBe(0);
  });

  it.each([
    ['one to many', 1, 8],
    ['many to one', 8, 1],
  ] as const)(
    '%s: every message to every subscriber, in the order of its publisher',
    async (_, publishers, subscribers) => {
      for (const qos of ['0', '1', '2']) {
        const ends = ['--publishers', String(publishers), '--subscribers', String(subscribers)];
        const { exitCode, result } = await run(...mosquitto.at, '-n', '800', '-q', qos, ...ends);
        const delivered = 800 * subscribers;
        expect(result.ledger).toEqual({ attempted: 800, accepted: 800, expected: delivered, delivered, ...NO_FAULT });
        expect(result.perPublisher.map(({ attempted }) => attempted)).toEqual(Array(publishers).fill(800 / publishers));
        expect(result.perSubscriber.map((one) => one.delivered)).toEqual(Array(subscribers).fill(800));
        expect(exitCode).toBe(0);
      }
    },
  );

  it('publishes the bytes of --payload-file, after the header where they are verified', async () => {
    const folder = makeTempFolder();
    onTestFinished(() => folder.remove());
    const file = folder.file('payload.bin');
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, index) => index));
    writeFileSync(file, bytes);
    for (const [scenario, header] of [
      [['pub'], 0],
      [[], 24],
    ] as const) {
      const topic = `file/${header}`;
      const subscriber = spawnCli('mqtt-sub', [...mosquitto.at, '-t', topic, '-C', '3', '-N', '-d']);
      await subscriber.stderr.waitFor('received SUBACK');
      const { exitCode, result } = await run(
        ...[...scenario, ...mosquitto.at, '-t', topic, '-n', '3', '--payload-file', file],
      );
      expect(exitCode).toBe(0);
      expect(result.config.payload).toEqual({ kind: 'file', source: file, sizeBytes: 256 + header });
      const { stdout } = await subscriber.exit();
      const size = 256 + header;
      expect(stdout.length).toBe(3 * size);
      for (const at of [0, 1, 2]) expect(stdout.subarray(at * size + header, (at + 1) * size)).toEqual(bytes);
    }
  });
});

describeWith(['mosquitto'], 'with a broker that falls silent in mid-run', () => {
  it.each([
    ['pubsub', []],
    ['pub', ['pub']],
    ['rr', ['rr']],
  ] as const)('a closed loop of %s by --duration ends in time: 11', async (_, scenario) => {
    const broker = await startMosquitto({ settings: ['set_tcp_nodelay true'] });
    onTestFinished(() => broker.remove());
    const folder = makeTempFolder();
    onTestFinished(() => folder.remove());
    const out = folder.file('result.json');
    const at = ['-h', '127.0.0.1', '-p', String(broker.port)];
    const words = [
      ...scenario,
      ...at,
      '--duration',
      '2s',
      '--drain-timeout',
      '1s',
      '-q',
      '1',
      '-i',
      'me',
      '--out',
      out,
    ];
    const bench = spawnCli('mqtt-bench', words);
    await broker.log.waitFor(/Received PUBLISH from me-/);
    process.kill(broker.pid, 'SIGSTOP');
    try {
      const startMs = performance.now();
      const { exitCode } = await bench.exit();
      // 2 s of sending, 1 s for what is outstanding and 1 s for each way to ask; the rest is for a busy machine.
      expect(performance.now() - startMs).toBeLessThan(15_000);
      const { ledger, outcome } = parseResult(readFileSync(out), out);
      expect(ledger.attempted).toBeGreaterThan(ledger.accepted);
      expect(['completed', 'stalled']).toContain(outcome.kind);
      expect(exitCode).toBe(11);
    } finally {
      process.kill(broker.pid, 'SIGCONT');
    }
  });
});
