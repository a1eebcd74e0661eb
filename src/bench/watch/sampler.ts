import type { Context, Timer } from '../../cli/context.ts';
import { IntervalLatency } from '../record/interval-latency.ts';
import type { Sample } from '../result/result.ts';
import type { BrokerProcess, ProcessUse } from './broker-process.ts';
import { EventLoopLag } from './event-loop-lag.ts';
import type { Progress } from './progress.ts';

const SECOND_MS = 1000;
const MINUTE_MS = 60_000;
/** A day of seconds, which takes up about 30 MB; from then on there is a sample each minute, half a megabyte a day. */
const MOST_SECONDS = 86_400;

/** What is sampled beside the counters of the run. */
export interface Sampled {
  readonly progress: Progress;
  /** The newest figures of `$SYS`. */
  readonly sys: () => Sample['sys'];
  readonly brokerProcess: BrokerProcess | undefined;
}

/** What the counters said at the end of the last sample. */
interface Before {
  readonly ms: number;
  readonly sent: number;
  readonly accepted: number;
  readonly delivered: number;
  readonly cpuUs: number;
  readonly turns: number | undefined;
  readonly brokerProcess: ProcessUse | undefined;
}

/** Makes a {@link Sample} of each second, from when it is made until it is stopped. */
export class Sampler {
  /** In order of time. */
  readonly samples: Sample[] = [];
  readonly #world: Pick<Context, 'clock' | 'machine'>;
  readonly #sampled: Sampled;
  readonly #latency = new IntervalLatency();
  readonly #lag: EventLoopLag;
  readonly #startMs: number;
  #before: Before;
  /** When the next sample is due, in milliseconds from the start. */
  #dueMs = 0;
  #timer: Timer | undefined;
  #isStopped = false;

  constructor(sampled: Sampled, world: Pick<Context, 'clock' | 'machine'>) {
    this.#world = world;
    this.#sampled = sampled;
    this.#startMs = world.clock.monotonicMs();
    this.#latency.take(sampled.progress.latency);
    this.#lag = new EventLoopLag(world.clock);
    this.#before = this.#read();
    this.#waitForNext();
  }

  /** Takes the last sample, of what there is of its second; the second time nothing more. */
  stop(): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#world.clock.clearTimer(this.#timer);
    if (this.#world.clock.monotonicMs() > this.#before.ms) this.#sample();
    this.#lag.stop();
  }

  /** At whole seconds from the start, however late the last one was. */
  #waitForNext(): void {
    const { clock } = this.#world;
    const periodMs = this.samples.length < MOST_SECONDS ? SECOND_MS : MINUTE_MS;
    const elapsedMs = clock.monotonicMs() - this.#startMs;
    // Counted on from the last one too: a timer may fire a fraction of a millisecond before its time.
    this.#dueMs = Math.max(this.#dueMs + periodMs, (Math.floor(elapsedMs / periodMs) + 1) * periodMs);
    this.#timer = clock.setTimer(() => {
      this.#sample();
      this.#waitForNext();
    }, this.#dueMs - elapsedMs);
  }

  #sample(): void {
    const { machine } = this.#world;
    const { progress, sys } = this.#sampled;
    const before = this.#before;
    const now = this.#read();
    this.#before = now;
    const elapsedUs = (now.ms - before.ms) * 1000;
    const brokerProcess =
      now.brokerProcess && before.brokerProcess
        ? {
            cpu: shareOf(now.brokerProcess.cpuUs - before.brokerProcess.cpuUs, elapsedUs),
            memoryBytes: now.brokerProcess.memoryBytes,
          }
        : null;
    this.samples.push({
      atMs: Math.round(now.ms - this.#startMs),
      sent: now.sent - before.sent,
      accepted: now.accepted - before.accepted,
      delivered: now.delivered - before.delivered,
      inFlight: progress.inFlight,
      ...(progress.lost !== undefined && { lost: progress.lost }),
      connections: progress.connections,
      latency: this.#latency.take(progress.latency),
      generator: {
        cpu: shareOf(now.cpuUs - before.cpuUs, elapsedUs),
        lagUs: Math.max(this.#lag.takeUs(), progress.takeLagUs?.() ?? 0),
        ...(now.turns !== undefined && before.turns !== undefined && { turns: now.turns - before.turns }),
        memoryBytes: machine.memoryBytes(),
      },
      sys: sys(),
      brokerProcess,
    });
  }

  #read(): Before {
    const { clock, machine } = this.#world;
    const { brokerProcess, progress } = this.#sampled;
    const { accepted, delivered, sent } = progress;
    const ms = clock.monotonicMs();
    return {
      ms,
      sent,
      accepted,
      delivered,
      cpuUs: machine.cpuUs(),
      turns: progress.turns ?? machine.loopTurns(),
      brokerProcess: brokerProcess?.read(),
    };
  }
}

/** To three decimals. */
function shareOf(partUs: number, wholeUs: number): number {
  return wholeUs === 0 ? 0 : Math.round((partUs * 1000) / wholeUs) / 1000;
}
