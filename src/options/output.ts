/** How mqtt-sub prints messages. */
import { flag, type OptionSpec, single } from './spec.ts';
import { parseText } from './values.ts';

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

export const formatOption = single({
  long: 'format',
  short: 'F',
  group: 'Output',
  summary: "print each message by a format, such as '%I %t %p'; docs/output-format.md has all specifiers",
  value: 'FORMAT',
  parse: parseText,
});

export const prettyOption = flag({
  long: 'pretty',
  group: 'Output',
  summary: 'with %j and %J: JSON over several lines',
});

export const watchOption = flag({
  long: 'watch',
  short: 'w',
  group: 'Output',
  summary: 'on a terminal: a line for each topic, overwritten by each new message',
});

export const messageRateOption = flag({
  long: 'message-rate',
  group: 'Output',
  summary: 'print how many messages came in each second, instead of the messages',
});

/** How one message is printed: for every command that prints some. */
export const textOutputOptions: readonly OptionSpec[] = [
  verboseOption,
  noNewlineOption,
  jsonOption,
  parseJsonOption,
  rawOption,
  formatOption,
  prettyOption,
];

export const outputOptions: readonly OptionSpec[] = [...textOutputOptions, watchOption, messageRateOption];
