import type { Clock } from '../../cli/context.ts';

/**
 * What `promise` gives, or undefined when it took longer than `limitMs`. Rejects as `promise` does, and with the reason
 * of `abort` when that is aborted first.
 */
export async function within<T>(
  promise: Promise<T>,
  limitMs: number,
  clock: Clock,
  abort?: AbortSignal,
): Promise<T | undefined> {
  let release = (): void => undefined;
  const limit = new Promise<undefined>((resolve, reject) => {
    const timer = clock.setTimer(() => resolve(undefined), limitMs);
    const onAbort = (): void => reject(abort?.reason);
    abort?.addEventListener('abort', onAbort);
    if (abort?.aborted) onAbort();
    release = () => {
      clock.clearTimer(timer);
      abort?.removeEventListener('abort', onAbort);
    };
  });
  try {
    return await Promise.race([promise, limit]);
  } finally {
    release();
  }
}
