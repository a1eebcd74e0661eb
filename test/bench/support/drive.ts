import type { BenchPlan } from '../../../src/bench/plan/plan.ts';
import { type BenchRun, type BenchWorld, runBench } from '../../../src/bench/scenario/run.ts';
import type { ConnectionPlan } from '../../../src/mqtt/connection-plan.ts';
import { FakeClock, settle } from '../../support/fake-clock.ts';
import { FakeMachine } from '../../support/fake-machine.ts';
import { type Lies, LyingBroker } from './lying-broker.ts';

export const RUN_ID = '0123456789abcdef';

export function makePlan(differs: Partial<BenchPlan> = {}): BenchPlan {
  return {
    scenario: 'pubsub',
    runId: RUN_ID,
    messages: 100,
    qos: 1,
    seed: 1,
    durationMs: null,
    retain: false,
    topic: `mqtt-bench/${RUN_ID}/{publisher}`,
    filter: `mqtt-bench/${RUN_ID}/+`,
    topics: 1,
    topicAlias: false,
    payload: { kind: 'filler', source: null, sizeBytes: 64 },
    shape: 'all',
    flood: false,
    rate: null,
    rampMs: 0,
    warmupMs: 0,
    connectRate: null,
    workers: 0,
    localAddresses: [],
    connections: 0,
    storms: 0,
    publishers: 1,
    subscribers: 1,
    window: 1000,
    drainTimeoutMs: 1000,
    ...differs,
  };
}

export function makeConnection(differs: Partial<ConnectionPlan> = {}): ConnectionPlan {
  return {
    endpoint: { host: 'localhost', port: 1883 },
    version: 'auto',
    clientId: '',
    generatedClientIdPrefix: 'mqtt-bench-',
    keepAliveSeconds: 60,
    cleanStart: true,
    connectTimeoutMs: 10_000,
    ...differs,
  };
}

/** Moves the clock on until the promise has settled, one way or the other; no time passes while there is work to do. */
export async function drive<T>(promise: Promise<T>, clock: FakeClock, stepMs = 10): Promise<T> {
  let isSettled = false;
  promise.then(
    () => (isSettled = true),
    () => (isSettled = true),
  );
  await settle();
  while (!isSettled) await clock.advance(stepMs);
  return promise;
}

/** A benchmark that is running against a lying broker. */
export interface Driven {
  readonly clock: FakeClock;
  readonly broker: LyingBroker;
  readonly stop: AbortController;
  readonly run: Promise<BenchRun>;
}

export function startRun(
  differs: Partial<BenchPlan>,
  lies: Lies = {},
  world: Partial<BenchWorld> & { readonly connection?: Partial<ConnectionPlan> } = {},
): Driven {
  const clock = new FakeClock();
  const broker = new LyingBroker(clock, lies);
  const stop = new AbortController();
  const { connection, ...rest } = world;
  const run = runBench(makePlan(differs), makeConnection(connection), {
    clock,
    stop: stop.signal,
    machine: new FakeMachine(),
    openSession: broker.openSession,
    handlers: {},
    onStart: () => undefined,
    ...rest,
  });
  run.catch(() => undefined);
  return { clock, broker, stop, run };
}

/** Runs a benchmark against a lying broker to its end. */
export async function runToEnd(
  differs: Partial<BenchPlan>,
  lies: Lies = {},
  world: Parameters<typeof startRun>[2] = {},
): Promise<Driven & { readonly done: BenchRun }> {
  const driven = startRun(differs, lies, world);
  return { ...driven, done: await drive(driven.run, driven.clock) };
}
