/** What holds for every option of every command, so that the parser, the help and the documents can rely on it. */
import { describe, expect, it } from 'vitest';
import { MOSQUITTO_OPTIONS } from '../../scripts/mosquitto-options.mjs';
import { COMMANDS } from '../../src/cli/command-table.ts';
import { formatHelp } from '../../src/cli/help.ts';
import type { Command } from '../../src/commands/command.ts';
import { urlArgument } from '../../src/options/connection.ts';
import { parseOptions } from '../../src/options/parse.ts';
import { GROUPS } from '../../src/options/spec.ts';

const commands = await Promise.all(Object.values(COMMANDS).map((load) => load()));

const duplicates = (names: readonly (string | undefined)[]): (string | undefined)[] =>
  names.filter((name, index) => name !== undefined && names.indexOf(name) !== index);

describe.each(commands.map((command) => [command.name, command] as const))('the options of %s', (_, command) => {
  const { options } = command;

  it('have a long name, and perhaps a letter, that no other has', () => {
    expect(duplicates(options.map(({ long }) => long))).toEqual([]);
    expect(duplicates(options.map(({ short }) => short))).toEqual([]);
    for (const { long, short } of options) {
      expect(long).toMatch(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/);
      if (short !== undefined) expect(short).toMatch(/^[A-Za-z]$/);
    }
  });

  it('have a group that the help shows, and stand in the help', () => {
    const help = formatHelp(command, undefined);
    for (const spec of options) {
      expect(GROUPS).toContain(spec.group);
      const label = spec === urlArgument ? /^ {2,}URL\b/m : new RegExp(`^ .*--${spec.long}( |$)`, 'm');
      expect(help, spec.long).toMatch(label);
    }
  });

  it('have a summary of one line without a full stop', () => {
    for (const { long, summary } of options) {
      expect(summary, long).toMatch(/^\S.*[^\s.]$/);
      expect(summary.length, long).toBeLessThan(110);
    }
  });

  it('name their values as the documents print them', () => {
    for (const { long, valueNames, repeat } of options) {
      for (const name of valueNames) expect(name, long).toMatch(/^([A-Z][A-Z0-9-]*|embedded)$/);
      if (repeat === 'count') expect(valueNames, long).toEqual([]);
    }
  });

  it('take their environment variables from one family, one each', () => {
    const variables = options.map(({ environment }) => environment).filter((name) => name !== undefined);
    expect(duplicates(variables)).toEqual([]);
    for (const name of variables) expect(name).toMatch(/^MQTT_[A-Z_]+$/);
  });

  it('never show a secret', () => {
    for (const { long, redact, valueNames } of options) {
      if (valueNames.some((name) => ['URL', 'PASSWORD', 'PASSPHRASE', 'HEX'].includes(name)))
        expect(redact, long).toBeDefined();
    }
    expect(options.find(({ long }) => long === 'pw')?.redact?.('hunter2')).not.toContain('hunter2');
    expect(urlArgument.redact?.('mqtt://user:hunter2@host')).not.toContain('hunter2');
  });

  it('fit the width of the help', () => {
    for (const line of formatHelp(command, 80).split('\n')) {
      if (!line.includes('mqtt-')) expect(line.length, line).toBeLessThanOrEqual(80);
    }
  });

  it('are used rightly in the examples', () => {
    expect(command.examples.length).toBeGreaterThanOrEqual(2);
    for (const { typed } of command.examples) {
      const argv = wordsFor(command.name, typed);
      expect(argv, typed).toBeDefined();
      const parse = (): unknown => parseOptions({ specs: options, argv: argv ?? [], env: {}, positional: urlArgument });
      expect(parse, typed).not.toThrow();
    }
  });

  it("give mosquitto's letters mosquitto's meaning", () => {
    const themes = Object.keys(MOSQUITTO_OPTIONS).filter(
      (theme) => !theme.startsWith('mqtt-') || theme === command.name,
    );
    const theirs = new Map(
      themes
        .flatMap((theme) => MOSQUITTO_OPTIONS[theme] ?? [])
        .map((option) => option.split(' '))
        .filter(([letter, long]) => letter?.startsWith('-') && long !== undefined) as [string, string][],
    );
    for (const { short, long } of options) {
      // A benchmark has its own idea of a message; what it shares are the options of the connection.
      const meant = theirs.get(`-${short}`);
      if (meant !== undefined) expect(`--${long}`, `-${short}`).toBe(meant);
    }
  });
});

describe('commands', () => {
  it('share the options of the connection, down to the object', () => {
    const [first, ...others] = commands as [Command, ...Command[]];
    const shared = first.options.filter((spec) => others.every(({ options }) => options.includes(spec)));
    expect(shared.map(({ long }) => long)).toEqual(
      expect.arrayContaining(['host', 'port', 'cafile', 'will-topic', 'id']),
    );
  });

  it('mean the same by a letter, except for what each of them calls a topic, a count or an output', () => {
    const own = ['t', 'q', 'n', 'v', 'C'];
    for (const letter of new Set(commands.flatMap(({ options }) => options.map(({ short }) => short)))) {
      if (letter === undefined || own.includes(letter)) continue;
      const meanings = commands.flatMap(({ options }) =>
        options.filter(({ short }) => short === letter).map(({ long }) => long),
      );
      expect(new Set(meanings).size, `-${letter}: ${meanings.join(', ')}`).toBe(1);
    }
  });
});

/** The words that a shell would give to `name` in a line; it knows single quotes, pipes and redirections. */
function wordsFor(name: string, line: string): string[] | undefined {
  const parts = line.split(/\s(?:\||&&|>|<)\s/).map((part) => part.match(/(?:'[^']*'|[^\s'])+/g) ?? []);
  const words = parts.find(([first]) => first === name)?.slice(1);
  return words?.map((word) => word.replaceAll("'", ''));
}
