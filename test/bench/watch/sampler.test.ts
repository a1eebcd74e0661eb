import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { IntervalLatency } from '../../../src/bench/record/interval-latency.ts';
import { LatencyCounts } from '../../../src/bench/record/latency.ts';
import type { Sample } from '../../../src/bench/result/result.ts';
import { BrokerProcess } from '../../../src/bench/watch/broker-process.ts';
import { EventLoopLag } from '../../../src/bench/watch/event-loop-lag.ts';
import type { Progress } from '../../../src/bench/watch/progress.ts';
import { Sampler } from '../../../src/bench/watch/sampler.ts';
import { UsageError } from '../../../src/errors.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { FakeMachine } from '../../support/fake-machine.ts';

/** Can be busy: time passes, and no timer fires. */
class BusyClock extends FakeClock {
  #busyMs = 0;

  override monotonicMs(): number {
    return super.monotonicMs() + this.#busyMs;
  }

  work(ms: number): void {
    this.#busyMs += ms;
  }
}

type Counters = { -readonly [Name in keyof Progress]: Progress[Name] };

function makeCounters(): Counters {
  const latency = new LatencyCounts();
  return { sent: 0, accepted: 0, delivered: 0, inFlight: 0, lost: 0, connections: 0, latency };
}

function start(): { sampler: Sampler; counters: Counters; clock: BusyClock; machine: FakeMachine } {
  const clock = new BusyClock();
  const machine = new FakeMachine();
  const counters = makeCounters();
  const sampler = new Sampler({ progress: counters, sys: () => null, brokerProcess: undefined }, { clock, machine });
  return { sampler, counters, clock, machine };
}

describe('the samples of a run', () => {
  it('are the differences of each second, and of what there is of the last one', async () => {
    const { clock, counters, sampler } = start();
    Object.assign(counters, { sent: 100, accepted: 90, delivered: 80, inFlight: 20, connections: 3 });
    await clock.advance(1000);
    Object.assign(counters, { sent: 350, accepted: 340, delivered: 330, inFlight: 1, lost: 7 });
    await clock.advance(1000);
    Object.assign(counters, { sent: 351, accepted: 351, delivered: 344, inFlight: 0 });
    await clock.advance(250);
    sampler.stop();
    sampler.stop();
    expect(sampler.samples).toMatchObject([
      { atMs: 1000, sent: 100, accepted: 90, delivered: 80, inFlight: 20, lost: 0, connections: 3, latency: null },
      { atMs: 2000, sent: 250, accepted: 250, delivered: 250, inFlight: 1, lost: 7, connections: 3 },
      { atMs: 2250, sent: 1, accepted: 11, delivered: 14, inFlight: 0, lost: 7 },
    ]);
    expect(clock.pendingMs).toEqual([]);
  });

  it('have a last one of its own however short the run was, and none of no time', async () => {
    const short = start();
    short.counters.sent = 5;
    await short.clock.advance(3);
    short.sampler.stop();
    expect(short.sampler.samples).toMatchObject([{ atMs: 3, sent: 5 }]);
    const whole = start();
    await whole.clock.advance(1000);
    whole.sampler.stop();
    expect(whole.sampler.samples.map(({ atMs }) => atMs)).toEqual([1000]);
  });

  it('say how long a second was when the event loop was late, and are at whole seconds again after', async () => {
    const { clock, counters, sampler } = start();
    await clock.advance(1000);
    clock.work(2300);
    counters.sent = 10;
    await clock.advance(3000);
    sampler.stop();
    expect(sampler.samples.map(({ atMs, sent }) => [atMs, sent])).toEqual([
      [1000, 0],
      [4300, 10],
      [5000, 0],
      [6000, 0],
      [6300, 0],
    ]);
  });

  it('add up to the counters, whenever they are taken', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(fc.nat(2500), fc.nat(1000)), { maxLength: 8 }), async (steps) => {
        const { clock, counters, sampler } = start();
        for (const [ms, count] of steps) {
          counters.sent += count;
          await clock.advance(ms);
        }
        await clock.advance(1);
        sampler.stop();
        const { samples } = sampler;
        expect(samples.reduce((sum, { sent }) => sum + sent, 0)).toBe(counters.sent);
        expect(samples.at(-1)?.atMs).toBe(clock.monotonicMs());
      }),
      { numRuns: 20 },
    );
  });

  it('hold what the process used: CPU over the time that passed, memory', async () => {
    const { clock, machine, sampler } = start();
    machine.cpuMicroseconds = 400_000;
    machine.turns = 70;
    await clock.advance(1000);
    machine.cpuMicroseconds += 150_000;
    machine.memory = 60_000_000;
    machine.turns += 30;
    await clock.advance(100);
    sampler.stop();
    expect(sampler.samples.map(({ generator }) => generator)).toEqual([
      { cpu: 0.4, lagUs: 0, memoryBytes: 50_000_000 },
      { cpu: 1.5, lagUs: 0, turns: 30, memoryBytes: 60_000_000 },
    ]);
  });

  it('are one a minute after the first day', async () => {
    const { clock, sampler } = start();
    sampler.samples.push(...Array.from({ length: 86_399 }, () => ({}) as Sample));
    await clock.advance(1000);
    expect(sampler.samples.length).toBe(86_400);
    await clock.advance(59_000);
    expect(sampler.samples.length).toBe(86_400);
    await clock.advance(60_000);
    expect(sampler.samples.length).toBe(86_401);
    sampler.stop();
  });
});

describe('the latency of a second', () => {
  it('is that of what ended in it, as a histogram of its own would tell', () => {
    const latencies = fc.array(fc.integer({ min: 0, max: 3_000_000 }), { minLength: 0, maxLength: 60 });
    fc.assert(
      fc.property(fc.array(latencies, { minLength: 1, maxLength: 5 }), (seconds) => {
        const counts = new LatencyCounts();
        const interval = new IntervalLatency();
        for (const second of seconds) {
          for (const us of second) counts.record(us);
          const sorted = [...second].sort((a, b) => a - b);
          const at = (part: number): number => sorted[Math.ceil(sorted.length * part) - 1] ?? Number.NaN;
          const taken = interval.take(counts);
          if (second.length === 0) {
            expect(taken).toBeNull();
            continue;
          }
          for (const [value, exact] of [
            [taken?.p50, at(0.5)],
            [taken?.p99, at(0.99)],
            [taken?.max, at(1)],
          ] as const) {
            expect(value).toBeGreaterThanOrEqual(exact);
            expect(value).toBeLessThanOrEqual(exact * 1.001);
          }
        }
      }),
    );
  });

  it('starts again with a histogram that was put in the place of another', () => {
    const interval = new IntervalLatency();
    const warmUp = new LatencyCounts();
    for (let count = 0; count < 10; count += 1) warmUp.record(5000);
    interval.take(warmUp);
    const measured = new LatencyCounts();
    for (let count = 0; count < 20; count += 1) measured.record(100);
    expect(interval.take(measured)).toEqual({ p50: 100, p99: 100, max: 100 });
    expect(interval.take(measured)).toBeNull();
  });
});

describe('the lag of the event loop', () => {
  it('is the longest delay since it was last asked for', async () => {
    const clock = new BusyClock();
    const lag = new EventLoopLag(clock);
    await clock.advance(500);
    expect(lag.takeUs()).toBe(0);
    clock.work(40);
    await clock.advance(100);
    clock.work(25);
    await clock.advance(100);
    expect(lag.takeUs()).toBe(40_000);
    expect(lag.takeUs()).toBe(0);
    lag.stop();
    expect(clock.pendingMs).toEqual([]);
  });

  it('counts a delay that is not over yet', async () => {
    const clock = new BusyClock();
    const lag = new EventLoopLag(clock);
    await clock.advance(5);
    clock.work(105);
    expect(lag.takeUs()).toBe(100_000);
    clock.work(30);
    expect(lag.takeUs()).toBe(30_000);
  });
});

/** As Linux writes it, for a process with a name made to mislead. */
function statOf({ user = 0, system = 0, started = 1000 }): string {
  const fields = ['S', ...Array.from({ length: 10 }, () => '1'), user, system, '0', '0', '20', '0', '4', '0', started];
  return `4711 (mosquitto) 9 (x) ${fields.join(' ')} 123456 789\n`;
}

describe('--broker-pid', () => {
  const machineWith = (stat: string): FakeMachine => {
    const machine = new FakeMachine();
    machine.files.set('/proc/self/stat', statOf({}));
    machine.files.set('/proc/4711/stat', stat);
    machine.files.set('/proc/4711/status', 'Name:\tmosquitto\nVmSize:\t  99999 kB\nVmRSS:\t   5120 kB\nThreads:\t1\n');
    return machine;
  };

  it('reads CPU time and memory', () => {
    const process = new BrokerProcess(4711, machineWith(statOf({ user: 250, system: 50 })));
    expect(process.read()).toEqual({ cpuUs: 3_000_000, memoryBytes: 5_242_880 });
  });

  it('is in each sample, until the process ends', async () => {
    const machine = machineWith(statOf({ user: 100 }));
    const clock = new FakeClock();
    const brokerProcess = new BrokerProcess(4711, machine);
    const sampler = new Sampler({ progress: makeCounters(), sys: () => null, brokerProcess }, { clock, machine });
    machine.files.set('/proc/4711/stat', statOf({ user: 150, system: 30 }));
    await clock.advance(1000);
    machine.files.delete('/proc/4711/stat');
    await clock.advance(1000);
    sampler.stop();
    expect(sampler.samples.map((sample) => sample.brokerProcess)).toEqual([{ cpu: 0.8, memoryBytes: 5_242_880 }, null]);
  });

  it('tells nothing of another process that has got the number', () => {
    const machine = machineWith(statOf({ user: 100, started: 1000 }));
    const process = new BrokerProcess(4711, machine);
    machine.files.set('/proc/4711/stat', statOf({ user: 200, started: 2000 }));
    expect(process.read()).toBeUndefined();
  });

  it('is an error where there is no such process, and where there is no /proc', () => {
    const open = (machine: FakeMachine) => () => new BrokerProcess(4712, machine);
    expect(open(machineWith(statOf({})))).toThrow(UsageError);
    expect(open(machineWith(statOf({})))).toThrow('--broker-pid 4712: no such process');
    expect(open(new FakeMachine())).toThrow(UsageError);
    expect(open(new FakeMachine())).toThrow('--broker-pid needs the /proc of Linux, which is not there');
  });
});
