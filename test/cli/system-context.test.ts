import { describe, expect, it } from 'vitest';
import { makeSystemContext } from '../../src/cli/system-context.ts';

describe('the real world', () => {
  const { clock, stderr, env, pid } = makeSystemContext(new AbortController().signal);

  it('has a clock that goes forward, and tells the time of day', () => {
    const [first, second] = [clock.monotonicMs(), clock.monotonicMs()];
    expect(second).toBeGreaterThanOrEqual(first);
    expect(Math.abs(clock.epochMs() - Date.now())).toBeLessThan(1000);
  });

  it('has timers that fire, and timers that do not when they are cleared', async () => {
    const fired: string[] = [];
    const cleared = clock.setTimer(() => fired.push('cleared'), 0);
    const repeating = clock.setRepeating(() => fired.push('repeating'), 1);
    clock.clearTimer(cleared);
    clock.clearTimer(undefined);
    await new Promise<void>((resolve) => {
      clock.setTimer(() => clock.setSoon(resolve), 5);
    });
    clock.clearTimer(repeating);
    expect(fired).toContain('repeating');
    expect(fired).not.toContain('cleared');
  });

  it('survives that nobody reads stderr any more', () => {
    expect(stderr.listenerCount('error')).toBeGreaterThan(0);
    const before = stderr.listenerCount('error');
    expect(makeSystemContext(new AbortController().signal).env).toBe(env);
    // The first touch counts, once for each world.
    expect(stderr.listenerCount('error')).toBe(before);
    expect(pid).toBe(process.pid);
  });
});
