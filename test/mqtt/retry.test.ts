import { describe, expect, it } from 'vitest';
import {
  ConnectionLostError,
  InterruptedError,
  RefusedError,
  TlsError,
  UnauthorizedError,
  UnreachableError,
  UsageError,
} from '../../src/errors.ts';
import { mayReconnectAfter, mayRetryAfter } from '../../src/mqtt/retry.ts';

describe('a connection is opened again', () => {
  it.each([undefined, 0x00, 0x82, 0x8b, 0x8d, 0x93, 0x97, 0x98, 0xa0])(
    'after its end with reason code %s',
    (reasonCode) => {
      const end = { kind: 'lost', reason: 'x', ...(reasonCode !== undefined && { reasonCode }) } as const;
      expect(mayReconnectAfter(end)).toBe(true);
    },
  );

  it.each([
    [0x8e, 'Session taken over'],
    [0x9c, 'Use another server'],
    [0x9d, 'Server moved'],
  ])('not after 0x%s, %s [MQTT5 3.14.2.1]', (reasonCode) => {
    expect(mayReconnectAfter({ kind: 'disconnected', reason: 'x', reasonCode })).toBe(false);
  });

  it('while the broker restarts, or says that it is busy', () => {
    expect(mayRetryAfter(new UnreachableError('x'))).toBe(true);
    expect(mayRetryAfter(new TlsError('x'))).toBe(true);
    expect(mayRetryAfter(new RefusedError('x', undefined, true))).toBe(true);
  });

  it('not when another attempt would end the same', () => {
    for (const error of [
      new RefusedError('x'),
      new UnauthorizedError('x'),
      new UsageError('x'),
      new InterruptedError('x', 130),
      new ConnectionLostError('x'),
      new Error('x'),
      undefined,
    ]) {
      expect(mayRetryAfter(error)).toBe(false);
    }
  });
});
