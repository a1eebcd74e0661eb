// Puts the modules that every run of a command needs into few files: a file costs 0.5 ms to find, read and compile.
import { createHash } from 'node:crypto';

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

/** The bundler begins each file with its helpers, a kilobyte of them, and then this. */
const AFTER_HELPERS = 'var stdin_exports={};';

function splitHelpers(chunk) {
  const end = chunk.indexOf(AFTER_HELPERS);
  return end < 0 ? ['', chunk] : [chunk.slice(0, end), chunk.slice(end)];
}

/** As the bundled code asks for it. */
const idOf = (output) => output.replace(/^dist\//, './');

/**
 * `chunks`: CommonJS by the bundler's file name. Returns the files to write, by name, and for each command where its
 * modules are.
 */
export function pack(chunks, metafile) {
  const packed = new Map();
  const add = (name, outputs) => {
    let helpers = '';
    const modules = outputs.map((output) => {
      const id = idOf(output);
      const [own, rest] = splitHelpers(chunks.get(id.slice(2)));
      // Those with more of them have all that the others have.
      if (own.length > helpers.length) helpers = own;
      // In parentheses, V8 compiles the function at once instead of skipping it first.
      return `${JSON.stringify(id)}:(function(exports,require,module){${rest}})`;
    });
    const text = `${helpers}module.exports={${modules.join(',\n')}};\n`;
    const file = name.includes('.')
      ? name
      : `${name}-${createHash('sha256').update(text).digest('hex').slice(0, 8)}.js`;
    packed.set(file, text);
    return `./${file}`;
  };

  const everywhere = staticClosure(metafile, ['src/main.ts']);
  const run = staticClosure(metafile, RUN).filter((output) => !everywhere.includes(output));
  const runFile = add('client', run);
  const files = {};
  const placed = new Set(everywhere);
  for (const [command, own] of Object.entries(COMMANDS)) {
    const start = [...START, ...own];
    const startFile = add(command, staticClosure(metafile, start));
    const ids = (roots) => roots.map((root) => idOf(outputOf(metafile, root)));
    files[command] = {
      main: idOf(outputOf(metafile, 'src/main.ts')),
      ...Object.fromEntries(ids(start).map((id) => [id, startFile])),
      ...Object.fromEntries(ids(RUN).map((id) => [id, runFile])),
    };
    for (const root of [...start, ...RUN]) placed.add(outputOf(metafile, root));
  }
  for (const output of Object.keys(metafile.outputs)) {
    if (!placed.has(output)) add(idOf(output).slice(2), [output]);
  }
  return { packed, files };
}
