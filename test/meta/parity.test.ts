/** Every option of mosquitto 2.1's clients, against the command of ours that stands in for each of them. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { MOSQUITTO_OPTIONS } from '../../scripts/mosquitto-options.mjs';
import { COMMANDS } from '../../src/cli/command-table.ts';
import { urlArgument } from '../../src/options/connection.ts';
import { parseOptions } from '../../src/options/parse.ts';
import type { OptionSpec } from '../../src/options/spec.ts';
import { runCli } from '../support/run-cli.ts';

/** What the clients take, in their order. */
interface TheirOption {
  /** A letter, without its dash. */
  readonly short?: string;
  readonly long?: string;
  /** How many words follow it; for `-D` at least. */
  readonly words: 0 | 1 | 3;
  readonly programs: readonly Program[];
  /** Values that every program takes, where they are restricted at all. */
  readonly accepts?: readonly string[];
  /** Values that we refuse; so does mosquitto, but for what its atoi makes a number of. */
  readonly refuses?: readonly string[];
}

type Program = 'pub' | 'sub' | 'rr';
const PROGRAMS: readonly Program[] = ['pub', 'sub', 'rr'];

const THEIRS = JSON.parse(
  readFileSync(new URL('./mosquitto-options.json', import.meta.url), 'utf8'),
) as readonly TheirOption[];

/** What each program refuses although another takes it, as the table of differences has it. */
const REFUSED: Readonly<Record<Program, string>> = {
  pub:
    '-C -e -E -F --latency --message-rate -N --pretty -R --random-filter --remove-retained --retain-as-published ' +
    '--retain-handling --retained-only -T -U -v -W -w',
  sub: '-e -f -l -m -n -r --latency --repeat --repeat-delay -s',
  rr: '-C -E -l --message-rate -r --random-filter --remove-retained --repeat --repeat-delay --retained-only -T -U -w',
};

function namesOf({ short, long }: TheirOption): string[] {
  return [...(short === undefined ? [] : [`-${short}`]), ...(long === undefined ? [] : [`--${long}`])];
}

/** The option of ours that a word names. */
function find(options: readonly OptionSpec[], name: string): OptionSpec | undefined {
  return options.find(({ short, long }) => name === `--${long}` || (short !== undefined && name === `-${short}`));
}

describe.each(PROGRAMS)('mosquitto_%s', (program) => {
  const command = `mqtt-${program}`;
  const own = THEIRS.filter(({ programs }) => programs.includes(program));

  async function optionsOf(): Promise<readonly OptionSpec[]> {
    const load = COMMANDS[command];
    if (load === undefined) throw new Error(`there is no ${command}`);
    return (await load()).options;
  }

  it('has no option that ours lacks', async () => {
    const options = await optionsOf();
    const lacking = own.flatMap(namesOf).filter((name) => find(options, name) === undefined);
    expect(lacking).toEqual([]);
  });

  it('has a letter and a name that are one option of ours too', async () => {
    const options = await optionsOf();
    for (const option of own) {
      const [first, second] = namesOf(option).map((name) => find(options, name));
      if (second !== undefined) expect(first?.long, namesOf(option).join(' ')).toBe(second.long);
    }
  });

  it('is followed by as many words as with ours', async () => {
    const options = await optionsOf();
    for (const option of own) {
      const spec = find(options, namesOf(option)[0] ?? '');
      expect(spec?.valueNames.length, namesOf(option).join(' ')).toBe(option.words);
    }
    const property = find(options, '-D');
    expect(property?.countWords?.(['publish', 'content-type', 'x', 'y'])).toBe(3);
    expect(property?.countWords?.(['publish', 'user-property', 'x', 'y'])).toBe(4);
  });

  it('refuses what belongs to another of them, and so does ours', async () => {
    const options = await optionsOf();
    const others = THEIRS.filter((option) => {
      const twin = own.find(({ short, long }) => short === option.short && long === option.long);
      return twin === undefined;
    });
    const taken = others.flatMap(namesOf).filter((name) => find(options, name) !== undefined);
    expect(taken).toEqual([]);
    const short = others.map((option) => namesOf(option)[0] as string);
    expect(short.sort()).toEqual(REFUSED[program].split(' ').sort());
    for (const [name] of others.map(namesOf)) {
      const { exitCode, stderr } = await runCli(command, [name as string, 'x']);
      expect(stderr.split('\n')[0]).toBe(`${command}: unknown option ${name}`);
      expect(exitCode).toBe(2);
    }
  });

  it('takes values that ours takes, and those that ours refuses are refused with the name of the option', async () => {
    const options = await optionsOf();
    for (const option of own) {
      for (const name of namesOf(option)) {
        const parse = (value: string): unknown =>
          parseOptions({ specs: options, argv: [name, value], env: {}, positional: urlArgument });
        for (const value of option.accepts ?? []) expect(() => parse(value), `${name} ${value}`).not.toThrow();
        for (const value of option.refuses ?? []) {
          expect(() => parse(value), `${name} ${value}`).toThrow(new RegExp(`^${name} `));
        }
      }
    }
  });
});

describe('the table of their options', () => {
  it('has each option of a program once', () => {
    for (const program of PROGRAMS) {
      const names = THEIRS.filter(({ programs }) => programs.includes(program)).flatMap(namesOf);
      expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
    }
    expect(THEIRS.flatMap(({ programs }) => programs).filter((program) => !PROGRAMS.includes(program))).toEqual([]);
  });

  it('has the same options as the table that the README compares', () => {
    for (const program of PROGRAMS) {
      const themes = Object.keys(MOSQUITTO_OPTIONS).filter(
        (theme) => !theme.startsWith('mqtt-') || theme === `mqtt-${program}`,
      );
      const compared = themes.flatMap((theme) => MOSQUITTO_OPTIONS[theme] ?? []);
      const listed = THEIRS.filter(({ programs }) => programs.includes(program)).map((one) => namesOf(one).join(' '));
      expect([...compared].sort()).toEqual(listed.sort());
    }
  });
});

describe('our own options', () => {
  it('take no letter that one of their programs gives another meaning', async () => {
    for (const program of PROGRAMS) {
      const { options } = (await COMMANDS[`mqtt-${program}`]?.()) ?? { options: [] };
      const letters = options.flatMap(({ short }) => short ?? []);
      const known = THEIRS.filter(({ programs }) => programs.includes(program)).flatMap(({ short }) => short ?? []);
      expect(letters.filter((letter) => !known.includes(letter))).toEqual([]);
    }
  });
});

describe('docs/mosquitto-differences.md', () => {
  it('names only options that there are', async () => {
    const page = readFileSync(new URL('../../docs/mosquitto-differences.md', import.meta.url), 'utf8');
    const code = [...page.matchAll(/`([^`]+)`/g)].map(([, text]) => text as string);
    const named = code.flatMap((text) => text.match(/(?<!\S)(?:--[a-z][a-z0-9-]+|-[A-Za-z](?![\w-]))/g) ?? []);
    const commands = await Promise.all(Object.values(COMMANDS).map((load) => load()));
    const options = commands.flatMap((command) => command.options);
    expect(named.length).toBeGreaterThan(50);
    expect(named.filter((name) => find(options, name) === undefined)).toEqual([]);
  });
});
