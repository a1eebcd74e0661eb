import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AWAITS_PUBACK, Exchanges } from '../../../src/mqtt/lane/exchanges.ts';

describe('the exchanges of a lane', () => {
  it('never give out an identifier that is in use, nor 0, and know each by its token', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 20 }),
        fc.array(fc.nat({ max: 40 }), { maxLength: 300 }),
        (size, choices) => {
          const exchanges = new Exchanges(size);
          const open = new Map<number, number>();
          let token = 0;
          for (const choice of choices) {
            const ids = [...open.keys()];
            const victim = ids[choice % (size * 2)];
            if (victim !== undefined || open.size === size) {
              const id = victim ?? ids[0] ?? 0;
              expect(exchanges.tokenOf(id)).toBe(open.get(id));
              expect(exchanges.stampOf(id)).toBe(-(open.get(id) ?? 0));
              exchanges.end(id);
              open.delete(id);
            } else {
              const id = exchanges.begin(token, AWAITS_PUBACK, -token);
              expect(id).toBeGreaterThanOrEqual(1);
              expect(id).toBeLessThanOrEqual(size);
              expect(open.has(id)).toBe(false);
              open.set(id, token);
              token += 1;
            }
            expect(exchanges.count).toBe(open.size);
          }
          expect(exchanges.inOrder().map((one) => one.token)).toEqual([...open.values()].sort((a, b) => a - b));
        },
      ),
    );
  });

  it('take more identifiers where answers stay away, and say so when there are no more', () => {
    const exchanges = new Exchanges(4, 20);
    const ids = Array.from({ length: 20 }, (_, token) => exchanges.begin(token, AWAITS_PUBACK, 2 * token));
    expect(new Set(ids).size).toBe(20);
    expect(ids.map((id) => [exchanges.tokenOf(id), exchanges.stampOf(id)])).toEqual(
      ids.map((_, token) => [token, 2 * token]),
    );
    expect(() => exchanges.begin(20, AWAITS_PUBACK, 0)).toThrow('every Packet Identifier is in use');
    exchanges.end(7);
    expect(exchanges.begin(21, AWAITS_PUBACK, 0)).toBe(7);
  });

  it('know nothing of identifiers that were never given out', () => {
    const exchanges = new Exchanges(5);
    expect([0, 1, 5, 6, 65_535].map((id) => exchanges.stateOf(id))).toEqual([0, 0, 0, 0, 0]);
  });
});
