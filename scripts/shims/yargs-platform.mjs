// Stands in for yargs' own `lib/platform-shims/esm.mjs` in the bundle. yargs asks the platform for everything outside
// its own code through this one object, and so do we. What is left out, and why nobody misses it:
// - cliui and string-width lay out yargs' help. Ours is made from the option tables. (string-width also compiles an
//   emoji expression and opens Intl.Segmenter at load: 50 ms of CPU.)
// - y18n reads a locale file at the first message. Our messages are our own, in English.
// - findUp looks for a package.json with a "yargs" key above the program: settings of a stranger's project.
// - `process.stdout.columns` at load, and node:assert, which looks for colours, would open a stream before anything is
//   written; with it come net, tty and the streams.
import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, extname, join, relative, resolve } from 'node:path';
import { format, inspect } from 'node:util';
import Parser from 'yargs-parser';
import { getProcessArgvBin } from '../../node_modules/yargs/build/lib/utils/process-argv.js';

function unsupported() {
  throw new Error('this part of yargs is not bundled');
}

function check(holds, message) {
  if (!holds) throw message instanceof Error ? message : new Error(message);
}

const shim = {
  assert: {
    notStrictEqual: (actual, expected, message) => check(actual !== expected, message),
    strictEqual: (actual, expected, message) => check(actual === expected, message),
  },
  cliui: unsupported,
  findUp: () => undefined,
  getEnv: (key) => process.env[key],
  inspect,
  getProcessArgvBin,
  mainFilename: '',
  Parser,
  path: { basename, dirname, extname, relative, resolve, join },
  process: {
    argv: () => process.argv,
    cwd: process.cwd,
    emitWarning: (warning, type) => process.emitWarning(warning, type),
    execPath: () => process.execPath,
    exit: unsupported,
    nextTick: process.nextTick,
    stdColumns: null,
  },
  readFileSync,
  readdirSync,
  require: unsupported,
  getCallerFile: unsupported,
  stringWidth: (text) => text.length,
  y18n: {
    __: (text, ...values) => format(text, ...values),
    __n: (singular, plural, count, ...values) => {
      const text = count === 1 ? singular : plural;
      return format(text, ...(text.includes('%d') ? [count] : []), ...values);
    },
    getLocale: () => 'en',
    setLocale: () => {},
    updateLocale: () => {},
  },
};

export default shim;
