/** What an assertion or a comparison can name, and how it is read from a result. */
import { LEDGER_COUNTS, type Ledger, PUBLISH_COUNTS } from '../record/ledger.ts';
import { rateOf } from './rates.ts';
import { type BenchResult, LATENCIES, type LatencyName } from './result.ts';

/** Where measures are read from: a whole result, or one run of --repeat, which has fewer of them. */
export type Figures = Pick<BenchResult, 'ledger' | 'rates' | 'latency'> &
  Partial<Pick<BenchResult, 'connections' | 'ignored' | 'openings'>>;

/** Latencies are in microseconds, rates by the second. */
export type MeasureKind = 'count' | 'percent' | 'rate' | 'latency';

export interface Measure {
  /** As it is typed: `lost`, `lost%`, `delivered/s`, `p99`, `puback.p99`. */
  readonly name: string;
  readonly kind: MeasureKind;
  /** For a latency: of which. */
  readonly latency?: LatencyName;
  /** Null where nothing was measured. */
  read(figures: Figures): number | null;
}

const STATISTICS = ['p50', 'p90', 'p99', 'p999', 'min', 'mean', 'max'] as const;
const RATES = { sent: 'sentPerSecond', accepted: 'acceptedPerSecond', delivered: 'deliveredPerSecond' } as const;
const CONNECTION_COUNTS = ['attempted', 'connected', 'failed', 'lost'] as const;
/** What a percentage of a count is of. */
const WHOLES = {
  accepted: 'attempted',
  refused: 'attempted',
  timedOut: 'attempted',
  inFlight: 'attempted',
  delivered: 'expected',
  lost: 'expected',
  duplicated: 'delivered',
  outOfOrder: 'delivered',
} as const satisfies Partial<Record<keyof Ledger, keyof Ledger>>;

const NEED_HEADERS: readonly string[] = ['lost', 'duplicated', 'outOfOrder'];

/** Every measure by its name, in the order in which they are listed. */
export const MEASURES: ReadonlyMap<string, Measure> = new Map(
  [...rates(), ...latencies(), ...counts(), ...percentages(), ...connectionCounts(), ...ignoredCounts()].map(
    (measure) => [measure.name, measure],
  ),
);

/** What of the ledger is measured as a rate: 0 stands for none, and is not a measurement. */
function rates(): Measure[] {
  return [
    ...Object.entries(RATES).map(
      ([name, rate]): Measure => ({
        name: `${name}/s`,
        kind: 'rate',
        read: (figures) => figures.rates[rate] || null,
      }),
    ),
    { name: 'connected/s', kind: 'rate', read: readConnectRate },
  ];
}

/** Of `conn`: over all the times that its connections were opened. */
function readConnectRate({ openings = [] }: Figures): number | null {
  const total = (key: 'connected' | 'duration'): number =>
    openings.reduce((sum, opening) => sum + (opening[key] ?? 0), 0);
  return rateOf(total('connected'), total('duration')) || null;
}

/** `p99` alone is that of `endToEnd`. */
function latencies(): Measure[] {
  return ['', ...LATENCIES.map((name) => `${name}.`)].flatMap((prefix) => {
    const latency = (prefix.slice(0, -1) || 'endToEnd') as LatencyName;
    return STATISTICS.map((statistic) => ({
      name: `${prefix}${statistic}`,
      kind: 'latency' as const,
      latency,
      read: (figures: Figures) => figures.latency[latency][statistic],
    }));
  });
}

/** Where nothing was sent, or nothing was due, a count of 0 says nothing. */
function counts(): Measure[] {
  return LEDGER_COUNTS.map((name) => ({
    name,
    kind: 'count',
    read: (figures) => {
      const { ledger } = figures;
      const whole = (PUBLISH_COUNTS as readonly string[]).includes(name) ? 'attempted' : 'expected';
      return ledger[whole] === 0 || isUnknown(name, figures) ? null : ledger[name];
    },
  }));
}

/** `sub` sees what is missing by the headers of mqtt-bench alone: where no message had one, 0 says nothing. */
function isUnknown(name: string, { latency, ledger }: Figures): boolean {
  const isNone = ledger[name as keyof Ledger] === 0;
  return isNone && NEED_HEADERS.includes(name) && ledger.attempted === 0 && latency.endToEnd.count === 0;
}

function percentages(): Measure[] {
  return Object.entries(WHOLES).map(([name, whole]) => ({
    name: `${name}%`,
    kind: 'percent',
    read: (figures) => {
      const { ledger } = figures;
      if (ledger[whole] === 0 || isUnknown(name, figures)) return null;
      return (100 * ledger[name as keyof Ledger]) / ledger[whole];
    },
  }));
}

function connectionCounts(): Measure[] {
  return CONNECTION_COUNTS.map((name) => ({
    name: `connections.${name}`,
    kind: 'count',
    read: ({ connections }) => (connections?.attempted ? connections[name] : null),
  }));
}

function ignoredCounts(): Measure[] {
  return (['foreign', 'altered'] as const).map((name) => ({
    name,
    kind: 'count',
    read: ({ ignored }) => ignored?.[name] ?? null,
  }));
}
