import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import schema from '../../docs/json/bench-result.schema.json' with { type: 'json' };
import { sumLedgers } from '../../src/bench/record/ledger.ts';
import { PublisherRecord } from '../../src/bench/record/publisher-record.ts';
import { formatCsv } from '../../src/bench/report/csv.ts';
import { formatHtml } from '../../src/bench/report/html.ts';
import { parseResult } from '../../src/bench/result/read-result.ts';
import type { BenchResult } from '../../src/bench/result/result.ts';
import { UnreachableError } from '../../src/errors.ts';
import { runBench, startBench } from '../bench/support/command.ts';
import { drive } from '../bench/support/drive.ts';
import { type Lies, LyingBroker } from '../bench/support/lying-broker.ts';
import { MemoryOutput } from '../support/memory-streams.ts';

/** Deliveries take 5 ms and acknowledgements 4, so that rates and latencies are the same at every run. */
const STEADY: Lies = {
  version: 'mosquitto version 2.0.11',
  deliver: () => [5],
  answer: () => ({ afterMs: 4 }),
};

const REPORT = `\
broker      mosquitto 2.0.11 at localhost:1883, MQTT 5   1 publisher -> 1 subscriber, 64 B, QoS 1, window 10
sent        100   accepted 100   delivered 100   lost 0   duplicated 0   out of order 0
throughput  2,200 msg/s sent   2,000 msg/s delivered
latency     p50 5.0 ms   p90 5.0 ms   p99 5.0 ms   p99.9 5.0 ms   max 5.0 ms   (publish to delivery)
PUBACK      p50 4.0 ms   p90 4.0 ms   p99 4.0 ms   p99.9 4.0 ms   max 4.0 ms   (publish to PUBACK)
`;

describe('mqtt-bench', () => {
  it('prints the report, and nothing on stderr', async () => {
    const { exitCode, stdout, stderr } = await runBench('-n 100 -q 1 --window 10', STEADY);
    expect(stdout.toString()).toBe(REPORT);
    expect(stderr).toBe('');
    expect(exitCode).toBe(0);
  });

  it('fits the report to a terminal', async () => {
    const stdout = new MemoryOutput({ isTTY: true, columns: 70 });
    await runBench('-n 100 -q 1 --window 10', STEADY, { stdout });
    expect(stdout.text).toBe(`\
broker      mosquitto 2.0.11 at localhost:1883, MQTT 5
            1 publisher -> 1 subscriber, 64 B, QoS 1, window 10
sent        100   accepted 100   delivered 100   lost 0   duplicated 0
            out of order 0
throughput  2,200 msg/s sent   2,000 msg/s delivered
latency     p50 5.0 ms   p90 5.0 ms   p99 5.0 ms   p99.9 5.0 ms
            max 5.0 ms   (publish to delivery)
PUBACK      p50 4.0 ms   p90 4.0 ms   p99 4.0 ms   p99.9 4.0 ms
            max 4.0 ms   (publish to PUBACK)
`);
  });

  it('prints one JSON object that its schema describes', async () => {
    const { exitCode, stdout, stderr } = await runBench('-n 100 -q 1 --window 10 --json', STEADY, { terminal: true });
    expect([exitCode, stderr]).toEqual([0, '']);
    expect(stdout.toString()).toMatch(/^\{[^\n]*\}\n$/);
    const result = JSON.parse(stdout.toString()) as BenchResult;
    const validate = new Ajv2020({ strict: false }).compile(schema);
    expect(validate(result), JSON.stringify(validate.errors)).toBe(true);
    expect(result.ledger).toMatchObject({ attempted: 100, accepted: 100, delivered: 100, lost: 0 });
    expect(result.rates).toEqual({ sentPerSecond: 2199.978, acceptedPerSecond: 2040.816, deliveredPerSecond: 2000 });
    expect(result.latency.endToEnd).toMatchObject({ unit: 'us', count: 100, min: 5000, p999: 5000 });
  });

  it('hands every option to the run', async () => {
    const argv =
      '-n 12 --qos 2 -t bench/{publisher}/a --size 100 --publishers 3 --subscribers 2 --window 5 --drain-timeout 2s --json';
    const { result, clock, lyingBroker } = startBench(argv);
    const { stdout } = await drive(result, clock);
    const { config } = JSON.parse(stdout.toString()) as BenchResult;
    expect(config).toMatchObject({
      scenario: 'pubsub',
      messages: 12,
      qos: 2,
      topic: 'bench/{publisher}/a',
      filter: 'bench/+/a',
      payload: { kind: 'filler', source: null, sizeBytes: 100 },
      publishers: 3,
      subscribers: 2,
      window: 5,
      drainTimeoutMs: 2000,
    });
    const { published, subscribers } = lyingBroker;
    expect(new Set(published.map(({ topic }) => topic))).toEqual(new Set(['bench/0/a', 'bench/1/a', 'bench/2/a']));
    expect(new Set(published.map(({ payload, qos, retain }) => [payload.length, qos, retain].join()))).toEqual(
      new Set(['100,2,false']),
    );
    expect(subscribers.map(({ filters }) => filters)).toEqual([['bench/+/a'], ['bench/+/a']]);
  });

  it('takes another topic and another mark at every run', async () => {
    const runs = [startBench('-n 1'), startBench('-n 1')];
    for (const { result, clock } of runs) await drive(result, clock);
    const topics = runs.map(({ lyingBroker }) => lyingBroker.published[0]?.topic);
    expect(topics[0]).toMatch(/^mqtt-bench\/[0-9a-f]{16}\/0$/);
    expect(topics[0]).not.toBe(topics[1]);
  });

  it('shows the packets of every connection with -d', async () => {
    const { result, clock } = startBench(
      '-n 1 -d',
      {},
      {
        context: {
          openSession: (plan, handlers) => {
            handlers.onTrace?.('sending CONNECT');
            return broker.openSession(plan, handlers);
          },
        },
      },
    );
    const broker = new LyingBroker(clock);
    const { stderr } = await drive(result, clock);
    expect(stderr).toBe('mqtt-bench: sending CONNECT\n'.repeat(3));
  });
});

describe('the losses of each second', () => {
  const LOSING: Lies = { ...STEADY, deliver: ({ sequence }) => (sequence % 10 === 0 ? [] : [5]) };

  it.each(['-n 100', '-n 100 --rate 100', 'rr -n 100', '-n 100 -q 0'])('are told by %s', async (argv) => {
    const { stdout } = await runBench(`${argv} -q 1 --drain-timeout 2s --json`.replace('-q 0 -q 1', '-q 0'), LOSING);
    const { ledger, samples } = JSON.parse(stdout.toString()) as BenchResult;
    expect(ledger.lost).toBeGreaterThan(0);
    expect(samples.at(-1)?.lost).toBe(ledger.lost);
  });

  it.each(['-n 100 -q 1 --flood', 'pub -n 100 --rate 100', 'sub --duration 1s', 'conn --connections 2'])(
    'are left out where only the end tells: %s',
    async (argv) => {
      const { stdout } = await runBench(`${argv} --json`, LOSING);
      const result = parseResult(stdout, 'result');
      expect(result.samples.length).toBeGreaterThan(0);
      for (const sample of result.samples) expect(sample).not.toHaveProperty('lost');
      expect(formatCsv(result, 'samples').split('\r\n')[1]?.split(',')[5]).toBe('');
      expect(formatHtml(result)).not.toContain('lost so far');
    },
  );
});

describe('mqtt-bench ends with', () => {
  it('11 and a sentence for losses, after the report', async () => {
    const { exitCode, stdout, stderr } = await runBench('-n 100 -q 1 --drain-timeout 1s', {
      deliver: ({ sequence }) => (sequence < 3 ? [] : [0]),
    });
    expect(stderr).toBe('mqtt-bench: 3 of 100 deliveries were lost\n');
    expect(stdout.toString()).toContain('delivered 97   lost 3 ');
    expect(exitCode).toBe(11);
  });

  it('11 for refusals, and tells the Reason Code', async () => {
    const { exitCode, stdout, stderr } = await runBench('-n 100 -q 1', {
      answer: ({ sequence }) => ({ reasonCode: sequence < 10 ? 0x97 : 0 }),
      deliver: ({ sequence }) => (sequence < 10 ? [] : [0]),
    });
    expect(stderr).toBe('mqtt-bench: 10 of 100 messages were refused\n');
    expect(stdout.toString()).toContain('note        The broker refused 10 messages: Quota exceeded (0x97).\n');
    expect(exitCode).toBe(11);
  });

  it('11 for a broker that answers nothing, with the result as JSON all the same', async () => {
    const { exitCode, stdout, stderr } = await runBench('-n 100 -q 1 --drain-timeout 1s --json', {
      answer: () => 'never',
      deliver: () => [],
    });
    const result = JSON.parse(stdout.toString()) as BenchResult;
    expect(result.ledger).toMatchObject({ attempted: 100, timedOut: 100, expected: 0 });
    expect(result.diagnosis.map(({ code }) => code)).toEqual(['no-answer']);
    expect(stderr).toBe('mqtt-bench: 100 of 100 messages were not acknowledged in 1 s\n');
    expect(exitCode).toBe(11);
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('its own code when %s stops it, after the result so far', async (signal, code) => {
    const { clock, result, stop } = startBench('-n 100000 -q 1 --window 10', STEADY);
    await clock.advance(100);
    stop(signal);
    const { exitCode, stdout, stderr } = await drive(result, clock);
    const [, sent = ''] = /^sent +(\d+) {3}accepted \1 {3}delivered \1 {3}lost 0 /m.exec(stdout.toString()) ?? [];
    expect(Number(sent)).toBeGreaterThan(100);
    expect(stderr).toBe(`mqtt-bench: stopped by ${signal} after ${sent} of 100,000 messages\n`);
    expect(exitCode).toBe(code);
  });

  it.each(['-n 100000', 'rr -n 100000', '-n 100000 --subscribers 2 --warmup 50ms'])(
    'a ledger in which all that came was accepted, when it is stopped at QoS 0 and no PINGREQ is answered: %s',
    async (argv) => {
      const { clock, lyingBroker, result, stop } = startBench(`${argv} --window 10 --json`, { ...STEADY, pong: false });
      while (lyingBroker.published.length < 1000) await clock.advance(10);
      stop('SIGINT');
      const { exitCode, stdout } = await drive(result, clock);
      const { config, ledger, measured, rates, samples } = JSON.parse(stdout.toString()) as BenchResult;
      expect(ledger.accepted).toBeGreaterThan(100);
      expect(ledger.accepted * config.subscribers).toBeGreaterThanOrEqual(ledger.delivered);
      expect(ledger.attempted).toBe(ledger.accepted + ledger.inFlight);
      expect(measured.accepted * config.subscribers).toBeGreaterThanOrEqual(measured.delivered);
      expect(rates.acceptedPerSecond * config.subscribers).toBeCloseTo(rates.deliveredPerSecond, -2);
      expect(samples.reduce((sum, { accepted }) => sum + accepted, 0)).toBe(ledger.accepted);
      expect(exitCode).toBe(130);
    },
  );

  it('7 when a connection is lost, after the result so far', async () => {
    const { clock, result, lyingBroker } = startBench('-n 100000 -q 1 --window 10', STEADY);
    await clock.advance(100);
    lyingBroker.sessions[2]?.end({ kind: 'lost', reason: 'the broker reset it' });
    const { exitCode, stdout, stderr } = await drive(result, clock);
    expect(stdout.toString()).toMatch(
      /^ended {7}the connection of publisher 0 was lost after \d+ of 100,000 messages/m,
    );
    expect(stderr).toMatch(/^mqtt-bench: the connection of publisher 0 was lost after .*: the broker reset it\n$/);
    expect(exitCode).toBe(7);
  });

  it('3 when the broker cannot be reached, and prints no result', async () => {
    const unreachable = new UnreachableError('nothing is listening on localhost:1883', 'Is the broker running?');
    const context = { openSession: () => Promise.reject(unreachable) };
    const { exitCode, stdout, stderr } = await runBench('-n 10', {}, { context });
    expect(stderr).toBe('mqtt-bench: nothing is listening on localhost:1883\n  Is the broker running?\n');
    expect([exitCode, stdout.length]).toEqual([3, 0]);
  });

  it('8 when the subscription is denied', async () => {
    const { exitCode, stdout, stderr } = await runBench('-n 10 -t a', { subscribe: () => ({ reasonCode: 0x87 }) });
    expect(stderr).toBe(
      'mqtt-bench: the broker denied the subscription to a: Not authorized (0x87)\n  Which topics may this user read? -t sets them.\n',
    );
    expect([exitCode, stdout.length]).toEqual([8, 0]);
  });

  it('9 when the broker does not take such messages', async () => {
    const { exitCode, stderr } = await runBench('-n 10 -q 2', { info: { maximumQoS: 1 } });
    expect(stderr).toContain('the broker takes messages up to QoS 1, not 2');
    expect(exitCode).toBe(9);
  });

  it('2 for a wrong value, before anything is opened', async () => {
    const { result, lyingBroker } = startBench('--size 8');
    const { exitCode, stderr } = await result;
    expect(stderr).toMatch(/^mqtt-bench: --size 8: must be at least 24 bytes\n {2}Each payload starts with a header/);
    expect([exitCode, lyingBroker.plans.length]).toEqual([2, 0]);
  });

  it('70 when a bug keeps a message from being sent', async () => {
    const { exitCode, stdout, stderr } = await runBench('-n 10 -q 1', {
      answer: () => {
        throw new RangeError('no such packet');
      },
    });
    expect(stdout.toString()).toContain('ended       sending failed after');
    expect(stderr).toContain('internal error: RangeError: no such packet');
    expect(exitCode).toBe(70);
  });

  it.each(['-n 10 -q 1', 'pub -n 10', 'rr -n 10', '-n 10 --repeat 2 --json'])(
    '70 and no number when a ledger does not add up: %s',
    async (argv) => {
      const spy = vi.spyOn(PublisherRecord.prototype, 'toLedger');
      onTestFinished(() => spy.mockRestore());
      spy.mockImplementation(() => ({ ...sumLedgers([]), attempted: 10, accepted: 9 }));
      const { exitCode, stdout, stderr } = await runBench(argv);
      expect(stderr).toContain('does not add up: attempted 10 is not accepted 9 + refused 0 + timedOut 0 + inFlight 0');
      expect([exitCode, stdout.length]).toEqual([70, 0]);
    },
  );

  it('0 when the reader of the report has gone, and 1 when the disk is full', async () => {
    for (const [code, expected] of [
      ['EPIPE', 0],
      ['ENOSPC', 1],
    ] as const) {
      const stdout = new MemoryOutput();
      stdout.failWith(code);
      const { exitCode } = await runBench('-n 10', {}, { stdout });
      expect(exitCode).toBe(expected);
    }
  });
});

/** A terminal that can rewrite a line. */
class Terminal extends MemoryOutput {
  constructor() {
    super({ isTTY: true });
  }

  cursorTo(): void {
    this.write('<start>');
  }

  clearLine(): void {
    this.write('<clear>');
  }

  moveCursor(): void {}
}

describe('the progress of mqtt-bench', () => {
  const HIDE_CURSOR = '\u001b[?25l';
  const SHOW_CURSOR = '\u001b[?25h';

  async function shownOn(stderr: MemoryOutput, argv: string, env = {}): Promise<string> {
    await runBench(argv, STEADY, { env, context: { stderr } });
    return stderr.text;
  }

  it('is shown on a terminal while the run lasts, and gives the cursor back', async () => {
    const shown = await shownOn(new Terminal(), '-n 5000 -q 1 --window 10', { NO_COLOR: '1' });
    expect(shown).toContain(HIDE_CURSOR);
    expect(shown).toContain('connecting');
    expect(shown.endsWith(`<clear>${SHOW_CURSOR}`)).toBe(true);
  });

  it('gives the cursor back when the run fails, and when it is stopped', async () => {
    const stderr = new Terminal();
    const { clock, result, stop } = startBench('-n 5000 -q 1 --window 10', STEADY, { context: { stderr } });
    await clock.advance(100);
    stop('SIGINT');
    await drive(result, clock);
    const refused = new Terminal();
    await runBench('-n 1', { subscribe: () => ({ reasonCode: 0x87 }) }, { context: { stderr: refused } });
    for (const { text } of [stderr, refused]) {
      expect(text.lastIndexOf(SHOW_CURSOR)).toBeGreaterThan(text.lastIndexOf(HIDE_CURSOR));
      expect(text.indexOf('mqtt-bench')).toBeGreaterThan(text.lastIndexOf(SHOW_CURSOR));
    }
  });

  it.each([
    ['in a pipe', new MemoryOutput(), '-n 50', {}],
    ['with --quiet', new Terminal(), '-n 50 --quiet', {}],
    ['with --json', new Terminal(), '-n 50 --json', {}],
    ['in CI', new Terminal(), '-n 50', { CI: 'true' }],
    ['on a terminal that cannot rewrite a line', new Terminal(), '-n 50', { TERM: 'dumb' }],
  ] as const)('is not shown %s', async (_, stderr, argv, env) => {
    expect(await shownOn(stderr, argv, env)).toBe('');
  });

  it('leaves the terminal to the trace of -d', async () => {
    expect(await shownOn(new Terminal(), '-n 50 -d')).not.toContain(HIDE_CURSOR);
  });
});
