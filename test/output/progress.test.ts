import { expect, it } from 'vitest';
import { chooseDisplay } from '../../src/output/progress.ts';
import { MemoryOutput } from '../support/memory-streams.ts';

class Terminal extends MemoryOutput {
  constructor(columns = 80) {
    super({ isTTY: true, columns });
  }

  cursorTo(): void {}
}

it.each([
  ['a terminal', new Terminal(), {}, 'block'],
  ['a terminal with CI=false', new Terminal(), { CI: 'false' }, 'block'],
  ['a terminal in CI', new Terminal(), { CI: 'true' }, 'lines'],
  ['a terminal that cannot move its cursor', new Terminal(), { TERM: 'dumb' }, 'lines'],
  ['a terminal that does not tell its width', new Terminal(0), {}, 'lines'],
  ['a terminal without a cursor', new MemoryOutput({ isTTY: true }), {}, 'lines'],
  ['a pipe in CI', new MemoryOutput(), { CI: '1' }, 'lines'],
  ['a pipe', new MemoryOutput(), {}, 'none'],
  ['a pipe with an empty CI', new MemoryOutput(), { CI: '' }, 'none'],
])('%s', (_, stream, env, display) => {
  expect(chooseDisplay(stream, env)).toBe(display);
});
