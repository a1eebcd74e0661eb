// `npm run bench:large [-- --rounds N --mib N]`: one large payload, published by `mqtt-pub -f` and received by `mqtt-sub -N`,
// beside a process that reads the same bytes and drops them. Needs Linux: memory is read from /proc.
import { spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { bin, describeMachine, spread } from './measuring.mjs';
import { formatTable } from './table.mjs';

const MIB = 2 ** 20;
/** A packet has 268,435,455 bytes at the most after its fixed header. [MQTT5 1.5.5] */
const MOST_MIB = 255;
/** Aims: the share of the rate of reading, and memory in units of the payload. Printed, never enforced. */
const LEAST_RATE = 0.5;
const MOST_MEMORY = 2.5;
const CONNACK = Buffer.from([0x20, 2, 0, 0]);
const piece = Buffer.alloc(MIB, 'x');
const now = () => Number(process.hrtime.bigint()) / 1e6;

function pour(socket, mib) {
  let left = mib;
  const go = () => {
    while (left > 0) {
      left -= 1;
      if (!socket.write(piece)) {
        socket.once('drain', go);
        return;
      }
    }
  };
  go();
}

/** A server for one connection; resolves with its port. */
async function serve(onSocket) {
  const server = createServer({ noDelay: true }, (socket) => {
    server.close();
    socket.on('error', () => undefined);
    onSocket(socket);
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  return server.address().port;
}

/** Runs a program of Node to its end; its largest memory in bytes and its CPU time in milliseconds are its own, by /proc. */
function run(words, stdout) {
  const child = spawn(process.execPath, words, { stdio: ['ignore', stdout, 'inherit'] });
  const seen = { memory: 0, cpuMs: 0 };
  const look = setInterval(() => {
    try {
      const [, kib] = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8')) ?? [];
      // One that has ended and was not waited for has none.
      if (kib === undefined) return;
      seen.memory = Number(kib) * 1024;
      const [user, system] = readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ')[1].split(' ').slice(11, 13);
      seen.cpuMs = (Number(user) + Number(system)) * 10;
    } catch {
      // It has ended.
    }
  }, 10);
  return new Promise((done, fail) => {
    child.once('close', (code) => {
      clearInterval(look);
      if (code === 0) done(seen);
      else fail(new Error(`${words[0]} ended with exit code ${code}`));
    });
  });
}

/** Reads so many bytes, says so, and ends. */
const READER = `
const [port, bytes] = process.argv.slice(1).map(Number);
const socket = require('node:net').connect(port, '127.0.0.1');
let received = 0;
socket.on('data', (chunk) => {
  received += chunk.length;
  if (received === bytes) socket.end('x');
});`;

/** From the first byte until the reader says that it has them all. */
async function readAndDrop(mib) {
  let ms = 0;
  const port = await serve((socket) => {
    const start = now();
    socket.once('data', () => {
      ms = now() - start;
    });
    pour(socket, mib);
  });
  return { ...(await run(['-e', READER, `${port}`, `${mib * MIB}`], 'ignore')), ms };
}

function fixedHeader(first, length) {
  const bytes = [first];
  for (let rest = length; ; ) {
    bytes.push(rest > 127 ? (rest % 128) | 128 : rest);
    rest = Math.floor(rest / 128);
    if (rest === 0) return Buffer.from(bytes);
  }
}

/** From SUBACK to PUBACK. */
async function receive(mib, file) {
  let start = 0;
  let ms = 0;
  const port = await serve((socket) => {
    // What a client sends here is short, and waits for an answer.
    socket.on('data', (packet) => {
      const type = packet[0] >> 4;
      if (type === 1) socket.write(CONNACK);
      if (type === 8) {
        start = now();
        socket.write(Buffer.from([0x90, 3, packet[2], packet[3], 1]));
        socket.write(fixedHeader(0x32, mib * MIB + 5));
        socket.write(Buffer.from([0, 1, 0x61, 0, 7]));
        pour(socket, mib);
      }
      if (type === 4) ms = now() - start;
    });
  });
  const at = ['-h', '127.0.0.1', '-p', `${port}`, '-V', '311'];
  const output = openSync(file, 'w');
  try {
    const seen = await run([bin('mqtt-sub'), ...at, '-t', 'a', '-q', '1', '-C', '1', '-N'], output);
    return { ms, ...seen };
  } finally {
    closeSync(output);
  }
}

/** From the first byte of PUBLISH to the last. */
async function publish(mib, file) {
  let start = 0;
  let ms = 0;
  let received = 0;
  const port = await serve((socket) => {
    let isConnected = false;
    socket.on('data', (chunk) => {
      if (!isConnected) {
        isConnected = true;
        socket.write(CONNACK);
        return;
      }
      if (received === 0) start = now();
      const before = received;
      received += chunk.length;
      if (before < mib * MIB && received >= mib * MIB) {
        ms = now() - start;
        // The first Packet Identifier.
        socket.write(Buffer.from([0x40, 2, 0, 1]));
      }
    });
    socket.on('end', () => socket.end());
  });
  const at = ['-h', '127.0.0.1', '-p', `${port}`, '-V', '311'];
  return { ...(await run([bin('mqtt-pub'), ...at, '-t', 'a', '-q', '1', '-f', file], 'ignore')), ms };
}

async function main() {
  const { values } = parseArgs({
    options: { rounds: { type: 'string', default: '7' }, mib: { type: 'string', default: `${MOST_MIB}` } },
  });
  const mib = Number(values.mib);
  if (!(Number.isInteger(mib) && mib >= 1 && mib <= MOST_MIB)) {
    throw new Error(`--mib must be a whole number from 1 to ${MOST_MIB}`);
  }
  const rounds = Number(values.rounds);
  if (!(rounds >= 1)) throw new Error('--rounds must be a number from 1 up');
  const folder = mkdtempSync(join(tmpdir(), 'bench-large-'));
  const file = join(folder, 'payload');
  writeFileSync(file, Buffer.alloc(mib * MIB, 'y'));
  const ways = [
    ['read and dropped', () => readAndDrop(mib)],
    ['mqtt-pub -f', () => publish(mib, file)],
    ['mqtt-sub -N > /dev/null', () => receive(mib, '/dev/null')],
    ['mqtt-sub -N > file in memory', () => receive(mib, '/dev/shm/bench-large')],
  ];
  const runs = ways.map(() => []);
  try {
    for (let round = 0; round < rounds; round++) {
      for (const [index, [, way]] of ways.entries()) runs[index].push(await way());
    }
  } finally {
    rmSync(folder, { recursive: true });
    rmSync('/dev/shm/bench-large', { force: true });
  }
  const rows = [
    ['', 'ms', 'rate, to that', `aim: ${LEAST_RATE}`, 'CPU ms', 'memory, to payload', `aim: ${MOST_MEMORY}`],
  ];
  for (const [index, [name]] of ways.entries()) {
    const of = (key) => spread(runs[index].map((one) => one[key]));
    const ratio = spread(runs[index].map(({ ms }, round) => runs[0][round].ms / ms));
    const memory = of('memory').median / (mib * MIB);
    const isBase = index === 0;
    rows.push([
      name,
      of('ms').median.toFixed(0),
      isBase ? '' : `${ratio.median.toFixed(2)} (${ratio.q25.toFixed(2)}-${ratio.q75.toFixed(2)})`,
      isBase ? '' : ratio.median >= LEAST_RATE ? 'reached' : 'missed',
      of('cpuMs').median.toFixed(0),
      isBase ? '' : memory.toFixed(2),
      isBase ? '' : memory <= MOST_MEMORY ? 'reached' : 'missed',
    ]);
  }
  console.log(`${describeMachine()}; ${mib} MiB at QoS 1; ${rounds} rounds, medians (middle half)\n`);
  console.log(formatTable(rows));
}

await main();
