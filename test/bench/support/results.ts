import { LatencyCounts } from '../../../src/bench/record/latency.ts';
import type { BenchResult, Latency, Sample } from '../../../src/bench/result/result.ts';
import { summarizeLatency } from '../../../src/bench/result/summarize.ts';
import { readStored } from './stored.ts';

/** Numbers that look random and are the same each time. [Park and Miller 1988] */
export function makeRandom(seed = 4711): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 0x7fff_ffff;
    return state / 0x7fff_ffff;
  };
}

/** A distribution of `count` latencies around `typicalUs`, with a tail. */
export function makeLatency(count: number, typicalUs: number, seed?: number): Latency {
  const random = makeRandom(seed);
  const counts = new LatencyCounts();
  for (let index = 0; index < count; index += 1)
    counts.record(typicalUs * (0.6 + random() ** 2 + 0.02 / (random() + 1e-3)));
  return summarizeLatency(counts);
}

/** What a run of `seconds` at about `perSecond` messages may look like; the last interval is a sliver. */
export function makeSamples(seconds: number, perSecond: number): Sample[] {
  const random = makeRandom(seconds);
  const intervals = [...Array.from({ length: seconds }, (_, index) => (index + 1) * 1000), seconds * 1000 + 37];
  return intervals.map((atMs, index) => {
    const share = (atMs - (intervals[index - 1] ?? 0)) / 1000;
    const isSlow = index === Math.floor(seconds / 2);
    const sent = Math.round(perSecond * share * (0.9 + 0.2 * random()) * (isSlow ? 0.3 : 1));
    const typicalUs = isSlow ? 60_000 : 1500;
    return {
      atMs,
      sent,
      accepted: Math.round(sent * 0.99),
      delivered: Math.round(sent * 0.98),
      inFlight: Math.round(800 + 200 * random()),
      lost: index > seconds / 2 ? 40 : 0,
      connections: 3,
      latency: {
        p50: Math.round(typicalUs * (1 + random())),
        p99: Math.round(typicalUs * (4 + random())),
        max: Math.round(typicalUs * (9 + random())),
      },
      generator: {
        cpu: 0.35 + 0.1 * random(),
        lagUs: Math.round(2000 * random()),
        memoryBytes: 81_000_000 + index * 1000,
      },
      sys: { 'clients/connected': 4, 'load/messages/received/1min': 1234.56 + index },
      brokerProcess: { cpu: 0.8 + 0.15 * random(), memoryBytes: 9_000_000 },
    };
  });
}

/** A result with everything that a report can show. The figures of different parts are not those of one run. */
export function makeFullResult(): BenchResult {
  const lossy = readStored('lossy');
  const repeat = {
    startedAt: lossy.startedAt,
    outcome: lossy.outcome,
    durations: lossy.durations,
    latency: lossy.latency,
  };
  const half = Object.fromEntries(
    Object.entries(lossy.ledger).map(([name, count]) => [name, Math.floor(count / 2)]),
  ) as unknown as BenchResult['ledger'];
  const rest = Object.fromEntries(
    Object.entries(lossy.ledger).map(([name, count]) => [name, Math.ceil(count / 2)]),
  ) as unknown as BenchResult['ledger'];
  return {
    ...lossy,
    config: {
      ...lossy.config,
      rate: 25_000,
      window: null,
      durationMs: 20_000,
      warmupMs: 2000,
      workers: 2,
      topics: 1000,
    },
    connections: {
      attempted: 5,
      connected: 4,
      failed: 1,
      lost: 1,
      reasons: [
        { reason: 'the broker closed the connection', count: 1 },
        { reason: 'Server busy (0x89)', count: 1 },
      ],
    },
    latency: {
      ...lossy.latency,
      connect: makeLatency(3, 90),
      connack: makeLatency(3, 400),
      suback: makeLatency(1, 200),
      puback: makeLatency(60_000, 900, 3),
      endToEnd: makeLatency(56_673, 2000, 5),
      endToEndService: makeLatency(56_673, 1200, 7),
    },
    samples: makeSamples(20, 25_000),
    thresholds: [
      { assertion: 'p99 < 100ms', value: 12_340, held: true },
      { assertion: 'lost == 0', value: 3327, held: false },
      { assertion: 'delivered/s >= 20k', value: 21_945.66, held: true },
      { assertion: 'connack.p99 < 1ms', value: null, held: false },
    ],
    search: {
      target: 'p99 < 10ms, lost == 0',
      rate: 25_000,
      steps: [25_000, 30_000].map((rate) => ({
        rate,
        startedAt: lossy.startedAt,
        held: rate === 25_000,
        reason: rate === 25_000 ? null : 'p99 was 31.2 ms, not < 10ms',
        thresholds: [],
        rates: { sentPerSecond: rate, acceptedPerSecond: rate - 10, deliveredPerSecond: rate - 20 },
      })),
    },
    merged: ['bench-1', 'bench-2', 'bench-1'].map((hostname, index) => ({
      runId: `7d68a1102b44698${index}`,
      hostname,
      startedAt: lossy.startedAt,
      outcome: lossy.outcome,
      durations: lossy.durations,
    })),
    repeats: [
      {
        ...repeat,
        ledger: half,
        rates: { sentPerSecond: 21_000, acceptedPerSecond: 20_900.5, deliveredPerSecond: 19_800 },
      },
      {
        ...repeat,
        ledger: rest,
        rates: { sentPerSecond: 23_000, acceptedPerSecond: 22_900.5, deliveredPerSecond: 22_400 },
      },
    ],
  };
}

/** The same machine and load, of `mqtt-bench conn` with a storm. */
export function makeConnResult(): BenchResult {
  const full = makeFullResult();
  const { merged, repeats, search, ...rest } = full;
  const none = full.latency.tls;
  const opening = {
    unit: 'us',
    latency: { connect: makeLatency(998, 80), tls: none, connack: makeLatency(998, 5000) },
  } as const;
  const nothing = Object.fromEntries(
    Object.keys(full.ledger).map((name) => [name, 0]),
  ) as unknown as BenchResult['ledger'];
  const wills = { ...nothing, attempted: 998, accepted: 998, expected: 998, delivered: 997, lost: 1 };
  return {
    ...rest,
    config: {
      ...full.config,
      scenario: 'conn',
      connections: 1000,
      storms: 1,
      rate: null,
      connectRate: 2000,
      topics: 1,
      warmupMs: 0,
    },
    connections: {
      attempted: 2000,
      connected: 1996,
      failed: 4,
      lost: 0,
      reasons: [{ reason: 'no CONNACK in 10 s', count: 4 }],
    },
    ledger: wills,
    perPublisher: [wills],
    perSubscriber: [{ expected: 998, delivered: 997, lost: 1, duplicated: 0, outOfOrder: 0 }],
    latency: {
      ...full.latency,
      connect: makeLatency(1996, 80),
      connack: makeLatency(1996, 5000),
      puback: none,
      endToEnd: makeLatency(997, 9000),
      endToEndService: none,
    },
    openings: [
      { ...opening, attempted: 1000, connected: 998, failed: 2, duration: 512_000, connectedPerSecond: 1949.219 },
      { ...opening, attempted: 1000, connected: 998, failed: 2, duration: 780_000, connectedPerSecond: 1279.487 },
    ],
    thresholds: [],
    repeats: [],
    diagnosis: [],
  };
}

/** Tries to be markup, to leave its cell, and to act on a terminal. */
const HOSTILE =
  '</script><script>alert(1)</script><img src=x onerror=alert(2)>"\'|`**bold** [link](http://example.org) @everybody \u001b[2J\u202e';

/** A result whose every text that a broker, a user or a file has a say in is hostile; assertions have a grammar. */
export function makeHostileResult(): BenchResult {
  const full = makeFullResult();
  const [first] = full.samples;
  return {
    ...full,
    outcome: { kind: 'failed', reason: HOSTILE },
    config: {
      ...full.config,
      topic: HOSTILE,
      filter: HOSTILE,
      payload: { kind: 'file', source: HOSTILE, sizeBytes: 64 },
      properties: { [HOSTILE]: HOSTILE },
    },
    broker: { ...full.broker, host: HOSTILE, name: HOSTILE, version: HOSTILE },
    environment: { ...full.environment, hostname: HOSTILE, cpuModel: HOSTILE, packages: { [HOSTILE]: HOSTILE } },
    connections: { ...full.connections, reasons: [{ reason: HOSTILE, count: 2 }] },
    samples: first === undefined ? [] : [{ ...first, sys: { [HOSTILE]: 1 } }],
    diagnosis: [{ code: 'refused', sentence: HOSTILE }],
    thresholds: [{ assertion: 'p99 < 1ms', value: 1001, held: false }],
  };
}
