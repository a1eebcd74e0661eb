// Everything that dist holds: the packed bundle, the launcher, code caches, licences, and what the bundler says of it all.
import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { crc32 } from 'node:zlib';
import { bundleForNode, ROOT } from './bundle.mjs';
import { makeCodeCaches } from './code-cache.mjs';
import { formatLicences } from './licences.mjs';
import { COMMANDS, pack } from './pack.mjs';

/** What a thread of mqtt-bench runs. */
const THREAD = "require('./launch.js').launch('mqtt-bench', undefined, 'runThread');\n";

/** Fills `folder`, and removes from it what does not belong there. Returns the names of the files. */
export async function assemble(folder) {
  const { chunks, metafile } = await bundleForNode('src/main.ts');
  const { packed, ...places } = await pack(chunks, metafile);
  packed.set('THIRD-PARTY-LICENSES.md', formatLicences(ROOT, metafile));
  packed.set('thread.js', THREAD);
  packed.set('meta.json', `${JSON.stringify(metafile, null, 1)}\n`);
  for (const [name, content] of packed) write(folder, name, content);
  // Last, because it names the others: a command that starts meanwhile finds the old files or the new ones.
  write(folder, 'launch.js', launcher({ ...places, caches: {}, answers: {}, cachesFor: '' }));

  // Of what every run of a command loads; the help of one that has commands of its own loads more.
  const started = new Set([...Object.values(places.starts), places.client.file]);
  const caches = {};
  for (const [file, cache] of await tryToCache(folder)) {
    if (!started.has(file)) continue;
    const name = `${file.slice(2)}.${crc32(cache).toString(16).padStart(8, '0')}.cache`;
    caches[file] = name;
    // See `readCache` of the launcher.
    const twice = Buffer.concat([cache, cache]);
    packed.set(name, twice);
    write(folder, name, twice);
  }
  const answers = {};
  for (const command of Object.keys(COMMANDS)) {
    answers[command] = {};
    for (const word of ['--help', '--version']) {
      const name = `${command}${word}.txt`;
      const text = await ask(folder, command, word);
      answers[command][word] = name;
      packed.set(name, text);
      write(folder, name, text);
    }
  }
  const lastly = launcher({ ...places, caches, answers, cachesFor: `${process.versions.v8} ${process.arch}` });
  packed.set('launch.js', lastly);
  write(folder, 'launch.js', lastly);
  for (const name of readdirSync(folder)) {
    if (!packed.has(name)) rmSync(join(folder, name), { recursive: true, force: true });
  }
  return [...packed.keys()].sort();
}

/** What a command prints. */
async function ask(folder, command, word) {
  const start = 'require(process.argv[1]).launch(process.argv.splice(2, 1)[0])';
  const words = ['-e', start, '--', join(folder, 'launch.js'), command, word];
  const { stdout } = await promisify(execFile)(process.execPath, words, { env: {} });
  return stdout;
}

/** A code cache only saves time: without one everything works. */
async function tryToCache(folder) {
  try {
    return await makeCodeCaches(folder);
  } catch (error) {
    console.error(`No code cache: ${error.message}`);
    return new Map();
  }
}

function launcher(table) {
  return readFileSync(join(ROOT, 'scripts/launch.cjs'), 'utf8').replace(
    '= BUILD;',
    () => `= ${JSON.stringify(table)};`,
  );
}

/** In one step, so that nobody reads half a file. */
function write(folder, name, content) {
  mkdirSync(folder, { recursive: true });
  const temporary = join(folder, `.${name}.${process.pid}`);
  writeFileSync(temporary, content);
  renameSync(temporary, join(folder, name));
}
