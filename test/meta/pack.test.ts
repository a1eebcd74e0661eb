/** Where the modules are: a module that a command finds in two files would run twice, and its errors be of two classes. */
import { expect, it } from 'vitest';
import { bundleForNode } from '../../scripts/bundle.mjs';
import { COMMANDS, pack } from '../../scripts/pack.mjs';

const { chunks, metafile } = await bundleForNode('src/main.ts');
const { packed, main, starts, client } = await pack(chunks, metafile);

/** What a file provides. */
function idsIn(file: string): string[] {
  const [, provided = ''] = /\bprovide\(\{(.*)\}\);?\s*\}\)\);\s*$/s.exec(packed.get(file.slice(2)) ?? '') ?? [];
  return [...provided.matchAll(/"(\.\/[\w-]+\.js)":\(?\)?/g)].map(([, id = '']) => id);
}

it('every module is to be found by every command, in one place', () => {
  const everyId = Object.keys(metafile.outputs).map((output) => output.replace('dist/', './'));
  expect(everyId.length).toBeGreaterThan(100);
  expect(idsIn(client.file)).toEqual(client.ids);
  for (const command of Object.keys(COMMANDS)) {
    const started = idsIn(starts[command] ?? '');
    expect(started, command).toContain(main);
    expect(started.filter((id) => client.ids.includes(id))).toEqual([]);
    const elsewhere = everyId.filter((id) => !started.includes(id) && !client.ids.includes(id));
    expect(elsewhere.filter((id) => idsIn(id).join() !== id)).toEqual([]);
  }
});
