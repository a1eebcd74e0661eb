import { exitCodeOfSignal } from '../cli/signals.ts';
import { BenchFailedError, type CliError, ConnectionLostError, InterruptedError } from '../errors.ts';
import { formatCount, formatDurationMs, formatQuantity } from '../output/units.ts';
import type { BenchResult } from './result.ts';

/** The error that a command ends with after it has printed `result`; undefined when all was delivered. */
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
      return faults.length === 0 ? undefined : new BenchFailedError(faults.join('; '));
    }
  }
}

function describeFaults({ config, ledger }: BenchResult): string[] {
  const answer = config.qos === 0 ? 'confirmed' : 'acknowledged';
  const wait = formatDurationMs(config.drainTimeoutMs);
  const deliveries = formatQuantity(ledger.expected, 'delivery', 'deliveries');
  const messages = formatQuantity(ledger.attempted, 'message');
  const faults: readonly (readonly [count: number, all: string, what: string])[] = [
    [ledger.lost, deliveries, 'lost'],
    [ledger.refused, messages, 'refused'],
    [ledger.timedOut, messages, `not ${answer} in ${wait}`],
  ];
  return faults
    .filter(([count]) => count > 0)
    .map(([count, all, what]) => `${formatCount(count)} of ${all} ${count === 1 ? 'was' : 'were'} ${what}`);
}

/** How a run ended that did not do all that it was to do; undefined for one that did. */
export function describeEnd({ config, ledger, outcome }: BenchResult): string | undefined {
  const soFar =
    config.messages === null
      ? `after ${formatQuantity(ledger.attempted, 'message')}`
      : `after ${formatCount(ledger.attempted)} of ${formatQuantity(config.messages, 'message')}`;
  switch (outcome.kind) {
    case 'completed':
      return undefined;
    case 'stalled':
      return `sending stopped ${soFar}, for nothing was delivered any more`;
    case 'interrupted':
      return `stopped by ${outcome.signal} ${soFar}`;
    case 'connection-lost':
      return `the connection of ${outcome.role} ${outcome.index} was lost ${soFar}: ${outcome.reason}`;
    case 'failed':
      return `sending failed ${soFar}: ${outcome.reason}`;
  }
}
