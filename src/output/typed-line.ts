import type { Context, StopReason } from '../cli/context.ts';

/** Stops whose line was ended, or is gone. */
const told = new WeakSet<AbortSignal>();

/**
 * Ends the line of a terminal in which Ctrl-C was typed, and perhaps a payload stands, before the first thing that is
 * said of it; once. `out` is where that is said.
 */
export function endTypedLine(
  { stderr, stop }: Pick<Context, 'stderr' | 'stop'>,
  out: Context['stdout'] = stderr,
): void {
  const reason = stop.reason as StopReason | undefined;
  if (!out.isTTY || !stop.aborted || reason?.signal !== 'SIGINT' || told.has(stop)) return;
  told.add(stop);
  out.write('\n');
}

/** What was typed so far has been taken away from the terminal again. */
export function forgetTypedLine({ stop }: Pick<Context, 'stop'>): void {
  if (stop.aborted) told.add(stop);
}
