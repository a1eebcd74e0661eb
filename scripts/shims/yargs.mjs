// Stands in for `yargs` in the bundle: its own engine, yargs-parser, behind the methods that src/options/parse.ts calls.
// That hands over known options alone, each with one word that is a number, so that what yargs puts around its engine
// (commands, help, completion, messages in many languages, validation) has nothing to do: 4 ms of CPU of a short run.
// test/meta/shims.test.ts holds that both parse alike.
import parser from 'yargs-parser';

export default function yargs() {
  let configuration = {};
  let fail = (message) => {
    throw new Error(message);
  };
  const options = { array: [], string: [], narg: {} };
  const chain = {
    parserConfiguration(given) {
      configuration = given;
      return chain;
    },
    help: () => chain,
    version: () => chain,
    exitProcess: () => chain,
    strictOptions: () => chain,
    fail(callback) {
      fail = callback;
      return chain;
    },
    option(name, { nargs }) {
      options.array.push(name);
      options.string.push(name);
      options.narg[name] = nargs;
      return chain;
    },
    parseSync(words) {
      const { argv, error } = parser.detailed(words, { ...options, configuration });
      if (error) fail(error.message);
      return argv;
    },
  };
  return chain;
}
