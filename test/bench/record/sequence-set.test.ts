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

  it('takes over the numbers of another set below an end', () => {
    const numbers = fc.array(sequence, { maxLength: 300 });
    fc.assert(
      fc.property(numbers, numbers, fc.nat(9000), fc.nat(9000), (ours, theirs, wholeBelow, end) => {
        const other = setOf(theirs);
        other.addBelow(wholeBelow);
        const set = setOf(ours);
        set.absorb(other.toState(), end);
        const model = new Set([...ours, ...theirs.filter((one) => one < end)]);
        for (let one = 0; one < Math.min(wholeBelow, end); one += 1) model.add(one);
        expect(set.countFrom(0)).toBe(model.size);
        for (const one of model) expect(set.add(one)).toBe(false);
      }),
    );
  });

  it('takes over the state of another set: whole chunks, parts of them, and none', () => {
    const numbers = fc.array(sequence, { maxLength: 300 });
    const wholeChunks = fc.subarray([0, 1, 2, 3]);
    fc.assert(
      fc.property(numbers, wholeChunks, numbers, wholeChunks, (ours, ourWhole, theirs, theirWhole) => {
        const withChunks = (some: readonly number[], whole: readonly number[]): number[] => [
          ...some,
          ...whole.flatMap((chunk) => Array.from({ length: 4096 }, (_, at) => chunk * 4096 + at)),
        ];
        const [first, second] = [withChunks(ours, ourWhole), withChunks(theirs, theirWhole)];
        const set = setOf(first);
        set.absorb(setOf(second).toState());
        const both = setOf([...first, ...second]);
        expect(set.toState()).toEqual(both.toState());
        expect(set.countFrom(0)).toBe(new Set([...first, ...second]).size);
        expect(set.add(first[0] ?? 20_000)).toBe(first.length === 0);
      }),
      { numRuns: 50 },
    );
  });

  it('takes the largest sequence number', () => {
    const set = new SequenceSet();
    set.add(3_000_000_000);
    expect(set.add(3_000_000_000)).toBe(false);
    expect(set.countOutside(new SequenceSet())).toBe(1);
  });
});
