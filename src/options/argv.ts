/**
 * Groups the words of a command line by mosquitto's grammar: the words after an option are its values whatever they
 * look like. Beyond mosquitto: `--name=value`, `-p1884`, bundles such as `-rd`, and `--`.
 */
import { UsageError } from '../errors.ts';
import type { OptionSpec } from './spec.ts';

export type Token =
  | { readonly kind: 'option'; readonly spec: OptionSpec; readonly spelled: string; readonly words: readonly string[] }
  | { readonly kind: 'positional'; readonly word: string }
  /** A word that starts with a dash and is no option of this command. */
  | { readonly kind: 'unknown'; readonly word: string };

/** Options by `--long` and by `-s`, as typed. */
export type OptionIndex = ReadonlyMap<string, OptionSpec>;

const indexes = new WeakMap<readonly OptionSpec[], OptionIndex>();

/** The same for the same table: one start asks several times. */
export function indexOptions(specs: readonly OptionSpec[]): OptionIndex {
  const known = indexes.get(specs);
  if (known !== undefined) return known;
  const index = new Map<string, OptionSpec>();
  indexes.set(specs, index);
  for (const spec of specs) {
    index.set(`--${spec.long}`, spec);
    if (spec.short !== undefined) index.set(`-${spec.short}`, spec);
  }
  return index;
}

/** Throws UsageError for an option whose value is missing, or a flag that was given one. */
export function scanArgv(argv: readonly string[], index: OptionIndex): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < argv.length) {
    const word = argv[at] ?? '';
    at += 1;
    if (word === '--') {
      for (const rest of argv.slice(at)) tokens.push({ kind: 'positional', word: rest });
      break;
    }
    if (word.startsWith('--')) {
      at += scanLong(word, argv.slice(at), index, tokens);
    } else if (word.startsWith('-') && word !== '-') {
      at += scanShort(word, argv.slice(at), index, tokens);
    } else {
      tokens.push({ kind: 'positional', word });
    }
  }
  return tokens;
}

/** Returns how many of `following` belong to the option. */
function scanLong(word: string, following: readonly string[], index: OptionIndex, tokens: Token[]): number {
  const equals = word.indexOf('=');
  const spelled = equals < 0 ? word : word.slice(0, equals);
  const spec = index.get(spelled);
  if (spec === undefined) {
    tokens.push({ kind: 'unknown', word: spelled });
    return 0;
  }
  const attached = equals < 0 ? [] : [word.slice(equals + 1)];
  if (attached.length > 0 && spec.valueNames.length === 0) throw new UsageError(`${spelled} takes no value`);
  return take(spec, spelled, attached, following, tokens);
}

function scanShort(word: string, following: readonly string[], index: OptionIndex, tokens: Token[]): number {
  const letters = [...word.slice(1)];
  for (const [position, letter] of letters.entries()) {
    const spelled = `-${letter}`;
    const spec = index.get(spelled);
    if (spec === undefined) {
      // `-foo` is one mistyped word rather than an -f with the value "oo" only when its first letter is no option.
      tokens.push({ kind: 'unknown', word: position === 0 ? word : spelled });
      return 0;
    }
    if (spec.valueNames.length > 0) {
      const rest = letters.slice(position + 1).join('');
      return take(spec, spelled, rest === '' ? [] : [rest], following, tokens);
    }
    tokens.push({ kind: 'option', spec, spelled, words: [] });
  }
  return 0;
}

function take(
  spec: OptionSpec,
  spelled: string,
  attached: readonly string[],
  following: readonly string[],
  tokens: Token[],
): number {
  const available = [...attached, ...following];
  const wanted = spec.countWords?.(available) ?? spec.valueNames.length;
  if (available.length < wanted) {
    throw new UsageError(`${spelled} needs a value: ${spelled} ${spec.valueNames.join(' ')}`);
  }
  tokens.push({ kind: 'option', spec, spelled, words: available.slice(0, wanted) });
  return Math.max(0, wanted - attached.length);
}
