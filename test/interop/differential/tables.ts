/** From tables of cases to tests, one for each case. */
import { describe, it } from 'vitest';
import { describeWith } from '../../support/needs.ts';
import type { CommonCase } from './case.ts';
import { shareWorld, type World } from './world.ts';

/** What a title is made of. */
type Titled = Partial<Pick<CommonCase, 'title' | 'words' | 'optionsFile' | 'differs'>>;

/** Adds the cases of a table, each with the runner of its kind. */
export type AddTable = <T extends Titled>(
  name: string,
  cases: readonly T[],
  run: (world: World, one: T) => Promise<void>,
  options?: TableOptions,
) => void;

export interface TableOptions {
  /** How often a case is tried again: where two clients look at the clock at two moments. */
  readonly retry?: number;
}

/** The tables of one file share a broker. */
export function describeSideBySide(title: string, fill: (add: AddTable) => void): void {
  describeWith(['mosquitto', 'mosquitto_sub', 'mosquitto_pub', 'mosquitto_rr'], title, () => {
    const world = shareWorld();
    fill((name, cases, run, { retry = 0 } = {}) => {
      describe(name, () => {
        it.each(cases.map((one) => [titleOf(one), one] as const))('%s', { retry }, (_title, one) => run(world(), one));
      });
    });
  });
}

function titleOf({ title, words = [], optionsFile, differs }: Titled): string {
  const typed = words.map((word) => (/[^\w/#+%-]/.test(word) ? JSON.stringify(word) : word)).join(' ');
  const text = title ?? `${typed}${optionsFile === undefined ? '' : `, file ${JSON.stringify(optionsFile)}`}`;
  const shown = text.length > 150 ? `${text.slice(0, 150)} ...` : text;
  return differs === undefined ? shown : `${shown} (${differs.reason})`;
}
