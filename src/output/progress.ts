import type { Context, Output } from '../cli/context.ts';
import { wantsColor } from './style.ts';

/** One line on a terminal that is written again and again. */
export interface Progress {
  show(text: string): void;
  /** Takes the line away and gives the cursor back. */
  stop(): void;
}

/** Whether progress may be shown: on a terminal that can rewrite a line, and not in CI, where each line is kept. */
export function wantsProgress(stream: Output, env: Context['env']): boolean {
  const { CI, TERM } = env;
  const inCi = CI !== undefined && CI !== '' && CI !== 'false';
  return stream.isTTY === true && 'cursorTo' in stream && TERM !== 'dumb' && !inCi;
}

/** Loads ora, and shows a spinner with `text` after it. */
export async function startProgress(
  stream: Output,
  env: Context['env'],
  text: string,
  noColor: boolean,
): Promise<Progress> {
  const { default: ora } = await import('ora');
  const spinner = ora({
    stream,
    text,
    // Decided by the caller, from our own environment and stream.
    isEnabled: true,
    color: wantsColor(stream, env, noColor) ? 'cyan' : false,
    // It would put stdin into raw mode, in which Ctrl-C is no signal.
    discardStdin: false,
  }).start();
  return {
    show: (shown) => {
      spinner.text = shown;
    },
    stop: () => void spinner.stop(),
  };
}
