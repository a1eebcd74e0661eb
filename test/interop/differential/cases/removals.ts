/** `--remove-retained` among messages of each client's own: what is printed, and what is left on the broker. */
import type { RemovalCase } from '../case.ts';

const OLD = { topic: 'old', payload: 'kept' };
const OLDER = { topic: 'older', payload: 'kept longer' };
const NEVER_ENDS = {
  exitCode: 0,
  theirMoreWords: ['-W', '1'],
  differs: { reason: 'mosquitto_sub never ends by itself once it has removed something' },
} as const;

const REMOVE = ['-t', 'd/{id}/#', '--remove-retained'];

export const REMOVAL_CASES: readonly RemovalCase[] = [
  ...['31', '311', '5'].map((version) => ({
    words: [...REMOVE, '-W', '1', '-V', version],
    retained: [OLD, OLDER],
    left: [],
  })),
  { words: [...REMOVE, '-T', 'd/+/old', '-W', '1'], retained: [OLD, OLDER], left: ['old'] },
  { words: ['-t', 'd/{id}/older', '--remove-retained', '-W', '1'], retained: [OLD, OLDER], left: ['old'] },
  { words: [...REMOVE, '-F', '%r %l', '-C', '2'], retained: [OLD, OLDER], left: [], ...NEVER_ENDS },
  { words: [...REMOVE, '-C', '1'], retained: [OLD], left: [], ...NEVER_ENDS },
  {
    words: [...REMOVE, '-v', '-W', '1'],
    retained: [OLD],
    left: [],
    stdout: 'd/{id}/old kept\n',
    differs: { reason: 'mosquitto_sub prints the empty message by which it removes, too' },
  },
];
