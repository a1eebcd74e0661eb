import type { Context, Output } from '../cli/context.ts';
import { makeStyle, wantsColor } from './style.ts';

/** How often a log is told: each line is kept. */
const LINE_PERIOD_MS = 5000;
/** A person reads no faster. */
const BLOCK_PERIOD_MS = 200;
/** As wide as the spinner and the space after it. */
const INDENT = '  ';
const DEFAULT_COLUMNS = 80;

/** Shows again and again how far something is. */
export interface Display<T> {
  /** How often it wants to be shown the newest. */
  readonly periodMs: number;
  /** What is typed beside it is taken away with it. */
  readonly isRewritten: boolean;
  show(state: T): void;
  /** Takes away what is not to stay, and gives the cursor back. */
  stop(): void;
}

/** How a state is put into words. */
export interface Wording<T> {
  /** In lines of at most `columns`, for a terminal. */
  block(state: T, columns: number): string;
  /** In one line, for a log. */
  line(state: T): string;
  /** What of a block is a warning, where there is any. */
  readonly warning: RegExp;
}

/**
 * A block on a terminal that can be written again and again, lines where each one is kept: in CI, on a dumb terminal. A
 * terminal that is 0 columns wide does not tell how wide it is, and so not how many of its lines a block takes up.
 */
export function chooseDisplay(stream: Output, { CI, TERM }: Context['env']): 'block' | 'lines' | 'none' {
  const inCi = CI !== undefined && CI !== '' && CI !== 'false';
  const isTerminal = stream.isTTY === true;
  if (isTerminal && !inCi && 'cursorTo' in stream && TERM !== 'dumb' && stream.columns !== 0) return 'block';
  return isTerminal || inCi ? 'lines' : 'none';
}

/** A line every few seconds, `prefix` before it. */
export function startLines<T>(stream: Output, prefix: string, wording: Wording<T>): Display<T> {
  return {
    periodMs: LINE_PERIOD_MS,
    isRewritten: false,
    show: (state) => void stream.write(`${prefix}${wording.line(state)}\n`),
    stop: () => undefined,
  };
}

/** Loads ora, and shows a spinner with `text` after it until there is a state to show. */
export async function startBlock<T>(
  stream: Output,
  env: Context['env'],
  text: string,
  noColor: boolean,
  wording: Wording<T>,
): Promise<Display<T>> {
  const { default: ora } = await import('ora');
  const style = await makeStyle(stream, env, noColor);
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
    periodMs: BLOCK_PERIOD_MS,
    isRewritten: true,
    show(state) {
      // One column stays free: a terminal may go to the next line when the last one is written.
      const columns = (stream.columns || DEFAULT_COLUMNS) - INDENT.length - 1;
      const block = wording.block(state, columns).replaceAll('\n', `\n${INDENT}`);
      spinner.text = block.replace(wording.warning, (warning) => style.warning(warning));
    },
    stop: () => void spinner.stop(),
  };
}
