// `npm run bench:peers [-- --rounds N --only TEXT --json FILE --markdown]`: bulk work of ours beside that of Debian's
// mosquitto clients and of MQTT.js's own command line, on the same broker.
//
// Rates and CPU time are net of start-up: each command is run with all messages and with one, and the difference is
// what the others cost. Every round runs all of them in turn, and a ratio is taken within a round; shown are the median
// over the rounds and the middle half.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { bin, describeMachine, measure, mqttJsBin, ROOT, spread, startMosquitto } from './measuring.mjs';
import { formatMarkdown, formatTable } from './table.mjs';

const PAYLOAD_BYTES = 64;
const COUNTS = { 0: 500_000, 1: 300_000, 2: 200_000 };
/** More lines than 65,535 mosquitto_pub does not send at QoS 1 and 2. */
const PEER_COUNTS = { 0: 500_000, 1: 60_000, 2: 60_000 };
/** It waits for each message before it sends the next. */
const MQTT_JS_COUNT = 20_000;
/** Where nothing else holds us up, so few are gone before a clock can tell. */
const COUNT_DISCARDED = 2_000_000;
/** How long the pair of mosquitto's clients is given to subscribe; it is in both runs, and so in neither figure. */
const SUBSCRIBE_SECONDS = 0.3;

/** A broker of test/support that does one thing as fast as can be. */
async function startSupport(file) {
  const child = spawn(process.execPath, [join(ROOT, 'test/support', file)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const port = await new Promise((done) => child.stdout.once('data', (text) => done(Number(text))));
  return { port, stop: () => child.kill() };
}

const at = ({ port }) => ['-h', '127.0.0.1', '-p', String(port)];
const node = (name, ...args) => [process.execPath, bin(name), ...args];

/** What is compared: `ours` and `theirs` make the command for so many messages; `input` tells that they come as lines. */
function workloads({ mosquitto, discarding, pouring }, file) {
  const linesTo = (broker, qos) => [...at(broker), '-t', 'bench/x', '-q', `${qos}`, '-l'];
  const lines = (broker, qos) => ['mosquitto_pub', ...linesTo(broker, qos)];
  const bench =
    (broker, qos, ...scenario) =>
    (count) =>
      node(
        'mqtt-bench',
        ...scenario,
        ...at(broker),
        '-q',
        `${qos}`,
        '-n',
        `${count}`,
        '--quiet',
        '--size',
        `${PAYLOAD_BYTES}`,
        // The same topic and version as the peer's: both cost the broker time.
        '-t',
        'bench/x',
        '-V',
        '311',
        // Before MQTT 5 a broker cannot say how many it takes at QoS 2; this one takes them all.
        ...(qos === 2 ? ['--window', '1000'] : []),
      );
  const pair = (qos) => (count) => [
    'bash',
    '-c',
    `mosquitto_sub "$@" -C ${count} -t bench/x -q ${qos} >/dev/null & sleep ${SUBSCRIBE_SECONDS}; mosquitto_pub "$@" -l -t bench/x -q ${qos}; wait`,
    'pair',
    ...at(mosquitto),
  ];
  const toFile = (...command) => ['bash', '-c', 'exec "$@" >"$0"', file, ...command];
  const poured = (qos, count) => [
    ...at(pouring),
    '-t',
    `pour/${count}/${PAYLOAD_BYTES}`,
    '-q',
    `${qos}`,
    '-C',
    `${count}`,
  ];
  /** Through mosquitto; the same publisher for both, whose CPU time is in both. */
  const through = (qos, subscriber) => (count) => [
    'bash',
    '-c',
    `"$@" -C ${count} -t bench/x -q ${qos} >"$0" & sleep 1; ${node('mqtt-pub', ...linesTo(mosquitto, qos)).join(' ')}; wait`,
    file,
    ...subscriber,
    ...at(mosquitto),
  ];
  /** Ours, and what of mosquitto_sub is most like it. */
  const forms = [
    { form: '', ours: [], theirs: [] },
    { form: ' -v', ours: ['-v'], theirs: ['-v'] },
    { form: " -F '%I %t %p'", ours: ['-F', '%I %t %p'], theirs: ['-F', '%I %t %p'] },
    { form: ' --json', ours: ['--json'], theirs: ['-F', '%j'] },
  ];
  return [0, 1, 2].flatMap((qos) => [
    ...forms.map(({ form, ours, theirs }) => ({
      name: `mqtt-sub${form} > file, QoS ${qos}, pouring broker`,
      qos,
      rateAim: 1,
      cpuAim: 1,
      ours: (count) => toFile(...node('mqtt-sub', ...poured(qos, count), ...ours)),
      theirs: (count) => toFile('mosquitto_sub', ...poured(qos, count), ...theirs),
      peer: 'mosquitto_sub',
    })),
    {
      name: `mqtt-sub > file, QoS ${qos}, with mqtt-pub -l`,
      qos,
      rateAim: 1,
      ours: through(qos, node('mqtt-sub')),
      theirs: through(qos, ['mosquitto_sub']),
      peer: 'mosquitto_sub, with mqtt-pub -l',
    },
    {
      name: `mqtt-pub -l, QoS ${qos}`,
      qos,
      rateAim: 1.2,
      cpuAim: 1,
      ours: () => node('mqtt-pub', ...linesTo(mosquitto, qos)),
      theirs: () => lines(mosquitto, qos),
      peer: 'mosquitto_pub -l',
    },
    {
      name: `mqtt-pub -l, QoS ${qos}, beside MQTT.js`,
      qos,
      peerCount: MQTT_JS_COUNT,
      rateAim: 1,
      cpuAim: 1,
      ours: () => node('mqtt-pub', ...linesTo(mosquitto, qos)),
      theirs: () => [process.execPath, mqttJsBin('pub'), ...at(mosquitto), '-t', 'bench/x', '-q', `${qos}`, '-s', '-M'],
      peer: "MQTT.js's own pub -s -M",
    },
    {
      name: `mqtt-pub -l, QoS ${qos}, discarding broker`,
      qos,
      count: COUNT_DISCARDED,
      ours: () => node('mqtt-pub', ...linesTo(discarding, qos)),
      theirs: () => lines(discarding, qos),
      peer: 'mosquitto_pub -l',
    },
    {
      name: `mqtt-bench pub, QoS ${qos}`,
      qos,
      rateAim: { 0: 1.3, 1: 1.5, 2: 1.2 }[qos],
      cpuAim: 0.5,
      ours: bench(mosquitto, qos, 'pub'),
      theirs: () => lines(mosquitto, qos),
      peer: 'mosquitto_pub -l',
    },
    {
      name: `mqtt-bench pub, QoS ${qos}, discarding broker`,
      qos,
      rateAim: 3,
      count: COUNT_DISCARDED,
      ours: bench(discarding, qos, 'pub'),
      theirs: () => lines(discarding, qos),
      peer: 'mosquitto_pub -l',
    },
    {
      name: `mqtt-bench, 1 -> 1, QoS ${qos}`,
      qos,
      rateAim: 1,
      ours: bench(mosquitto, qos),
      theirs: pair(qos),
      peer: 'mosquitto_pub -l and mosquitto_sub',
    },
  ]);
}

async function main() {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '5' },
      only: { type: 'string', default: '' },
      json: { type: 'string' },
      markdown: { type: 'boolean' },
    },
  });
  const rounds = Number(values.rounds);
  if (!(rounds >= 1)) throw new Error('--rounds must be a number from 1 up');
  const unlimited = ['set_tcp_nodelay true', 'max_queued_messages 0', 'max_inflight_messages 0'];
  const mosquitto = await startMosquitto(unlimited);
  if (mosquitto === undefined)
    throw new Error('mosquitto is not installed: apt-get install mosquitto mosquitto-clients');
  const discarding = await startSupport('discarding-broker.mjs');
  const pouring = await startSupport('pouring-broker.mjs');
  const folder = mkdtempSync(join(tmpdir(), 'bench-peers-'));
  try {
    const brokers = { mosquitto, discarding, pouring };
    const chosen = workloads(brokers, join(folder, 'received')).filter(({ name }) => name.includes(values.only));
    const results = chosen.map(() => []);
    for (let round = 0; round < rounds; round++) {
      for (const [index, workload] of chosen.entries()) results[index].push(await compare(workload, folder));
    }
    print(chosen, results, { ...values, rounds, broker: mosquitto.name });
  } finally {
    mosquitto.stop();
    discarding.stop();
    pouring.stop();
    rmSync(folder, { recursive: true });
  }
}

/** One round of one workload. */
async function compare({ qos, count = COUNTS[qos], peerCount = PEER_COUNTS[qos], ours, theirs }, folder) {
  return { ours: await net(ours, count, folder), theirs: await net(theirs, peerCount, folder) };
}

/** What the messages beyond the first cost. */
async function net(command, count, folder) {
  const one = await measure(command(1), { input: linesFile(folder, 1) });
  const all = await measure(command(count), { input: linesFile(folder, count) });
  const messages = count - 1;
  return {
    perSecond: (messages * 1000) / (all.wallMs - one.wallMs),
    cpuUs: ((all.cpuMs - one.cpuMs) * 1000) / messages,
  };
}

const files = new Map();

function linesFile(folder, count) {
  const known = files.get(count);
  if (known !== undefined) return known;
  const file = join(folder, `${count}.txt`);
  writeFileSync(file, `${'x'.repeat(PAYLOAD_BYTES)}\n`.repeat(count));
  files.set(count, file);
  return file;
}

function print(chosen, results, { json, markdown, rounds, broker }) {
  const rows = chosen.map(({ name, peer, rateAim, cpuAim }, index) => ({
    name,
    peer,
    rateAim,
    cpuAim,
    perSecond: spread(results[index].map(({ ours }) => ours.perSecond)),
    peerPerSecond: spread(results[index].map(({ theirs }) => theirs.perSecond)),
    cpuUs: spread(results[index].map(({ ours }) => ours.cpuUs)),
    peerCpuUs: spread(results[index].map(({ theirs }) => theirs.cpuUs)),
    rateRatio: spread(results[index].map(({ ours, theirs }) => ours.perSecond / theirs.perSecond)),
    cpuRatio: spread(results[index].map(({ ours, theirs }) => ours.cpuUs / theirs.cpuUs)),
  }));
  if (json !== undefined) {
    writeFileSync(json, `${JSON.stringify({ machine: describeMachine(), broker, rounds, rows }, undefined, 2)}\n`);
  }
  const ratio = ({ q25, median, q75 }) => `${median.toFixed(2)} (${q25.toFixed(2)}-${q75.toFixed(2)})`;
  const thousands = ({ median }) => `${(median / 1000).toFixed(1)} k`;
  const judge = (aim, isReached) => (aim === undefined ? '' : `${aim} ${isReached ? 'reached' : 'missed'}`);
  const table = [
    [
      'ours',
      'msg/s',
      'peer msg/s',
      'rate ratio',
      'aim: at least',
      'CPU us',
      'peer CPU us',
      'CPU ratio',
      'aim: at most',
    ],
    ...rows.map(({ name, perSecond, peerPerSecond, rateRatio, rateAim, cpuUs, peerCpuUs, cpuRatio, cpuAim }) => [
      name,
      thousands(perSecond),
      thousands(peerPerSecond),
      ratio(rateRatio),
      judge(rateAim, rateRatio.median >= rateAim),
      cpuUs.median.toFixed(2),
      peerCpuUs.median.toFixed(2),
      ratio(cpuRatio),
      judge(cpuAim, cpuRatio.median <= cpuAim),
    ]),
  ];
  console.log(`${describeMachine()}; ${broker}, no limits, TCP_NODELAY; ${PAYLOAD_BYTES} bytes; ${rounds} rounds.`);
  console.log(
    'Peer: mosquitto_pub -l or mosquitto_sub, for 1 -> 1 both. Ratios: ours to the peer, median (middle half).\n',
  );
  console.log(markdown ? formatMarkdown(table) : formatTable(table));
}

await main();
