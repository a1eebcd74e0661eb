import { Readable } from 'node:stream';
import type { Context, Input, StopReason } from '../../src/cli/context.ts';
import type { ExitCode } from '../../src/cli/exit-codes.ts';
import { run } from '../../src/cli/run.ts';
import { makeSystemContext } from '../../src/cli/system-context.ts';
import { FakeClock } from './fake-clock.ts';
import { FakeMachine } from './fake-machine.ts';
import { FakeBroker } from './fake-session.ts';
import { MemoryOutput } from './memory-streams.ts';

/** What of the world is not the default: no environment, empty stdin, no terminal, a broker to which all is fine. */
export interface World {
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string | Uint8Array | Input;
  /** All three streams are terminals; or one by one. */
  readonly terminal?: boolean | { readonly stdout?: boolean; readonly stderr?: boolean };
  readonly stdout?: MemoryOutput;
  readonly clock?: FakeClock;
  readonly broker?: FakeBroker;
  /** The real clock and the real network, instead of the fake ones. */
  readonly real?: boolean;
  /** Replaces single parts of the context, such as `openSession` by the real one. */
  readonly context?: Partial<Context>;
}

export interface CliResult {
  readonly exitCode: ExitCode;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** A command that is running in this process. */
export interface RunningCli {
  readonly broker: FakeBroker;
  readonly clock: FakeClock;
  readonly stdout: MemoryOutput;
  readonly stderr: MemoryOutput;
  readonly result: Promise<CliResult>;
  stop(signal: StopReason['signal']): void;
}

/** Starts a command in this process, with a world made of the test's parts. */
export function startCli(name: string, argv: readonly string[], world: World = {}): RunningCli {
  const broker = world.broker ?? new FakeBroker();
  const clock = world.clock ?? new FakeClock();
  const terminal =
    typeof world.terminal === 'object' ? world.terminal : { stdout: world.terminal, stderr: world.terminal };
  const stdout = world.stdout ?? new MemoryOutput({ isTTY: terminal.stdout ?? false });
  const stderr = new MemoryOutput({ isTTY: terminal.stderr ?? false });
  const controller = new AbortController();
  const system = makeSystemContext(controller.signal);
  const context: Context = {
    env: world.env ?? {},
    stdin: makeStdin(world.stdin ?? ''),
    stdout,
    stderr,
    clock,
    stop: controller.signal,
    machine: new FakeMachine(),
    pid: 4711,
    nodeVersion: '20.19.0',
    openSession: broker.openSession,
    readCommandLine: () => undefined,
    askSecret: () => Promise.reject(new Error('this test has no terminal to ask on')),
    runShell: system.runShell,
    startBroker: () => Promise.reject(new Error('this test has no embedded broker')),
    startThread: () => Promise.reject(new Error('this test has no threads')),
    ...(world.real && { clock: system.clock, openSession: system.openSession, startBroker: system.startBroker }),
    ...world.context,
  };
  const result = run(name, argv, context).then((exitCode) => {
    const said = stderr.text;
    stdout.transcript.finish();
    stderr.transcript.finish();
    return { exitCode, stdout: stdout.transcript.bytes, stderr: said };
  });
  return {
    broker,
    clock,
    stdout,
    stderr,
    result,
    stop(signal) {
      const reason: StopReason = { signal };
      controller.abort(reason);
    },
  };
}

/** Runs a command in this process to its end. */
export function runCli(name: string, argv: readonly string[], world: World = {}): Promise<CliResult> {
  return startCli(name, argv, world).result;
}

function makeStdin(stdin: string | Uint8Array | Input): Input {
  if (typeof stdin !== 'string' && !(stdin instanceof Uint8Array)) return stdin;
  return Readable.from(stdin.length === 0 ? [] : [Buffer.from(stdin)], { objectMode: false });
}
