// `npm run build`, and `npm install` in a checkout (`prepare`): src -> dist.
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const DIST = join(ROOT, 'dist');

async function build() {
  const { bundleForNode } = await import('./bundle.mjs');
  const { formatLicences } = await import('./licences.mjs');
  const { files, metafile } = await bundleForNode('src/main.ts');
  files.set('launch.js', readFileSync(join(ROOT, 'scripts/launch.cjs'), 'utf8'));
  files.set('THIRD-PARTY-LICENSES.md', formatLicences(ROOT, metafile));
  files.set('meta.json', `${JSON.stringify(metafile, null, 1)}\n`);
  replaceFolder(files);
  const bytes = [...files.values()].reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  console.log(`dist: ${files.size} files, ${Math.round(bytes / 1024)} KiB`);
}

/** File by file, so that a command that starts meanwhile finds a whole one. */
function replaceFolder(files) {
  mkdirSync(DIST, { recursive: true });
  for (const [name, text] of files) {
    const temporary = join(DIST, `.${name}.${process.pid}`);
    writeFileSync(temporary, text);
    renameSync(temporary, join(DIST, name));
  }
  for (const name of readdirSync(DIST))
    if (!files.has(name)) rmSync(join(DIST, name), { recursive: true, force: true });
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
