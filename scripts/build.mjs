// `npm run build`, and `npm install` in a checkout (`prepare`): src -> dist.
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const DIST = join(ROOT, 'dist');

async function build() {
  const { bundleForNode } = await import('./bundle.mjs');
  const { formatLicences } = await import('./licences.mjs');
  const { pack } = await import('./pack.mjs');
  const { chunks, metafile } = await bundleForNode('src/main.ts');
  const { packed, files } = pack(chunks, metafile);
  packed.set('THIRD-PARTY-LICENSES.md', formatLicences(ROOT, metafile));
  packed.set('meta.json', `${JSON.stringify(metafile, null, 1)}\n`);
  for (const [name, content] of packed) write(name, content);
  // Last, because it names the others: a command that starts meanwhile finds the old files or the new ones.
  write('launch.js', launcher({ files, caches: {}, cachesFor: '' }));
  packed.set('launch.js', '');

  const caches = await tryToCache();
  const names = {};
  for (const [file, cache] of caches) {
    const name = `${file.slice(2)}.${createHash('sha256').update(cache).digest('hex').slice(0, 8)}.cache`;
    names[file] = name;
    packed.set(name, cache);
    write(name, cache);
  }
  write('launch.js', launcher({ files, caches: names, cachesFor: `${process.versions.v8} ${process.arch}` }));
  for (const name of readdirSync(DIST)) {
    if (!packed.has(name)) rmSync(join(DIST, name), { recursive: true, force: true });
  }
  console.log(`dist: ${packed.size} files`);
}

/** A code cache only saves time: without one everything works. */
async function tryToCache() {
  try {
    const { makeCodeCaches } = await import('./code-cache.mjs');
    return await makeCodeCaches(DIST);
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

function write(name, content) {
  mkdirSync(DIST, { recursive: true });
  const temporary = join(DIST, `.${name}.${process.pid}`);
  writeFileSync(temporary, content);
  renameSync(temporary, join(DIST, name));
}

try {
  await build();
} catch (error) {
  const noTools = error.code === 'ERR_MODULE_NOT_FOUND' && error.message.includes("'esbuild'");
  if (!noTools) throw error;
  // `npm install --omit=dev` in a checkout runs this too, and must not fail for want of a compiler.
  console.error(
    'Not built: esbuild, a development dependency, is not installed. `npm install` installs it and builds.',
  );
  if (process.env.npm_lifecycle_event !== 'prepare') process.exitCode = 1;
}
