// Stands in for `yargs-parser`'s own entry in the bundle: the same parser, without `createRequire`, which loads Node's
// ESM loader (5 ms of CPU) for configuration files that nothing here can ask for.
import { normalize, resolve } from 'node:path';
import { format } from 'node:util';
import { camelCase, decamelize, looksLikeNumber } from '../../node_modules/yargs-parser/build/lib/string-utils.js';
import { YargsParser } from '../../node_modules/yargs-parser/build/lib/yargs-parser.js';

const parser = new YargsParser({
  cwd: process.cwd,
  env: () => process.env,
  format,
  normalize,
  resolve,
  require: () => {
    throw new Error('this part of yargs-parser is not bundled');
  },
});

const yargsParser = (args, options) => parser.parse(args.slice(), options).argv;
yargsParser.detailed = (args, options) => parser.parse(args.slice(), options);
yargsParser.camelCase = camelCase;
yargsParser.decamelize = decamelize;
yargsParser.looksLikeNumber = looksLikeNumber;

export default yargsParser;
