import { CliError } from '../errors.ts';
import { escapeControls, escapeControlsKeepingLayout } from '../output/escape.ts';
import { makeStyle } from '../output/style.ts';
import type { Context } from './context.ts';
import { ExitCode } from './exit-codes.ts';

const ISSUES = 'This is a bug in mqtt-toolkit. Please report it with the lines above.';

/** Says once what failed, and returns the exit code. */
export async function reportError(
  name: string,
  error: unknown,
  argv: readonly string[],
  context: Context,
): Promise<ExitCode> {
  const quiet = argv.includes('--quiet');
  const exitCode = error instanceof CliError ? error.exitCode : ExitCode.internal;
  if (quiet && exitCode !== ExitCode.usage) return exitCode;
  const style = await makeStyle(context.stderr, context.env, argv.includes('--no-color'));
  if (error instanceof CliError && exitCode !== ExitCode.internal) {
    const hint = error.hint === undefined ? '' : `${indent(error.hint)}\n`;
    const stack = argv.includes('-dd') ? `${indent(stackOf(error))}\n` : '';
    context.stderr.write(`${style.error(`${name}:`)} ${escapeControls(error.message)}\n${style.dim(hint)}${stack}`);
    return exitCode;
  }
  const stack = escapeControlsKeepingLayout(stackOf(error));
  context.stderr.write(`${style.error(`${name}: internal error:`)} ${stack}\n${indent(ISSUES)}\n`);
  return ExitCode.internal;
}

function indent(text: string): string {
  return escapeControlsKeepingLayout(text).replace(/^/gm, '  ');
}

function stackOf(error: unknown): string {
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const cause = error instanceof Error && error.cause !== undefined ? `\ncaused by ${stackOf(error.cause)}` : '';
  return `${stack}${cause}`;
}
