// What the HTML report carries: the script and the style sheet of src/bench/report/page, each as one text.
import { join } from 'node:path';
import { build } from 'esbuild';

const ROOT = join(import.meta.dirname, '..');
/** The import of which both are: `import { script, style } from './page/draw.ts?page'`. */
const PAGE = /\/draw\.ts\?page$/;

/** Returns the module's source, and esbuild's metafile: which packages are in it. */
export async function bundlePage() {
  const { metafile, outputFiles } = await build({
    absWorkingDir: ROOT,
    entryPoints: ['src/bench/report/page/draw.ts'],
    outdir: 'dist',
    write: false,
    bundle: true,
    minify: true,
    format: 'iife',
    platform: 'browser',
    target: ['chrome110', 'firefox115', 'safari16'],
    legalComments: 'none',
    metafile: true,
    logLevel: 'warning',
  });
  const textOf = (ending) => outputFiles.find(({ path }) => path.endsWith(ending)).text.trim();
  const contents = `export const script = ${JSON.stringify(textOf('.js'))};\nexport const style = ${JSON.stringify(textOf('.css'))};\n`;
  return { contents, metafile };
}

/** @type {import('esbuild').Plugin} */
export const page = {
  name: 'page',
  setup({ onLoad, onResolve }) {
    onResolve({ filter: PAGE }, () => ({ path: 'page', namespace: 'page' }));
    onLoad({ filter: /^page$/, namespace: 'page' }, async () => ({ contents: (await bundlePage()).contents }));
  },
};

/** The same for Vite, and so for the tests. */
export function pagePlugin() {
  return {
    name: 'page',
    enforce: 'pre',
    resolveId: (id) => (PAGE.test(id) ? '\0page' : undefined),
    load: async (id) => (id === '\0page' ? (await bundlePage()).contents : undefined),
  };
}
