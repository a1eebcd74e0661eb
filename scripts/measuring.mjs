// What the scripts that measure have in common: commands are run in turn, round after round, so that whatever else the
// machine does meets all of them alike, and ratios are taken within a round.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { cpus, release, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

export const ROOT = resolve(fileURLToPath(import.meta.url), '../..');

/** The program of one of our commands, for Node. */
export const bin = (name) => join(ROOT, 'bin', `${name}.js`);

/** The program of MQTT.js's own command line, for Node: `pub` or `sub`. */
export const mqttJsBin = (name) => join(ROOT, 'node_modules/mqtt/build/bin', `${name}.js`);

/** mosquitto is in sbin, where a user does not look. */
const PATH = `${process.env.PATH}:/usr/sbin:/usr/local/sbin`;

/**
 * Runs a command under bash, whose `time` reads what the kernel counted for it, to the millisecond. `input`: a file
 * for its standard input. Returns what it printed with `keepOutput`. Throws for an exit code other than 0.
 */
export async function measure([program, ...args], { input = '/dev/null', keepOutput = false } = {}) {
  const script = `TIMEFORMAT="%3R %3U %3S"; time "$0" "$@" <"$INPUT" >${keepOutput ? '&3' : '/dev/null'} 2>/dev/null`;
  const child = spawn('bash', ['-c', script, program, ...args], {
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
    env: { ...process.env, PATH, INPUT: input },
  });
  let said = '';
  let output = '';
  child.stderr.setEncoding('utf8').on('data', (text) => {
    said += text;
  });
  child.stdio[3].setEncoding('utf8').on('data', (text) => {
    output += text;
  });
  const code = await new Promise((done) => child.on('close', done));
  if (code !== 0) {
    const again = spawnSync(program, args, { encoding: 'utf8', env: { ...process.env, PATH }, input: '' });
    throw new Error(`exit code ${code}: ${[program, ...args].join(' ')}\n${again.stderr}`);
  }
  const [real, user, system] = said.trim().split(' ').map(Number);
  return { wallMs: real * 1000, cpuMs: (user + system) * 1000, output };
}

export function freePort() {
  return new Promise((done) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });
}

async function untilListening(port) {
  for (let attempt = 0; attempt < 100; attempt++) {
    const open = await new Promise((done) => {
      const socket = connect(port, '127.0.0.1', () => done(true)).on('error', () => done(false));
      socket.on('connect', () => socket.destroy());
    });
    if (open) return;
    await sleep(50);
  }
  throw new Error('the broker does not listen');
}

/** Debian's mosquitto, with these lines of configuration; undefined where there is none. */
export async function startMosquitto(lines) {
  const { stdout } = spawnSync('mosquitto', ['-h'], { env: { PATH }, encoding: 'utf8' });
  const version = /version (\S+)/.exec(stdout ?? '');
  if (!version) return undefined;
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'measuring-'));
  const config = join(folder, 'mosquitto.conf');
  writeFileSync(config, [`listener ${port} 127.0.0.1`, 'allow_anonymous true', ...lines, ''].join('\n'));
  const broker = spawn('mosquitto', ['-c', config], { env: { PATH }, stdio: 'ignore' });
  await untilListening(port);
  const stop = () => {
    broker.kill();
    rmSync(folder, { recursive: true });
  };
  return { name: `mosquitto ${version[1]}`, port, stop };
}

/** Linear interpolation between the neighbours. */
export function quantile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  const position = (sorted.length - 1) * share;
  const low = sorted[Math.floor(position)];
  return low + (sorted[Math.ceil(position)] - low) * (position % 1);
}

/** The median and the middle half. */
export const spread = (values) => ({
  q25: quantile(values, 0.25),
  median: quantile(values, 0.5),
  q75: quantile(values, 0.75),
});

/** The machine, for the head of a table. */
export function describeMachine() {
  const processors = cpus();
  return `Node ${process.versions.node}, Linux ${release()}, ${processors.length} x ${processors[0]?.model.trim()}`;
}
