import { describe, expect, it } from 'vitest';
import { formatJson } from '../../../src/bench/report/json.ts';
import { formatReport } from '../../../src/bench/report/text.ts';
import type { BenchResult } from '../../../src/bench/result/result.ts';
import { readStored } from '../support/stored.ts';

const lossless = readStored('lossless');
const lossy = readStored('lossy');

describe('the report of a stored result', () => {
  it('without loss', () => {
    expect(formatReport(lossless)).toBe(
      `\
broker      mosquitto 2.0.11 at localhost:1883, MQTT 5   1 publisher -> 1 subscriber, 64 B, QoS 1, window 1,000
sent        1,000   accepted 1,000   delivered 1,000   lost 0   duplicated 0   out of order 0
throughput  4,400 msg/s sent   4,330 msg/s delivered
latency     p50 3.2 ms   p90 5.4 ms   p99 8.5 ms   p99.9 11.0 ms   max 11.0 ms   (publish to delivery)
PUBACK      p50 4.0 ms   p90 6.5 ms   p99 9.6 ms   p99.9 43.6 ms   max 43.6 ms   (publish to PUBACK)
note        The broker takes 20 messages of a publisher at a time (Receive Maximum; in mosquitto max_inflight_messages): --window 1000 was not used in full. More --publishers may raise the rate.
`,
    );
  });

  it('with loss', () => {
    expect(formatReport(lossy)).toBe(
      `\
broker      mosquitto 2.0.11 at localhost:1883, MQTT 3.1.1   2 publishers -> 1 subscriber, 64 B, QoS 1, window 5,000
sent        60,000   accepted 60,000   delivered 56,673   lost 3,327   duplicated 0   out of order 0
throughput  23,300 msg/s sent   21,900 msg/s delivered
latency     p50 28.8 ms   p90 46.0 ms   p99 169 ms   p99.9 193 ms   max 201 ms   (publish to delivery)
PUBACK      p50 28.1 ms   p90 45.7 ms   p99 137 ms   p99.9 174 ms   max 176 ms   (publish to PUBACK)
note        mosquitto holds 20 + 1,000 messages for a subscriber by default (max_inflight_messages, max_queued_messages) and drops what comes beyond, although it accepts it. Use --window 1000, or set max_queued_messages 0.
`,
    );
  });

  it('of a subscriber alone, which knows from the payload when a message was due', () => {
    const sub = { ...lossless, config: { ...lossless.config, scenario: 'sub' as const } };
    expect(formatReport(sub)).toMatch(/^latency .*\(due time to delivery\)$/m);
  });

  it('on a narrow terminal', () => {
    expect(formatReport(lossy, 60)).toBe(
      `\
broker      mosquitto 2.0.11 at localhost:1883, MQTT 3.1.1
            2 publishers -> 1 subscriber, 64 B, QoS 1,
            window 5,000
sent        60,000   accepted 60,000   delivered 56,673
            lost 3,327   duplicated 0   out of order 0
throughput  23,300 msg/s sent   21,900 msg/s delivered
latency     p50 28.8 ms   p90 46.0 ms   p99 169 ms
            p99.9 193 ms   max 201 ms
            (publish to delivery)
PUBACK      p50 28.1 ms   p90 45.7 ms   p99 137 ms
            p99.9 174 ms   max 176 ms   (publish to PUBACK)
note        mosquitto holds 20 + 1,000 messages for a
            subscriber by default (max_inflight_messages,
            max_queued_messages) and drops what comes
            beyond, although it accepts it. Use --window
            1000, or set max_queued_messages 0.
`,
    );
  });
});

/** The lines of one label, each without it. */
function lineOf(label: string, result: BenchResult): string[] {
  const lines = formatReport(result).split('\n');
  return lines.filter((line) => line.startsWith(`${label} `)).map((line) => line.slice(12));
}

describe('the report', () => {
  it('shows what is not zero of the rarer fates of a message', () => {
    const ledger = { ...lossless.ledger, attempted: 1008, refused: 5, timedOut: 2, inFlight: 1 };
    expect(lineOf('sent', { ...lossless, ledger })).toEqual([
      '1,008   accepted 1,000   refused 5   timed out 2   in flight 1   delivered 1,000   lost 0   duplicated 0   out of order 0',
    ]);
  });

  it('says what the broker calls itself, where it says it, and how it was reached', () => {
    const nameless = { ...lossless.broker, host: '::1', transport: 'wss' as const, name: null, version: null };
    expect(lineOf('broker', { ...lossless, broker: nameless })).toEqual([
      '[::1]:1883, MQTT 5 over WebSocket and TLS   1 publisher -> 1 subscriber, 64 B, QoS 1, window 1,000',
    ]);
    const versionless = { ...lossless.broker, transport: 'tls' as const, name: 'Some broker', version: null };
    expect(lineOf('broker', { ...lossless, broker: versionless })[0]).toMatch(
      /^Some broker at localhost:1883, MQTT 5 over TLS {3}/,
    );
  });

  it('says that the broker granted a lower QoS', () => {
    const config = { ...lossless.config, qos: 2 as const, payload: { ...lossless.config.payload, sizeBytes: 10_000 } };
    expect(lineOf('broker', { ...lossless, config })[0]).toMatch(/ 10 kB, QoS 2 \(granted 1\), window 1,000$/);
  });

  it('says that nothing was delivered', () => {
    const nothing = lossless.latency.tls;
    expect(nothing.count).toBe(0);
    const latency = { ...lossless.latency, endToEnd: nothing };
    const ledger = { ...lossless.ledger, delivered: 0, lost: 1000 };
    expect(lineOf('latency', { ...lossless, latency, ledger })).toEqual(['nothing was delivered']);
    expect(lineOf('latency', { ...lossless, latency })).toEqual([
      'nothing was measured: what came was sent in the warm-up',
    ]);
  });

  it('counts what was on the topic and does not count', () => {
    expect(lineOf('ignored', lossless)).toEqual([]);
    expect(lineOf('ignored', { ...lossless, ignored: { foreign: 1234, altered: 0 } })).toEqual([
      'of other senders 1,234',
    ]);
    expect(lineOf('ignored', { ...lossless, ignored: { foreign: 0, altered: 2 } })).toEqual(['altered 2']);
  });

  it.each([
    [{ kind: 'completed' }, []],
    [{ kind: 'stalled' }, ['sending stopped after 1,000 of 2,000 messages, for nothing was delivered any more']],
    [{ kind: 'interrupted', signal: 'SIGINT' }, ['stopped by SIGINT after 1,000 of 2,000 messages']],
    [
      { kind: 'connection-lost', role: 'publisher', index: 3, reason: 'the broker \u001b[2Jreset it' },
      ['the connection of publisher 3 was lost after 1,000 of 2,000 messages: the broker \\e[2Jreset it'],
    ],
    [{ kind: 'failed', reason: 'no such packet' }, ['sending failed after 1,000 of 2,000 messages: no such packet']],
  ] as const)('says how a run ended: %j', (outcome, lines) => {
    const config = { ...lossless.config, messages: 2000 };
    expect(lineOf('ended', { ...lossless, config, outcome })).toEqual(lines);
  });

  it('shows control characters in what the broker says as escapes', () => {
    const broker = { ...lossless.broker, name: 'a\u009b31mb', version: null };
    const diagnosis = [{ code: 'refused' as const, sentence: 'refused "\u001b]0;title\u0007"' }];
    const text = formatReport({ ...lossless, broker, diagnosis });
    expect(text).toContain('a\\x9b31mb');
    expect(text).toContain('refused "\\e]0;title\\x07"');
  });
});

describe('the JSON', () => {
  it('is the result, on one line', () => {
    const line = formatJson(lossy);
    expect(line.indexOf('\n')).toBe(line.length - 1);
    expect(JSON.parse(line)).toEqual(lossy);
  });

  it('holds nothing that could act on a terminal, and loses nothing by that', () => {
    const broker = { ...lossless.broker, name: 'a\u001b\u009b\u202e\u2028b' };
    const line = formatJson({ ...lossless, broker });
    expect(line).toContain('a\\u001b\\u009b\\u202e\\u2028b');
    expect((JSON.parse(line) as BenchResult).broker.name).toBe(broker.name);
  });
});
