import { describe, expect, it } from 'vitest';
import { formatSnapshot, LiveView } from '../../src/bench/live.ts';
import { Recorder } from '../../src/bench/recorder.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { makePlan } from './support/drive.ts';

describe('the live view', () => {
  it('is one line', () => {
    const snapshot = {
      attempted: 12_345,
      messages: 200_000,
      delivered: 12_001,
      deliveredPerSecond: 48_213.4,
      elapsedMs: 3210,
    };
    expect(formatSnapshot(snapshot)).toBe('12,345 of 200,000 sent, 12,001 delivered, 48,200 msg/s, 3 s');
  });

  it('fits 80 columns for a hundred million messages', () => {
    const most = 100_000_000;
    const snapshot = {
      attempted: most,
      messages: most,
      delivered: most,
      deliveredPerSecond: 123_456,
      elapsedMs: 3.6e6,
    };
    expect(formatSnapshot(snapshot).length).toBeLessThanOrEqual(78);
  });

  it('shows five times a second how far the recorder is, until it is stopped', async () => {
    const clock = new FakeClock();
    const shown: string[] = [];
    const progress = { show: (text: string) => void shown.push(text), stop: () => void shown.push('stopped') };
    const plan = makePlan({ messages: 1000, publishers: 2 });
    const recorder = new Recorder(plan);
    const view = new LiveView(progress, clock);
    view.start(plan, recorder);
    for (const publisher of recorder.publishers) recorder.sent(publisher, 0);
    recorder.delivered = 100;
    await clock.advance(200);
    recorder.delivered = 120;
    await clock.advance(1000);
    view.stop();
    await clock.advance(1000);
    expect(shown.slice(0, 2)).toEqual([
      '2 of 1,000 sent, 100 delivered, 500 msg/s, 1 s',
      '2 of 1,000 sent, 120 delivered, 100 msg/s, 1 s',
    ]);
    expect(shown.length).toBe(7);
    expect(shown.at(-1)).toBe('stopped');
  });
});
