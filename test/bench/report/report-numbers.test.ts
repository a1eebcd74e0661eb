/** Every number of the report is computed again here, from counts, durations and whole distributions alone. */
import { decodeFromCompressedBase64 } from 'hdr-histogram-js';
import { describe, expect, it } from 'vitest';
import { formatReport } from '../../../src/bench/report/text.ts';
import type { BenchResult, LatencyName } from '../../../src/bench/result/result.ts';
import { makeConnResult, makeFullResult } from '../support/results.ts';
import { readStored } from '../support/stored.ts';

/** A number as it was printed, and by how much the true one may differ for that. */
interface Printed {
  readonly value: number;
  readonly tolerance: number;
}

/** Counts, milliseconds and rates: `3,327`, `4.0 ms`, `12.3 s`, `23,300 msg/s`, which has three digits. */
function numbersOf(text: string): Printed[] {
  return [
    ...text.matchAll(/(?<![\w.])(\d[\d,]*)(\.\d+)?(?:\s(ms|s|msg\/s|round trips\/s|connections\/s))?(?![\w.]*\w)/g),
  ].map(([, whole = '', fraction = '', unit = '']) => {
    const value = Number(whole.replaceAll(',', '') + fraction);
    const digits = 10 ** -Math.max(0, fraction.length - 1);
    // Distributions have three digits themselves.
    if (unit === 'ms' || unit === 's') {
      const scale = unit === 's' ? 1000 : 1;
      return { value: value * scale, tolerance: scale * (digits * 0.51 + value * 0.001) };
    }
    return { value, tolerance: unit.endsWith('/s') ? Math.max(digits * 0.51, value * 0.005) : 0 };
  });
}

/** The lines of the report by label, each without what stands literally in the file. */
function linesOf(result: BenchResult): Map<string, string[]> {
  const lines = new Map<string, string[]>();
  for (const line of formatReport(result)
    .split('\n')
    .filter((text) => text !== '')) {
    const [, label = '', rest = ''] = /^(\w+(?: \w+)?) {2,}(.*)$/.exec(line) ?? [];
    lines.set(label, [...(lines.get(label) ?? []), rest]);
  }
  return lines;
}

function expectNumbers(text: string, expected: readonly (number | null)[]): void {
  const printed = numbersOf(text);
  expect(
    printed.map(({ value }) => value),
    text,
  ).toHaveLength(expected.length);
  for (const [index, { tolerance, value }] of printed.entries()) {
    expect(
      Math.abs(value - (expected[index] ?? Number.NaN)),
      `${value} in "${text}", which should be ${expected[index]}`,
    ).toBeLessThanOrEqual(tolerance);
  }
}

function perSecond(count: number, spanUs: number | null): number {
  return spanUs === null ? 0 : (count * 1e6) / spanUs;
}

/** p50, p90, p99, p99.9 and the maximum, in milliseconds. */
function percentilesOf({ latency }: BenchResult, name: LatencyName): number[] {
  const histogram = decodeFromCompressedBase64(latency[name].hdr ?? '');
  const at = (percentile: number): number => Math.min(histogram.getValueAtPercentile(percentile), histogram.maxValue);
  return [at(50), at(90), at(99), at(99.9), histogram.maxValue].map((us) => us / 1000);
}

const NAMES: Readonly<Record<string, readonly LatencyName[]>> = {
  latency: ['endToEnd'],
  'round trip': ['endToEnd'],
  service: ['endToEndService'],
  PUBACK: ['puback'],
  PUBCOMP: ['pubcomp'],
  TCP: ['connect'],
  CONNACK: ['connack'],
  SUBACK: ['suback'],
  Will: ['endToEnd'],
};

/** Checks each line; returns the labels, so that a test can say which there were. */
function checkReport(result: BenchResult): string[] {
  const { config, connections, durations, ledger, measured, repeats } = result;
  const lines = linesOf(result);
  for (const [label, texts] of lines) {
    const [text = ''] = texts;
    switch (label) {
      case 'broker':
        break;
      case 'note':
        expect(texts).toEqual(result.diagnosis.map(({ sentence }) => sentence));
        break;
      case 'sent':
      case 'requests': {
        const rare = [ledger.refused, ledger.timedOut, ledger.inFlight].filter((count) => count > 0);
        const delivered = [ledger.delivered, ledger.lost, ledger.duplicated, ledger.outOfOrder];
        expectNumbers(text, [
          ledger.attempted,
          ledger.accepted,
          ...rare,
          ...(config.scenario === 'pub' ? [] : delivered),
        ]);
        expect(ledger.attempted).toBe(ledger.accepted + ledger.refused + ledger.timedOut + ledger.inFlight);
        expect(ledger.expected).toBe(ledger.delivered + ledger.lost);
        break;
      }
      case 'Wills':
        expectNumbers(text, [ledger.expected, ledger.delivered, ledger.lost, ledger.duplicated, ledger.outOfOrder]);
        break;
      case 'received':
        expectNumbers(text, [ledger.delivered, ledger.lost, ledger.duplicated, ledger.outOfOrder]);
        break;
      case 'throughput': {
        const sent = perSecond(measured.attempted, durations.send);
        const accepted = perSecond(measured.accepted, durations.accept);
        const delivered = perSecond(measured.delivered, durations.deliver);
        expectNumbers(
          text,
          { pubsub: [sent, delivered], pub: [sent, accepted], sub: [delivered], rr: [delivered], conn: [accepted] }[
            config.scenario
          ],
        );
        break;
      }
      case 'connections':
        expectNumbers(
          connections.reasons.reduce((rest, { reason }) => rest.replace(reason, ''), text),
          [
            connections.connected + connections.failed,
            connections.connected,
            connections.failed,
            connections.lost,
            ...connections.reasons.map(({ count }) => count),
          ],
        );
        break;
      case 'repeats': {
        const rates = repeats.map(({ rates }) =>
          config.scenario === 'pub' ? rates.acceptedPerSecond : rates.deliveredPerSecond,
        );
        const p99 = repeats.map((repeat) => percentilesOf({ ...result, latency: repeat.latency }, 'endToEnd')[2] ?? 0);
        const range = (values: readonly number[]): number[] => [...new Set([Math.min(...values), Math.max(...values)])];
        expectNumbers(text.replace(/ to (?=\S+ msg)/, ' msg/s ').replace('p99', ''), [
          repeats.length,
          ...range(rates),
          ...range(p99),
        ]);
        break;
      }
      case 'opening':
      case 'storm 1': {
        const opening = result.openings?.[label === 'opening' ? 0 : 1];
        const { connected = 0, duration = 0, failed = 0 } = opening ?? {};
        const p99 = decodeFromCompressedBase64(opening?.latency.connack.hdr ?? '').getValueAtPercentile(99) / 1000;
        expectNumbers(text.replace('p99', ''), [connected, failed, perSecond(connected, duration), p99]);
        break;
      }
      case 'search':
        expectNumbers(text.replace(result.search?.target ?? '', ''), [
          Math.max(...(result.search?.steps ?? []).filter(({ held }) => held).map(({ rate }) => rate)),
          result.search?.steps.length ?? 0,
        ]);
        break;
      case 'merged':
        expect(text).toBe('3 runs   of bench-1, bench-2');
        break;
      case 'ignored':
        expectNumbers(
          text,
          [result.ignored.foreign, result.ignored.altered].filter((count) => count > 0),
        );
        break;
      case 'threshold':
        expect(texts).toHaveLength(result.thresholds.length);
        break;
      default:
        for (const name of NAMES[label] ?? []) {
          expectNumbers(text.replaceAll(/p\d+(\.\d)? /g, ''), percentilesOf(result, name));
        }
        expect(Object.keys(NAMES), text).toContain(label);
    }
  }
  return [...lines.keys()];
}

const lossless = readStored('lossless');

describe('every number of the report follows from the file', () => {
  it('of runs against mosquitto', () => {
    expect(checkReport(lossless)).toEqual(['broker', 'sent', 'throughput', 'latency', 'PUBACK', 'note']);
    expect(checkReport(readStored('frozen'))).toEqual([
      ...['broker', 'sent', 'throughput', 'latency', 'service', 'PUBACK', 'threshold'],
    ]);
    expect(checkReport(readStored('lossy'))).toEqual(['broker', 'sent', 'throughput', 'latency', 'PUBACK', 'note']);
  });

  it('of a result with everything', () => {
    const result = makeFullResult();
    expect(checkReport({ ...result, ignored: { foreign: 1234, altered: 5 } })).toEqual([
      ...['broker', 'merged', 'connections', 'sent', 'throughput', 'latency', 'service', 'PUBACK', 'repeats'],
      ...['search', 'ignored', 'threshold', 'note'],
    ]);
    expect(result.thresholds.map(({ value }) => value)).toEqual([12_340, 3327, 21_945.66, null]);
    expect(linesOf(result).get('threshold')).toEqual([
      'p99 < 100ms   held: 12.34 ms',
      'lost == 0   missed: 3327',
      'delivered/s >= 20k   held: 21945.66',
      'connack.p99 < 1ms   missed: not measured',
    ]);
  });

  it.each([
    ['pub', ['broker', 'sent', 'throughput', 'PUBACK', 'note']],
    ['sub', ['broker', 'received', 'throughput', 'latency', 'note']],
    ['rr', ['broker', 'requests', 'throughput', 'round trip', 'note']],
  ] as const)('of the scenario %s', (scenario, labels) => {
    expect(checkReport({ ...lossless, config: { ...lossless.config, scenario } })).toEqual(labels);
  });

  it('of connections', () => {
    const result = makeConnResult();
    expect(checkReport(result)).toEqual([
      ...['broker', 'connections', 'opening', 'storm 1', 'Wills', 'TCP', 'CONNACK', 'SUBACK', 'Will'],
    ]);
    expect(linesOf(result).get('broker')?.[0]).toMatch(
      / {3}1,000 connections, 1 storm, connect rate 2,000\/s, held for 20 s, 2 workers$/,
    );
    // Neither rates nor Wills where there were none.
    const { lost, expected, delivered, ...counts } = result.ledger;
    const ledger = { ...counts, lost: 0, expected: 0, delivered: 0 };
    expect(checkReport({ ...result, ledger, openings: [] })).not.toContain('Wills');
  });

  it('and what does not would be found', () => {
    const rates = { ...lossless.rates, deliveredPerSecond: lossless.rates.deliveredPerSecond * 1.02 };
    expect(() => checkReport({ ...lossless, rates })).toThrow();
    const endToEnd = { ...lossless.latency.endToEnd, p99: (lossless.latency.endToEnd.p99 ?? 0) * 1.03 };
    expect(() => checkReport({ ...lossless, latency: { ...lossless.latency, endToEnd } })).toThrow();
    expect(() => checkReport({ ...lossless, ledger: { ...lossless.ledger, lost: 1 } })).toThrow();
  });

  it('the load of the first line too', () => {
    const line = linesOf(makeFullResult()).get('broker')?.[0];
    expect(line).toBe(
      'mosquitto 2.0.11 at localhost:1883, MQTT 3.1.1   2 publishers -> 1 subscriber, 64 B, QoS 1, 1,000 topics, rate 25,000 msg/s, for 20 s, warm-up 2 s, 2 workers',
    );
  });
});
