import { DEADLINE_MS } from './transcript.ts';

/** The promise's own outcome, or a rejection that says what was waited for in vain. */
export function withDeadline<T>(promise: Promise<T>, what: string, deadlineMs: number = DEADLINE_MS): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`${what}: nothing in ${deadlineMs} ms`)), deadlineMs);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
