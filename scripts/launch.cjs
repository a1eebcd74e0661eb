'use strict';

// Starts a command. The build copies this file into dist, with a table in place of BUILD:
// - main, starts: the main module, and for each command the file with it and all else that starts it;
// - client: the file with the modules that every run loads next, and which those are;
// - caches: for a file, the one with V8's code cache for it;
// - answers: for each command, the file with what it prints when it is asked for no more than help or the version.
// - cachesFor: the V8 that made them. V8 itself refuses what another version made; asking first spares it the look.
// - standalone: whether all that is a part of an executable, and no file at all. Then `THREAD` is what its threads run.
const { main, starts, client, caches, answers, cachesFor, standalone } = BUILD;

const readFileSync = standalone ? readAsset : require('node:fs').readFileSync;

/** What is in the executable under the name of the file. */
function readAsset(path, encoding) {
  const asset = Buffer.from(require('node:sea').getRawAsset(path.slice(path.lastIndexOf('/') + 1)));
  return encoding === undefined ? asset : asset.toString(encoding);
}

/**
 * Runs the command `name`; with `entry`, what the main module exports under that name instead. `onScript` is for the
 * build: it is told of each script, to keep its code cache.
 */
exports.launch = (name, onScript, entry = 'main') => {
  const answer = entry === 'main' && process.argv.length === 3 ? answers[name]?.[process.argv[2]] : undefined;
  if (answer === undefined) start(name, onScript, entry);
  else print(answer, () => start(name, onScript, entry));
};

/** The help is laid out for this many columns and more. */
const HELP_COLUMNS = 100;

/** Help and version are the same each time. Whatever is not as usual, from a narrow terminal to a full disk, is left to `otherwise`. */
function print(file, otherwise) {
  let text;
  try {
    text = readFileSync(`${__dirname}/${file}`);
  } catch {
    return otherwise();
  }
  const { stdout } = process;
  if (stdout.columns < HELP_COLUMNS) return otherwise();
  // `| head -1` has what it wanted.
  stdout.once('error', (error) => (error.code === 'EPIPE' ? process.exit(0) : otherwise()));
  stdout.write(text);
}

function start(name, onScript, entry) {
  const folder = cacheFolder(process.env);
  const useCaches = cachesFor === `${process.versions.v8} ${process.arch}`;
  // From Node 22.1 on, Node keeps what V8 compiled: in the user's cache folder, the one place we write to unasked.
  // (On Node 20, where there is nothing to gain, loading node:module would cost 5 ms.)
  if (!useCaches && folder !== undefined && Number.parseInt(process.versions.node, 10) >= 22) {
    require('node:module').enableCompileCache?.(folder);
  }

  const fileOf = (id) => {
    if (id === main) return starts[name];
    return client.ids.includes(id) ? client.file : id;
  };
  const makers = Object.create(null);
  const loaded = Object.create(null);
  const load = (id) => {
    if (loaded[id] === undefined) loaded[id] = id.startsWith('./') ? make(id) : require(id);
    return loaded[id];
  };
  const make = (id) => {
    if (makers[id] === undefined) {
      readFile(fileOf(id), useCaches, onScript)(load, (namespaces) => Object.assign(makers, namespaces));
    }
    return makers[id]();
  };
  load(main)[entry](name, __dirname, standalone ? () => readAsset('main.js', 'utf8') : undefined);
}

/** The function that runs the modules of one file: see scripts/join.mjs. */
function readFile(file, useCaches, onScript) {
  if (!standalone && onScript === undefined && !(useCaches && caches[file])) return require(file);
  const { Script } = require('node:vm');
  const path = `${__dirname}/${file.slice(2)}`;
  const cachedData = onScript === undefined ? readCache(caches[file]) : undefined;
  // The bundler writes ASCII alone.
  const script = new Script(readFileSync(path, 'latin1'), { filename: path, cachedData });
  onScript?.(file, script);
  return script.runInThisContext();
}

/** Undefined where the file is missing or damaged: V8 would end the process over a single wrong bit in it. */
function readCache(file) {
  try {
    // It stands in the file twice: to compare is done in no time, and loading node:zlib for a checksum takes 4 ms.
    const twice = readFileSync(`${__dirname}/${file}`);
    const cache = twice.subarray(0, twice.length / 2);
    return cache.length > 0 && cache.equals(twice.subarray(cache.length)) ? cache : undefined;
  } catch {
    return undefined;
  }
}

function cacheFolder({ XDG_CACHE_HOME, HOME }) {
  // The XDG base directory specification: a relative path is to be ignored.
  if (XDG_CACHE_HOME?.startsWith('/')) return `${XDG_CACHE_HOME}/mqtt-toolkit`;
  return HOME?.startsWith('/') ? `${HOME}/.cache/mqtt-toolkit` : undefined;
}
