// The bundler: TypeScript modules in, ES modules out, split where one is imported when asked for.
import { createRequire } from 'node:module';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { bundlePage, page } from './page.mjs';

export const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const SHIMS = join(ROOT, 'scripts/shims');

/** The oldest Node that `engines` admits. */
const TARGET = 'node20.19';

/** Packages that are not bundled as they come, for what they cost or lack. Each shim says why. */
const SHIMMED_PACKAGES = {
  '@assemblyscript/loader': 'no-web-assembly.cjs',
  debug: 'no-debug.cjs',
  'lru-cache': 'small-lru-cache.cjs',
  'worker-timers': 'native-timers.cjs',
  yargs: 'yargs.mjs',
  'yargs-parser': 'yargs-parser.mjs',
};

/** @type {import('esbuild').Plugin} */
const shims = {
  name: 'shims',
  setup({ onLoad, onResolve }) {
    const packages = new RegExp(`^(${Object.keys(SHIMMED_PACKAGES).join('|')})$`);
    onResolve({ filter: packages }, ({ path }) => ({ path: join(SHIMS, SHIMMED_PACKAGES[path]) }));
    onResolve({ filter: /\/generated-wasm$/ }, () => ({ path: join(SHIMS, 'no-web-assembly.cjs') }));
    // The copy of Node's streams for browsers and old versions.
    onResolve({ filter: /^readable-stream$/ }, () => ({ path: 'node:stream', external: true }));
    // MQTT.js reads its version from it, and no more.
    onLoad({ filter: /\/node_modules\/mqtt\/package\.json$/ }, ({ path }) => {
      const { version } = createRequire(import.meta.url)(path);
      return { contents: JSON.stringify({ version }), loader: 'json' };
    });
  },
};

/** Whitespace and dead code go; identifiers stay, for the stack of a bug and because errors are named by their class. */
export const SMALLER = { minifySyntax: true, minifyWhitespace: true, minifyIdentifiers: false, target: TARGET };

/**
 * Bundles `entry`. A module reached by `import()` alone becomes a file of its own, loaded when first asked for.
 * Returns the text and the names of the exports of each file by `./name.js`, and esbuild's metafile: which modules each file
 * holds, and which files it loads.
 */
export async function bundleForNode(entry) {
  // CommonJS starts faster than ESM, but esbuild splits ESM alone: so split first, and `join` converts.
  const { metafile, outputFiles } = await build({
    ...SMALLER,
    absWorkingDir: ROOT,
    entryPoints: [entry],
    outdir: 'dist',
    write: false,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    metafile: true,
    legalComments: 'none',
    logLevel: 'warning',
    plugins: [shims, page],
    define: {
      // Native helpers of `ws` that are never installed with this package.
      'process.env.WS_NO_BUFFER_UTIL': '"1"',
      'process.env.WS_NO_UTF_8_VALIDATE': '"1"',
      // Only yargs' `extends` of a configuration file asks for it, which nothing here can reach.
      'import.meta.resolve': 'undefined',
    },
  });
  const chunks = new Map();
  for (const { path, text } of outputFiles) {
    const name = basename(path);
    chunks.set(`./${name}`, { text, exports: metafile.outputs[`dist/${name}`].exports });
  }
  return { chunks, metafile: await withPage(metafile) };
}

/** Names what the text for browsers is made of in place of the text: its licences and sizes count too. */
async function withPage(metafile) {
  const { outputs } = (await bundlePage()).metafile;
  const parts = Object.assign({}, ...Object.values(outputs).map(({ inputs }) => inputs));
  for (const output of Object.values(metafile.outputs)) {
    if (!('page:page' in output.inputs)) continue;
    const { 'page:page': _, ...others } = output.inputs;
    output.inputs = { ...others, ...parts };
  }
  return metafile;
}
