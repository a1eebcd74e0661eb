/** Command line and environment to OptionValues. The only file that knows yargs. */
import yargs from 'yargs';
import { UsageError } from '../errors.ts';
import { quote } from '../output/escape.ts';
import { indexOptions, type OptionIndex, scanArgv, type Token } from './argv.ts';
import { urlArgument } from './connection.ts';
import { describeSource, OptionValues, type ParsedOccurrence } from './option-values.ts';
import type { FileOccurrence } from './options-file.ts';
import { type Occurrence, type OptionSpec, type Source, ValueError } from './spec.ts';
import { suggestOption } from './suggest.ts';
import { redactUrl } from './url.ts';

export interface ParseInput {
  readonly specs: readonly OptionSpec[];
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What options files say, weakest first. */
  readonly files?: readonly FileOccurrence[];
  /** What a word without a dash sets, such as the URL; further ones are an error unless it keeps them all. */
  readonly positional?: OptionSpec;
}

/** Throws UsageError, naming option and value, for the first thing that is wrong. */
export function parseOptions({ specs, argv, env, files = [], positional }: ParseInput): OptionValues {
  const index = indexOptions(specs);
  const tokens = checkWithYargs(scanArgv(argv, index), specs);
  const occurrences: [OptionSpec, Occurrence][] = [
    ...files.map((occurrence): [OptionSpec, Occurrence] => [occurrence.spec, occurrence]),
    ...fromEnvironment(specs, env),
  ];
  for (const token of tokens) {
    if (token.kind === 'option') {
      occurrences.push([token.spec, { words: token.words, source: { kind: 'flag', spelled: token.spelled } }]);
    } else {
      occurrences.push([
        acceptPositional(token.word, occurrences, positional),
        { words: [token.word], source: POSITIONAL },
      ]);
    }
  }
  return collect(occurrences, index);
}

const POSITIONAL: Source = { kind: 'flag', spelled: '' };

/** Where a word without a dash is the broker's URL, whatever else it may be meant for has an option. */
function acceptPositional(
  word: string,
  before: readonly [OptionSpec, Occurrence][],
  positional: OptionSpec | undefined,
): OptionSpec {
  const isUrl = positional === urlArgument;
  const isFurther = before.some(([, { source }]) => source === POSITIONAL);
  if (positional !== undefined && (!isUrl || word.includes('://')) && (!isFurther || positional.repeat === 'all')) {
    return positional;
  }
  throw new UsageError(
    `unexpected argument ${quote(redactUrl(word))}`,
    isUrl ? 'A topic is given with -t, a message with -m, the broker with -h or as a URL: mqtt://HOST' : undefined,
  );
}

/**
 * yargs sees the structure alone: each option with the number of its token in place of its value. What it returns is
 * looked up by that number, so no value is ever unquoted, split, or turned into a number by it. Unknown options never
 * reach it: it takes `-5` for a number, `--_` for its own, and answers `--get-yargs-completions` on standard output.
 */
function checkWithYargs(tokens: readonly Token[], specs: readonly OptionSpec[]): KnownToken[] {
  const known = tokens.map((token) => {
    if (token.kind === 'unknown') throw unknownOption(token.word, specs);
    return token;
  });
  const parser = yargs()
    .parserConfiguration({
      'boolean-negation': false,
      'camel-case-expansion': false,
      'dot-notation': false,
      'parse-numbers': false,
      'parse-positional-numbers': false,
    })
    .help(false)
    .version(false)
    .exitProcess(false)
    .strictOptions()
    .fail((message) => {
      throw new UsageError(message);
    });
  // Only what was typed is declared: telling yargs of a hundred options costs as much as starting Node's network.
  const used = new Set(tokens.flatMap((token) => (token.kind === 'option' ? token.spec : [])));
  for (const { long } of used) parser.option(long, { type: 'string', array: true, nargs: 1 });
  const words = known.map((token, number) =>
    token.kind === 'option' ? `--${token.spec.long}=${number}` : String(number),
  );
  const parsed: Record<string, unknown> = parser.parseSync(words);
  const numbers = [...[...used].map(({ long }) => parsed[long]), parsed['_']].flatMap((found) => found ?? []);
  // yargs groups by option; the order in which things were typed decides which one wins.
  return numbers
    .map(Number)
    .sort((a, b) => a - b)
    .flatMap((number) => known[number] ?? []);
}

type KnownToken = Exclude<Token, { kind: 'unknown' }>;

function unknownOption(word: string, specs: readonly OptionSpec[]): UsageError {
  const suggestion = suggestOption(word, specs);
  if (suggestion !== undefined) return new UsageError(`unknown option ${quote(word)}`, `Did you mean ${suggestion}?`);
  // Behind an unknown letter may stand the value of a known one, as in -xPsecret, so only the letter is shown.
  const shown = word.startsWith('--') ? word : [...word].slice(0, 2).join('');
  return new UsageError(`unknown option ${quote(shown)}`);
}

/** An empty variable counts as one that is not set, as everywhere in a shell. */
function fromEnvironment(specs: readonly OptionSpec[], env: ParseInput['env']): [OptionSpec, Occurrence][] {
  return specs.flatMap((spec): [OptionSpec, Occurrence][] => {
    const variable = spec.environment;
    const word = variable === undefined ? undefined : env[variable];
    if (variable === undefined || word === undefined || word === '') return [];
    return [[spec, { words: [word], source: { kind: 'environment', variable } }]];
  });
}

function collect(occurrences: readonly [OptionSpec, Occurrence][], index: OptionIndex): OptionValues {
  const byName = new Map<string, ParsedOccurrence[]>();
  const faults: { readonly spec: OptionSpec; readonly error: UsageError }[] = [];
  const add = (spec: OptionSpec, occurrence: Occurrence, partOf?: ParsedOccurrence): void => {
    const value = parseValue(spec, occurrence);
    const parsed = { ...occurrence, value, ...(partOf && { partOf }) };
    const list = byName.get(spec.long) ?? [];
    byName.set(spec.long, list);
    // A stronger source overrules a weaker one; the same source saying two things is a mistake.
    if (spec.repeat === 'once' && list.at(-1)?.source.kind === occurrence.source.kind) {
      throw new UsageError(`${describeSource(occurrence.source)} was given twice`);
    }
    list.push(parsed);
    for (const { long, word } of spec.expand?.(value) ?? []) {
      const other = index.get(`--${long}`);
      if (other !== undefined) add(other, { words: [word], source: occurrence.source }, parsed);
    }
  };
  for (const [spec, occurrence] of occurrences) {
    try {
      add(spec, occurrence);
    } catch (error) {
      if (occurrence.source.kind !== 'environment' || !(error instanceof UsageError)) throw error;
      faults.push({ spec, error });
    }
  }
  const values = new OptionValues(byName);
  // A variable that is overruled may be wrong: Kubernetes sets MQTT_PORT to tcp://... beside a service named mqtt.
  const fault = faults.find(({ spec }) => values.source(spec).kind !== 'flag');
  if (fault !== undefined) throw fault.error;
  return values;
}

function parseValue(spec: OptionSpec, { words, source }: Occurrence): unknown {
  try {
    return spec.parse(words);
  } catch (error) {
    if (!(error instanceof ValueError)) throw error;
    const spelled = describeSource(source) || spec.valueNames.join(' ');
    const shown = words.map((word) => quote(spec.redact?.(word, words) ?? word)).join(' ');
    throw new UsageError(`${spelled} ${shown}: ${error.message}`, error.hint);
  }
}
