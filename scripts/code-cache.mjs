// Makes V8's code caches for the built files, by running the commands once: what they compile on the way to their end
// is kept, so that no later start compiles it again.
import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { ROOT } from './bundle.mjs';

const KEEPER = join(ROOT, 'scripts/keep-code-cache.cjs');

/** Where two runs load the same file, the cache of the later one is kept. */
const RUNS = [
  ['mqtt-bench', '--help'],
  ['mqtt-rr', '--help'],
  ['mqtt-pub', '-t', 'a', '-m', 'b', '-q', '1'],
  ['mqtt-sub', '-t', 'a', '-q', '1', '-C', '1'],
];

/** The packets of MQTT 5 that those runs wait for. */
const CONNACK = [0x20, 0x09, 0x00, 0x00, 0x06, 0x22, 0x00, 0x0a, 0x21, 0x00, 0x14];
const pubackFor = (packetId) => [0x40, 0x02, ...packetId];
const subackFor = (packetId) => [0x90, 0x04, ...packetId, 0x00, 0x01];
const RETAINED = [0x33, 0x07, 0x00, 0x01, 0x61, 0x00, 0x07, 0x00, 0x62];

/** Answers by rote: a real broker would be 200 ms of start-up, and needs installing. */
function answer(socket) {
  let pending = Buffer.alloc(0);
  socket.on('error', () => {});
  socket.on('data', (data) => {
    pending = Buffer.concat([pending, data]);
    // Every packet here is shorter than 128 bytes, so its length is one byte.
    while (pending.length >= 2 && pending.length >= 2 + pending[1]) {
      const body = pending.subarray(2, 2 + pending[1]);
      const type = pending[0] >> 4;
      pending = pending.subarray(2 + pending[1]);
      if (type === 1) socket.write(Buffer.from(CONNACK));
      if (type === 3) socket.write(Buffer.from(pubackFor(body.subarray(3, 5))));
      if (type === 8) socket.write(Buffer.from([...subackFor(body.subarray(0, 2)), ...RETAINED]));
      if (type === 12) socket.write(Buffer.from([0xd0, 0x00]));
      if (type === 14) socket.end();
    }
  });
}

/** Resolves with the caches by the name of the file each is for; throws when a run fails. */
export async function makeCodeCaches(folder) {
  const server = createServer(answer).listen(0, '127.0.0.1');
  await new Promise((done, fail) => server.once('listening', done).once('error', fail));
  const port = String(server.address().port);
  try {
    const caches = new Map();
    for (const [command, ...words] of RUNS) {
      const kept = await run([folder, command, '-h', '127.0.0.1', '-p', port, ...words]);
      for (const [file, base64] of Object.entries(kept)) caches.set(file, Buffer.from(base64, 'base64'));
    }
    return caches;
  } finally {
    server.close();
  }
}

function run(words) {
  // Whatever the environment says of brokers is not for this run.
  const env = { PATH: process.env.PATH };
  const child = spawn(process.execPath, [KEEPER, ...words], {
    env,
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
    timeout: 20_000,
  });
  const [errors, kept] = [[], []];
  child.stderr.on('data', (data) => errors.push(data));
  child.stdio[3].on('data', (data) => kept.push(data));
  return new Promise((done, fail) => {
    child.on('error', fail);
    child.on('close', (code) => {
      if (code === 0) done(JSON.parse(Buffer.concat(kept).toString()));
      else fail(new Error(`${words.join(' ')}: exit code ${code}: ${Buffer.concat(errors)}`));
    });
  });
}
