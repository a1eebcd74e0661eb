// `npm run docs`: writes what the documents say of options and exit codes from the tables in the sources.
// With `--check` it writes nothing, names what is out of date, and fails.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { ROOT } from './bundle.mjs';
import { fill, format } from './documents.mjs';
import { MOSQUITTO_OPTIONS } from './mosquitto-options.mjs';
import { page } from './page.mjs';

const MADE_BY = 'npm run docs';
const GENERATED = `<!-- Made by \`${MADE_BY}\` from the tables in src. Do not edit. -->`;
const COMMANDS = ['mqtt-pub', 'mqtt-sub', 'mqtt-rr', 'mqtt-bench'];

/** Packages stay where they are, but not their package.json: Node 20 imports JSON only by an attribute. */
const packagesOutside = {
  name: 'packages-outside',
  setup({ onResolve }) {
    onResolve({ filter: /^[^./]/ }, ({ kind, path }) =>
      kind === 'entry-point' || path.endsWith('/package.json') ? undefined : { path, external: true },
    );
  },
};

/** Node 20 does not read TypeScript: the tables are bundled to a file that it can import. */
async function loadTables() {
  const folder = join(ROOT, 'node_modules/.cache/mqtt-toolkit');
  const file = join(folder, `tables-${process.pid}.mjs`);
  const contents = `
    export { COMMANDS } from './cli/command-table.ts';
    export { EXIT_CODE_MEANINGS } from './cli/exit-codes.ts';
    export { GROUPS } from './options/spec.ts';
    export { urlArgument } from './options/connection.ts';`;
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: join(ROOT, 'src') },
    bundle: true,
    format: 'esm',
    platform: 'node',
    plugins: [page, packagesOutside],
    write: false,
    logLevel: 'warning',
  });
  try {
    mkdirSync(folder, { recursive: true });
    writeFileSync(file, outputFiles[0].contents);
    const { COMMANDS: table, ...rest } = await import(pathToFileURL(file).href);
    const commands = await Promise.all(COMMANDS.map((name) => table[name]()));
    const withSubcommands = commands.map(async (command) => [
      command,
      ...(await Promise.all(Object.values(command.subcommands ?? {}).map((load) => load()))),
    ]);
    return { ...rest, commands: (await Promise.all(withSubcommands)).flat() };
  } finally {
    rmSync(file, { force: true });
  }
}

/** A cell of a Markdown table. Placeholders in angle brackets would be taken for HTML. */
const cell = (text) => text.replaceAll('|', '\\|').replaceAll('<', '&lt;');

function optionTable(specs, urlArgument) {
  const rows = specs.map((spec) => {
    const value = spec.valueNames.map((name) => ` ${name}`).join('');
    const short = spec.short === undefined ? '' : `\`-${spec.short}\`, `;
    const label = spec === urlArgument ? `\`${value.trim()}\` (the first word)` : `${short}\`--${spec.long}${value}\``;
    const environment = spec.environment === undefined ? '' : `\`${spec.environment}\``;
    return `| ${[label, cell(spec.summary), cell(spec.defaultText ?? ''), environment].join(' | ')} |`;
  });
  return ['| option | meaning | default | environment |', '|---|---|---|---|', ...rows].join('\n');
}

function optionsByGroup(specs, { GROUPS, urlArgument }) {
  return GROUPS.map((group) => [group, specs.filter((spec) => spec.group === group)])
    .filter(([, members]) => members.length > 0)
    .map(([group, members]) => `### ${group}\n\n${optionTable(members, urlArgument)}\n`)
    .join('\n');
}

function optionsPage(tables) {
  const { commands } = tables;
  const [first, ...others] = commands;
  const shared = first.options.filter((spec) => others.every(({ options }) => options.includes(spec)));
  const sections = commands.map(({ name, summary, synopsis, options }) => {
    const own = options.filter((spec) => !shared.includes(spec));
    return `## ${name}\n\n${summary}\n\n\`${name} ${synopsis}\`\n\n${optionsByGroup(own, tables)}`;
  });
  return `${GENERATED}

# Options

The strongest source holds: a flag, then an environment variable, then an options file or profile, then the default.
\`--show-config\` prints what holds and where it comes from. Durations are a number with \`ms\`, \`s\`, \`m\` or \`h\`, and a bare
number is seconds. Sizes take \`k\`, \`M\`, \`G\` and \`KiB\`, \`MiB\`, \`GiB\`. The words after an option are its value whatever
they look like: \`-m -5\` sends \`-5\`. \`--option=value\`, \`-p1884\`, bundles such as \`-rd\`, and \`--\` work too.

An options file has an option a line, as in mosquitto's: its value is the rest of the line, without quotes around it; a line
that starts with \`#\` is a comment. Each command reads the one of its name in \`$XDG_CONFIG_HOME/mqtt-toolkit\`, or else in
\`~/.config/mqtt-toolkit\`; \`-o\` names another instead. A profile is such a file in the folder \`profiles\` beside them.

${sections.join('\n')}
## Every command

${optionsByGroup(shared, tables)}`;
}

function exitCodeTable(meanings) {
  const rows = meanings.map(([code, meaning]) => `| ${code} | ${meaning} |`);
  return ['| code | meaning |', '|---|---|', ...rows].join('\n');
}

function exitCodesPage(meanings) {
  return `${GENERATED}

# Exit codes

Zero means that it worked: at QoS 1 and 2 the broker has accepted every message. Every other code comes with at least one
line on stderr, unless \`--quiet\` was given.

${exitCodeTable(meanings)}
`;
}

/** Ours for one of mosquitto's: the same long name, or where it has none the same letter. */
function findOurs(theirs, specs) {
  const words = theirs.split(' ');
  const long = words.find((word) => word.startsWith('--'));
  return specs.find((spec) => (long === undefined ? `-${spec.short}` === words[0] : `--${spec.long}` === long));
}

function mosquittoTable(commands) {
  const show = (options) => options.map((option) => `\`${option.split(' ')[0]}\``).join(' ');
  const rows = Object.entries(MOSQUITTO_OPTIONS).map(([theme, list]) => {
    const { options } = commands.find(({ name }) => name === theme) ?? commands[0];
    const ours = list.filter((theirs) => findOurs(theirs, options));
    return [theme, show(ours), show(list.filter((theirs) => !ours.includes(theirs)))];
  });
  const isComplete = rows.every(([, , missing]) => missing === '');
  const table = [['', 'as in mosquitto', 'not there yet'], ['---', '---', '---'], ...rows];
  return table.map((row) => `| ${(isComplete ? row.slice(0, 2) : row).join(' | ')} |`).join('\n');
}

async function generate() {
  const tables = await loadTables();
  const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
  const withCodes = fill(readme, 'exit codes', MADE_BY, exitCodeTable(tables.EXIT_CODE_MEANINGS));
  return new Map([
    ['README.md', fill(withCodes, 'mosquitto options', MADE_BY, mosquittoTable(tables.commands))],
    ['docs/exit-codes.md', exitCodesPage(tables.EXIT_CODE_MEANINGS)],
    ['docs/options.md', optionsPage(tables)],
  ]);
}

function readOrEmpty(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

const checking = process.argv.includes('--check');
for (const [name, unformatted] of await generate()) {
  const text = format(name, unformatted);
  const path = join(ROOT, name);
  if (readOrEmpty(path) === text) continue;
  if (checking) {
    console.error(`${name} is out of date: npm run docs`);
    process.exitCode = 1;
  } else {
    writeFileSync(path, text);
    console.log(`wrote ${name}`);
  }
}
