/** The launcher and its code caches: they may make a start faster, and must never make it fail. */
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { assemble } from '../../scripts/assemble.mjs';
import { ROOT } from '../../scripts/bundle.mjs';
import { type ChildExit, runChild } from '../support/child.ts';
import { makeTempFolder } from '../support/temp-folder.ts';

const folder = makeTempFolder();
const built = folder.file('built');
const dist = folder.file('dist');
let names: string[];

beforeAll(async () => {
  cpSync(join(ROOT, 'bin'), folder.file('bin'), { recursive: true });
  names = await assemble(built);
});

afterAll(() => folder.remove());

beforeEach(() => {
  rmSync(dist, { recursive: true, force: true });
  cpSync(built, dist, { recursive: true });
});

const caches = (): string[] => readdirSync(dist).filter((name) => name.endsWith('.cache'));

function start(name: string, ...argv: string[]): Promise<ChildExit> {
  return runChild(process.execPath, [folder.file(`bin/${name}.js`), ...argv]);
}

/** A run that uses every file with a code cache. */
async function expectToWork(): Promise<void> {
  const published = await start('mqtt-pub', '--broker', 'embedded', '-t', 'a', '-m', 'b', '-q', '1', '--quiet');
  expect(published).toMatchObject({ exitCode: 0, stderr: '' });
  const helped = await start('mqtt-sub', '--help');
  expect(helped).toMatchObject({ exitCode: 0, stderr: '' });
  expect(helped.stdout.toString()).toMatch(/^mqtt-sub: /);
}

describe('the launcher', () => {
  it('finds a code cache for each start and for the client', async () => {
    expect(caches().map((name) => name.replace(/[0-9a-f]{8}/g, ''))).toEqual([
      'client-.js..cache',
      'mqtt-bench-.js..cache',
      'mqtt-pub-.js..cache',
      'mqtt-rr-.js..cache',
      'mqtt-sub-.js..cache',
    ]);
    await expectToWork();
  });

  it.each([
    ['missing', undefined],
    ['empty', () => Buffer.alloc(0)],
    ['cut short', (cache: Buffer) => cache.subarray(0, cache.length / 2)],
    ['of another V8', (cache: Buffer) => Buffer.concat([Buffer.from([1, 2, 3, 4]), cache.subarray(4)])],
    ['damaged', (cache: Buffer) => cache.map((byte, index) => (index > 100 && index % 997 === 0 ? byte ^ 0xff : byte))],
  ])('works with a cache that is %s', async (_, change) => {
    for (const name of caches()) {
      const path = join(dist, name);
      if (change === undefined) rmSync(path);
      else writeFileSync(path, change(readFileSync(path)));
    }
    await expectToWork();
  });

  it.each(['mqtt-pub', 'mqtt-sub', 'mqtt-rr', 'mqtt-bench'])(
    'prints the help and the version of %s as the command itself does, with nothing loaded',
    async (name) => {
      for (const word of ['--help', '--version']) {
        const quick = await start(name, word);
        // A second word makes it start the command.
        const slow = await start(name, word, word);
        expect(quick).toEqual(slow);
        expect(quick).toMatchObject({ exitCode: 0, stderr: '' });
        expect(quick.stdout.length).toBeGreaterThan(5);
      }
      rmSync(join(dist, `${name}--help.txt`));
      expect((await start(name, '--help')).stdout.toString()).toMatch(new RegExp(`^${name}: `));
    },
  );

  it('works on a Node that did not make the caches', async () => {
    const path = join(dist, 'launch.js');
    const launcher = readFileSync(path, 'utf8');
    const changed = launcher.replace(/"cachesFor":"[^"]+"/, '"cachesFor":"0.0.0 none"');
    expect(changed).not.toBe(launcher);
    writeFileSync(path, changed);
    await expectToWork();
  });

  it('works through a link, as npm installs commands', async () => {
    const link = folder.file('linked');
    await runChild('ln', ['-sf', folder.file('bin/mqtt-pub.js'), link]);
    const { exitCode, stdout } = await runChild(link, ['--version']);
    expect([exitCode, stdout.toString()]).toEqual([0, expect.stringMatching(/^mqtt-pub \d/)]);
  });

  it('writes nothing but a cache, and that only into the cache folder of the user', async () => {
    const home = folder.file('home');
    await runChild('mkdir', ['-p', home]);
    await runChild(process.execPath, [folder.file('bin/mqtt-pub.js'), '--help'], { env: { HOME: home }, cwd: home });
    const written = readdirSync(home, { recursive: true, encoding: 'utf8' });
    const ours = ['.cache', '.cache/mqtt-toolkit'];
    expect(written.filter((path) => !ours.includes(path) && !path.startsWith('.cache/mqtt-toolkit/'))).toEqual([]);
  });
});

describe('the build', () => {
  it('makes the same files again, and removes those of an earlier one', async () => {
    writeFileSync(join(dist, 'mqtt-pub-00000000.js'), 'an earlier build');
    const again = await assemble(dist);
    const withoutCaches = (list: readonly string[]): string[] => list.filter((name) => !name.endsWith('.cache'));
    expect(withoutCaches(again)).toEqual(withoutCaches(names));
    expect(readdirSync(dist).sort()).toEqual(again);
    for (const name of withoutCaches(again).filter((other) => other !== 'launch.js')) {
      expect(readFileSync(join(dist, name), 'utf8'), name).toBe(readFileSync(join(built, name), 'utf8'));
    }
  });
});
