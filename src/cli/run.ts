import type { Command } from '../commands/command.ts';
import { UsageError } from '../errors.ts';
import { indexOptions, type OptionIndex, scanArgv } from '../options/argv.ts';
import { helpOption, hostOption, showConfigOption, urlArgument, versionFlag } from '../options/connection.ts';
import type { OptionValues } from '../options/option-values.ts';
import { quote } from '../output/escape.ts';
import { Writer } from '../output/writer.ts';
import { COMMANDS } from './command-table.ts';
import type { Context } from './context.ts';
import { ExitCode } from './exit-codes.ts';
import { readOptionsFiles } from './options-files.ts';

/**
 * Runs one command from its words to its exit code. Never throws and never ends the process: every failure has become
 * a message on stderr and a code.
 */
export async function run(name: string, argv: readonly string[], context: Context): Promise<ExitCode> {
  let understood: OptionValues | undefined;
  try {
    const found = await COMMANDS[name]?.();
    if (found === undefined) throw new UsageError(`unknown command ${name}`);
    // Node puts it in place of what it cannot decode; it can also have been typed.
    if (argv.some((word) => word.includes('\ufffd'))) {
      const { refuseLostBytes } = await import('./argv-bytes.ts');
      refuseLostBytes(argv, context.readCommandLine());
    }
    const [first = '', ...rest] = argv;
    const chosen = Object.hasOwn(found.subcommands ?? {}, first) ? await found.subcommands?.[first]?.() : undefined;
    if (chosen === undefined && found.subcommands !== undefined) await refuseMistyped(found, first);
    return await runCommand(chosen ?? found, chosen ? rest : argv, context, (values) => {
      understood = values;
    });
  } catch (error) {
    const { reportError } = await import('./report-error.ts');
    return reportError(name, error, { argv, values: understood }, context);
  }
}

/** Throws UsageError for a first word that is nearly one of a command's own commands. */
async function refuseMistyped({ name, subcommands = {} }: Command, word: string): Promise<void> {
  if (word === '' || word.startsWith('-') || word.includes('://')) return;
  const { suggestName } = await import('../options/suggest.ts');
  const meant = suggestName(word, Object.keys(subcommands));
  if (meant !== undefined) throw new UsageError(`unknown command ${quote(word)}`, `Did you mean ${name} ${meant}?`);
}

async function runCommand(
  command: Command,
  argv: readonly string[],
  context: Context,
  onUnderstood: (values: OptionValues) => void,
): Promise<ExitCode> {
  if (argv.length === 0 && command.needsArguments(context.env)) {
    const { formatBriefUsage } = await import('./help.ts');
    context.stderr.write(formatBriefUsage(command));
    return ExitCode.usage;
  }
  switch (asksFor(command, argv)) {
    case 'help': {
      const { formatHelp } = await import('./help.ts');
      const subcommands = await Promise.all(Object.values(command.subcommands ?? {}).map((load) => load()));
      return print(formatHelp(command, context.stdout.columns, subcommands), context);
    }
    case 'version': {
      const { VERSION } = await import('./version.ts');
      return print(`${command.name} ${VERSION}\n`, context);
    }
    case 'run': {
      const { parseOptions } = await import('../options/parse.ts');
      const files = await readOptionsFiles(command, argv, context.env);
      const positional = command.positional ?? urlArgument;
      const values = parseOptions({ specs: command.options, argv, env: context.env, files, positional });
      onUnderstood(values);
      if (!values.get(showConfigOption)) return await command.run(values, context);
      const { formatConfig } = await import('./show-config.ts');
      return print(formatConfig(command, values), context);
    }
  }
}

/** Success means that it was written, or that the reader wanted no more. Throws OutputError. */
async function print(text: string, { stdout }: Context): Promise<ExitCode> {
  const writer = new Writer(stdout);
  const end = await Promise.race([writer.writeThrough(Buffer.from(text)), writer.ended]);
  if (end?.kind === 'failed') throw end.error;
  return ExitCode.ok;
}

/** Help and version are answered before anything is validated, without loading the parser. */
function asksFor(command: Command, argv: readonly string[]): 'help' | 'version' | 'run' {
  const index = indexOptions(command.options);
  if (endsWithBareHost(argv, index)) return 'help';
  const flags = new Set(scanArgv(argv, index).map((token) => token.kind === 'option' && token.spec.long));
  if (flags.has(helpOption.long)) return 'help';
  return flags.has(versionFlag.long) ? 'version' : 'run';
}

/** -h is the host, as for mosquitto; at the end, and not the value of another option, it can only be a plea for help. */
function endsWithBareHost(argv: readonly string[], index: OptionIndex): boolean {
  if (argv.at(-1) !== `-${hostOption.short}`) return false;
  try {
    return scanArgv(argv.slice(0, -1), index).every(({ kind }) => kind === 'option');
  } catch {
    return false;
  }
}
