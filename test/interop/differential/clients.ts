/** Starts mosquitto's client and ours with the same words, each at its own proxy. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { untilAtRest } from '../../support/at-rest.ts';
import { startInTest } from '../../support/child.ts';
import { withDeadline } from '../../support/deadline.ts';
import { findCommand } from '../../support/needs.ts';
import { startCli } from '../../support/run-cli.ts';
import { spawnCli } from '../../support/spawn-cli.ts';
import { makeTempFolder, type TempFolder } from '../../support/temp-folder.ts';
import type { Transcript } from '../../support/transcript.ts';
import type { CommonCase } from './case.ts';
import { normalisePackets, type SeenPacket } from './normalise.ts';
import type { Recording, RecordingProxy } from './recording-proxy.ts';
import type { World } from './world.ts';

export type Tool = 'pub' | 'sub' | 'rr';

/** What became of a client. */
export interface Outcome {
  /** 128 and the number of the signal, as a shell has it, for a client that a signal ended. */
  readonly exitCode: number;
  readonly stdout: Buffer;
  readonly stderr: string;
  /** What it sent, normalised; nothing when it did not connect. */
  readonly sent: readonly SeenPacket[];
}

export interface RunningClient {
  readonly stdout: Transcript;
  readonly recording: Promise<Recording>;
  /** Rejects when it does not end in time. */
  readonly outcome: Promise<Outcome>;
  /** Resolves once the signal is sent. */
  stop(signal: 'SIGINT' | 'SIGTERM' | 'SIGKILL'): Promise<void>;
}

export interface Both<T> {
  readonly theirs: T;
  readonly ours: T;
}

/** Of the last case. */
let lastName = 0;

/** What `{id}` will be for this client in the case that starts next. */
export function nextNameOf(who: keyof Both<unknown>): string {
  return `${who}-${lastName + 1}`;
}

/** How long a client may take to end; those of this suite take milliseconds. */
const END_MS = 20_000;

const SIGNAL_NUMBERS: Readonly<Record<string, number>> = { SIGHUP: 1, SIGINT: 2, SIGKILL: 9, SIGALRM: 14, SIGTERM: 15 };

export interface StartOptions {
  /** They go by the names of the case before. */
  readonly sameNames?: boolean;
  /** For mosquitto's client alone. */
  readonly theirMoreWords?: readonly string[];
}

export function startBoth(
  world: World,
  tool: Tool,
  one: CommonCase,
  { sameNames = false, theirMoreWords = [] }: StartOptions = {},
): Both<RunningClient> {
  if (!sameNames) lastName += 1;
  return {
    theirs: start(world, 'theirs', tool, { ...one, words: [...one.words, ...theirMoreWords] }),
    ours: start(world, 'ours', tool, one),
  };
}

function start(world: World, who: keyof Both<unknown>, tool: Tool, one: CommonCase): RunningClient {
  const folder = makeTempFolder();
  prepare(folder, tool, one);
  // No case finds the session of another one.
  const name = `${who}-${lastName}`;
  const port = String(world[who].port);
  const words = one.words.map((word) =>
    word.replace('{file}', folder.file('file')).replace('{id}', name).replace('{port}', port),
  );
  const { TZ } = process.env;
  const env = {
    // Ours, in this process, has it too.
    ...(TZ !== undefined && { TZ }),
    ...(one.optionsFile !== undefined && (one.atHome ? { HOME: folder.path } : { XDG_CONFIG_HOME: folder.path })),
    ...one.env,
  };
  const client =
    who === 'theirs'
      ? startTheirs(world.theirs, tool, words, env, one)
      : startOurs(world.ours, tool, [...versionWords(tool, one), ...words], env, one);
  client.outcome.then(
    () => folder.remove(),
    () => folder.remove(),
  );
  return client;
}

function prepare(folder: TempFolder, tool: Tool, { file, optionsFile, atHome }: CommonCase): void {
  if (file !== undefined) writeFileSync(folder.file('file'), file);
  if (optionsFile === undefined) return;
  for (const name of [`mosquitto_${tool}`, `mqtt-toolkit/mqtt-${tool}`]) {
    const path = folder.file(atHome ? `.config/${name}` : name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, optionsFile);
  }
}

/** mosquitto's default is 3.1.1, that of its mosquitto_rr 5; ours asks the broker. */
function versionWords(tool: Tool, { words, ownVersion }: CommonCase): readonly string[] {
  if (ownVersion || ['-V', '--protocol-version', '-D', '-x'].some((word) => words.includes(word))) return [];
  return ['-V', tool === 'rr' ? '5' : '311'];
}

function at(proxy: RecordingProxy): readonly string[] {
  return ['-h', '127.0.0.1', '-p', String(proxy.port)];
}

function startTheirs(
  proxy: RecordingProxy,
  tool: Tool,
  words: readonly string[],
  env: Readonly<Record<string, string>>,
  { stdin, holdsStdin }: CommonCase,
): RunningClient {
  const recording = proxy.connection(proxy.connections);
  const file = findCommand(`mosquitto_${tool}`) ?? '';
  const child = startInTest(file, [...at(proxy), ...words], { env, ...(!holdsStdin && { input: stdin ?? '' }) });
  const ended = child.exit(END_MS).then(({ exitCode, signal, stdout, stderr }) => ({
    exitCode: exitCode ?? 128 + (SIGNAL_NUMBERS[signal ?? ''] ?? 0),
    stdout,
    stderr,
  }));
  const stop = async (signal: NodeJS.Signals): Promise<void> => {
    await untilAtRest(child.pid);
    child.kill(signal);
  };
  return { stdout: child.stdout, recording, outcome: withRecording(ended, recording), stop };
}

function startOurs(
  proxy: RecordingProxy,
  tool: Tool,
  words: readonly string[],
  env: Readonly<Record<string, string>>,
  { stdin, holdsStdin, spawned }: CommonCase,
): RunningClient {
  const recording = proxy.connection(proxy.connections);
  const argv = [...at(proxy), ...words];
  if (spawned) {
    const child = spawnCli(`mqtt-${tool}`, argv, { env, ...(!holdsStdin && { input: stdin ?? '' }) });
    const ended = child.exit(END_MS).then(({ exitCode, signal, stdout, stderr }) => ({
      exitCode: exitCode ?? 128 + (SIGNAL_NUMBERS[signal ?? ''] ?? 0),
      stdout,
      stderr,
    }));
    const stop = async (signal: NodeJS.Signals): Promise<void> => child.kill(signal);
    return { stdout: child.stdout, recording, outcome: withRecording(ended, recording), stop };
  }
  const cli = startCli(`mqtt-${tool}`, argv, { real: true, env, stdin: stdin ?? '' });
  return {
    stdout: cli.stdout.transcript,
    recording,
    outcome: withRecording(withDeadline(cli.result, `end of mqtt-${tool} ${words.join(' ')}`, END_MS), recording),
    async stop(signal) {
      if (signal === 'SIGKILL') throw new Error('what runs in this process cannot be killed: `spawned`');
      cli.stop(signal);
    },
  };
}

async function withRecording(ended: Promise<Omit<Outcome, 'sent'>>, recording: Promise<Recording>): Promise<Outcome> {
  const end = await ended;
  // A client that ended without connecting has no recording.
  const none = new Promise<undefined>((resolve) => setImmediate(() => setImmediate(() => resolve(undefined))));
  const found = await Promise.race([recording, none]);
  await found?.closed;
  return { ...end, sent: normalisePackets(found?.sent ?? []) };
}
