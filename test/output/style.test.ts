import { describe, expect, it } from 'vitest';
import { makeStyle, wantsColor } from '../../src/output/style.ts';
import { MemoryOutput } from '../support/memory-streams.ts';

const terminal = new MemoryOutput({ isTTY: true });
const pipe = new MemoryOutput();

describe('a stream gets colour', () => {
  it.each<[string, MemoryOutput, Record<string, string>, boolean, boolean]>([
    ['on a terminal', terminal, {}, false, true],
    ['on a terminal of any name', terminal, { TERM: 'xterm-256color' }, false, true],
    ['in a pipe', pipe, {}, false, false],
    ['with --no-color', terminal, {}, true, false],
    ['with NO_COLOR', terminal, { NO_COLOR: '1' }, false, false],
    ['with NO_COLOR, whatever it says', terminal, { NO_COLOR: '0' }, false, false],
    ['with NO_COLOR that is empty', terminal, { NO_COLOR: '' }, false, true],
    ['on a dumb terminal', terminal, { TERM: 'dumb' }, false, false],
    ['in a pipe with FORCE_COLOR', pipe, { FORCE_COLOR: '1' }, false, true],
    ['in a pipe with FORCE_COLOR=true', pipe, { FORCE_COLOR: 'true' }, false, true],
    ['with FORCE_COLOR and NO_COLOR', pipe, { FORCE_COLOR: '3', NO_COLOR: '1' }, false, true],
    ['with FORCE_COLOR and TERM=dumb', pipe, { FORCE_COLOR: '1', TERM: 'dumb' }, false, true],
    ['with FORCE_COLOR=0', terminal, { FORCE_COLOR: '0' }, false, false],
    ['with FORCE_COLOR=false', terminal, { FORCE_COLOR: 'false' }, false, false],
    ['with FORCE_COLOR that is empty', pipe, { FORCE_COLOR: '' }, false, false],
    ['with FORCE_COLOR and --no-color', terminal, { FORCE_COLOR: '1' }, true, false],
  ])('%s', async (_when, stream, env, noColor, colored) => {
    expect(wantsColor(stream, env, noColor)).toBe(colored);
    const style = await makeStyle(stream, env, noColor);
    expect(style.colored).toBe(colored);
    expect(style.error('x') === 'x').toBe(!colored);
  });
});

describe('a style', () => {
  it('of a plain stream leaves every text as it is', async () => {
    const style = await makeStyle(pipe, {});
    for (const paint of [style.error, style.warning, style.good, style.dim, style.bold]) expect(paint('x')).toBe('x');
  });

  it('of a coloured one paints and takes the colour back', async () => {
    const style = await makeStyle(terminal, {});
    expect(style.error('x')).toBe('\u001b[31mx\u001b[39m');
    expect(style.warning('x')).toBe('\u001b[33mx\u001b[39m');
    expect(style.good('x')).toBe('\u001b[32mx\u001b[39m');
    expect(style.dim('x')).toBe('\u001b[2mx\u001b[22m');
    expect(style.bold('x')).toBe('\u001b[1mx\u001b[22m');
    expect(style.error('')).toBe('');
  });
});
