// `npm run startup [-- --rounds N --standalone FOLDER]`: what starting a command costs, in units of starting Node itself.
//
// Every round runs bare `node -e 0` and each command line once, in turn, so that whatever else the machine does meets
// all of them alike; with --standalone the executables too that `npm run build:standalone` made there, and last, for scale,
// MQTT.js's own command line. A ratio is taken within a round; shown are the median over the rounds and the middle half.
import { createServer } from 'node:net';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { bin, freePort, measure, mqttJsBin, spread, startMosquitto } from './measuring.mjs';
import { formatTable } from './table.mjs';

/** Aims for the CPU ratio on the machines this is built on; printed, never enforced: no test holds a clock. */
const AIMS = { help: 1.2, version: 1.2, publish: 1.35, subscribe: 1.35 };

/** Debian's mosquitto where there is one (it speaks MQTT 5), else aedes in this process. */
async function startBroker() {
  const mosquitto = await startMosquitto(['set_tcp_nodelay true']);
  if (mosquitto) return mosquitto;
  const { Aedes } = await import('aedes');
  const aedes = await Aedes.createBroker();
  const port = await freePort();
  const server = createServer(aedes.handle);
  await new Promise((done) => server.listen(port, '127.0.0.1', done));
  return { name: 'aedes in the measuring process', port, stop: () => aedes.close(() => server.close()) };
}

const node = (args) => measure([process.execPath, ...args]);

async function run() {
  const { values } = parseArgs({
    options: { rounds: { type: 'string', default: '25' }, json: { type: 'boolean' }, standalone: { type: 'string' } },
  });
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
  // For scale.
  const others = [{ name: "MQTT.js's own pub", args: [mqttJsBin('pub'), ...at, '-t', 'a', '-m', 'b'] }];
  if (values.standalone !== undefined) {
    for (const { name, args, aim } of lines.slice(1)) {
      const program = join(values.standalone, basename(args[0], '.js'));
      lines.push({ name: `${name}, standalone`, command: [program, ...args.slice(1)], aim });
    }
  }
  lines.push(...others);
  const commands = lines.map(({ args, command }) => command ?? [process.execPath, ...args]);
  const runs = lines.map(() => []);
  try {
    await node([bin('mqtt-pub'), ...at, '-t', 'kept', '-m', 'b', '-r', '-q', '1']);
    for (const command of commands) await measure(command); // fills the disk cache
    for (let round = 0; round < rounds; round++) {
      for (const [index, command] of commands.entries()) runs[index].push(await measure(command));
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
  console.log(formatTable(table));
}

await run();
