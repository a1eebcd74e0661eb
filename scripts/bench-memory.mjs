// `npm run bench:memory [-- --connections N --messages N]`: what mqtt-bench holds in memory, by its own samples: for each
// connection that is open, and as a run goes on.
import { parseArgs } from 'node:util';
import { bin, describeMachine, measure, startMosquitto } from './measuring.mjs';
import { formatTable } from './table.mjs';

const HOLD = '3s';
/** What is asked of it; printed, never enforced. */
const MOST_KIB_EACH = 25;

async function samplesOf(broker, ...words) {
  const at = ['-h', '127.0.0.1', '-p', String(broker.port)];
  const { output } = await measure([process.execPath, bin('mqtt-bench'), ...words, ...at, '--json'], {
    keepOutput: true,
  });
  return JSON.parse(output).samples;
}

const highest = (samples) => Math.max(...samples.map(({ generator }) => generator.memoryBytes));
const mib = (bytes) => `${(bytes / 2 ** 20).toFixed(1)} MiB`;

async function main() {
  const { values } = parseArgs({
    options: { connections: { type: 'string', default: '10000' }, messages: { type: 'string', default: '1000000' } },
  });
  const connections = Number(values.connections);
  const broker = await startMosquitto(['set_tcp_nodelay true', 'max_queued_messages 0', 'max_inflight_messages 0']);
  if (broker === undefined) throw new Error('mosquitto is not installed: apt-get install mosquitto mosquitto-clients');
  try {
    const one = highest(await samplesOf(broker, 'conn', '--connections', '1', '--hold', HOLD));
    const all = highest(await samplesOf(broker, 'conn', '--connections', values.connections, '--hold', HOLD));
    const each = (all - one) / 1024 / (connections - 1);
    console.log(`${describeMachine()}; ${broker.name}\n`);
    console.log(
      `${connections} connections: ${mib(all)}; 1: ${mib(one)}; so ${each.toFixed(1)} KiB each (aim: at most ${MOST_KIB_EACH})\n`,
    );
    const rows = [['messages', 'after a tenth', 'after half', 'at the end']];
    for (const qos of ['0', '1', '2']) {
      const samples = await samplesOf(broker, '-n', values.messages, '-q', qos);
      const at = (share) => mib(samples[Math.ceil(samples.length * share) - 1].generator.memoryBytes);
      rows.push([`${values.messages} at QoS ${qos}`, at(0.1), at(0.5), at(1)]);
    }
    console.log(formatTable(rows));
  } finally {
    broker.stop();
  }
}

await main();
