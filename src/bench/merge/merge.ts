/** Several results as one: counts and distributions are added, rates are made again from the sums. */
import { UsageError } from '../../errors.ts';
import { quote } from '../../output/escape.ts';
import { assertLedgersAddUp, type DeliveryLedger, type Ledger, sumDeliveries, sumLedgers } from '../record/ledger.ts';
import { parseAssertions } from '../result/assertions.ts';
import type { NamedResult } from '../result/named-result.ts';
import { ratesOf } from '../result/rates.ts';
import type { BenchResult, Broker, ConnectionLedger, MergedRun, RefusedMessages, Repeat } from '../result/result.ts';
import { checkThresholds } from '../result/thresholds.ts';
import { mergeConfigs } from './configs.ts';
import { mergeLatencies } from './latencies.ts';
import { mergeOpenings } from './openings.ts';
import { mergeSamples } from './samples.ts';
import { mergeDurations, runsOf, sumDurations, wereInTurn } from './spans.ts';

/**
 * One result of several files. Runs at the same time, as of several machines, add up their load; runs one after another
 * are repeats of each other. Throws UsageError for what cannot be one result.
 */
export function mergeResults(given: readonly NamedResult[]): BenchResult {
  const inputs = given.toSorted((a, b) => compareRuns(a.result, b.result));
  refuseSameRun(inputs);
  const results = inputs.map(({ result }) => result);
  const runs = results.flatMap(runsOf).toSorted(compareRuns);
  const warmupMs = results[0]?.config.warmupMs ?? 0;
  const inTurn = wereInTurn(runs, warmupMs);
  const config = mergeConfigs(
    inputs.map(({ name, result }) => ({ name, config: result.config })),
    inTurn,
  );
  return {
    ...addUp(results, inTurn, mergeDurations(runs, warmupMs)),
    config,
    repeats: inTurn ? results.flatMap(toRepeats).toSorted(compareRepeats) : [],
    merged: runs,
  };
}

/** One result of runs of the same plan, one after another. */
export function mergeRepeats(results: readonly BenchResult[]): BenchResult {
  return {
    ...addUp(results, true, sumDurations(results.map(({ durations }) => durations))),
    repeats: results.flatMap(toRepeats),
  };
}

/** What stands for the whole is that of the first: run, broker, environment, and the configuration until it is merged. */
function addUp(results: readonly BenchResult[], inTurn: boolean, durations: BenchResult['durations']): BenchResult {
  const [first] = results;
  if (first === undefined) throw new UsageError('there is nothing to merge');
  const { search: _, ...whole } = first;
  const total = (pick: (result: BenchResult) => number): number =>
    results.reduce((sum, result) => sum + pick(result), 0);
  const ledger = sumLedgers(results.map((result) => result.ledger));
  const publishers = results.map(({ perPublisher }) => perPublisher);
  const subscribers = results.map(({ perSubscriber }) => perSubscriber);
  const perPublisher = inTurn ? sumByIndex<Ledger>(publishers, sumLedgers) : publishers.flat();
  const perSubscriber = inTurn ? sumByIndex<DeliveryLedger>(subscribers, sumDeliveries) : subscribers.flat();
  assertLedgersAddUp({ total: ledger, publishers: perPublisher, subscribers: perSubscriber });
  const measured = {
    attempted: total((result) => result.measured.attempted),
    accepted: total((result) => result.measured.accepted),
    delivered: total((result) => result.measured.delivered),
  };
  const merged: BenchResult = {
    ...whole,
    outcome: results.map(({ outcome }) => outcome).find(({ kind }) => kind !== 'completed') ?? first.outcome,
    broker: mergeBrokers([first.broker, ...results.map(({ broker }) => broker)]),
    connections: mergeConnections(results.map(({ connections }) => connections)),
    ledger,
    perPublisher,
    perSubscriber,
    ignored: {
      foreign: total(({ ignored }) => ignored.foreign),
      altered: total(({ ignored }) => ignored.altered),
    },
    refusals: mergeRefusals(results.flatMap(({ refusals }) => refusals)),
    measured,
    durations,
    rates: ratesOf({ measured, durations }),
    ...(first.openings && {
      openings: mergeOpenings(
        results.map(({ openings = [] }) => openings),
        inTurn,
      ),
    }),
    latency: mergeLatencies(results.map(({ latency }) => latency)),
    samples: mergeSamples(results),
    diagnosis: distinct(
      results.flatMap(({ diagnosis }) => diagnosis),
      ({ code }) => code,
    ),
    thresholds: [],
  };
  const asked = results.flatMap(({ thresholds }) => thresholds.map(({ assertion }) => assertion));
  return { ...merged, thresholds: checkThresholds([...new Set(asked)].flatMap(parseAssertions), merged) };
}

function toRepeats(result: BenchResult): readonly Repeat[] {
  if (result.repeats.length > 0) return result.repeats;
  const { startedAt, outcome, ledger, durations, rates, latency, openings } = result;
  return [{ startedAt, outcome, ledger, durations, rates, latency, ...(openings && { openings }) }];
}

function refuseSameRun(inputs: readonly NamedResult[]): void {
  const seen = new Map<string, string>();
  for (const { name, result } of inputs) {
    for (const { runId, hostname, startedAt } of runsOf(result)) {
      const run = `${runId} ${hostname} ${startedAt}`;
      const before = seen.get(run);
      if (before !== undefined) {
        throw new UsageError(
          `cannot merge ${quote(before)} and ${quote(name)}: both hold run ${runId} of ${startedAt}`,
        );
      }
      seen.set(run, name);
    }
  }
}

/** In the order in which they started, and where that is the same in one that is always the same. */
function compareRuns(a: Pick<MergedRun, 'startedAt' | 'runId'>, b: Pick<MergedRun, 'startedAt' | 'runId'>): number {
  return compareStarts(a, b) || compare(a.runId, b.runId);
}

/** Those that started in the same millisecond are in an order that is always the same. */
function compareRepeats(a: Repeat, b: Repeat): number {
  return compareStarts(a, b) || compare(JSON.stringify(a), JSON.stringify(b));
}

function compareStarts(a: Pick<MergedRun, 'startedAt'>, b: Pick<MergedRun, 'startedAt'>): number {
  return compare(a.startedAt, b.startedAt);
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** Those of publisher 0 of all runs, those of publisher 1, and so on. */
function sumByIndex<T>(runs: readonly (readonly T[])[], sum: (ledgers: readonly T[]) => T): T[] {
  const most = Math.max(...runs.map(({ length }) => length));
  return Array.from({ length: most }, (_, index) => sum(runs.flatMap((ledgers) => ledgers[index] ?? [])));
}

/** The first tells its name and address; of what it granted, the least. */
function mergeBrokers(brokers: readonly [Broker, ...Broker[]]): Broker {
  const least = <T extends number>(pick: (broker: Broker) => T): T => Math.min(...brokers.map(pick)) as T;
  return {
    ...brokers[0],
    receiveMaximum: least(({ receiveMaximum }) => receiveMaximum),
    grantedQoS: least(({ grantedQoS }) => grantedQoS),
    maximumQoS: least(({ maximumQoS }) => maximumQoS),
    retainAvailable: brokers.every(({ retainAvailable }) => retainAvailable),
  };
}

function mergeConnections(all: readonly ConnectionLedger[]): ConnectionLedger {
  const total = (key: Exclude<keyof ConnectionLedger, 'reasons'>): number =>
    all.reduce((sum, connections) => sum + connections[key], 0);
  const reasons = new Map<string, number>();
  for (const { reason, count } of all.flatMap((connections) => connections.reasons)) {
    reasons.set(reason, (reasons.get(reason) ?? 0) + count);
  }
  return {
    attempted: total('attempted'),
    connected: total('connected'),
    failed: total('failed'),
    lost: total('lost'),
    reasons: [...reasons].map(([reason, count]) => ({ reason, count })),
  };
}

/** By Reason Code, as one run counts them. */
function mergeRefusals(refusals: readonly RefusedMessages[]): readonly RefusedMessages[] {
  return distinct(refusals, ({ reasonCode }) => reasonCode).map((first) => {
    const alike = refusals.filter(({ reasonCode }) => reasonCode === first.reasonCode);
    return {
      ...first,
      reasonString: alike.find(({ reasonString }) => reasonString !== null)?.reasonString ?? null,
      count: alike.reduce((sum, { count }) => sum + count, 0),
    };
  });
}

/** The first of each key. */
function distinct<T>(items: readonly T[], keyOf: (item: T) => unknown): T[] {
  const seen = new Set<unknown>();
  return items.filter((item) => {
    const key = keyOf(item);
    return !seen.has(key) && seen.add(key);
  });
}
