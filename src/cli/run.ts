import type { Command } from '../commands/command.ts';
import { UsageError } from '../errors.ts';
import { indexOptions, scanArgv } from '../options/argv.ts';
import { helpOption, hostOption, showConfigOption, urlArgument, versionFlag } from '../options/connection.ts';
import { COMMANDS } from './command-table.ts';
import type { Context } from './context.ts';
import { ExitCode } from './exit-codes.ts';
import { readOptionsFiles } from './options-files.ts';

/**
 * Runs one command from its words to its exit code. Never throws and never ends the process: every failure has become
 * a message on stderr and a code.
 */
export async function run(name: string, argv: readonly string[], context: Context): Promise<ExitCode> {
  try {
    const command = await COMMANDS[name]?.();
    if (command === undefined) throw new UsageError(`unknown command ${name}`);
    return await runCommand(command, argv, context);
  } catch (error) {
    const { reportError } = await import('./report-error.ts');
    return reportError(name, error, argv, context);
  }
}

async function runCommand(command: Command, argv: readonly string[], context: Context): Promise<ExitCode> {
  if (argv.length === 0 && command.needsArguments(context.env)) {
    const { formatBriefUsage } = await import('./help.ts');
    context.stderr.write(formatBriefUsage(command));
    return ExitCode.usage;
  }
  switch (asksFor(command, argv)) {
    case 'help': {
      const { formatHelp } = await import('./help.ts');
      context.stdout.write(formatHelp(command, context.stdout.columns));
      return ExitCode.ok;
    }
    case 'version': {
      const { VERSION } = await import('./version.ts');
      context.stdout.write(`${command.name} ${VERSION}\n`);
      return ExitCode.ok;
    }
    case 'run': {
      const { parseOptions } = await import('../options/parse.ts');
      const files = await readOptionsFiles(command, argv, context.env);
      const values = parseOptions({ specs: command.options, argv, env: context.env, files, positional: urlArgument });
      if (!values.get(showConfigOption)) return await command.run(values, context);
      const { formatConfig } = await import('./show-config.ts');
      context.stdout.write(formatConfig(command, values));
      return ExitCode.ok;
    }
  }
}

/** Help and version are answered before anything is validated, without loading the parser. */
function asksFor(command: Command, argv: readonly string[]): 'help' | 'version' | 'run' {
  // -h is the host, as for mosquitto; alone at the end it can only be a plea for help.
  if (argv.at(-1) === `-${hostOption.short}` && argv.length === 1) return 'help';
  const flags = new Set(
    scanArgv(argv, indexOptions(command.options)).map((token) => token.kind === 'option' && token.spec.long),
  );
  if (flags.has(helpOption.long)) return 'help';
  return flags.has(versionFlag.long) ? 'version' : 'run';
}
