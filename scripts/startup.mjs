// `npm run startup [-- --rounds N]`: what starting a command costs, in units of starting Node itself.
//
// Every round runs bare `node -e 0` and each command line once, in turn, so that whatever else the machine does meets
// all of them alike. A ratio is taken within a round; shown are the median over the rounds and the middle half of them.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const ROOT = resolve(fileURLToPath(import.meta.url), '../..');
const bin = (name) => join(ROOT, 'bin', `${name}.js`);

/** Aims for the CPU ratio on the machines this is built on; printed, never enforced: no test holds a clock. */
const AIMS = { help: 1.3, version: 1.3, publish: 1.6, subscribe: 1.6 };

/** Runs Node under bash, whose `time` reads what the kernel counted for the child, to the millisecond. */
async function measure(args) {
  const script = 'TIMEFORMAT="%3R %3U %3S"; time "$0" "$@" </dev/null >/dev/null 2>/dev/null';
  const child = spawn('bash', ['-c', script, process.execPath, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text) => {
    said += text;
  });
  const code = await new Promise((done) => child.on('close', done));
  if (code !== 0) {
    const again = spawnSync(process.execPath, args, { encoding: 'utf8' });
    throw new Error(`exit code ${code}: ${args.join(' ')}\n${again.stderr}`);
  }
  const [real, user, system] = said.trim().split(' ').map(Number);
  return { wallMs: real * 1000, cpuMs: (user + system) * 1000 };
}

function freePort() {
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

/** Debian's mosquitto where there is one (it speaks MQTT 5), else aedes in this process. */
async function startBroker() {
  const port = await freePort();
  const path = `${process.env.PATH}:/usr/sbin:/usr/local/sbin`;
  const version = /version (\S+)/.exec(
    spawnSync('mosquitto', ['-h'], { env: { PATH: path }, encoding: 'utf8' }).stdout ?? '',
  );
  if (version) {
    const folder = mkdtempSync(join(tmpdir(), 'startup-'));
    const config = join(folder, 'mosquitto.conf');
    writeFileSync(config, `listener ${port} 127.0.0.1\nallow_anonymous true\nset_tcp_nodelay true\n`);
    const broker = spawn('mosquitto', ['-c', config], { env: { PATH: path }, stdio: 'ignore' });
    await untilListening(port);
    const stop = () => {
      broker.kill();
      rmSync(folder, { recursive: true });
    };
    return { name: `mosquitto ${version[1]}`, port, stop };
  }
  const { Aedes } = await import('aedes');
  const aedes = await Aedes.createBroker();
  const server = createServer(aedes.handle).listen(port, '127.0.0.1');
  await untilListening(port);
  return { name: 'aedes in the measuring process', port, stop: () => aedes.close(() => server.close()) };
}

/** Linear interpolation between the neighbours. */
function quantile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  const position = (sorted.length - 1) * share;
  const low = sorted[Math.floor(position)];
  return low + (sorted[Math.ceil(position)] - low) * (position % 1);
}

const spread = (values) => ({
  q25: quantile(values, 0.25),
  median: quantile(values, 0.5),
  q75: quantile(values, 0.75),
});

async function run() {
  const { values } = parseArgs({ options: { rounds: { type: 'string', default: '25' }, json: { type: 'boolean' } } });
  const rounds = Number(values.rounds);
  if (!(rounds >= 1)) throw new Error('--rounds must be a number from 1 up');

  const broker = await startBroker();
  const at = ['-h', '127.0.0.1', '-p', String(broker.port)];
  const lines = [
    { name: 'node -e 0', args: ['-e', '0'] },
    { name: 'mqtt-pub --version', args: [bin('mqtt-pub'), '--version'], aim: AIMS.version },
    { name: 'mqtt-pub --help', args: [bin('mqtt-pub'), '--help'], aim: AIMS.help },
    { name: 'mqtt-pub, one message', args: [bin('mqtt-pub'), ...at, '-t', 'a', '-m', 'b'], aim: AIMS.publish },
    { name: 'mqtt-pub, one, QoS 1', args: [bin('mqtt-pub'), ...at, '-t', 'a', '-m', 'b', '-q', '1'] },
    { name: 'mqtt-sub, one retained', args: [bin('mqtt-sub'), ...at, '-t', 'kept', '-C', '1'], aim: AIMS.subscribe },
  ];
  const runs = lines.map(() => []);
  try {
    await measure([bin('mqtt-pub'), ...at, '-t', 'kept', '-m', 'b', '-r', '-q', '1']);
    for (const { args } of lines) await measure(args); // fills the disk cache
    for (let round = 0; round < rounds; round++) {
      for (const [index, { args }] of lines.entries()) runs[index].push(await measure(args));
    }
  } finally {
    broker.stop();
  }

  const [bare] = runs;
  const rows = lines.map(({ name, aim }, index) => ({
    name,
    aim,
    cpuMs: spread(runs[index].map(({ cpuMs }) => cpuMs)).median,
    wallMs: spread(runs[index].map(({ wallMs }) => wallMs)).median,
    cpuRatio: spread(runs[index].map(({ cpuMs }, round) => cpuMs / bare[round].cpuMs)),
    wallRatio: spread(runs[index].map(({ wallMs }, round) => wallMs / bare[round].wallMs)),
  }));
  if (values.json) {
    console.log(JSON.stringify({ node: process.version, broker: broker.name, rounds, rows }));
    return;
  }
  const ratio = ({ q25, median, q75 }) => `${median.toFixed(2)} (${q25.toFixed(2)}-${q75.toFixed(2)})`;
  console.log(`Node ${process.version}, ${broker.name}, ${rounds} rounds; ratios to bare Node: median (middle half)\n`);
  const table = [['', 'CPU ms', 'wall ms', 'CPU ratio', 'wall ratio', 'CPU aim']];
  for (const { name, aim, cpuMs, wallMs, cpuRatio, wallRatio } of rows) {
    const judged = aim === undefined ? '' : `${aim} ${cpuRatio.median <= aim ? 'reached' : 'missed'}`;
    table.push([name, cpuMs.toFixed(0), wallMs.toFixed(0), ratio(cpuRatio), ratio(wallRatio), judged]);
  }
  const widths = table[0].map((_, column) => Math.max(...table.map((row) => row[column].length)));
  const line = (row) =>
    row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column])));
  for (const row of table) console.log(line(row).join('  ').trimEnd());
}

await run();
