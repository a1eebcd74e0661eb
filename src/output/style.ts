import type { Context, Output } from '../cli/context.ts';

/** Colours for one stream, or none. */
export interface Style {
  readonly colored: boolean;
  error(text: string): string;
  warning(text: string): string;
  good(text: string): string;
  dim(text: string): string;
  bold(text: string): string;
}

const same = (text: string): string => text;
const PLAIN: Style = { colored: false, error: same, warning: same, good: same, dim: same, bold: same };

/** Whether a stream gets colour: a terminal that has any, unless NO_COLOR or `--no-color`; FORCE_COLOR overrules. */
export function wantsColor(stream: Output, env: Context['env'], noColor: boolean): boolean {
  if (noColor) return false;
  const { FORCE_COLOR, NO_COLOR, TERM } = env;
  if (FORCE_COLOR !== undefined && FORCE_COLOR !== '') return FORCE_COLOR !== '0' && FORCE_COLOR !== 'false';
  if (NO_COLOR !== undefined && NO_COLOR !== '') return false;
  return stream.isTTY === true && TERM !== 'dumb';
}

/** Loads chalk only when there is something to colour. */
export async function makeStyle(stream: Output, env: Context['env'], noColor = false): Promise<Style> {
  if (!wantsColor(stream, env, noColor)) return PLAIN;
  const { Chalk } = await import('chalk');
  // The level is given, so that chalk's own detection, which looks at stdout and the real environment, plays no part.
  const chalk = new Chalk({ level: 1 });
  const whole =
    (paint: (text: string) => string) =>
    (text: string): string =>
      text === '' ? text : paint(text);
  return {
    colored: true,
    error: whole(chalk.red),
    warning: whole(chalk.yellow),
    good: whole(chalk.green),
    dim: whole(chalk.dim),
    bold: whole(chalk.bold),
  };
}
