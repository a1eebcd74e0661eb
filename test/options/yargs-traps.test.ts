/** What yargs does to a command line by itself, and must not do to ours. */
import { describe, expect, it } from 'vitest';
import { usernameOption } from '../../src/options/connection.ts';
import { messageOption, qosOption, retainOption, topicOption } from '../../src/options/message.ts';
import { parseOptions } from '../../src/options/parse.ts';
import { flag, type OptionSpec, single } from '../../src/options/spec.ts';
import { filterOption } from '../../src/options/subscription.ts';
import { faultOf, parsePub, parseSub } from './parsing.ts';

function messageOf(...argv: string[]): string | undefined {
  return parsePub(argv).get(messageOption);
}

describe('yargs does not', () => {
  it.each([
    [['--message="on"'], '"on"'],
    [["--message='on'"], "'on'"],
    [['-m', '"on"'], '"on"'],
    [['-m"on"'], '"on"'],
    [['--message="'], '"'],
  ])('strip the quotes of %j', (argv, message) => {
    expect(messageOf(...argv)).toBe(message);
  });

  it.each(['-r', '--foo', '--help', '--version', '-h', '--no-color', '--message', '-m', '--', '-1', '--topic=x'])(
    'take the message %s for an option',
    (message) => {
      const values = parsePub(['-m', message, '-t', 'a']);
      expect(values.get(messageOption)).toBe(message);
      expect(values.get(retainOption)).toBe(false);
      expect(values.get(topicOption)).toBe('a');
    },
  );

  it.each([[['-m']], [['--message']], [['-t', 'a', '-m']]])(
    'make an empty message, which can clear a retained one, of %j',
    (argv) => {
      expect(faultOf(() => parsePub(argv))).toBe(`${argv.at(-1)} needs a value: ${argv.at(-1)} MESSAGE`);
    },
  );

  it('make a list of two messages', () => {
    expect(faultOf(() => parsePub(['-m', 'a', '-m', 'b']))).toBe('-m was given twice');
    expect(faultOf(() => parsePub(['-m', 'a', '--message=a']))).toBe('--message was given twice');
    expect(faultOf(() => parsePub(['-f', 'a', '--file', 'b']))).toBe('--file was given twice');
  });

  it('make a list where the last one wins', () => {
    expect(parsePub(['-q', '1', '-q', '2']).get(qosOption)).toBe(2);
    expect(parsePub(['-t', 'a', '--topic=b', '-tc']).get(topicOption)).toBe('c');
  });

  it('forget the order of a list', () => {
    expect(parseSub(['-t', 'b', '--topic=a', '-tc', '-t', 'b']).get(filterOption)).toEqual(['b', 'a', 'c', 'b']);
  });

  it.each(['abc', '1.5', '', '-1', '3', '01', '1e0', ' 1', '٢', '0x1', 'NaN', 'true'])('make a QoS of "%s"', (text) => {
    const shown = /^[\w.-]+$/.test(text) ? text : `"${text}"`;
    expect(faultOf(() => parsePub(['-q', text]))).toBe(`-q ${shown}: must be 0, 1 or 2`);
  });

  it.each(['007', '123', '1e3', '0x10', '-5', '1_000', 'true', 'null', 'Infinity', '9007199254740993', '.5', '+1'])(
    'make anything but text of %s',
    (text) => {
      const values = parsePub(['-m', text, '-u', text, '-t', '007']);
      expect(values.get(messageOption)).toBe(text);
      expect(values.get(usernameOption)).toBe(text);
      expect(values.get(topicOption)).toBe('007');
    },
  );

  it('flatten options of three and four words [MQTT5 2.2.2]', () => {
    const property: OptionSpec<readonly (readonly string[])[]> = {
      long: 'property',
      short: 'D',
      group: 'Message',
      summary: 'a property',
      valueNames: ['COMMAND', 'NAME', 'VALUE'],
      countWords: (following) => (following[1] === 'user-property' ? 4 : 3),
      repeat: 'all',
      parse: (words) => words,
      collect: (parsed) => parsed as readonly (readonly string[])[],
    };
    const argv = ['-D', 'PUBLISH', 'user-property', 'a', '-1', '-D', 'CONNECT', 'receive-maximum', '010'];
    const values = parseOptions({ specs: [property], argv, env: {} });
    expect(values.get(property)).toEqual([
      ['PUBLISH', 'user-property', 'a', '-1'],
      ['CONNECT', 'receive-maximum', '010'],
    ]);
  });

  it('split names at dots, turn dashes into capitals, or negate by "no-"', () => {
    const common = { group: 'Message', summary: 'x' } as const;
    const dotted = single({ ...common, long: 'a.b', value: 'X', parse: (text) => text });
    const dashed = flag({ ...common, long: 'no-thing' });
    const specs = [dotted, dashed];
    const values = parseOptions({ specs, argv: ['--a.b=1', '--no-thing'], env: {} });
    expect(values.get(dotted)).toBe('1');
    expect(values.get(dashed)).toBe(true);
    for (const word of ['--noThing', '--thing', '--a']) {
      expect(faultOf(() => parseOptions({ specs, argv: [word], env: {} }))).toContain(`unknown option ${word}`);
    }
  });

  it.each(['--_', '--$0', '--_=x', '--__proto__', '--__proto__=x', '--constructor', '--toString', '--hasOwnProperty'])(
    'let the unknown option %s pass',
    (word) => {
      const shown = word.includes('$') ? word : word.replace(/=.*/, '');
      expect(faultOf(() => parsePub([word, '-t', 'a', '-m', 'x']))).toBe(`unknown option ${shown}`);
    },
  );

  it.each(['-5', '-1.5', '-0', '-.5', '-1e3', '-∞', '-é', '-=', '-?'])('take %s for a negative number', (word) => {
    expect(faultOf(() => parsePub(['-t', 'a', '-m', 'x', word]))).toContain('unknown option');
  });

  it('end the options at an unknown one that looks like two dashes', () => {
    expect(faultOf(() => parsePub(['--=x', '-t', 'a', '-m', 'x']))).toContain('unknown option');
    expect(faultOf(() => parsePub(['---', '-t', 'a', '-m', 'x']))).toContain('unknown option ---');
  });

  it('answer --help, --version or a configuration file by itself', () => {
    const values = parsePub(['--help', '--version']);
    expect(values.has({ ...retainOption, long: 'help' })).toBe(true);
    expect(faultOf(() => parsePub(['--config=x']))).toContain('unknown option --config');
    expect(faultOf(() => parsePub(['--get-yargs-completions']))).toContain('unknown option');
  });
});
