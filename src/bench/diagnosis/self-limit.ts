import { formatDurationMs } from '../../output/units.ts';
import type { BenchResult, Sample } from '../result/result.ts';

/** Part of a CPU from which on a thread is taken to be saturated: it now and then waits for the kernel, never reaches 1. */
const SATURATED = 0.95;
/** From here on a broker of one thread is as much of a limit as the generator. */
const BUSY_BROKER = 0.85;
/** Of a CPU: who uses no more and is late was kept waiting by others. */
const LITTLE = 0.5;
/** A shorter delay of the event loop is within what batches of messages take. */
const LONG_LAG_US = 50_000;
/** Shorter samples, and the first one, in which code is still being compiled, tell little. */
const SHORTEST_MS = 500;
const FEWEST_SAMPLES = 2;

/** As many in one turn of the event loop are a lot, however many more are outstanding: a turn has its limits. */
const MANY = 50;
/** Of the rate that was asked for: a schedule that was kept is no limit of anything. */
const KEPT = 0.98;

type Watched = Pick<BenchResult, 'config' | 'rates' | 'samples'>;

/** Says when a result is a limit of the generator, or of its machine, rather than of the broker. */
export function describeSelfLimit({ config, rates, samples }: Watched): string | undefined {
  const busy = busySamples(samples);
  if (busy.length < FEWEST_SAMPLES) return undefined;
  const threads = Math.max(1, config.workers);
  const isScheduleKept = config.rate !== null && rates.sentPerSecond >= config.rate * KEPT;
  const cpu = isScheduleKept || isWaiting(busy, threads) ? undefined : describeCpu(busy, threads);
  return cpu ?? describeLag(busy, threads);
}

/**
 * Whether the generator turns round and round for a few messages each time, while most of those that are outstanding
 * wait elsewhere: that takes all of a CPU too, and many messages more would take little more. Measured with a window
 * of 1000: on mosquitto 1 to 12 at a turn where it sends each by itself, and up to 99 % of a CPU, but 270 at a turn and
 * 8 % where it does not; on a peer that discards everything 340 to 512.
 */
function isWaiting(busy: readonly BusySample[], threads: number): boolean {
  const waiting = busy.filter(({ accepted, delivered, generator: { turns }, inFlight, sent }) => {
    if (turns === undefined) return false;
    return Math.max(accepted, delivered, sent) < turns * Math.min(inFlight / threads / 2, MANY);
  });
  return waiting.length * 2 > busy.length;
}

interface BusySample extends Sample {
  readonly lengthMs: number;
}

/** Those in which messages or connections were on the move. */
function busySamples(samples: readonly Sample[]): BusySample[] {
  return samples.flatMap((sample, index) => {
    const before = samples[index - 1];
    if (before === undefined) return [];
    const lengthMs = sample.atMs - before.atMs;
    const moved = sample.sent + sample.delivered + Math.abs(sample.connections - before.connections);
    return moved > 0 && lengthMs >= SHORTEST_MS ? [{ ...sample, lengthMs }] : [];
  });
}

function describeCpu(busy: readonly BusySample[], threads: number): string | undefined {
  const cpu = meanOf(busy, ({ generator }) => generator.cpu);
  const brokerCpu = busy.every(({ brokerProcess }) => brokerProcess !== null)
    ? meanOf(busy, ({ brokerProcess }) => brokerProcess?.cpu ?? 0)
    : undefined;
  const isSaturated = cpu >= SATURATED * threads || (brokerCpu !== undefined && isLargerPart(cpu, brokerCpu));
  if (!isSaturated || (brokerCpu ?? 0) >= BUSY_BROKER) return undefined;
  const used = `mqtt-bench used ${percent(cpu)} of a CPU${brokerCpu === undefined ? '' : `, and the broker ${percent(brokerCpu)}`}`;
  return `${used}: this number is a limit of mqtt-bench, not of the broker. --workers spreads the load over more CPUs.`;
}

/** With a small window the two work by turns, one CPU between them, and most of that is the generator's. */
function isLargerPart(cpu: number, brokerCpu: number): boolean {
  return cpu + brokerCpu >= SATURATED && brokerCpu <= cpu / 2;
}

function describeLag(busy: readonly BusySample[], threads: number): string | undefined {
  const late = busy.filter(
    ({ generator: { lagUs }, latency }) => latency !== null && lagUs >= LONG_LAG_US && lagUs >= latency.p99 / 2,
  );
  if (late.length < FEWEST_SAMPLES || late.length * 2 < busy.length) return undefined;
  const upTo = formatDurationMs(Math.round(Math.max(...late.map(({ generator }) => generator.lagUs)) / 1000));
  const cpu = meanOf(late, ({ generator }) => generator.cpu);
  // It does not keep itself waiting with so little work.
  if (cpu < threads * LITTLE) {
    return `mqtt-bench waited for a CPU for up to ${upTo}, though it used ${percent(cpu)} of one, and that is in the latency: this number is a limit of this machine, which was busy with something else, and not of the broker.`;
  }
  return `The event loop of mqtt-bench was late by up to ${upTo}, and that is in the latency: this number is a limit of mqtt-bench, not of the broker. A smaller --window, a lower --rate or fewer connections shorten it.`;
}

function meanOf(samples: readonly BusySample[], figureOf: (sample: BusySample) => number): number {
  const totalMs = samples.reduce((sum, { lengthMs }) => sum + lengthMs, 0);
  return samples.reduce((sum, sample) => sum + figureOf(sample) * sample.lengthMs, 0) / totalMs;
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
