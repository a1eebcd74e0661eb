import { describe, expect, it } from 'vitest';
import { assertLedgersAddUp, type Ledger, type Ledgers, sumLedgers } from '../../../src/bench/record/ledger.ts';
import { InternalError } from '../../../src/errors.ts';

const GOOD: Ledger = {
  attempted: 10,
  accepted: 6,
  refused: 1,
  timedOut: 2,
  inFlight: 1,
  expected: 7,
  delivered: 5,
  lost: 2,
  duplicated: 3,
  outOfOrder: 1,
};

function ledgersWith(publisher: Partial<Ledger> = {}, total: Partial<Ledger> = {}, subscriber = {}): Ledgers {
  return {
    total: { ...sumLedgers([GOOD, GOOD]), ...total },
    publishers: [GOOD, { ...GOOD, ...publisher }],
    subscribers: [GOOD, { ...GOOD, ...subscriber }],
  };
}

describe('assertLedgersAddUp', () => {
  it('takes ledgers that add up', () => {
    expect(() => assertLedgersAddUp(ledgersWith())).not.toThrow();
  });

  it.each([
    ['attempted', ledgersWith({ attempted: 11 }, { attempted: 21 })],
    ['expected', ledgersWith({ expected: 8 }, { expected: 15 })],
    ['refused', ledgersWith({}, { refused: 3 })],
    ['delivered', ledgersWith({}, {}, { delivered: 6 })],
    ['duplicated', ledgersWith({}, {}, { duplicated: 4 })],
    ['lost', ledgersWith({ lost: -1, delivered: 8 })],
    ['timedOut', ledgersWith({ timedOut: Number.NaN })],
    ['inFlight', ledgersWith({ inFlight: -1, timedOut: 4 })],
  ])('ends with an internal error where %s does not', (count, ledgers) => {
    const check = (): void => assertLedgersAddUp(ledgers);
    expect(check).toThrow(InternalError);
    expect(check).toThrow(count);
  });

  it('says whose ledger it is, and the numbers', () => {
    expect(() => assertLedgersAddUp(ledgersWith({ accepted: 7 }, { accepted: 13 }))).toThrow(
      'the ledger of the run does not add up: attempted 20 is not accepted 13 + refused 2 + timedOut 4 + inFlight 2',
    );
    expect(() => assertLedgersAddUp(ledgersWith({ expected: 9 }, { expected: 14 }))).toThrow(
      'the ledger of publisher 1 does not add up: expected 9 is not delivered 5 + lost 2',
    );
    expect(() => assertLedgersAddUp(ledgersWith({}, {}, { outOfOrder: 2 }))).toThrow(
      'the ledger of the run does not add up: outOfOrder is 2, and 3 over all subscribers',
    );
  });
});
