/** What the charts of the HTML report show: numbers of the result, in the units of their axes. */
import { decodeHistogram } from '../result/histogram.ts';
import type { BenchResult, Latency, Sample } from '../result/result.ts';
import type { Chart, Line } from './page/chart.ts';
import { chooseLatencies, nameLatency } from './words.ts';

/** The last interval may be a sliver: what happened to fall into it makes no rate worth drawing. */
const SHORTEST_MS = 250;
/** On a curve, between two digits of the percentile: 90 to 99, 99 to 99.9. */
const POINTS_PER_DIGIT = 24;

/** The charts for which there is something to show, in order. */
export function makeCharts(result: BenchResult): Chart[] {
  const overTime = timeCharts(result);
  const isFirst = ({ id }: Chart): boolean => id === 'rate' || id === 'latency';
  return [...overTime.filter(isFirst), ...percentileChart(result), ...overTime.filter((chart) => !isFirst(chart))];
}

/** The intervals of a result with their lengths, slivers left out. */
function intervalsOf({ samples }: BenchResult): { readonly sample: Sample; readonly seconds: number }[] {
  const all = samples.map((sample, index) => ({
    sample,
    seconds: (sample.atMs - (samples[index - 1]?.atMs ?? 0)) / 1000,
  }));
  const long = all.filter(({ seconds }) => seconds * 1000 >= SHORTEST_MS);
  return long.length > 0 ? long : all.filter(({ seconds }) => seconds > 0);
}

function timeCharts(result: BenchResult): Chart[] {
  const { scenario } = result.config;
  const intervals = intervalsOf(result);
  if (intervals.length === 0) return [];
  // A line starts where its first interval does.
  const xs = [0, ...intervals.map(({ sample }) => sample.atMs / 1000)];
  const line = (label: string, read: (sample: Sample, seconds: number) => number | null): Line => {
    const values = intervals.map(({ sample, seconds }) => read(sample, seconds));
    return { label, values: [values[0] ?? null, ...values] };
  };
  const time = { x: 'seconds', isLogarithmic: false, xs } as const;
  const rate = (label: string, count: 'sent' | 'accepted' | 'delivered'): Line =>
    line(label, (sample, seconds) => sample[count] / seconds);
  const rates = {
    pubsub: [rate('sent', 'sent'), rate('accepted', 'accepted'), rate('delivered', 'delivered')],
    pub: [rate('sent', 'sent'), rate('accepted', 'accepted')],
    sub: [rate('received', 'delivered')],
    rr: [rate('requests', 'sent'), rate('responses', 'delivered')],
    conn: [],
  }[scenario];
  const latency = (name: 'p50' | 'p99' | 'max'): Line =>
    line(name, ({ latency: seen }) => (seen === null ? null : milliseconds(seen[name])));
  const ofWhat = { pub: 'acknowledgement', conn: 'connection', rr: 'round trip' } as const;
  const cpu = [
    line('mqtt-bench', ({ generator }) => generator.cpu * 100),
    line('broker', ({ brokerProcess }) => (brokerProcess === null ? null : brokerProcess.cpu * 100)),
  ];
  const hasLosses = result.samples.some(({ lost }) => lost !== undefined);
  const charts: Chart[] = [
    { id: 'rate', title: 'Messages per second', y: 'per second', lines: rates, ...time },
    {
      id: 'latency',
      title: `Latency over time${scenario in ofWhat ? `, ${ofWhat[scenario as keyof typeof ofWhat]}` : ''}`,
      y: 'milliseconds',
      lines: [latency('p50'), latency('p99'), latency('max')],
      ...time,
      isLogarithmic: true,
    },
    {
      id: 'outstanding',
      title: hasLosses ? 'In flight, and lost so far' : 'In flight',
      y: 'messages',
      lines:
        scenario === 'conn' || scenario === 'sub'
          ? []
          : [line('in flight', ({ inFlight }) => inFlight), line('lost', ({ lost }) => lost ?? null)],
      ...time,
    },
    {
      id: 'connections',
      title: 'Connections open',
      y: 'connections',
      lines: scenario === 'conn' || result.connections.lost > 0 ? [line('open', ({ connections }) => connections)] : [],
      ...time,
    },
    { id: 'cpu', title: 'CPU, 100 % is one core', y: 'percent', lines: cpu, ...time },
  ];
  return charts
    .map((chart) => ({ ...chart, lines: chart.lines.filter(({ values }) => values.some((value) => value !== null)) }))
    .filter(({ lines }) => lines.length > 0);
}

/** Values at percentiles that come ever closer to 100, each curve up to where one more value would be needed. */
function percentileChart(result: BenchResult): Chart[] {
  const { config, latency } = result;
  const names = chooseLatencies(result);
  const counts = names.map((name) => latency[name].count);
  const most = Math.max(0, ...counts);
  if (most < 2) return [];
  const steps = Math.floor(Math.log10(most) * POINTS_PER_DIGIT);
  const grid = Array.from({ length: steps + 1 }, (_, step) => 10 ** (step / POINTS_PER_DIGIT));
  // Each curve ends at its own maximum.
  const xs = [...new Set([...grid, ...counts])].filter((x) => x > 0).sort((a, b) => a - b);
  const lines = names.map((name) => ({
    label: nameLatency(name, config).span,
    values: curveOf(latency[name], xs),
  }));
  return [
    {
      id: 'percentiles',
      title: 'Latency by percentile',
      x: 'percentile',
      y: 'milliseconds',
      isLogarithmic: true,
      xs,
      lines,
    },
  ];
}

function curveOf(latency: Latency, xs: readonly number[]): (number | null)[] {
  const histogram = decodeHistogram(latency);
  if (histogram === undefined) return xs.map(() => null);
  const most = latency.max ?? histogram.maxValue;
  return xs.map((x) => {
    if (x > latency.count) return null;
    const us = x === latency.count ? most : histogram.getValueAtPercentile(100 - 100 / x);
    return milliseconds(Math.min(us, most));
  });
}

/** Not below a microsecond, the resolution of the clock: a logarithm has no zero. */
function milliseconds(us: number): number {
  return Math.max(us, 1) / 1000;
}
