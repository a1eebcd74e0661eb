/**
 * mosquitto's options files: an option a line, its value the rest of the line, quotes literal, `#` in the first column
 * for comments. Beyond mosquitto: lines of any length, and options of several words such as `-D`.
 */
import { UsageError } from '../errors.ts';
import { quote } from '../output/escape.ts';
import type { OptionIndex } from './argv.ts';
import type { Occurrence, OptionSpec } from './spec.ts';
import { redactUrl } from './url.ts';

export interface FileOccurrence extends Occurrence {
  readonly spec: OptionSpec;
}

/**
 * `index`: the options of this command; `others`: those of all commands, which a file that serves several may hold.
 * Throws UsageError that names file and line.
 */
export function parseOptionsFile(
  content: string,
  path: string,
  index: OptionIndex,
  others: OptionIndex,
): readonly FileOccurrence[] {
  const found: FileOccurrence[] = [];
  for (const [at, raw] of content.split('\n').entries()) {
    const line = raw.replace(/\r+$/, '');
    if (line.startsWith('#') || line.trim() === '') continue;
    const where = `${path}:${at + 1}`;
    const [, name = '', rest] = /^\s*(\S+)(?:[ \t]+(.*))?$/s.exec(line) ?? [];
    const spec = index.get(name);
    // An options file in an options file is passed over, as mosquitto does it.
    if (name === '-o' || name === '--options-file') continue;
    if (spec === undefined && others.has(name)) continue;
    if (spec === undefined) throw new UsageError(`${where}: unknown option ${quote(redactUrl(name))}`);
    found.push({ spec, words: wordsOf(spec, name, rest, where), source: { kind: 'file', path, line: at + 1 } });
  }
  return found;
}

function wordsOf(spec: OptionSpec, name: string, rest: string | undefined, where: string): readonly string[] {
  if (spec.valueNames.length === 0) {
    if (rest !== undefined && rest.trim() !== '') throw new UsageError(`${where}: ${name} takes no value`);
    return [];
  }
  if (rest === undefined || rest === '') {
    throw new UsageError(`${where}: ${name} needs a value: ${name} ${spec.valueNames.join(' ')}`);
  }
  if (spec.valueNames.length === 1) return [rest];
  // All words but the last are single words; the last one is the rest of the line.
  const wanted = spec.countWords?.(rest.split(/[ \t]+/)) ?? spec.valueNames.length;
  const words = new RegExp(`^${'(\\S+)[ \\t]+'.repeat(wanted - 1)}(.*)$`, 's').exec(rest)?.slice(1);
  if (words === undefined) throw new UsageError(`${where}: ${name} needs ${spec.valueNames.join(' ')}`);
  return words;
}
