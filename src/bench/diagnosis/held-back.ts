import type { Clock } from '../../cli/context.ts';
import type { Session } from '../../mqtt/session.ts';
import { within } from '../scenario/within.ts';

/** A path or a machine that is slower than this tells nothing. */
const QUICK_MS = 15;
/** Linux delays an ACK for 40 ms at least; the rest is how late a timer may be. */
const HELD_FROM_MS = 35;
const HELD_TO_MS = 60;
/** So many times in a row the two must differ: no pause of broker or machine is that regular. */
const NEEDED = 3;
/** The first segments of a connection are acknowledged at once. */
const MOST_ROUNDS = 8;
/** Longer than any answer that counts. */
const LIMIT_MS = 500;

/**
 * Whether the broker holds back a packet until our TCP has acknowledged the one before (Nagle's algorithm), and our TCP
 * takes its time to do so (delayed ACK): of two PINGRESP the second comes 40 ms after the first when we stay silent,
 * and at once when we send something, which acknowledges the first. Undefined when the broker did not answer, or
 * `abort` came first. Never rejects.
 */
export async function holdsBackPackets(
  session: Pick<Session, 'ping'>,
  clock: Clock,
  abort: AbortSignal,
): Promise<boolean | undefined> {
  let held = 0;
  for (let round = 0; round < MOST_ROUNDS && held < NEEDED; round += 1) {
    const silent = await timePair(session, clock, false, abort);
    const speaking = await timePair(session, clock, true, abort);
    if (silent === undefined || speaking === undefined) return undefined;
    const isHeld = silent.gapMs >= HELD_FROM_MS && silent.gapMs <= HELD_TO_MS;
    const isReleased = speaking.gapMs <= QUICK_MS;
    held = isHeld && isReleased && silent.firstMs <= QUICK_MS && speaking.firstMs <= QUICK_MS ? held + 1 : 0;
  }
  return held >= NEEDED;
}

/**
 * How long the answer to the first of two PINGREQ took, and how much later the second answer came. Undefined when one
 * fails or takes too long, or `abort` comes first.
 */
async function timePair(
  session: Pick<Session, 'ping'>,
  clock: Clock,
  speaks: boolean,
  abort: AbortSignal,
): Promise<{ readonly firstMs: number; readonly gapMs: number } | undefined> {
  const startMs = clock.monotonicMs();
  let firstMs = Number.NaN;
  const first = session.ping().then(() => {
    firstMs = clock.monotonicMs();
    return speaks ? session.ping() : undefined;
  });
  const second = session.ping().then(() => clock.monotonicMs());
  const answers = await within(Promise.all([first, second]), LIMIT_MS, clock, abort).catch(() => undefined);
  return answers && { firstMs: firstMs - startMs, gapMs: answers[1] - firstMs };
}
