/** The whole command on a lying broker and a fake clock. */
import { FakeClock } from '../../support/fake-clock.ts';
import { type CliResult, type RunningCli, startCli, type World } from '../../support/run-cli.ts';
import { drive } from './drive.ts';
import { type Lies, LyingBroker } from './lying-broker.ts';

export interface RunningBench extends RunningCli {
  readonly lyingBroker: LyingBroker;
}

/** Starts `mqtt-bench` with words that have single spaces between them. */
export function startBench(argv: string, lies: Lies = {}, world: World = {}): RunningBench {
  const clock = new FakeClock();
  const lyingBroker = new LyingBroker(clock, lies);
  const context = { openSession: lyingBroker.openSession, ...world.context };
  const cli = startCli('mqtt-bench', argv.split(' '), { ...world, clock, context });
  return { ...cli, lyingBroker };
}

/** Runs it to its end, as fast as the clock can be moved on. */
export function runBench(argv: string, lies: Lies = {}, world: World = {}): Promise<CliResult> {
  const { result, clock } = startBench(argv, lies, world);
  return drive(result, clock);
}
