import type { Context } from '../cli/context.ts';
import type { ExitCode } from '../cli/exit-codes.ts';
import type { OptionValues } from '../options/option-values.ts';
import type { OptionSpec } from '../options/spec.ts';

/** A line of the help that can be typed as it stands. */
export interface Example {
  readonly says: string;
  readonly typed: string;
}

/** One of the commands. */
export interface Command {
  readonly name: string;
  /** One line: what it is for. */
  readonly summary: string;
  /** Synopsis without the command's name, such as `[URL] -t TOPIC -m MESSAGE`. */
  readonly synopsis: string;
  readonly options: readonly OptionSpec[];
  /** What words without a dash set; the URL of the broker where nothing else is said. */
  readonly positional?: OptionSpec;
  /** Commands that the first word of the command line chooses instead, such as `report`. */
  readonly subcommands?: Readonly<Record<string, () => Promise<Command>>>;
  /** The two most useful first: they are what a call without arguments shows. */
  readonly examples: readonly Example[];
  /** Whether a call without a single word can only be a plea for help. */
  needsArguments(env: Context['env']): boolean;
  /** Runs to the end. Throws CliError for everything a user can act on. */
  run(values: OptionValues, context: Context): Promise<ExitCode>;
}
