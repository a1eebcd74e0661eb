// Puts the modules that every run of a command needs into few files: a file costs 0.5 ms to find, read and compile.
import { createHash } from 'node:crypto';
import { SMALLER } from './bundle.mjs';
import { join } from './join.mjs';

/** What starts each command, and with it whatever those import. */
export const START = ['src/main.ts', 'src/cli/help.ts', 'src/cli/version.ts'];

/** What a run needs beyond that: the parser and the client, for all commands alike. */
export const RUN = ['src/options/parse.ts', 'src/mqtt/mqttjs.ts', 'src/mqtt/lane/lanes.ts'];

/** What each command adds to its start. */
export const COMMANDS = {
  'mqtt-pub': ['src/commands/pub.ts'],
  'mqtt-sub': ['src/commands/sub.ts', 'src/output/text.ts', 'src/output/json-lines.ts'],
  'mqtt-rr': ['src/commands/rr.ts', 'src/output/text.ts'],
  'mqtt-bench': ['src/commands/bench.ts'],
};

/** The bundler's files that `roots` (entry points) load as they start, `roots` included. */
export function staticClosure(metafile, roots) {
  const outputs = new Map(Object.entries(metafile.outputs));
  const closure = new Set();
  const visit = (path) => {
    if (closure.has(path)) return;
    closure.add(path);
    for (const { kind, path: imported, external } of outputs.get(path).imports) {
      if (kind !== 'dynamic-import' && !external) visit(imported);
    }
  };
  for (const root of roots) visit(outputOf(metafile, root));
  return [...closure];
}

function outputOf(metafile, entryPoint) {
  const found = Object.entries(metafile.outputs).find(([, output]) => output.entryPoint === entryPoint);
  if (found === undefined) throw new Error(`${entryPoint} is not a file of its own: nothing imports it dynamically`);
  return found[0];
}

/** As the bundled code asks for it. */
const idOf = (output) => output.replace(/^dist\//, './');

/**
 * `chunks`: what the bundler made, by id. Returns the files to write, by name; `main`, the id of the main module; `starts`,
 * for each command the file with all that starts it, main among it; and `client`, the `file` with the modules `ids`,
 * which every run of a command loads next. All other modules are in a file each, of the name of their id.
 */
export async function pack(chunks, metafile) {
  const packed = new Map();
  const add = async (name, outputs) => {
    const text = await join(chunks, outputs.map(idOf), SMALLER);
    const file = name.includes('.')
      ? name
      : `${name}-${createHash('sha256').update(text).digest('hex').slice(0, 8)}.js`;
    packed.set(file, text);
    return `./${file}`;
  };

  const roots = Object.entries(COMMANDS).map(([command, own]) => [
    command,
    staticClosure(metafile, [...START, ...own]),
  ]);
  const started = new Set(roots.flatMap(([, outputs]) => outputs));
  const run = staticClosure(metafile, RUN);
  // What the client shares with the start of some command is in the starts of all: no module may be there twice.
  const shared = run.filter((output) => started.has(output));
  const starts = {};
  for (const [command, outputs] of roots) starts[command] = await add(command, [...new Set([...outputs, ...shared])]);
  const own = run.filter((output) => !started.has(output));
  const client = { file: await add('client', own), ids: own.map(idOf) };
  const everywhere = new Set([...staticClosure(metafile, START), ...run]);
  for (const output of Object.keys(metafile.outputs)) {
    if (!everywhere.has(output)) await add(idOf(output).slice(2), [output]);
  }
  return { packed, main: idOf(outputOf(metafile, 'src/main.ts')), starts, client };
}
