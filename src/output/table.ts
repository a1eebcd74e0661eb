/** One line of a report: what it is about, then figures or sentences that belong together. */
export interface Row {
  readonly label: string;
  readonly cells: readonly string[];
}

const GAP = '   ';
/** Narrower than this, wrapping helps nobody. */
const NARROWEST = 20;

/**
 * Rows with their labels in one column. A cell that does not fit in `width` goes to the next line, under the first;
 * one that is longer than a line is broken at spaces. Lines end with a newline and without trailing space.
 */
export function formatRows(rows: readonly Row[], width = Number.POSITIVE_INFINITY): string {
  const labelWidth = Math.max(0, ...rows.map((row) => row.label.length)) + 2;
  const room = Math.max(width - labelWidth, NARROWEST);
  return rows
    .flatMap(({ label, cells }) =>
      fillLines(cells, room).map((line, index) => `${(index === 0 ? label : '').padEnd(labelWidth)}${line}`.trimEnd()),
    )
    .map((line) => `${line}\n`)
    .join('');
}

/** Cells in lines of at most `room`, unless a single word is longer. */
export function fillLines(cells: readonly string[], room: number): string[] {
  const lines: string[] = [];
  for (const cell of cells.flatMap((text) => breakWords(text, room))) {
    const last = lines.at(-1);
    if (last === undefined || last.length + GAP.length + cell.length > room) lines.push(cell);
    else lines[lines.length - 1] = `${last}${GAP}${cell}`;
  }
  return lines.length > 0 ? lines : [''];
}

function breakWords(text: string, room: number): string[] {
  if (text.length <= room) return [text];
  const lines = [''];
  for (const word of text.split(' ')) {
    const last = lines.at(-1) ?? '';
    if (last === '') lines[lines.length - 1] = word;
    else if (last.length + 1 + word.length > room) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}
