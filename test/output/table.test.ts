import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatRows } from '../../src/output/table.ts';

describe('formatRows', () => {
  it('puts the labels in one column', () => {
    const rows = [
      { label: 'sent', cells: ['1,000', 'lost 0'] },
      { label: 'throughput', cells: ['48,200 msg/s'] },
      { label: 'none', cells: [] },
    ];
    expect(formatRows(rows)).toBe('sent        1,000   lost 0\nthroughput  48,200 msg/s\nnone\n');
  });

  it('puts a cell that does not fit on the next line', () => {
    const rows = [{ label: 'a', cells: ['0123456789', '0123456789', '01234'] }];
    expect(formatRows(rows, 26)).toBe('a  0123456789   0123456789\n   01234\n');
    expect(formatRows(rows, 25)).toBe('a  0123456789\n   0123456789   01234\n');
  });

  it('breaks a sentence at spaces', () => {
    const rows = [{ label: 'note', cells: ['a sentence that is too long for one line'] }];
    expect(formatRows(rows, 26)).toBe('note  a sentence that is\n      too long for one\n      line\n');
  });

  it('is nothing for no rows', () => {
    expect(formatRows([])).toBe('');
  });

  it('loses no word and has no line that is too wide, unless a word is', () => {
    const word = fc.stringMatching(/^[a-z0-9,./]{1,12}$/);
    const cell = fc.array(word, { minLength: 1, maxLength: 12 }).map((words) => words.join(' '));
    const row = fc.record({ label: fc.stringMatching(/^[a-z]{1,10}$/), cells: fc.array(cell, { maxLength: 6 }) });
    fc.assert(
      fc.property(fc.array(row, { maxLength: 5 }), fc.integer({ min: 36, max: 120 }), (rows, width) => {
        const text = formatRows(rows, width);
        for (const line of text.split('\n')) {
          expect(line.length).toBeLessThanOrEqual(width);
          expect(line).toBe(line.trimEnd());
        }
        const words = (all: string): string[] => all.split(/\s+/).filter((one) => one !== '');
        expect(words(text)).toEqual(words(rows.map(({ label, cells }) => [label, ...cells].join(' ')).join(' ')));
      }),
    );
  });
});
