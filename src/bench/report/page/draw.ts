/** Runs in the page: draws each chart of the report, again when its size or the colours change. */
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import './page.css';
import type { Axis, Chart } from './chart.ts';

const NUMBERS = new Intl.NumberFormat('en', { maximumSignificantDigits: 4 });
/** Beside the colour, so that lines can be told apart without seeing it. */
const DASHES = [[], [8, 3], [2, 3], [10, 3, 2, 3]];
const UNITS: Readonly<Partial<Record<Axis, string>>> = { seconds: ' s', milliseconds: ' ms', percent: ' %' };
const FONT = '12px system-ui, sans-serif';

const charts = JSON.parse(document.getElementById('charts')?.textContent ?? '[]') as Chart[];
const drawn: { readonly place: HTMLElement; readonly chart: Chart; plot: uPlot | undefined }[] = [];

for (const chart of charts) {
  const place = document.getElementById(chart.id);
  if (place !== null) drawn.push({ place, chart, plot: undefined });
}

const resized = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    const found = drawn.find(({ place }) => place === target);
    if (found?.plot !== undefined && found.plot.width !== target.clientWidth) found.plot.setSize(sizeIn(found.place));
  }
});
drawAll();
for (const { place } of drawn) resized.observe(place);
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', drawAll);

/** The colours are drawn, not styled: they are read from the style sheet each time. */
function drawAll(): void {
  for (const one of drawn) {
    one.plot?.destroy();
    one.plot = draw(one.chart, one.place);
  }
}

function sizeIn(place: HTMLElement): { width: number; height: number } {
  return { width: place.clientWidth, height: 240 };
}

function draw(chart: Chart, place: HTMLElement): uPlot {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string): string => style.getPropertyValue(`--${name}`).trim();
  const isTime = chart.x === 'seconds';
  const axis = {
    stroke: colour('muted'),
    font: FONT,
    grid: { stroke: colour('grid'), width: 1 },
    ticks: { show: false },
  };
  const options: uPlot.Options = {
    ...sizeIn(place),
    padding: [10, 24, 0, 0],
    // The vertical line of all charts over time moves together.
    cursor: { ...(isTime && { sync: { key: 'time' } }), points: { size: 6 } },
    scales: {
      x: { time: false, ...(!isTime && { distr: 3, log: 10, range: (_, min, max) => [min, max] }) },
      y: chart.isLogarithmic ? { distr: 3, log: 10 } : { range: (_, __, max) => [0, max > 0 ? max * 1.08 : 1] },
    },
    axes: [
      {
        ...axis,
        space: 60,
        size: 32,
        ...(!isTime && { filter: thinOut }),
        values: (_, ticks) => ticks.map((tick) => label(tick, chart.x)),
      },
      { ...axis, size: 66, values: (_, ticks) => ticks.map((tick) => label(tick, chart.y)) },
    ],
    series: [
      {
        label: chart.x === 'seconds' ? 'at' : 'percentile',
        value: (_, value) => label(value, chart.x),
      },
      ...chart.lines.map((line, index) => ({
        label: line.label,
        stroke: colour(`series-${(index % 4) + 1}`),
        dash: DASHES[index % DASHES.length] ?? [],
        width: 1.75,
        points: { show: chart.xs.length === 1 },
        ...(isTime && uPlot.paths.stepped && { paths: uPlot.paths.stepped({ align: -1 }) }),
        value: (_: uPlot, value: number | null) => label(value, chart.y),
      })),
    ],
  };
  return new uPlot(options, [[...chart.xs], ...chart.lines.map(({ values }) => [...values])], place);
}

/** A percentile for each digit, or for each other one where they would run into each other. */
function thinOut(plot: uPlot, ticks: readonly (number | null)[]): (number | null)[] {
  const digits = Math.log10(plot.scales['x']?.max ?? 10);
  const step = Math.max(1, Math.ceil((digits * 58) / plot.width));
  return ticks.map((tick) => {
    const digit = Math.log10(tick ?? 0);
    return Math.abs(digit - Math.round(digit)) < 1e-9 && Math.round(digit) % step === 0 ? tick : null;
  });
}

/** Of a tick, which a logarithmic axis may leave without one, or of the value under the pointer, which may be missing. */
function label(value: number | null, axis: Axis): string {
  if (value === null) return '';
  return axis === 'percentile' ? percentile(value) : `${NUMBERS.format(value)}${UNITS[axis] ?? ''}`;
}

/** 100 is p99, 1000 is p99.9. */
function percentile(x: number): string {
  const digits = Math.max(0, Math.ceil(Math.log10(x) - 1e-9) - 2);
  return `p${Number((100 - 100 / x).toFixed(digits))}`;
}
