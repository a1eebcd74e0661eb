import fc from 'fast-check';
import { benchCommand } from '../../src/commands/bench.ts';
import { pubCommand } from '../../src/commands/pub.ts';
import { rrCommand } from '../../src/commands/rr.ts';
import { subCommand } from '../../src/commands/sub.ts';
import { UsageError } from '../../src/errors.ts';
import { urlArgument } from '../../src/options/connection.ts';
import type { OptionValues } from '../../src/options/option-values.ts';
import { type ParseInput, parseOptions } from '../../src/options/parse.ts';

/** Any text at all: any code point, lone surrogates, and often what means something on a command line. */
export const anyText: fc.Arbitrary<string> = fc.string({
  unit: fc.oneof(
    fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)),
    fc.integer({ min: 0x1_0000, max: 0x10_ffff }).map((point) => String.fromCodePoint(point)),
    fc.constantFrom('-', '=', '"', "'", 'm', 't', 'r', '0', '.', ' ', '\\', '/', '#', '+', '\n', '\0'),
  ),
});

/** Every command with its table. */
export const COMMANDS = [pubCommand, subCommand, rrCommand, benchCommand];

/** Parses the words of mqtt-pub. */
export function parsePub(argv: readonly string[], env: ParseInput['env'] = {}): OptionValues {
  return parseOptions({ specs: pubCommand.options, argv, env, positional: urlArgument });
}

/** Parses the words of mqtt-sub. */
export function parseSub(argv: readonly string[], env: ParseInput['env'] = {}): OptionValues {
  return parseOptions({ specs: subCommand.options, argv, env, positional: urlArgument });
}

/** What a user reads of a UsageError: the line, then the hint under it. Anything else that is thrown is rethrown. */
export function faultOf(parse: () => unknown): string {
  try {
    parse();
  } catch (error) {
    return textOf(error);
  }
  throw new Error('nothing was thrown');
}

/** The same for what is asynchronous. */
export async function faultOfAsync(promise: Promise<unknown>): Promise<string> {
  const outcome = await promise.then(
    () => undefined,
    (error: unknown) => ({ error }),
  );
  if (outcome === undefined) throw new Error('nothing was thrown');
  return textOf(outcome.error);
}

function textOf(error: unknown): string {
  if (!(error instanceof UsageError)) throw error;
  return error.hint === undefined ? error.message : `${error.message}\n${error.hint}`;
}
