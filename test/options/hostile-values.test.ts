/** Any text reaches the command as it was typed. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  clientIdOption,
  debugOption,
  passwordOption,
  usernameOption,
  willPayloadOption,
} from '../../src/options/connection.ts';
import { messageOption, retainOption, topicOption } from '../../src/options/message.ts';
import type { OptionValues } from '../../src/options/option-values.ts';
import { parseOptions } from '../../src/options/parse.ts';
import { type OptionSpec, ValueError } from '../../src/options/spec.ts';
import { anyText, COMMANDS } from './parsing.ts';

const HOSTILE: readonly string[] = [
  '',
  ' ',
  '-',
  '--',
  '---',
  '-r',
  '-rd',
  '--retain',
  '--help',
  '--no-retain',
  '--message=x',
  '-m',
  '=',
  '=x',
  '"on"',
  "'on'",
  '"',
  '\\',
  '\\n',
  '007',
  '1e3',
  '-1',
  '0x10',
  'true',
  'false',
  'null',
  'undefined',
  'NaN',
  '[object Object]',
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  '_',
  '$0',
  '$HOME',
  '`id`',
  '%s%d',
  '%00',
  'a,b',
  'a b\tc\nd\r\n',
  'a.b.c',
  'mqtt://user:pw@host/x',
  '\u001b[31mred\u0007',
  '\u0000',
  '\ufeffbom',
  '\u202egnp.exe',
  'é',
  'e\u0301',
  '😀',
  '👩‍👩‍👧',
  '\ud800',
  '\udc00x',
  'x'.repeat(65_535),
  'x'.repeat(100_000),
  '-'.repeat(100_000),
  '😀'.repeat(25_000),
];

interface Target {
  readonly spec: OptionSpec<string | undefined>;
  /** Whether the option takes any text; otherwise some is refused for a reason of its own. */
  readonly takesAll: boolean;
}

const TARGETS: readonly Target[] = [
  { spec: messageOption, takesAll: true },
  { spec: willPayloadOption, takesAll: false },
  { spec: passwordOption, takesAll: true },
  { spec: usernameOption, takesAll: false },
  { spec: clientIdOption, takesAll: false },
  { spec: topicOption, takesAll: false },
];

/** A part of mqtt-pub's table: the work of yargs grows with the number of options. */
const SPECS = [...TARGETS.map(({ spec }) => spec), retainOption, debugOption];

function parse(argv: readonly string[]): OptionValues {
  return parseOptions({ specs: SPECS, argv, env: {} });
}

/** `-m X`, `-mX`, `--message X`, `--message=X`. */
function formsOf({ long, short }: OptionSpec, text: string): string[][] {
  const forms = [[`--${long}`, text], [`--${long}=${text}`]];
  if (short !== undefined) forms.push([`-${short}`, text]);
  if (short !== undefined && text !== '') forms.push([`-${short}${text}`]);
  return forms;
}

/** Nothing else is set by the value, and what follows it counts. */
function expectArrives({ spec }: Target, text: string): void {
  for (const argv of formsOf(spec, text)) {
    const values = parse([...argv, '-d']);
    expect(values.get(spec)).toBe(text);
    expect(values.occurrences(spec)).toHaveLength(1);
    expect(values.has(retainOption)).toBe(false);
    expect(values.get(debugOption)).toBe(1);
  }
}

/** The reason why the option refuses the text; undefined when it takes it. */
function refusal({ spec }: Target, text: string): string | undefined {
  try {
    spec.parse([text]);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

describe.each(TARGETS.map((target) => [target.spec.long, target] as const))('--%s', (_name, target) => {
  it.each(HOSTILE.map((text) => [JSON.stringify(text.slice(0, 40)), text] as const))(
    'takes %s as it is',
    (_shown, text) => {
      const reason = refusal(target, text);
      if (reason === undefined) return expectArrives(target, text);
      for (const argv of formsOf(target.spec, text)) expect(() => parse(argv)).toThrow(reason);
      expect(reason).toMatch(/^must /);
    },
  );

  it('takes whatever text there is', () => {
    fc.assert(
      fc.property(anyText, (value) => {
        if (target.takesAll) expect(refusal(target, value)).toBe(undefined);
        if (refusal(target, value) === undefined) expectArrives(target, value);
      }),
      { numRuns: 60 },
    );
  });
});

const ALL_OPTIONS = [
  ...new Map(COMMANDS.flatMap(({ options }) => options).map((spec) => [`--${spec.long} ${spec.group}`, spec])).values(),
].filter(({ valueNames, long }) => valueNames.length > 0 && long !== 'broker-url');

describe.each(ALL_OPTIONS.map((spec) => [`--${spec.long}`, spec] as const))('%s', (_name, spec) => {
  it('is handed every word as it was typed', () => {
    // As it is in the table, but for what it makes of its words.
    const { expand: _expand, ...rest } = spec;
    const open: OptionSpec = { ...rest, repeat: 'all', parse: (words) => words, collect: (parsed) => parsed };
    const given = HOSTILE.map((text) => [text, ...spec.valueNames.slice(1).map(() => text)]);
    const argv = given.flatMap(([text = '', ...others]) => [
      ...[`--${spec.long}`, text, ...others],
      ...[`--${spec.long}=${text}`, ...others],
      ...(spec.short === undefined ? [] : [`-${spec.short}`, text, ...others]),
    ]);
    const values = parseOptions({ specs: [...SPECS.filter(({ long }) => long !== spec.long), open], argv, env: {} });
    const forms = spec.short === undefined ? 2 : 3;
    expect(values.get(open)).toEqual(given.flatMap((words) => Array.from({ length: forms }, () => words)));
  });

  it('takes a word or says why not', () => {
    for (const text of HOSTILE) {
      try {
        spec.parse(spec.valueNames.map(() => text));
      } catch (error) {
        expect(error, JSON.stringify(text.slice(0, 40))).toBeInstanceOf(ValueError);
      }
    }
  });
});
