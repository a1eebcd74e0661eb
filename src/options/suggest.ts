import type { OptionSpec } from './spec.ts';

/** The option that a mistyped word most likely means, as it would be typed; undefined when none is near. */
export function suggestOption(word: string, specs: readonly OptionSpec[]): string | undefined {
  const typed = word.replace(/^-+/, '').toLowerCase();
  let best: { readonly name: string; readonly distance: number } | undefined;
  for (const spec of specs) {
    // Far apart in length is far apart, and a long word would take its time.
    if (typed.length > 2 * spec.long.length) continue;
    const near = spec.long.startsWith(typed) && typed.length > 2 ? 0.5 : editDistance(typed, spec.long);
    if (near <= Math.max(1, Math.floor(spec.long.length / 3)) && near < (best?.distance ?? Number.POSITIVE_INFINITY)) {
      best = { name: `--${spec.long}`, distance: near };
    }
  }
  return best?.name;
}

/** Of `names`, the one that a mistyped word most likely means; undefined when none is near. */
export function suggestName(word: string, names: Iterable<string>): string | undefined {
  const typed = word.toLowerCase();
  let best: { readonly name: string; readonly distance: number } | undefined;
  for (const name of names) {
    if (typed.length > 2 * name.length + 1) continue;
    const distance = editDistance(typed, name.toLowerCase());
    if (
      distance <= Math.max(1, Math.floor(name.length / 3)) &&
      distance < (best?.distance ?? Number.POSITIVE_INFINITY)
    ) {
      best = { name, distance };
    }
  }
  return best?.name;
}

/** Insertions, deletions, replacements and swaps of neighbours (optimal string alignment). */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const cost = a[row - 1] === b[column - 1] ? 0 : 1;
      let distance = Math.min((last[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1, (last[column - 1] ?? 0) + cost);
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      if (swapped) distance = Math.min(distance, (beforeLast[column - 2] ?? 0) + 1);
      current.push(distance);
    }
    beforeLast = last;
    last = current;
  }
  return last[b.length] ?? 0;
}
