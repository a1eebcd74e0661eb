import type { BenchResult, Sample } from '../result/result.ts';

const SECOND_MS = 1000;

/**
 * The time series of several runs as one, by the clock: `atMs` counts from the start of the first run. Samples of the
 * same second, to the nearest, are added up. Of their percentiles and of what each generator says of itself the largest
 * is kept: how the rest of a second's latencies lay is not known any more.
 */
export function mergeSamples(results: readonly BenchResult[]): readonly Sample[] {
  const startMs = Math.min(...results.map(startedMsOf));
  const series = results.map((result) => bySecond(result, startedMsOf(result) - startMs));
  const seconds = [...new Set(series.flatMap((samples) => [...samples.keys()]))].sort((a, b) => a - b);
  const lostSoFar: number[] = [];
  return seconds.map((second) => {
    const samples = series.flatMap((one, index) => {
      const sample = one.get(second);
      if (sample?.lost !== undefined) lostSoFar[index] = sample.lost;
      return sample ?? [];
    });
    const isKnown = series.some((one) => [...one.values()].some(({ lost }) => lost !== undefined));
    return { ...addUp(samples), ...(isKnown && { lost: sum(lostSoFar) }) };
  });
}

/** The samples of one run by the second in which they end, counted from the start of the first run. */
function bySecond({ samples }: BenchResult, offsetMs: number): Map<number, Sample> {
  const found = new Map<number, Sample>();
  for (const sample of samples) {
    const moved = { ...sample, atMs: sample.atMs + offsetMs };
    const second = Math.round(moved.atMs / SECOND_MS);
    const before = found.get(second);
    // The last sample of a run is of less than a second, and may fall to the one before.
    found.set(second, before === undefined ? moved : { ...addUp([before, moved]), ...atTheEndOf(moved) });
  }
  return found;
}

function atTheEndOf({ atMs, inFlight, connections, lost }: Sample): Partial<Sample> {
  return { atMs, inFlight, connections, ...(lost !== undefined && { lost }) };
}

function addUp(samples: readonly Sample[]): Sample {
  const total = (pick: (sample: Sample) => number): number => sum(samples.map(pick));
  const most = (pick: (sample: Sample) => number): number => Math.max(...samples.map(pick));
  const turns = samples.flatMap(({ generator }) => generator.turns ?? []);
  const latencies = samples.flatMap(({ latency }) => latency ?? []);
  return {
    atMs: most(({ atMs }) => atMs),
    sent: total(({ sent }) => sent),
    accepted: total(({ accepted }) => accepted),
    delivered: total(({ delivered }) => delivered),
    inFlight: total(({ inFlight }) => inFlight),
    connections: total(({ connections }) => connections),
    latency:
      latencies.length === 0
        ? null
        : {
            p50: Math.max(...latencies.map(({ p50 }) => p50)),
            p99: Math.max(...latencies.map(({ p99 }) => p99)),
            max: Math.max(...latencies.map(({ max }) => max)),
          },
    generator: {
      cpu: most(({ generator }) => generator.cpu),
      lagUs: most(({ generator }) => generator.lagUs),
      ...(turns.length > 0 && { turns: Math.max(...turns) }),
      memoryBytes: most(({ generator }) => generator.memoryBytes),
    },
    sys: samples.find(({ sys }) => sys !== null)?.sys ?? null,
    brokerProcess: samples.find(({ brokerProcess }) => brokerProcess !== null)?.brokerProcess ?? null,
  };
}

function startedMsOf({ startedAt }: BenchResult): number {
  // biome-ignore lint/style/noRestrictedGlobals: reads a time that was written, not the clock
  return Date.parse(startedAt);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
