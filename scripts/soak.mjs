// `npm run soak [-- MINUTES]`: mqtt-pub -l, mqtt-sub and mqtt-bench side by side, over connections that are cut and a
// broker that restarts. Fails when a message is missing, or when memory or descriptors grow. Needs mosquitto and Linux.
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { bin, freePort } from './measuring.mjs';

const MINUTES = Number(process.argv[2] ?? 60);
const LINES_PER_SECOND = 500;
const LOOK_EVERY_MS = 2000;
/** Each connection through the proxy lives for as long as that at the most. */
const LONGEST_CONNECTION_MS = 20_000;
const RESTART_EVERY_MS = 60_000;
/** Between the first fifth of the time and the last. */
const MOST_GROWTH_MB = 20;

if (!(MINUTES > 0)) {
  console.error('usage: npm run soak -- [MINUTES]');
  process.exit(2);
}

const folder = mkdtempSync(join(tmpdir(), 'mqtt-soak-'));
const env = { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin:/usr/local/sbin` };
const gone = (child) => new Promise((resolve) => child.once('close', resolve));

const port = await freePort();
const configuration = join(folder, 'mosquitto.conf');
writeFileSync(
  configuration,
  [
    ...(process.getuid() === 0 ? ['user root'] : []),
    `listener ${port} 127.0.0.1`,
    'allow_anonymous true',
    'persistence true',
    `persistence_location ${folder}/`,
    'max_queued_messages 0',
    'log_dest none',
    '',
  ].join('\n'),
);

function startBroker() {
  return spawn('mosquitto', ['-c', configuration], { env, stdio: 'ignore' });
}

let cuts = 0;
let restarts = 0;
const proxy = createServer((client) => {
  const broker = connect({ port, host: '127.0.0.1' });
  client.pipe(broker).pipe(client);
  const cut = setTimeout(() => {
    cuts += 1;
    client.resetAndDestroy();
  }, Math.random() * LONGEST_CONNECTION_MS);
  const end = () => {
    clearTimeout(cut);
    client.destroy();
    broker.destroy();
  };
  client.on('error', end).on('close', end);
  broker.on('error', end).on('close', end);
});
await new Promise((resolve) => proxy.listen(0, '127.0.0.1', resolve));
const proxied = ['-h', '127.0.0.1', '-p', String(proxy.address().port)];

function start(name, words, stdio) {
  return spawn(process.execPath, [bin(name), ...words], { env, stdio });
}

/** Memory in megabytes and open descriptors of a process. */
function look({ pid }) {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  return {
    memoryMb: Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]) / 1000,
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
  };
}

function median(numbers) {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];
}

let broker = startBroker();
await pause(500);
const subscriber = start(
  'mqtt-sub',
  [...proxied, '-t', 'soak/#', '-q', '1', '-i', 'soak-sub', '-c', '-x', '3600', '--wait-for-broker', '30s'],
  ['ignore', 'pipe', 'ignore'],
);
const publisher = start(
  'mqtt-pub',
  [...proxied, '-t', 'soak/lines', '-q', '1', '-l', '-i', 'soak-pub', '--wait-for-broker', '30s'],
  ['pipe', 'ignore', 'ignore'],
);

/** One bit for each line that came. */
let seen = new Uint8Array(1 << 20);
let arrived = 0;
let distinct = 0;
let rest = '';
let hasEnded = false;
subscriber.stdout.on('data', (chunk) => {
  const lines = (rest + chunk.toString('latin1')).split('\n');
  rest = lines.pop();
  for (const line of lines) {
    if (line === 'the end') {
      hasEnded = true;
      continue;
    }
    const number = Number.parseInt(line, 10);
    arrived += 1;
    while (number >= seen.length) {
      const larger = new Uint8Array(seen.length * 2);
      larger.set(seen);
      seen = larger;
    }
    if (seen[number] === 0) distinct += 1;
    seen[number] = 1;
  }
});
// The session of the subscriber is there before the first line.
await pause(3000);

let benches = 0;
/** Exit codes of the runs of mqtt-bench that failed, with the restarts before and after them. */
const failedBenches = [];
let isOver = false;
async function benchAgainAndAgain() {
  while (!isOver) {
    const words = ['-h', '127.0.0.1', '-p', String(port), '-t', 'bench', '-n', '5000', '-q', '1', '--quiet'];
    const before = restarts;
    const code = await gone(start('mqtt-bench', [...words, '--wait-for-broker', '30s'], 'ignore'));
    benches += 1;
    // The broker was restarted under it: 7; between its two connections: 3.
    if (![0, 3, 7].includes(code)) failedBenches.push(`${code} (restarts ${before} to ${restarts})`);
    await pause(500);
  }
}
const benching = benchAgainAndAgain();

const looks = { 'mqtt-pub': [], 'mqtt-sub': [] };
const startedMs = performance.now();
const endMs = startedMs + MINUTES * 60_000;
let sent = 0;
let nextRestartMs = startedMs + RESTART_EVERY_MS;
while (performance.now() < endMs) {
  const due = Math.floor(((performance.now() - startedMs) / 1000) * LINES_PER_SECOND);
  let lines = '';
  for (; sent < due; sent += 1) lines += `${sent}${'.'.repeat(80)}\n`;
  publisher.stdin.write(lines);
  looks['mqtt-pub'].push(look(publisher));
  looks['mqtt-sub'].push(look(subscriber));
  if (performance.now() > nextRestartMs) {
    nextRestartMs += RESTART_EVERY_MS;
    restarts += 1;
    broker.kill('SIGTERM');
    await gone(broker);
    broker = startBroker();
  }
  await pause(LOOK_EVERY_MS);
}
isOver = true;
publisher.stdin.end();
const publishedCode = await gone(publisher);
await benching;
await gone(
  start('mqtt-pub', ['-h', '127.0.0.1', '-p', String(port), '-t', 'soak/end', '-m', 'the end', '-q', '1'], 'ignore'),
);
for (let waited = 0; !hasEnded && waited < 120; waited += 1) await pause(500);
subscriber.kill('SIGTERM');
await gone(subscriber);
proxy.close();
broker.kill('SIGTERM');
await gone(broker);
rmSync(folder, { recursive: true, force: true });

const faults = [];
console.log(`${MINUTES} min: ${cuts} cuts, ${restarts} restarts of the broker, ${benches} runs of mqtt-bench`);
console.log(`${sent} lines sent, ${arrived} arrived, ${sent - distinct} lost, ${arrived - distinct} more than once`);
if (publishedCode !== 0) faults.push(`mqtt-pub ended with ${publishedCode}`);
if (distinct !== sent) faults.push(`${sent - distinct} lines lost`);
if (failedBenches.length > 0) faults.push(`mqtt-bench ended with ${failedBenches.join(', ')}`);
for (const [name, all] of Object.entries(looks)) {
  const fifth = Math.max(1, Math.floor(all.length / 5));
  const [first, last] = [all.slice(fifth, 2 * fifth), all.slice(-fifth)];
  const memory = [first, last].map((some) => median(some.map(({ memoryMb }) => memoryMb)));
  const descriptors = [first, last].map((some) => median(some.map(({ descriptors: count }) => count)));
  const most = Math.max(...all.map(({ memoryMb }) => memoryMb));
  console.log(
    `${name}: memory ${memory.map((mb) => mb.toFixed(0)).join(' -> ')} MB (most ${most.toFixed(0)}), descriptors ${descriptors.join(' -> ')}`,
  );
  if (memory[1] - memory[0] > MOST_GROWTH_MB) faults.push(`${name} grew`);
  if (descriptors[1] > descriptors[0] + 2) faults.push(`${name} opened more and more`);
}
for (const fault of faults) console.log(`FAILED: ${fault}`);
process.exitCode = faults.length === 0 ? 0 : 1;
