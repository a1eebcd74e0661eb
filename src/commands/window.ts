import { inFlightLimit } from '../mqtt/limits.ts';
import type { QoS, SessionInfo } from '../mqtt/session.ts';

/**
 * Messages in flight at once, by QoS, unless the broker or `-M` allows fewer. mosquitto looks through all of them for each
 * one that comes at QoS 2: the more there are, the slower it is; but over a slow network few would be slower still.
 */
const WINDOWS = [0, 1000, 500] as const;
/** With fewer than that in flight a broker would run out of work before it is given more. */
const GATHERING_WINDOW = 200;

/** Answers that come within such a time are read together. Linux adds some 60 us. */
export const GATHERING_MS = 0.15;

/** The most that may ever be in flight; `maxInflight` is `-M`. */
export function largestWindow(qos: QoS, maxInflight: number | undefined): number {
  return maxInflight ?? WINDOWS[qos];
}

/** What may be in flight to this broker. */
export function windowOf(info: SessionInfo, qos: QoS, maxInflight: number | undefined): number {
  // Who asks for more than a silent broker is known to take gets it; Receive Maximum is the broker's word.
  return Math.min(maxInflight ?? Math.min(WINDOWS[qos], inFlightLimit(info, qos)), info.receiveMaximum);
}

/** Whether answers may wait for each other without a loss. */
export function mayGather(window: number): boolean {
  return window >= GATHERING_WINDOW;
}
