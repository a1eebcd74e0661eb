// `npm run build`, and `npm install` in a checkout (`prepare`): src -> dist.
import { fileURLToPath } from 'node:url';

const DIST = fileURLToPath(new URL('../dist', import.meta.url));

try {
  const { assemble } = await import('./assemble.mjs');
  const names = await assemble(DIST);
  console.log(`dist: ${names.length} files`);
} catch (error) {
  if (error.code === 'ERR_MODULE_NOT_FOUND' && error.message.includes("'esbuild'")) {
    // `npm install --omit=dev` in a checkout runs this too, and must not fail for want of a compiler.
    console.error('Not built: esbuild, a development dependency, is missing. `npm install` installs it and builds.');
    if (process.env.npm_lifecycle_event !== 'prepare') process.exitCode = 1;
  } else if (error.errors) {
    // The bundler has said what is wrong.
    process.exitCode = 1;
  } else {
    throw error;
  }
}
