import type { Clock, Timer } from '../cli/context.ts';

/** How long a broker that answers PINGREQ may leave something else without an answer, in milliseconds. */
export const ANSWER_LIMIT_MS = 30_000;

/**
 * Calls `onOverdue` unless the function that it returns is called first: when the broker has answered two PINGREQ, sent
 * after half of the limit and at its end. What it sends comes in order, so that a reader who stands still holds up both.
 */
export function limitAnswer(clock: Clock, ping: (onAnswer: () => void) => void, onOverdue: () => void): () => void {
  let isDone = false;
  let timer: Timer | undefined;
  const waitAndPing = (next: () => void): void => {
    timer = clock.setTimer(() => {
      ping(() => {
        if (!isDone) next();
      });
    }, ANSWER_LIMIT_MS / 2);
  };
  waitAndPing(() => waitAndPing(onOverdue));
  return () => {
    isDone = true;
    clock.clearTimer(timer);
  };
}
