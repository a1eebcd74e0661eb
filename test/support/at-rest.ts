import { readFileSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';

/**
 * Resolves once a process sleeps, waiting for something to do; at once where no `/proc` tells. mosquitto_sub and
 * mosquitto_rr say DISCONNECT in their signal handler: a signal that finds them with a packet in hand finds its lock
 * held too, and they hang for ever.
 */
export async function untilAtRest(pid: number): Promise<void> {
  while (stateOf(pid) === 'R') await setImmediate();
}

/** `R` of one that runs, `S` of one that sleeps. [proc(5), /proc/PID/stat: the letter after the name in parentheses] */
function stateOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat[stat.lastIndexOf(')') + 2];
  } catch {
    return undefined;
  }
}
