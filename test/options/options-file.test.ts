import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pubCommand } from '../../src/commands/pub.ts';
import { indexOptions } from '../../src/options/argv.ts';
import { hostOption, portOption, urlArgument, usernameOption } from '../../src/options/connection.ts';
import { everyOption } from '../../src/options/every-option.ts';
import { messageOption, retainOption, topicOption } from '../../src/options/message.ts';
import type { OptionValues } from '../../src/options/option-values.ts';
import { parseOptionsFile } from '../../src/options/options-file.ts';
import { parseOptions } from '../../src/options/parse.ts';
import { propertiesFor, propertyOption } from '../../src/options/properties.ts';
import { resolveConnection } from '../../src/options/resolve-connection.ts';
import { anyText, faultOf } from './parsing.ts';

const index = indexOptions(pubCommand.options);
const others = indexOptions(everyOption);

function occurrencesOf(content: string | Buffer) {
  return parseOptionsFile(Buffer.from(content as string), 'f', index, others);
}

function parse(content: string | Buffer, argv: string[] = [], env: Record<string, string> = {}): OptionValues {
  return parseOptions({ specs: pubCommand.options, argv, env, files: occurrencesOf(content), positional: urlArgument });
}

describe('an options file', () => {
  it.each([
    ['-h b', 'b'],
    ['--host b', 'b'],
    ['  -h \t b', 'b'],
    ['-h b\r\n', 'b'],
    ['-h b\r\r\n', 'b'],
    ['# -h a\n\n-h b\n#-h c', 'b'],
    ['-h b\n \t \n\r\n', 'b'],
    ['-h a\n-h b', 'b'],
    ['-o other\n-h b', 'b'],
    ['-h b\n--options-file other', 'b'],
    ['-o\n-h b', 'b'],
    ['\ufeff-h b', 'b'],
    ['\ufeff# a comment\n-h b', 'b'],
  ])('holding %j names the host', (content, host) => {
    expect(parse(content).get(hostOption)).toBe(host);
  });

  it.each([
    ['-m "quoted"', '"quoted"'],
    ["-m 'quoted'", "'quoted'"],
    ['-m two words ', 'two words '],
    ['-m two  words\t', 'two  words\t'],
    ['-m # no comment', '# no comment'],
    ['-m -r', '-r'],
    ['-m --help', '--help'],
    ['-m 007', '007'],
    ['-m \\n$HOME%41', '\\n$HOME%41'],
    ['-m a\rb\r', 'a\rb'],
    ['-m a\u2028b\u0085c\u00a0', 'a\u2028b\u0085c\u00a0'],
    ['-m grün 🚀', 'grün 🚀'],
    ['-m a\ufeff', 'a\ufeff'],
    [`-m ${'x'.repeat(100_000)}`, 'x'.repeat(100_000)],
  ])('takes the rest of a line as it is: %j', (content, message) => {
    const values = parse(content);
    expect(values.get(messageOption)).toBe(message);
    expect(values.get(retainOption)).toBe(false);
  });

  it('takes the value of every option as it was written, whatever it is', () => {
    const values = anyText.filter((text) => text.isWellFormed() && !/[\n]|\r$/.test(text) && /^[^ \t]/.test(text));
    const blanks = fc.stringMatching(/^[ \t]{1,3}$/);
    const single = fc.constantFrom(...everyOption.filter(({ valueNames }) => valueNames.length === 1));
    const ends = fc.constantFrom('\n', '\r\n', '', '\r');
    fc.assert(
      fc.property(single, blanks, values, ends, (spec, blank, value, end) => {
        const table = indexOptions([spec]);
        const content = `${blank}--${spec.long}${blank}${value}${end}`;
        // The options about files are not for files.
        fc.pre(!['options-file', 'profile'].includes(spec.long));
        expect(parseOptionsFile(Buffer.from(content), 'f', table, table)).toEqual([
          { spec, words: [value], source: { kind: 'file', path: 'f', line: 1 } },
        ]);
      }),
      { numRuns: 500 },
    );
  });

  it('is understood or refused with file and line, whatever it holds', () => {
    const lines = fc.array(
      fc.oneof(
        anyText,
        fc
          .tuple(fc.constantFrom('-h', '-m', '-D', '-r', '--pw', '#', ' ', '-o'), anyText)
          .map((parts) => parts.join(' ')),
      ),
    );
    fc.assert(
      fc.property(lines, fc.constantFrom('\n', '\r\n'), (content, end) => {
        let refusal = '';
        try {
          for (const { source } of occurrencesOf(content.join(end))) expect(source.kind).toBe('file');
        } catch (error) {
          refusal = (error as Error).message;
          expect(error).toHaveProperty('code', 'E_USAGE');
        }
        expect(refusal).toMatch(/^(f:[1-9]\d*: .*)?$/s);
      }),
      { numRuns: 500 },
    );
  });

  it('passes over the options of other commands', () => {
    expect(parse('-C 1\n--count 2\n-v\n-W\n--messages 5\n-e r\n-h b').get(hostOption)).toBe('b');
  });

  it('is weaker than the environment and the command line', () => {
    const content = '-h file\n-p 1\n-t file';
    expect(parse(content).get(topicOption)).toBe('file');
    expect(parse(content, [], { MQTT_HOST: 'env' }).get(hostOption)).toBe('env');
    expect(parse(content, ['-p', '2'], { MQTT_PORT: '3' }).get(portOption)).toBe(2);
    expect(parse('-m file', ['-m', 'typed']).get(messageOption)).toBe('typed');
  });

  it.each<[string | Buffer, string]>([
    ['\n-q 3', 'f:2 3: must be 0, 1 or 2'],
    ['-q 1 ', 'f:1 "1 ": must be 0, 1 or 2'],
    ['-h a -p 1', 'f:1 "a -p 1": must hold no blanks\nIn an options file each option stands on a line of its own.'],
    ['--frobnicate x', 'f:1: unknown option --frobnicate'],
    ['# a\n--topicc x', 'f:2: unknown option --topicc\nDid you mean --topic?'],
    [' # indented', 'f:1: does not start with an option'],
    ['mqtt://u:sentinel@h', 'f:1: does not start with an option'],
    ['sentinel', 'f:1: does not start with an option'],
    ['-Psentinel', 'f:1: unknown option -P\nIn a file a blank stands between an option and its value: -P PASSWORD'],
    [
      '--pw=sentinel',
      'f:1: unknown option --pw\nIn a file a blank stands between an option and its value: --pw PASSWORD',
    ],
    ['-xPsentinel', 'f:1: unknown option -x\nIn a file a blank stands between an option and its value: -x SECONDS'],
    ['-Ysentinel', 'f:1: unknown option -Y'],
    ['--frob=sentinel', 'f:1: unknown option --frob'],
    ['-rd', 'f:1: unknown option -r\nIn a file each option stands on a line of its own.'],
    ['-h', 'f:1: -h needs a value: -h HOST'],
    ['-h  \t', 'f:1: -h needs a value: -h HOST'],
    ['-r yes', 'f:1: -r takes no value'],
    ['-m a\n-m b', 'f:2 was given twice'],
    ['-D publish content-type', 'f:1: -D needs PACKET PROPERTY VALUE'],
    ['-D', 'f:1: -D needs a value: -D PACKET PROPERTY VALUE'],
    ['-h\fb', 'f:1: unknown option -h\nIn a file a blank stands between an option and its value: -h HOST'],
    ['-h b\n--profile x', 'f:2: --profile stands on the command line, not in a file'],
    ['--show-config', 'f:1: --show-config stands on the command line, not in a file'],
    ['--help', 'f:1: --help stands on the command line, not in a file'],
    ['--version', 'f:1: --version stands on the command line, not in a file'],
    [Buffer.from('-h b\n-P s\xfcntinel', 'latin1'), 'f:2: is not UTF-8'],
    [Buffer.from('\ufeff-h b', 'utf16le'), 'f:1: is not UTF-8'],
  ])('%j is refused by file and line, without the secrets of it', (content, message) => {
    const said = faultOf(() => parse(content));
    expect(said).toBe(message);
    expect(said).not.toContain('sentinel');
  });

  it('does not send its credentials to a host that a stronger source names', async () => {
    const resolve = (content: string, argv: string[]) =>
      resolveConnection(parse(content, argv), { env: {}, pid: 1 } as never, 'mqtt-pub');
    const content = '-h a\n-u u\n-P sentinel';
    expect(await resolve(content, [])).toMatchObject({ username: 'u', password: Buffer.from('sentinel') });
    expect(await resolve(content, ['-h', 'b'])).not.toHaveProperty('password');
    expect(await resolve(content, ['mqtt://b'])).not.toHaveProperty('username');
    // A file that names no host has credentials for whatever host is named.
    expect(await resolve('-u u\n-P p', ['-h', 'b'])).toMatchObject({ username: 'u', password: Buffer.from('p') });
  });

  it('gives more words where an option takes more, the last one with all its blanks', () => {
    const values = parse('-D publish user-property a  b c \n-D  connect \t request-problem-information 1\n-u u');
    expect(values.occurrences(propertyOption).map(({ words }) => words)).toEqual([
      ['publish', 'user-property', 'a', 'b c '],
      ['connect', 'request-problem-information', '1'],
    ]);
    expect(propertiesFor('publish', values)).toEqual({ userProperties: [['a', 'b c ']] });
    expect(values.get(usernameOption)).toBe('u');
    expect(propertiesFor('publish', parse('-D publish content-type text/plain; charset=utf-8'))).toEqual({
      contentType: 'text/plain; charset=utf-8',
    });
    expect(propertiesFor('publish', parse('-D publish user-property a '))).toEqual({ userProperties: [['a', '']] });
  });
});
