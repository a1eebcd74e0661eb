// `npm run build:standalone [-- FOLDER]`: the commands as one executable that needs no Node beside it, for the machine's own
// platform, by Node's single executable applications: the running Node with everything of dist inside, code caches too.
// It is the command by whose name it is called (mqtt-pub and the others are links to it), or that its first word names.
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { assemble } from './assemble.mjs';
import { ROOT } from './bundle.mjs';
import { COMMANDS } from './pack.mjs';

const NAME = 'mqtt-toolkit';
/** Where Node looks for what was put into it: the name that its documentation gives. */
const FUSE = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';

/** What runs first, in the process and in each of its threads. */
function mainProgram(launcher) {
  return `'use strict';
${launcher.replace('"cachesFor"', '"standalone":true,"cachesFor"')}
const { basename } = require('node:path');
if (!require('node:worker_threads').isMainThread) {
  exports.launch('mqtt-bench', undefined, 'runThread');
} else {
  const called = basename(process.argv0);
  const name = called in starts ? called : process.argv.splice(2, 1)[0];
  if (name in starts) exports.launch(name);
  else {
    process.stderr.write(\`usage: ${NAME} COMMAND ...; the commands: \${Object.keys(starts).join(', ')}\\n\`);
    process.exitCode = 2;
  }
}
`;
}

/** Fills `folder` with the executable and its links. */
async function build(folder) {
  const work = join(folder, '.work');
  mkdirSync(work, { recursive: true });
  try {
    await assemble(work);
    const main = join(work, 'main.js');
    writeFileSync(main, mainProgram(readFileSync(join(work, 'launch.js'), 'utf8')));
    const left = ['launch.js', 'thread.js', 'meta.json'];
    const assets = readdirSync(work).filter((name) => !left.includes(name));
    const config = {
      main,
      output: join(work, 'blob'),
      disableExperimentalSEAWarning: true,
      useCodeCache: true,
      assets: Object.fromEntries(assets.map((name) => [name, join(work, name)])),
    };
    writeFileSync(join(work, 'sea.json'), JSON.stringify(config));
    execFileSync(process.execPath, ['--experimental-sea-config', join(work, 'sea.json')], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const executable = join(work, NAME);
    copyFileSync(process.execPath, executable);
    chmodSync(executable, 0o755);
    const { inject } = createRequire(import.meta.url)('postject');
    await inject(executable, 'NODE_SEA_BLOB', readFileSync(config.output), { sentinelFuse: FUSE });
    copyFileSync(executable, join(folder, NAME));
    copyFileSync(join(work, 'THIRD-PARTY-LICENSES.md'), join(folder, 'THIRD-PARTY-LICENSES.md'));
    for (const command of Object.keys(COMMANDS)) {
      rmSync(join(folder, command), { force: true });
      symlinkSync(NAME, join(folder, command));
    }
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

await build(resolve(process.argv[2] ?? join(ROOT, 'standalone')));
