import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../../src/cli/command-table.ts';
import { formatBriefUsage, formatHelp, labelOf } from '../../src/cli/help.ts';
import { GROUPS } from '../../src/options/spec.ts';

const commands = await Promise.all(Object.values(COMMANDS).map((load) => load()));

describe.each(commands.map((command) => [command.name, command] as const))('the help of %s', (_name, command) => {
  const help = formatHelp(command, undefined);
  const lines = help.split('\n');

  it('names every option once, with its letter, values, summary, default and variable', () => {
    // Wrapped lines together again.
    const text = help.replaceAll(/\n {20,}/g, ' ').replaceAll(/ +/g, ' ');
    for (const spec of command.options) {
      const label = labelOf(spec).trim();
      // A wrapped line may begin with the name of another option.
      const firsts = lines.filter((line) => !line.startsWith(' '.repeat(20))).map((line) => line.trim());
      const starts = firsts.filter((line) => line === label || line.startsWith(`${label} `));
      expect(starts, label).toHaveLength(1);
      expect(text).toContain(`${label.replaceAll(/ +/g, ' ')} ${spec.summary}`);
      if (spec.defaultText !== undefined) expect(text).toContain(`default: ${spec.defaultText}`);
      if (spec.environment !== undefined) expect(text).toContain(`environment: ${spec.environment}`);
    }
  });

  it('has the groups in order, none of them empty', () => {
    const headings = lines.filter((line) => /^[A-Z].*:$/.test(line)).map((line) => line.slice(0, -1));
    const expected = GROUPS.filter((group) => command.options.some((spec) => spec.group === group));
    expect(headings).toEqual(['Examples', ...expected]);
  });

  it('starts with the examples', () => {
    expect(help.indexOf('Examples:')).toBeLessThan(help.indexOf('Connection:'));
    for (const { says, typed } of command.examples) expect(help).toContain(`  ${typed}\n      ${says}\n`);
  });

  it.each([undefined, 80, 100, 200, 40, 1])('fits into %s columns as far as that can be', (columns) => {
    const width = Math.max(Math.min(columns ?? 100, 100), 68);
    const typed = new Set(command.examples.map((example) => `  ${example.typed}`));
    for (const line of formatHelp(command, columns).split('\n')) {
      if (typed.has(line) || /^(mqtt-| {6}\S)/.test(line)) continue;
      const words = line.trim().split(' ');
      // A label alone may be long; a text is broken at its blanks.
      if (words.length > 3) expect(line.length, line).toBeLessThanOrEqual(width);
    }
  });

  it('has no blanks at the ends of lines, and a final newline', () => {
    expect(help).not.toMatch(/ $/m);
    expect(help.endsWith('\n')).toBe(true);
    expect(help).not.toContain('undefined');
  });

  it('lists the commands that its first word may choose', async () => {
    const subcommands = await Promise.all(Object.values(command.subcommands ?? {}).map((load) => load()));
    const listed = formatHelp(command, 80, subcommands).replaceAll(/\n {20,}/g, ' ');
    expect(listed.includes('Commands, each with a --help of its own:\n')).toBe(subcommands.length > 0);
    for (const { name, summary } of subcommands) {
      expect(listed.replaceAll(/ +/g, ' ')).toContain(`\n ${name} ${summary}\n`);
    }
  });

  it('in short has the two most useful examples', () => {
    const brief = formatBriefUsage(command);
    expect(brief.split('\n').length - 1).toBeLessThanOrEqual(12);
    for (const { typed } of command.examples.slice(0, 2)) expect(brief).toContain(`  ${typed}\n`);
    const subcommands = Object.keys(command.subcommands ?? {});
    expect(/^Commands: (.*)$/m.exec(brief)?.[1]).toBe(subcommands.length > 0 ? subcommands.join(', ') : undefined);
  });
});
