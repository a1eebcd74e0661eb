/** Words of a command line that are no text: Node hands them on with U+FFFD in place of what it could not decode. */
import { isUtf8 } from 'node:buffer';
import { UsageError } from '../errors.ts';

const REPLACEMENT = '\ufffd';

/**
 * Throws UsageError for a word that is not valid UTF-8, which would be sent as something else. `commandLine`: the words
 * of the process, each ended by NUL; undefined where the system does not tell them.
 */
export function refuseLostBytes(argv: readonly string[], commandLine: Buffer | undefined): void {
  const words = commandLine === undefined ? [] : splitWords(commandLine).slice(-argv.length);
  for (const [index, word] of argv.entries()) {
    const bytes = words[index];
    if (!word.includes(REPLACEMENT) || bytes === undefined || isUtf8(bytes)) continue;
    throw new UsageError(
      `word ${index + 1} of the command line is not valid UTF-8`,
      'Bytes of any kind are sent from standard input (-s) or from a file (-f).',
    );
  }
}

function splitWords(commandLine: Buffer): readonly Buffer[] {
  const words: Buffer[] = [];
  let start = 0;
  for (let end = commandLine.indexOf(0); end >= 0; end = commandLine.indexOf(0, start)) {
    words.push(commandLine.subarray(start, end));
    start = end + 1;
  }
  return words;
}
