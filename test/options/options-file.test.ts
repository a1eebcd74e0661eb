import { describe, expect, it } from 'vitest';
import { pubCommand } from '../../src/commands/pub.ts';
import { subCommand } from '../../src/commands/sub.ts';
import { indexOptions } from '../../src/options/argv.ts';
import { hostOption, portOption, urlArgument, usernameOption } from '../../src/options/connection.ts';
import { messageOption, retainOption, topicOption } from '../../src/options/message.ts';
import type { OptionValues } from '../../src/options/option-values.ts';
import { parseOptionsFile } from '../../src/options/options-file.ts';
import { parseOptions } from '../../src/options/parse.ts';
import { resolveConnection } from '../../src/options/resolve-connection.ts';
import { faultOf } from './parsing.ts';

const index = indexOptions(pubCommand.options);
const others = indexOptions([...pubCommand.options, ...subCommand.options]);

function parse(content: string, argv: string[] = [], env: Record<string, string> = {}): OptionValues {
  const files = parseOptionsFile(content, 'f', index, others);
  return parseOptions({ specs: pubCommand.options, argv, env, files, positional: urlArgument });
}

describe('an options file', () => {
  it.each([
    ['-h b', 'b'],
    ['--host b', 'b'],
    ['  -h \t b', 'b'],
    ['-h b\r\n', 'b'],
    ['# -h a\n\n-h b\n#-h c', 'b'],
    ['-h a\n-h b', 'b'],
    ['-o other\n-h b', 'b'],
    ['-C 1\n--count 2\n-h b', 'b'],
  ])('holding %j names the host', (content, host) => {
    expect(parse(content).get(hostOption)).toBe(host);
  });

  it.each([
    ['-m "quoted"', '"quoted"'],
    ['-m two words ', 'two words '],
    ['-m # no comment', '# no comment'],
    ['-m -r', '-r'],
    ['-m --help', '--help'],
    ['-m 007', '007'],
    [`-m ${'x'.repeat(100_000)}`, 'x'.repeat(100_000)],
  ])('takes the rest of a line as it is', (content, message) => {
    const values = parse(content);
    expect(values.get(messageOption)).toBe(message);
    expect(values.get(retainOption)).toBe(false);
  });

  it('is weaker than the environment and the command line', () => {
    const content = '-h file\n-p 1\n-t file';
    expect(parse(content).get(topicOption)).toBe('file');
    expect(parse(content, [], { MQTT_HOST: 'env' }).get(hostOption)).toBe('env');
    expect(parse(content, ['-p', '2'], { MQTT_PORT: '3' }).get(portOption)).toBe(2);
    expect(parse('-m file', ['-m', 'typed']).get(messageOption)).toBe('typed');
  });

  it('names itself and the line of a mistake', () => {
    expect(faultOf(() => parse('\n-q 3'))).toBe('f:2 3: must be 0, 1 or 2');
    expect(faultOf(() => parse('--frobnicate x'))).toBe('f:1: unknown option --frobnicate');
    expect(faultOf(() => parse('mqtt://u:sentinel@h'))).not.toContain('sentinel');
    expect(faultOf(() => parse('-h'))).toBe('f:1: -h needs a value: -h HOST');
    expect(faultOf(() => parse('-r yes'))).toBe('f:1: -r takes no value');
    expect(faultOf(() => parse('-m a\n-m b'))).toContain('f:2 was given twice');
    expect(faultOf(() => parse('-D publish content-type'))).toContain('f:1: -D needs PACKET PROPERTY VALUE');
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

  it('gives more words where an option takes more', () => {
    const values = parse('-D publish user-property a  b c \n-u u');
    expect(values.occurrences({ ...topicOption, long: 'property' })[0]?.words).toEqual([
      'publish',
      'user-property',
      'a',
      'b c ',
    ]);
    expect(values.get(usernameOption)).toBe('u');
  });
});
