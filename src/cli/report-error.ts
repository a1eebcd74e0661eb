import { CliError } from '../errors.ts';
import { debugOption, noColorOption, quietOption } from '../options/connection.ts';
import type { OptionValues } from '../options/option-values.ts';
import { escapeControls, escapeControlsKeepingLayout } from '../output/escape.ts';
import { makeStyle } from '../output/style.ts';
import { endTypedLine } from '../output/typed-line.ts';
import type { Context } from './context.ts';
import { ExitCode } from './exit-codes.ts';

const ISSUES = 'This is a bug in mqtt-toolkit. Please report it with the lines above.';

/** What of the command line decides how an error is told. */
export interface Understood {
  readonly argv: readonly string[];
  /** The options, unless understanding them was what failed. */
  readonly values: OptionValues | undefined;
}

/** Says once what failed, and returns the exit code. */
export async function reportError(
  name: string,
  error: unknown,
  understood: Understood,
  context: Context,
): Promise<ExitCode> {
  const { quiet, noColor, stacks } = wishesOf(understood);
  const exitCode = error instanceof CliError ? error.exitCode : ExitCode.internal;
  if (quiet && exitCode !== ExitCode.usage) return exitCode;
  endTypedLine(context);
  const style = await makeStyle(context.stderr, context.env, noColor);
  if (error instanceof CliError && exitCode !== ExitCode.internal) {
    const hint = error.hint === undefined ? '' : `${style.dim(indent(error.hint))}\n`;
    const stack = stacks ? `${indent(stackOf(error))}\n` : '';
    context.stderr.write(`${style.error(`${name}:`)} ${escapeControls(error.message)}\n${hint}${stack}`);
    return exitCode;
  }
  const stack = escapeControlsKeepingLayout(stackOf(error));
  context.stderr.write(`${style.error(`${name}: internal error:`)} ${stack}\n${indent(ISSUES)}\n`);
  return ExitCode.internal;
}

/** Of words that were not understood the plain spellings count: a message may be "--quiet", but is not sent then. */
function wishesOf({ argv, values }: Understood): { quiet: boolean; noColor: boolean; stacks: boolean } {
  if (values === undefined) {
    return { quiet: false, noColor: argv.includes('--no-color'), stacks: argv.includes('-dd') };
  }
  return {
    quiet: values.get(quietOption),
    noColor: values.get(noColorOption),
    stacks: values.get(debugOption) >= 2,
  };
}

function indent(text: string): string {
  return escapeControlsKeepingLayout(text).replace(/^/gm, '  ');
}

function stackOf(error: unknown): string {
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const cause = error instanceof Error && error.cause !== undefined ? `\ncaused by ${stackOf(error.cause)}` : '';
  return `${stack}${cause}`;
}
