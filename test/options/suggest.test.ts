import { describe, expect, it } from 'vitest';
import { pubCommand } from '../../src/commands/pub.ts';
import { subCommand } from '../../src/commands/sub.ts';
import { suggestOption } from '../../src/options/suggest.ts';

describe('a mistyped option', () => {
  it.each([
    ['--topci', '--topic'],
    ['--tpoic', '--topic'],
    ['--topics', '--topic'],
    ['--TOPIC', '--topic'],
    ['--messag', '--message'],
    ['--mesage', '--message'],
    ['--retian', '--retain'],
    ['--user', '--username'],
    ['--hots', '--host'],
    ['--ca-file', '--cafile'],
    ['-message', '--message'],
    ['--connect_timeout', '--connect-timeout'],
    ['--keep-alive', '--keepalive'],
  ])('%s suggests %s', (word, suggestion) => {
    expect(suggestOption(word, pubCommand.options)).toBe(suggestion);
  });

  it.each(['--', '-', '--x', '--frobnicate', '--qqqqqqqq', '', '--zz', `--${'x'.repeat(10_000)}`])(
    '%s suggests nothing',
    (word) => {
      expect(suggestOption(word, pubCommand.options)).toBe(undefined);
    },
  );

  it('suggests only what the command has', () => {
    expect(suggestOption('--messag', subCommand.options)).not.toBe('--message');
    expect(suggestOption('--coutn', subCommand.options)).toBe('--count');
  });

  it('suggests each option for each of its single slips', () => {
    for (const { long } of pubCommand.options.filter(({ long }) => long.length > 5)) {
      const swapped = `${long.slice(0, 2)}${long[3]}${long[2]}${long.slice(4)}`;
      expect(suggestOption(`--${long.slice(0, -2)}x${long.slice(-1)}`, [...pubCommand.options])).toBeDefined();
      if (swapped !== long) expect(suggestOption(`--${swapped}`, pubCommand.options)).toBe(`--${long}`);
    }
  });
});
