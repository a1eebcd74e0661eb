/** The shape of an option table: from it come the parser, the help, the documentation and the tests. */

/** Where a value came from, weakest first: default, file, environment, flag. */
export type Source =
  | { readonly kind: 'default' }
  | { readonly kind: 'file'; readonly path: string; readonly line: number }
  | { readonly kind: 'environment'; readonly variable: string }
  /** `spelled` is the option as typed, such as `-q` or `--qos`; empty for a positional word. */
  | { readonly kind: 'flag'; readonly spelled: string };

/** One time that an option was given. */
export interface Occurrence {
  /** The words after the option, exactly as given; none for a flag. */
  readonly words: readonly string[];
  readonly source: Source;
}

/** A value for another option, by its long name, that one occurrence carries. */
export interface Expansion {
  readonly long: string;
  readonly word: string;
}

/** Thrown by {@link OptionSpec.parse}: what is wrong with the value, without naming option or value. */
export class ValueError extends Error {
  /** What to type instead. */
  readonly hint: string | undefined;

  constructor(reason: string, hint?: string) {
    super(reason);
    this.name = 'ValueError';
    this.hint = hint;
  }
}

/** Headings of the help, in the order in which they are shown. */
export const GROUPS = [
  'Message',
  'Subscription',
  'Load',
  'Output',
  'Connection',
  'Authentication',
  'Session',
  'Will',
  'TLS',
  'General',
] as const;

export type Group = (typeof GROUPS)[number];

/** One option. `T` is what {@link OptionValues.get} returns for it. */
export interface OptionSpec<T = unknown> {
  /** Long name without dashes; the key of the option everywhere. */
  readonly long: string;
  /** One letter, without the dash. */
  readonly short?: string;
  readonly group: Group;
  /** One line for the help: what it does, no full stop. */
  readonly summary: string;
  /** Placeholders for the words it takes, such as `['HOST']`; empty for a flag. */
  readonly valueNames: readonly string[];
  /** Given the words that follow, how many belong to it; where it varies. */
  readonly countWords?: (following: readonly string[]) => number;
  /** `last` wins; `all` are kept; `once`: a second one is an error; `count`: how often. */
  readonly repeat: 'last' | 'all' | 'once' | 'count';
  /** Environment variable that holds a value for it. */
  readonly environment?: string;
  /** What may be shown of one of its words, where that is not all; `words` are all of them. */
  readonly redact?: (word: string, words?: readonly string[]) => string;
  /** The default, as the help shows it. */
  readonly defaultText?: string;
  /** One occurrence's words to a value. Throws {@link ValueError}. */
  readonly parse: (words: readonly string[]) => unknown;
  /** What else one occurrence sets: a URL sets host, port, user name and password. */
  readonly expand?: (parsed: unknown) => readonly Expansion[];
  /** Parsed occurrences, in order, weakest source first, to what `get` returns. */
  readonly collect: (parsed: readonly unknown[]) => T;
}

/** What every option of a table states, whatever its shape. */
interface Common {
  readonly long: string;
  readonly short?: string;
  readonly group: Group;
  readonly summary: string;
  readonly environment?: string;
  readonly redact?: (word: string, words?: readonly string[]) => string;
  readonly defaultText?: string;
}

/** For {@link OptionSpec.redact}: a value of which nothing may be shown. */
export function hidden(): string {
  return '***';
}

const NO_WORDS: readonly string[] = [];
const given = (): true => true;
const isGiven = (parsed: readonly unknown[]): boolean => parsed.length > 0;
const count = (parsed: readonly unknown[]): number => parsed.length;
const last = (parsed: readonly unknown[]): unknown => parsed.at(-1);
const all = (parsed: readonly unknown[]): readonly unknown[] => parsed;

/** What an option is beyond what its table says. */
type Rest<T> = Pick<OptionSpec<T>, 'valueNames' | 'repeat' | 'parse' | 'collect'>;

/** All of one shape: there are a hundred in every start, and spreads of differing shapes cost four times the memory. */
function make<T>(
  common: Common & Pick<OptionSpec, 'expand'>,
  { valueNames, repeat, parse, collect }: Rest<T>,
): OptionSpec<T> {
  const { long, short, group, summary, environment, redact, defaultText, expand } = common;
  const spec = {
    long,
    short,
    group,
    summary,
    valueNames,
    repeat,
    environment,
    redact,
    defaultText,
    parse,
    expand,
    collect,
  };
  return spec as OptionSpec<T>;
}

/** An option without a value. */
export function flag(common: Common): OptionSpec<boolean> {
  return make(common, { valueNames: NO_WORDS, repeat: 'last', parse: given, collect: isGiven });
}

/** A flag that is counted, such as `-d` and `-dd`. */
export function counted(common: Common): OptionSpec<number> {
  return make(common, { valueNames: NO_WORDS, repeat: 'count', parse: given, collect: count });
}

interface WithValue<T> extends Common {
  readonly value: string;
  readonly parse: (text: string) => T;
  readonly expand?: (parsed: unknown) => readonly Expansion[];
}

function withValue<T, V>(
  spec: WithValue<V>,
  repeat: OptionSpec['repeat'],
  collect: OptionSpec<T>['collect'],
): OptionSpec<T> {
  return make(spec, { valueNames: [spec.value], repeat, parse: ([text = '']) => spec.parse(text), collect });
}

/** An option with one value, of which the last given wins. */
export function single<T>(spec: WithValue<T> & { readonly once?: boolean }): OptionSpec<T | undefined> {
  return withValue(spec, spec.once ? 'once' : 'last', last as OptionSpec<T | undefined>['collect']);
}

/** An option with one value and a default. */
export function singleOr<T>(fallback: T, spec: WithValue<T>): OptionSpec<T> {
  const defaultText = spec.defaultText ?? String(fallback);
  return withValue({ ...spec, defaultText }, 'last', (parsed) => (parsed.at(-1) as T | undefined) ?? fallback);
}

/** An option with one value that may be given many times, all kept in order. */
export function many<T>(spec: WithValue<T>): OptionSpec<readonly T[]> {
  return withValue(spec, 'all', all as OptionSpec<readonly T[]>['collect']);
}
