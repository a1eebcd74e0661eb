import type { Readable, Writable } from 'node:stream';
import type { EmbeddedBroker, EmbeddedBrokerOptions } from '../broker/embedded.ts';
import type { ConnectionPlan } from '../mqtt/connection-plan.ts';
import type { Session, SessionHandlers } from '../mqtt/session.ts';

/** A stream that may be a terminal. */
export type Input = Readable & { readonly isTTY?: boolean };
export type Output = Writable & { readonly isTTY?: boolean; readonly columns?: number };

/** A timer that was started and can be stopped. Opaque: only its clock knows what it is. */
export type Timer = object;

/** Time, as the commands see it. A test moves it by hand. */
export interface Clock {
  /** Milliseconds since the Unix epoch, for time stamps that are shown. */
  epochMs(): number;
  /** Milliseconds, with fractions, that never go backwards: for durations and latencies. */
  monotonicMs(): number;
  /** Calls `callback` once, `delayMs` from now. */
  setTimer(callback: () => void, delayMs: number): Timer;
  /** Calls `callback` every `periodMs`. */
  setRepeating(callback: () => void, periodMs: number): Timer;
  clearTimer(timer: Timer | undefined): void;
  /** Stops this thread for so long: what comes in meanwhile gathers. */
  block(durationMs: number): void;
  /** Calls `callback` after the input that is ready now has been handled. */
  setSoon(callback: () => void): void;
}

/** Why {@link Context.stop} was aborted. */
export interface StopReason {
  readonly signal: 'SIGINT' | 'SIGTERM' | 'SIGHUP';
}

/** The machine and this process, as the operating system shows them. */
export interface Machine {
  /** CPU time of this process so far, of all its threads, in microseconds. */
  cpuUs(): number;
  /** Memory of this process that is in use (its resident set), in bytes. */
  memoryBytes(): number;
  /** Turns of the event loop of this thread so far; undefined where Node does not tell. */
  loopTurns(): number | undefined;
  /** The text of a file of the system, such as `/proc/self/limits`; undefined where there is none. */
  readText(path: string): string | undefined;
  /** How many names a folder of the system holds, such as `/proc/self/fd`; undefined where there is none. */
  countNames(path: string): number | undefined;
}

/** One end of the line between the main thread and another. */
export interface ThreadPort {
  /** What is sent is copied: no functions, and a Buffer arrives as a Uint8Array. */
  post(message: unknown): void;
  /** Called for each message, in order, from now on. */
  onMessage(take: (message: unknown) => void): void;
}

/** A thread of this process, as the one that started it sees it. */
export interface Thread extends ThreadPort {
  /** Resolves when it has ended: with the error that ended it, if one did. */
  readonly ended: Promise<Error | undefined>;
  /** Ends it at once. */
  terminate(): void;
}

/** The whole world outside a command. `system-context.ts` makes the real one, tests make theirs. */
export interface Context {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: Input;
  readonly stdout: Output;
  readonly stderr: Output;
  readonly clock: Clock;
  /** Aborted by SIGINT, SIGTERM and SIGHUP; its reason is a {@link StopReason}. */
  readonly stop: AbortSignal;
  readonly machine: Machine;
  readonly pid: number;
  /** Such as `20.19.0`. */
  readonly nodeVersion: string;
  /** The bytes of our own command line, each word ended by NUL; undefined where the system does not tell. */
  readCommandLine(): Buffer | undefined;
  /** Asks on the terminal, without showing what is typed. Throws UsageError where there is no terminal. */
  askSecret(prompt: string): Promise<string>;
  /** Runs a command by the shell; its errors go to our standard error. */
  runShell(command: string): Promise<{ readonly exitCode: number; readonly stdout: Buffer }>;
  /** Opens one network connection to a broker: see {@link Session}. */
  openSession(plan: ConnectionPlan, handlers: SessionHandlers): Promise<Session>;
  /** Starts the embedded broker of `--broker embedded`. */
  startBroker(options: EmbeddedBrokerOptions): Promise<EmbeddedBroker>;
  /** Starts a thread of mqtt-bench, whose clock is that of this one. */
  startThread(): Promise<Thread>;
}
