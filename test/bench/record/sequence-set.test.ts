import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SequenceSet } from '../../../src/bench/record/sequence-set.ts';

/** Numbers around the borders of words and chunks. */
const sequence = fc.oneof(fc.nat(200), fc.integer({ min: 4080, max: 4110 }), fc.integer({ min: 8185, max: 8200 }));

function setOf(numbers: Iterable<number>): SequenceSet {
  const set = new SequenceSet();
  for (const number of numbers) set.add(number);
  return set;
}

describe('SequenceSet', () => {
  it('knows what was added, like a Set', () => {
    fc.assert(
      fc.property(fc.array(sequence, { maxLength: 300 }), (numbers) => {
        const set = new SequenceSet();
        const model = new Set<number>();
        for (const number of numbers) {
          expect(set.add(number)).toBe(!model.has(number));
          model.add(number);
        }
      }),
    );
  });

  it('counts what another set does not hold, like Sets', () => {
    const numbers = fc.array(sequence, { maxLength: 300 });
    fc.assert(
      fc.property(numbers, numbers, fc.nat(9000), (ours, theirs, below) => {
        const model = new Set(theirs);
        const other = setOf(theirs);
        expect(setOf(ours).countOutside(other)).toBe([...new Set(ours)].filter((one) => !model.has(one)).length);
        const all = new SequenceSet();
        all.addBelow(below);
        expect(all.countOutside(other)).toBe(below - [...model].filter((one) => one < below).length);
        expect(other.countOutside(all)).toBe([...model].filter((one) => one >= below).length);
      }),
    );
  });

  it('holds full chunks and partial ones', () => {
    const set = setOf(Array.from({ length: 10_000 }, (_, index) => index));
    expect(set.add(4095)).toBe(false);
    expect(set.add(10_000)).toBe(true);
    expect(set.countOutside(new SequenceSet())).toBe(10_001);
  });

  it('takes the largest sequence number', () => {
    const set = new SequenceSet();
    set.add(3_000_000_000);
    expect(set.add(3_000_000_000)).toBe(false);
    expect(set.countOutside(new SequenceSet())).toBe(1);
  });
});
