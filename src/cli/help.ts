import type { Command } from '../commands/command.ts';
import { urlArgument } from '../options/connection.ts';
import { GROUPS, type OptionSpec } from '../options/spec.ts';

const MAX_WIDTH = 100;
const LABEL_WIDTH = 38;

/** What a call without arguments shows: at most 12 lines. */
export function formatBriefUsage(command: Command): string {
  const examples = command.examples.slice(0, 2).map(({ typed }) => `  ${typed}`);
  const subcommands = Object.keys(command.subcommands ?? {});
  return [
    `${command.name}: ${command.summary}`,
    '',
    `usage: ${command.name} ${command.synopsis}`,
    '',
    ...examples,
    '',
    ...(subcommands.length === 0 ? [] : [`Commands: ${subcommands.join(', ')}`]),
    `All options: ${command.name} --help`,
    '',
  ].join('\n');
}

/**
 * The whole help: examples on top, then the commands that its first word may choose, then the options by group.
 * `columns`: of the terminal, if it is one.
 */
export function formatHelp(
  command: Command,
  columns: number | undefined,
  subcommands: readonly Pick<Command, 'name' | 'summary'>[] = [],
): string {
  const width = Math.min(columns ?? MAX_WIDTH, MAX_WIDTH);
  const lines = [`${command.name}: ${command.summary}`, '', ...formatSynopsis(command, width), '', 'Examples:'];
  for (const { says, typed } of command.examples) lines.push(`  ${typed}`, `      ${says}`);
  if (subcommands.length > 0) {
    lines.push('', 'Commands, each with a --help of its own:');
    for (const { name, summary } of subcommands) lines.push(...formatEntry(`  ${name}`, summary, width));
  }
  for (const group of GROUPS) {
    const specs = command.options.filter((spec) => spec.group === group);
    if (specs.length > 0) lines.push('', `${group}:`, ...specs.flatMap((spec) => formatOption(spec, width)));
  }
  return `${lines.join('\n')}\n`;
}

function formatSynopsis({ name, synopsis }: Command, width: number): string[] {
  const head = `usage: ${name} `;
  const [first = '', ...rest] = wrap(synopsis, Math.max(30, width - head.length));
  return [head + first, ...rest.map((line) => ' '.repeat(head.length) + line)];
}

function formatOption(spec: OptionSpec, width: number): string[] {
  return formatEntry(`  ${labelOf(spec)}`, describe(spec), width);
}

function formatEntry(label: string, meaning: string, width: number): string[] {
  const text = wrap(meaning, Math.max(30, width - LABEL_WIDTH));
  const [first = '', ...rest] = text;
  const margin = ' '.repeat(LABEL_WIDTH);
  const head = label.length < LABEL_WIDTH - 1 ? [label.padEnd(LABEL_WIDTH) + first] : [label, margin + first];
  return [...head, ...rest.map((line) => margin + line)];
}

/** Such as `-q, --qos QOS`. */
export function labelOf(spec: OptionSpec): string {
  if (spec === urlArgument) return 'URL';
  const short = spec.short === undefined ? '    ' : `-${spec.short}, `;
  return [`${short}--${spec.long}`, ...spec.valueNames].join(' ');
}

function describe(spec: OptionSpec): string {
  const notes = [
    spec.defaultText === undefined ? '' : `default: ${spec.defaultText}`,
    spec.environment === undefined ? '' : `environment: ${spec.environment}`,
  ].filter((note) => note !== '');
  return notes.length === 0 ? spec.summary : `${spec.summary} (${notes.join('; ')})`;
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}
