/** What is published, and what a stranger's machine must not find in it. */
import { execFile } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { describe, expect, it } from 'vitest';
import { ROOT } from '../../scripts/bundle.mjs';

const execute = promisify(execFile);
const read = (name: string): string => readFileSync(join(ROOT, name), 'utf8');
const manifest = JSON.parse(read('package.json')) as {
  bin: Record<string, string>;
  exports: Record<string, string>;
  scripts: Record<string, string>;
};

/** Without scripts: `npm pack` would build, under the feet of the tests that run beside this one. */
async function packedFiles(): Promise<string[]> {
  const { stdout } = await execute('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], { cwd: ROOT });
  const [archive] = JSON.parse(stdout) as [{ files: { path: string }[] }];
  return archive.files.map(({ path }) => path);
}

describe('the package', () => {
  it('holds the commands, the bundle with its licences, and the documents', async () => {
    const files = await packedFiles();
    const kinds = [
      /^bin\/mqtt-(pub|sub|rr|bench)\.js$/,
      /^dist\/(launch|thread)\.js$/,
      /^dist\/mqtt-(pub|sub|rr|bench)--(help|version)\.txt$/,
      /^dist\/(mqtt-(pub|sub|rr|bench)|client)-[0-9a-f]{8}\.js$/,
      /^dist\/[\w-]+-[0-9a-f]{8}\.js\.[0-9a-f]{8}\.cache$/,
      /^dist\/[\w-]+-[0-9A-Z]{8}\.js$/,
      /^dist\/THIRD-PARTY-LICENSES\.md$/,
      /^docs\/[\w-]+\.md$/,
      /^docs\/images\/[\w-]+\.png$/,
      /^docs\/json\/[\w-]+\.schema\.json$/,
      /^(README|CHANGELOG)\.md$/,
      /^LICENSE$/,
      /^package\.json$/,
    ];
    expect(files.filter((path) => !kinds.some((kind) => kind.test(path)))).toEqual([]);
    for (const kind of kinds)
      expect(
        files.some((path) => kind.test(path)),
        String(kind),
      ).toBe(true);
  });

  it('is laid out as npm and Node expect', async () => {
    const { messages, pkg } = await publint({ pkgDir: ROOT, strict: true, pack: false });
    expect(messages.map((message) => formatMessage(message, pkg))).toEqual([]);
  });

  it('runs nothing on the machine that installs it', () => {
    for (const name of ['preinstall', 'install', 'postinstall']) expect(manifest.scripts).not.toHaveProperty(name);
  });

  it('offers no programming interface', () => {
    expect(manifest.exports).toEqual({ './package.json': './package.json' });
  });

  it.each(Object.entries(manifest.bin))('has %s as a file that can be run', (name, path) => {
    const text = read(path);
    expect(text.startsWith('#!/usr/bin/env node\n')).toBe(true);
    expect(text).toContain(`launch('${name}')`);
    expect(statSync(join(ROOT, path)).mode & 0o111).toBe(0o111);
  });
});

describe('the lock file', () => {
  interface Locked {
    readonly version?: string;
    readonly optionalDependencies?: Record<string, string>;
  }
  const text = read('package-lock.json');
  const { packages } = JSON.parse(text) as { packages: Record<string, Locked> };

  it('names no host', () => {
    expect(text).not.toMatch(/"resolved"|registry\./);
  });

  it('has the packages of all platforms: without them npm ci refuses to install on any', () => {
    const missing = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
      Object.keys(optionalDependencies).filter(
        (name) =>
          packages[`node_modules/${name}`] === undefined && packages[`${path}/node_modules/${name}`] === undefined,
      ),
    );
    expect(missing).toEqual([]);
    expect(Object.entries(packages).filter(([path, { version }]) => path !== '' && !version)).toEqual([]);
  });
});

describe.skipIf(!existsSync(join(ROOT, '.git')))('the files under version control', async () => {
  const { stdout } = await execute('git', ['ls-files', '-z'], { cwd: ROOT }).catch(() => ({ stdout: '' }));
  const files = stdout.split('\0').filter((name) => name !== '' && existsSync(join(ROOT, name)));

  it('name no folder of one machine and no package registry', () => {
    const home = ['root', 'home', 'Users', 'work'].map((folder) => `/${folder}/`).join('|');
    const machine = new RegExp(`(^|[\\s'"\`(=:])(${home})\\w|registry\\.(npmjs|yarnpkg)`, 'm');
    const found = files.filter((name) => name !== 'package-lock.json' && machine.test(read(name)));
    expect(found).toEqual([]);
  });

  it('hold nothing that is made by the build or the tests', () => {
    expect(files.filter((name) => /^(dist|coverage|node_modules)\/|\.(log|tgz|cpuprofile)$/.test(name))).toEqual([]);
  });
});
