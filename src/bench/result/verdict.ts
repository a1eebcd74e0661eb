import { exitCodeOfSignal } from '../../cli/signals.ts';
import { BenchFailedError, type CliError, ConnectionLostError, InterruptedError, UsageError } from '../../errors.ts';
import { formatCount, formatDurationMs, formatQuantity } from '../../output/units.ts';
import { parseAssertions } from './assertions.ts';
import { type BenchResult, type ConnectionLedger, LATENCIES } from './result.ts';
import { describeMiss } from './thresholds.ts';

/**
 * The error that a command ends with after it has printed `result`; undefined when all was delivered and every
 * threshold held. An assertion about a count, such as `lost% < 0.1`, takes the place of the rule that it must be 0.
 */
export function judge(result: BenchResult): CliError | undefined {
  const { outcome } = result;
  const ended = describeEnd(result);
  switch (outcome.kind) {
    case 'interrupted':
      return new InterruptedError(ended ?? '', exitCodeOfSignal(outcome));
    case 'connection-lost':
      return new ConnectionLostError(ended ?? '');
    default: {
      const faults = [...describeFaults(result), ...(ended === undefined ? [] : [ended])];
      return faults.length === 0
        ? describeNoMeasurement(result)
        : new BenchFailedError(faults.join('; '), hintAtMeasured(result));
    }
  }
}

/** Something came, and all of it in the warm-up: what the run was for is missing. */
function describeNoMeasurement({ config, ledger, measured }: BenchResult): UsageError | undefined {
  const { warmupMs } = config;
  if (warmupMs === 0 || measured.attempted + measured.delivered > 0 || ledger.attempted + ledger.delivered === 0) {
    return undefined;
  }
  return new UsageError(
    `--warmup ${formatDurationMs(warmupMs)}: the run was over before it, and nothing was measured`,
    'Use a shorter --warmup, a larger -n, or --duration.',
  );
}

/** A condition on a latency that the scenario does not have: `p99` of mqtt-bench pub is that of PUBACK. */
function hintAtMeasured({ latency, thresholds }: BenchResult): string | undefined {
  const isMissing = thresholds.some(
    ({ assertion, value }) => value === null && parseAssertions(assertion).some(({ measure }) => measure.latency),
  );
  const measured = LATENCIES.filter((name) => latency[name].count > 0);
  if (!isMissing || measured.length === 0) return undefined;
  return `Measured were: ${measured.map((name) => `${name}.p99`).join(', ')}`;
}

function describeFaults({ config, connections, ledger, thresholds }: BenchResult): string[] {
  const asserted = thresholds.flatMap(({ assertion, held, value }) =>
    parseAssertions(assertion).map((parsed) => ({ parsed, held, value })),
  );
  const judged = new Set(asserted.map(({ parsed }) => parsed.measure.name.replace('%', '')));
  const answer = config.qos === 0 ? 'confirmed' : 'acknowledged';
  const wait = formatDurationMs(config.drainTimeoutMs);
  const isConn = config.scenario === 'conn';
  const deliveries = isConn
    ? formatQuantity(ledger.expected, 'Will')
    : formatQuantity(ledger.expected, 'delivery', 'deliveries');
  const messages = formatQuantity(ledger.attempted, 'message');
  const faults: readonly (readonly [count: 'lost' | 'refused' | 'timedOut', all: string, what: string])[] = [
    ['lost', deliveries, 'lost'],
    ['refused', messages, 'refused'],
    ['timedOut', messages, `not ${answer} in ${wait}`],
  ];
  return [
    ...(isConn ? describeConnections(connections, judged) : []),
    ...faults
      .filter(([count]) => ledger[count] > 0 && !judged.has(count))
      .map(
        ([count, all, what]) =>
          `${formatCount(ledger[count])} of ${all} ${ledger[count] === 1 ? 'was' : 'were'} ${what}`,
      ),
    ...asserted.filter(({ held }) => !held).map(({ parsed, value }) => describeMiss(parsed, value)),
  ];
}

/** In every other scenario the first connection that fails or is lost ends the run. */
function describeConnections(
  { attempted, connected, failed, lost, reasons }: ConnectionLedger,
  judged: ReadonlySet<string>,
): string[] {
  const [first] = reasons;
  const why = first === undefined ? '' : ` (${first.reason})`;
  return [
    ...(failed > 0 && !judged.has('connections.failed')
      ? [`${formatCount(failed)} of ${formatQuantity(attempted, 'connection')} could not be opened${why}`]
      : []),
    ...(lost > 0 && !judged.has('connections.lost')
      ? [
          `${formatCount(lost)} of ${formatQuantity(connected, 'connection')} ${lost === 1 ? 'was' : 'were'} lost${failed > 0 ? '' : why}`,
        ]
      : []),
  ];
}

/** How a run ended that did not do all that it was to do; undefined for one that did. */
export function describeEnd(result: BenchResult): string | undefined {
  const { config, ledger, outcome } = result;
  const isConn = config.scenario === 'conn';
  const soFar = describeExtent(result);
  switch (outcome.kind) {
    case 'completed':
      return undefined;
    case 'stalled':
      if (config.scenario === 'sub') return `nothing came for ${formatDurationMs(config.drainTimeoutMs)} ${soFar}`;
      return `sending stopped ${soFar}, for nothing was ${config.scenario === 'pub' ? 'accepted' : 'delivered'} any more`;
    case 'interrupted':
      return `stopped by ${outcome.signal} ${soFar}`;
    case 'connection-lost':
      if (isConn && outcome.role === 'connection') return `all connections were lost ${soFar}: ${outcome.reason}`;
      return `the connection of ${outcome.role} ${outcome.index} was lost ${soFar}: ${outcome.reason}`;
    case 'failed':
      if (isConn) return `no more connections could be opened ${soFar}: ${outcome.reason}`;
      if (ledger.attempted === 0) return `it failed before the first message: ${outcome.reason}`;
      return `sending failed ${soFar}: ${outcome.reason}`;
  }
}

/** How much was done. */
function describeExtent({ config, connections, ledger, repeats }: BenchResult): string {
  const inRuns = repeats.length > 0 ? ` in ${formatQuantity(repeats.length, 'run')}` : '';
  if (config.scenario === 'conn') return `after ${formatQuantity(connections.connected, 'connection')}${inRuns}`;
  // -n counts every message that came, repeated ones too.
  const done = config.scenario === 'sub' ? ledger.delivered + ledger.duplicated : ledger.attempted;
  if (config.messages === null || repeats.length > 0) return `after ${formatQuantity(done, 'message')}${inRuns}`;
  return `after ${formatCount(done)} of ${formatQuantity(config.messages, 'message')}`;
}
