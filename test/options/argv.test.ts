import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { indexOptions, scanArgv } from '../../src/options/argv.ts';
import { flag, many, single } from '../../src/options/spec.ts';
import { parseText } from '../../src/options/values.ts';
import { anyText, faultOf } from './parsing.ts';

const common = { group: 'Message', summary: 'x' } as const;
const message = single({ ...common, long: 'message', short: 'm', value: 'MESSAGE', parse: parseText });
const topic = many({ ...common, long: 'topic', short: 't', value: 'TOPIC', parse: parseText });
const cafile = single({ ...common, long: 'cafile', value: 'FILE', parse: parseText });
const retain = flag({ ...common, long: 'retain', short: 'r' });
const debug = flag({ ...common, long: 'debug', short: 'd' });
/** Takes two words, or three where the first is `user`: the shape of mosquitto's -D. */
const property = {
  ...single({ ...common, long: 'property', short: 'D', value: 'NAME', parse: parseText }),
  valueNames: ['COMMAND', 'NAME', 'VALUE'],
  countWords: (following: readonly string[]) => (following[1] === 'user-property' ? 4 : 3),
};
const index = indexOptions([message, topic, cafile, retain, debug, property]);

/** Tokens as `name word word`, positional words as `= word`, unknown ones as `? word`. */
function scan(...argv: string[]): string[] {
  return scanArgv(argv, index).map((token) =>
    token.kind === 'option'
      ? [token.spec.long, ...token.words].join(' ')
      : `${token.kind === 'positional' ? '=' : '?'} ${token.word}`,
  );
}

describe('the grammar of the command line', () => {
  it.each<[string, string[], string[]]>([
    ['a value in the next word', ['-m', 'x'], ['message x']],
    ['a value in the same word', ['-mx'], ['message x']],
    ['a value after an equals sign', ['--message=x'], ['message x']],
    ['an empty value after an equals sign', ['--message='], ['message ']],
    ['more equals signs', ['--message=a=b='], ['message a=b=']],
    ['a value that looks like a long option', ['-m', '--topic'], ['message --topic']],
    ['a value that looks like a short option', ['-m', '-r'], ['message -r']],
    ['a value that is a dash', ['-m', '-'], ['message -']],
    ['a value that is two dashes', ['-m', '--', '-r'], ['message --', 'retain']],
    ['a value of a long option that looks like an option', ['--cafile', '--help'], ['cafile --help']],
    ['an equals sign right after a letter, which is part of the value', ['-m=x'], ['message =x']],
    ['letters together', ['-rd'], ['retain', 'debug']],
    ['letters together, the last with a value behind it', ['-rdmx'], ['retain', 'debug', 'message x']],
    ['letters together, the last with the next word', ['-rm', '-d'], ['retain', 'message -d']],
    ['the same letter many times', ['-ddd'], ['debug', 'debug', 'debug']],
    ['a value that holds letters of options', ['-mrd'], ['message rd']],
    ['only words after two dashes', ['-r', '--', '-m', '--topic=x', '--'], ['retain', '= -m', '= --topic=x', '= --']],
    ['a dash alone', ['-'], ['= -']],
    ['an empty word', [''], ['= ']],
    ['words between options', ['a', '-r', 'b'], ['= a', 'retain', '= b']],
    ['an unknown long option, without what follows', ['--nope=x', '-r'], ['? --nope', 'retain']],
    ['an unknown short option, whole', ['-nope', '-r'], ['? -nope', 'retain']],
    ['an unknown letter behind known ones', ['-rz'], ['retain', '? -z']],
    ['three dashes', ['---topic'], ['? ---topic']],
    ['two dashes and an equals sign', ['--=x'], ['? --']],
    ['no abbreviations of long options', ['--messag', 'x'], ['? --messag', '= x']],
    ['no long option behind one dash', ['-topic'], ['topic opic']],
    ['a letter beyond the basic plane', ['-😀x'], ['? -😀x']],
    ['an option whose words vary in number', ['-D', 'p', 'n', 'v', 'w'], ['property p n v', '= w']],
    ['an option that takes four words', ['-D', 'p', 'user-property', 'a', '-1'], ['property p user-property a -1']],
    ['the first of many words in the same word', ['-Dp', 'n', '-r', 'x'], ['property p n -r', '= x']],
  ])('takes %s', (_title, argv, tokens) => {
    expect(scan(...argv)).toEqual(tokens);
  });

  it.each<[string[], string]>([
    [['-m'], '-m needs a value: -m MESSAGE'],
    [['-r', '--message'], '--message needs a value: --message MESSAGE'],
    [['-rm'], '-m needs a value: -m MESSAGE'],
    [['-D', 'p', 'n'], '-D needs a value: -D COMMAND NAME VALUE'],
    [['-D', 'p', 'user-property', 'a'], '-D needs a value: -D COMMAND NAME VALUE'],
    [['--retain=yes'], '--retain takes no value'],
    [['--retain='], '--retain takes no value'],
  ])('refuses %j', (argv, fault) => {
    expect(faultOf(() => scan(...argv))).toBe(fault);
  });

  it('reads back what was meant, in whatever form it was typed', () => {
    const value = fc.oneof(fc.constantFrom('', '-', '--', '-r', '--topic=x', '=', '😀'), anyText);
    const valued = fc
      .tuple(fc.constantFrom(message, topic), value, fc.constantFrom('word', 'letter', 'equals'))
      .map(([{ long, short }, text, form]) => {
        const argv = {
          word: [`-${short}`, text],
          // An empty value cannot stand in the same word.
          letter: text === '' ? [`-${short}`, text] : [`-${short}${text}`],
          equals: [`--${long}=${text}`],
        };
        return { argv: argv[form as keyof typeof argv], token: `${long} ${text}` };
      });
    const flags = fc.constantFrom({ argv: ['-r'], token: 'retain' }, { argv: ['--debug'], token: 'debug' });
    fc.assert(
      fc.property(fc.array(fc.oneof(valued, flags), { maxLength: 6 }), (pieces) => {
        expect(scan(...pieces.flatMap(({ argv }) => argv))).toEqual(pieces.map(({ token }) => token));
      }),
      { numRuns: 500 },
    );
  });
});
