import { describe, expect, it } from 'vitest';
import { reviveBuffers, reviveError, toErrorState } from '../../../src/bench/threads/plain.ts';
import * as errors from '../../../src/errors.ts';

describe('what goes to another thread and back', () => {
  it('has its Buffers again, wherever they are', () => {
    const value = {
      password: Buffer.from('p'),
      will: { payload: Buffer.from([0, 255]) },
      list: [Buffer.from('a'), 'b', 3],
      nothing: null,
      absent: undefined,
    };
    const there = reviveBuffers(structuredClone(value));
    expect(there).toEqual(value);
    expect([there.password, there.will.payload, there.list[0]].every(Buffer.isBuffer)).toBe(true);
  });

  it.each([
    new errors.UsageError('a', 'b'),
    new errors.UnreachableError('a', 'b'),
    new errors.TlsError('a'),
    new errors.UnauthorizedError('a', 'b'),
    new errors.RefusedError('a'),
    new errors.ConnectionLostError('a', 'b'),
    new errors.SubscriptionDeniedError('a', 'b'),
    new errors.PublishRefusedError('a'),
    new errors.InternalError('a'),
  ])('is the same kind of error: $name', (error) => {
    const there = reviveError(structuredClone(toErrorState(error)));
    expect(there.constructor).toBe(error.constructor);
    expect([there.message, there.hint, there.exitCode]).toEqual([error.message, error.hint, error.exitCode]);
  });

  it('is an internal error for whatever else was thrown', () => {
    const there = reviveError(structuredClone(toErrorState(new TypeError('no such thing'))));
    expect(there).toBeInstanceOf(errors.InternalError);
    expect(there.message).toContain('TypeError: no such thing');
  });
});
