import fc from 'fast-check';
import { expect, it } from 'vitest';
import { KeptPayloads } from '../../../src/mqtt/lane/kept-payloads.ts';

it('each payload that is kept is found in its slot until it is dropped, and their bytes are counted', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 8 }), fc.array(fc.nat({ max: 20 }), { maxLength: 200 }), (size, choices) => {
      const kept = new KeptPayloads(size);
      const expected = new Map<number, string>();
      for (const [index, choice] of choices.entries()) {
        const victim = [...expected.keys()][choice];
        if (victim !== undefined || expected.size === size) {
          const slot = victim ?? ([...expected.keys()][0] as number);
          kept.drop(slot);
          expected.delete(slot);
        } else {
          const text = `payload ${index}`.slice(0, choice);
          const slot = kept.keep(Buffer.from(`<${text}>`), 1, 1 + text.length);
          expect(expected.has(slot)).toBe(false);
          expected.set(slot, text);
        }
        for (const [slot, text] of expected) expect(kept.get(slot).toString()).toBe(text);
        expect(kept.bytes).toBe([...expected.values()].join('').length);
      }
    }),
  );
});
