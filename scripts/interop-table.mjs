// `npm run docs:interop`: takes what the last run of the tests found out about other systems into
// test/interop/results.json, and makes the tables of docs/interop.md from it. With `--check` it writes nothing, and fails
// where the tables are not those of the results.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './bundle.mjs';
import { fill, format } from './documents.mjs';

const RESULTS = join(ROOT, 'test/interop/results.json');
const PAGE = 'docs/interop.md';
/** Where test/interop/record.ts leaves what a run found. */
const LATEST = join(ROOT, 'node_modules/.cache/mqtt-toolkit/interop');

const checking = process.argv.includes('--check');

const MESSAGES = ['QoS 0', 'QoS 1', 'QoS 2', 'binary', 'empty', 'retained', 'Will', 'UTF-8 topic', '1 MiB'];
const VERSIONS = ['MQTT 3.1', 'MQTT 3.1.1', 'MQTT 5'];

/** The columns of each table. A finding that none of them names is a mistake. */
const COLUMNS = {
  client: [...VERSIONS, ...MESSAGES, '1000 messages'],
  scripted: [...VERSIONS, ...MESSAGES],
  broker: [...VERSIONS, ...MESSAGES, 'retained, by wildcard', 'session kept', 'shared subscription'],
  benchmark: ['calls itself', 'Receive Maximum', 'QoS 0', 'QoS 1', 'QoS 2', '10,000 at once'],
};

const readJson = (path) => JSON.parse(readFileSync(path, 'utf8'));
const keyOf = ({ kind, name }) => `${kind} ${name}`;

function readResults() {
  const committed = readJson(RESULTS);
  if (checking || !existsSync(LATEST)) return committed;
  const latest = readdirSync(LATEST).map((name) => readJson(join(LATEST, name)));
  const all = new Map([...committed, ...latest].map((record) => [keyOf(record), record]));
  const order = Object.keys(COLUMNS);
  return [...all.values()].sort(
    (one, other) => order.indexOf(one.kind) - order.indexOf(other.kind) || one.name.localeCompare(other.name, 'en'),
  );
}

function table(kind, records) {
  const columns = COLUMNS[kind];
  const rows = records
    .filter((record) => record.kind === kind)
    .map(({ name, version, findings }) => {
      const strange = Object.keys(findings).filter((about) => !columns.includes(about));
      if (strange.length > 0) throw new Error(`${name}: no column for ${strange.join(', ')}`);
      return [name, version ?? '', ...columns.map((about) => findings[about] ?? '')];
    });
  const head = ['', 'version', ...columns];
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

const results = readResults();
const before = readFileSync(join(ROOT, PAGE), 'utf8');
const filled = Object.keys(COLUMNS).reduce(
  (text, kind) => fill(text, kind, 'npm run docs:interop', table(kind, results)),
  before,
);
const after = format(PAGE, filled);
if (checking) {
  if (after !== before) {
    console.error(`${PAGE} is not what test/interop/results.json says: npm run docs:interop`);
    process.exitCode = 1;
  }
} else {
  writeFileSync(RESULTS, format('results.json', JSON.stringify(results)));
  writeFileSync(join(ROOT, PAGE), after);
}
