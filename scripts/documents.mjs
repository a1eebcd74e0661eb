/** What the scripts that make parts of documents have in common. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { ROOT } from './bundle.mjs';

/** Replaces what stands in `text` between the markers named `name`, which say that `command` made it. */
export function fill(text, name, command, content) {
  const [start, end] = [`<!-- ${name}: made by \`${command}\` -->`, `<!-- end of ${name} -->`];
  const from = text.indexOf(start);
  const to = text.indexOf(end);
  if (from < 0 || to < from) throw new Error(`there is no ${start}, or no ${end} after it`);
  return `${text.slice(0, from + start.length)}\n\n${content}\n\n${text.slice(to)}`;
}

/** As `npm run format` leaves it, such as the columns of tables lined up. `name` is a file's, for its ending. */
export function format(name, text) {
  const biome = join(ROOT, 'node_modules/.bin/biome');
  const { status, stdout, stderr } = spawnSync(biome, ['format', `--stdin-file-path=${name}`], {
    cwd: ROOT,
    input: text,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`${name}: ${stderr}`);
  return stdout;
}
