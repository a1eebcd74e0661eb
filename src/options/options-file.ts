/**
 * mosquitto's options files: an option a line, its value the rest of the line, quotes literal, `#` in the first column
 * for comments. Beyond mosquitto: lines of any length, and options of several words such as `-D`.
 */
import { isUtf8 } from 'node:buffer';
import { UsageError } from '../errors.ts';
import { quote } from '../output/escape.ts';
import type { OptionIndex } from './argv.ts';
import { helpOption, optionsFileOption, profileOption, showConfigOption, versionFlag } from './connection.ts';
import type { Occurrence, OptionSpec } from './spec.ts';
import { suggestOption } from './suggest.ts';

export interface FileOccurrence extends Occurrence {
  readonly spec: OptionSpec;
}

/** What is said of options files themselves; a file says it of no other. As for mosquitto, `-o` is passed over. */
const PASSED_OVER: readonly OptionSpec[] = [optionsFileOption];
const REFUSED: readonly OptionSpec[] = [profileOption, showConfigOption, helpOption, versionFlag];

/**
 * `index`: the options of this command; `others`: those of all commands, which a file that serves several may hold.
 * Throws UsageError that names file and line.
 */
export function parseOptionsFile(
  content: Buffer,
  path: string,
  index: OptionIndex,
  others: OptionIndex,
): readonly FileOccurrence[] {
  const found: FileOccurrence[] = [];
  for (const [at, raw] of splitLines(content).entries()) {
    const where = `${path}:${at + 1}`;
    const line = decode(raw, where).replace(/\r+$/, '');
    if (line.startsWith('#') || line.trim() === '') continue;
    const [, name = '', rest] = /^[ \t]*([^ \t]+)(?:[ \t]+(.*))?$/s.exec(line) ?? [];
    const spec = index.get(name);
    if (spec === undefined) {
      if (others.has(name)) continue;
      throw unknownOption(name, where, index);
    }
    if (PASSED_OVER.includes(spec)) continue;
    if (REFUSED.includes(spec)) throw new UsageError(`${where}: ${name} stands on the command line, not in a file`);
    found.push({ spec, words: wordsOf(spec, name, rest, where), source: { kind: 'file', path, line: at + 1 } });
  }
  return found;
}

function splitLines(content: Buffer): readonly Buffer[] {
  const lines: Buffer[] = [];
  // The mark that some editors put in front of UTF-8.
  let start = content.indexOf('\ufeff') === 0 ? 3 : 0;
  for (let end = content.indexOf('\n', start); end >= 0; end = content.indexOf('\n', start)) {
    lines.push(content.subarray(start, end));
    start = end + 1;
  }
  return [...lines, content.subarray(start)];
}

/** Bytes of another encoding would reach the broker as other bytes: a user name or topic that nobody meant. */
function decode(line: Buffer, where: string): string {
  if (!isUtf8(line)) throw new UsageError(`${where}: is not UTF-8`);
  return line.toString();
}

/** Shows no more than the name: in `-Psecret` and `--pw=secret` the value is attached to it, which no file can have. */
function unknownOption(word: string, where: string, index: OptionIndex): UsageError {
  if (!word.startsWith('-')) return new UsageError(`${where}: does not start with an option`);
  const [, name = word] = /^(--[^=]*|-.)/su.exec(word) ?? [];
  return new UsageError(`${where}: unknown option ${quote(name)}`, hintForUnknown(word, name, index));
}

function hintForUnknown(word: string, name: string, index: OptionIndex): string | undefined {
  const meant = index.get(name);
  if (meant !== undefined) {
    return meant.valueNames.length === 0
      ? 'In a file each option stands on a line of its own.'
      : `In a file a blank stands between an option and its value: ${name} ${meant.valueNames.join(' ')}`;
  }
  const suggestion = name === word ? suggestOption(name, [...index.values()]) : undefined;
  return suggestion && `Did you mean ${suggestion}?`;
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
