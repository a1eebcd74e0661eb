/** `--show-config`: every option with its value and where that came from. */
import type { Command } from '../commands/command.ts';
import {
  helpOption,
  mosquittoUrlOption,
  showConfigOption,
  unixOption,
  urlArgument,
  versionFlag,
} from '../options/connection.ts';
import { topicOption } from '../options/message.ts';
import { describeSource, type OptionValues, type ParsedOccurrence } from '../options/option-values.ts';
import { type BrokerChoice, chooseBroker, isForAnotherHost, pick } from '../options/precedence.ts';
import type { OptionSpec } from '../options/spec.ts';
import { escapeControls, quote } from '../output/escape.ts';

type Row = readonly [name: string, value: string, source: string];

/** One line for each option, in three columns; secrets are masked. */
export function formatConfig(command: Command, values: OptionValues): string {
  const choice = chooseBroker(values);
  const rows = command.options
    .filter((spec) => spec !== helpOption && spec !== versionFlag && spec !== showConfigOption)
    .flatMap((spec) => rowsOf(spec, values, choice));
  const widths = [0, 1].map((column) => Math.min(40, Math.max(...rows.map((row) => row[column]?.length ?? 0))));
  return rows
    .map(([name, value, source]) => `${name.padEnd(widths[0] ?? 0)}  ${value.padEnd(widths[1] ?? 0)}  ${source}\n`)
    .join('');
}

function rowsOf(spec: OptionSpec, values: OptionValues, choice: BrokerChoice): readonly Row[] {
  const name = spec === urlArgument ? 'URL' : `--${spec.long}`;
  const held = heldOccurrences(spec, values, choice);
  if (held.length === 0) return [[name, spec.defaultText ?? (spec.valueNames.length === 0 ? 'off' : '-'), 'default']];
  return held.map((occurrence) => [name, showValue(spec, occurrence), showSource(occurrence)]);
}

/** What counts after precedence: the last one, or all where all are kept. */
function heldOccurrences(spec: OptionSpec, values: OptionValues, choice: BrokerChoice): readonly ParsedOccurrence[] {
  const isHeld = (one: ParsedOccurrence): boolean => !isForAnotherHost(spec, one, values, choice);
  if (spec === urlArgument || spec === mosquittoUrlOption || spec === unixOption) {
    return values.occurrences(spec).filter((one) => one === choice.url);
  }
  // The topic of a URL holds whoever names the broker.
  if (spec === topicOption) return values.occurrences(spec).slice(-1);
  if (spec.repeat === 'all' || spec.repeat === 'count') return values.occurrences(spec).filter(isHeld);
  const last = pick(values, spec, choice);
  return last !== undefined && isHeld(last) ? [last] : [];
}

function showValue(spec: OptionSpec, { words }: ParsedOccurrence): string {
  if (words.length === 0) return 'on';
  return words.map((word) => quote(spec.redact?.(word, words) ?? word)).join(' ');
}

function showSource({ source, partOf }: ParsedOccurrence): string {
  const name = escapeControls(describeSource(source) ?? '');
  // Of the options that set others, only URLs are read apart.
  if (typeof partOf?.value !== 'object') return name === '' ? 'command line' : name;
  return `in the URL${name === '' ? '' : ` of ${name}`}`;
}
