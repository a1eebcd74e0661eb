import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LatencyCounts } from '../../../src/bench/record/latency.ts';
import type { Sample } from '../../../src/bench/result/result.ts';
import type { Watched } from '../../../src/bench/scenario/run.ts';
import { LiveView, WORDING } from '../../../src/bench/watch/live.ts';
import { formatBlock, formatLine, makeSnapshot, type Snapshot } from '../../../src/bench/watch/snapshot.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { makePlan } from '../support/drive.ts';

const SNAPSHOT: Snapshot = {
  scenario: 'pubsub',
  sent: 12_345,
  messages: 200_000,
  counted: { count: 12_001, what: 'delivered' },
  perSecond: 48_213.4,
  inFlight: 344,
  lost: 0,
  latency: { p50: 410, p99: 2100, max: 3200 },
  elapsedMs: 3210,
  remainingMs: 48_100,
};

function sampleOf(differs: Partial<Sample>): Sample {
  return {
    atMs: 1000,
    sent: 0,
    accepted: 0,
    delivered: 0,
    inFlight: 0,
    lost: 0,
    connections: 0,
    latency: null,
    generator: { cpu: 0, lagUs: 0, memoryBytes: 0 },
    sys: null,
    brokerProcess: null,
    ...differs,
  };
}

function watchedOf(progress: Partial<Watched['progress']>, samples: readonly Sample[] = []): Watched {
  const none = { sent: 0, accepted: 0, delivered: 0, inFlight: 0, lost: 0, connections: 0 };
  return { progress: { ...none, latency: new LatencyCounts(), ...progress }, samples };
}

describe('a snapshot in words', () => {
  it('is a block of lines that fit the terminal', () => {
    expect(formatBlock(SNAPSHOT, 77)).toBe(
      '3 s, 49 s left   12,345 of 200,000 sent   12,001 delivered   48,200 msg/s\n' +
        'in flight 344   lost 0   p50 0.41 ms   p99 2.1 ms',
    );
  });

  it('is a line for a log', () => {
    expect(formatLine(SNAPSHOT)).toBe(
      '3 s, 49 s left, 12,345 of 200,000 sent, 12,001 delivered, 48,200 msg/s, in flight 344, lost 0, p50 0.41 ms, p99 2.1 ms',
    );
  });

  it('shows connections where nothing is sent', () => {
    const snapshot: Snapshot = {
      ...SNAPSHOT,
      scenario: 'conn',
      sent: null,
      messages: null,
      counted: { count: 1200, what: 'connections' },
      perSecond: 300,
      latency: null,
      remainingMs: null,
    };
    expect(formatLine(snapshot)).toBe('3 s, 1,200 connections, 300 connections/s');
  });

  it('has the words of each scenario', () => {
    const words = (scenario: Snapshot['scenario'], qos: 0 | 1, messages: number | null = null): string => {
      const watched = watchedOf({ sent: 40, accepted: 30, delivered: 20, inFlight: 10, connections: 4 });
      return formatLine(makeSnapshot(makePlan({ scenario, qos, messages }), watched, 1000)).replace(/^1 s, /, '');
    };
    expect(words('pubsub', 1)).toBe('40 sent, 20 delivered, 20.0 msg/s, in flight 10, lost 0');
    expect(words('pub', 1)).toBe('40 sent, 30 accepted, 30.0 msg/s, in flight 10, lost 0');
    const flooded = watchedOf({ sent: 40, delivered: 20, inFlight: 10, lost: undefined });
    expect(formatLine(makeSnapshot(makePlan({ flood: true }), flooded, 1000))).toMatch(/, in flight 10$/);
    expect(words('pub', 0)).toBe('40 sent, 40.0 msg/s');
    expect(words('pub', 0, 80)).toBe('1 s left, 40 of 80 sent, 40.0 msg/s');
    expect(words('sub', 1)).toBe('20 delivered, 20.0 msg/s');
    expect(words('sub', 1, 80)).toBe('3 s left, 20 of 80 delivered, 20.0 msg/s');
    expect(words('conn', 1)).toBe('4 connections, 4.00 connections/s');
    expect(words('rr', 1)).toBe('40 requests, 20 responses, 20.0 msg/s, in flight 10, lost 0');
  });

  it('does not know when connections that are still being opened will be closed', () => {
    const plan = makePlan({ scenario: 'conn', messages: null, durationMs: 3000 });
    expect(makeSnapshot(plan, watchedOf({ connections: 4 }), 1000).remainingMs).toBeNull();
  });

  it('fits narrow terminals, with all that is in it', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 25, max: 200 }),
        fc.nat(4_294_967_295),
        fc.nat(1e9),
        (width, count, remainingMs) => {
          const counted = { count, what: 'delivered' };
          const snapshot = { ...SNAPSHOT, sent: count, messages: null, lost: count, counted, remainingMs };
          const block = formatBlock(snapshot, width);
          expect(Math.max(...block.split('\n').map((line) => line.length))).toBeLessThanOrEqual(width);
          expect(block.replace(/\n| {3}/g, ', ')).toBe(formatLine(snapshot));
        },
      ),
    );
  });

  it('has a warning in it when something was lost', () => {
    expect(WORDING.warning.exec(formatBlock({ ...SNAPSHOT, lost: 1200 }, 80))?.[0]).toBe('lost 1,200');
    expect(WORDING.warning.test(formatBlock(SNAPSHOT, 80))).toBe(false);
  });
});

describe('a snapshot', () => {
  it('has the rate from the start until a second is over, and then that of the last second', () => {
    const progress = { sent: 150, delivered: 100 };
    expect(makeSnapshot(makePlan(), watchedOf(progress), 500).perSecond).toBe(200);
    const samples = [sampleOf({ delivered: 70 }), sampleOf({ atMs: 3000, delivered: 30 })];
    const snapshot = makeSnapshot(makePlan(), watchedOf(progress, samples), 3100);
    expect(snapshot).toMatchObject({ perSecond: 15, sent: 150, counted: { count: 100, what: 'delivered' } });
  });

  it('knows what remains by the pace so far, or by the clock', () => {
    const remaining = (messages: number | null, durationMs: number | null, sent: number): number | null =>
      makeSnapshot(makePlan({ messages, durationMs }), watchedOf({ sent }), 2000).remainingMs;
    expect(remaining(1000, null, 250)).toBe(6000);
    expect(remaining(1000, null, 1000)).toBe(0);
    expect(remaining(1000, null, 0)).toBeNull();
    expect(remaining(null, 10_000, 250)).toBe(8000);
    expect(remaining(null, 1000, 250)).toBe(0);
  });

  it('counts what the scenario is about', () => {
    const watched = watchedOf({ sent: 4, accepted: 3, delivered: 2, connections: 1 });
    const counted = (scenario: Snapshot['scenario'], qos: 0 | 1): [number | null, string] => {
      const snapshot = makeSnapshot(makePlan({ scenario, qos }), watched, 1000);
      return [snapshot.sent, `${snapshot.counted.count} ${snapshot.counted.what}`];
    };
    expect(counted('pub', 1)).toEqual([4, '3 accepted']);
    expect(counted('pub', 0)).toEqual([null, '4 sent']);
    expect(counted('sub', 1)).toEqual([null, '2 delivered']);
    expect(counted('conn', 1)).toEqual([null, '1 connections']);
    expect(counted('rr', 1)).toEqual([4, '2 delivered']);
  });

  it('has the rate at which connections were opened in the last second', () => {
    const samples = [sampleOf({ connections: 70 }), sampleOf({ atMs: 3000, connections: 170 })];
    expect(makeSnapshot(makePlan({ scenario: 'conn' }), watchedOf({}, samples), 3000).perSecond).toBe(50);
  });
});

describe('the live view', () => {
  it('shows how far the run is as often as the display wants it, until it is stopped', async () => {
    const clock = new FakeClock();
    const shown: string[] = [];
    const show = ({ sent, elapsedMs }: Snapshot): void => void shown.push(`${sent} ${elapsedMs}`);
    const view = new LiveView(
      { periodMs: 200, isRewritten: true, show, stop: () => void shown.push('stopped') },
      clock,
    );
    const progress = { sent: 2 };
    view.start(makePlan({ messages: 1000 }), watchedOf(progress));
    await clock.advance(400);
    view.stop();
    await clock.advance(1000);
    expect(shown).toEqual(['2 200', '2 400', 'stopped']);
  });
});
