/** How mqtt-sub prints messages. */
import { flag, type OptionSpec } from './spec.ts';

export const verboseOption = flag({
  long: 'verbose',
  short: 'v',
  group: 'Output',
  summary: 'print the topic before the payload',
});

export const noNewlineOption = flag({
  long: 'no-newline',
  short: 'N',
  group: 'Output',
  summary: 'print nothing after a payload',
});

export const jsonOption = flag({
  long: 'json',
  group: 'Output',
  summary: 'print each message as a JSON object on a line of its own',
});

export const parseJsonOption = flag({
  long: 'parse-json',
  group: 'Output',
  summary: 'the same, with payloads that are JSON in place instead of in a string',
});

export const rawOption = flag({
  long: 'raw',
  group: 'Output',
  summary: 'on a terminal too, print payloads byte for byte, control characters included',
});

export const outputOptions: readonly OptionSpec[] = [
  verboseOption,
  noNewlineOption,
  jsonOption,
  parseJsonOption,
  rawOption,
];
