/** What starting a command loads: it decides how long starting takes, and unlike time it can be held by a test. */
import { builtinModules } from 'node:module';
import type { Metafile } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { bundleForNode } from '../../scripts/bundle.mjs';
import { COMMANDS, RUN, START, staticClosure } from '../../scripts/pack.mjs';

const { metafile } = await bundleForNode('src/main.ts');

/** Packages and built-in modules in the bundler's files that `roots` load as they start, and the bytes of those files. */
function loadedBy(roots: readonly string[]): { packages: string[]; builtins: string[]; bytes: number } {
  const outputs = staticClosure(metafile, roots).map((path) => metafile.outputs[path] as Metafile['outputs'][string]);
  const inputs = outputs.flatMap((output) => Object.keys(output.inputs));
  const imported = outputs
    .flatMap((output) => output.imports)
    .filter(({ external, kind }) => external && kind !== 'dynamic-import');
  return {
    packages: distinct(inputs.map(packageOf)),
    builtins: distinct(imported.map(({ path }) => path.replace(/^node:/, ''))),
    bytes: outputs.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}

function packageOf(input: string): string | undefined {
  return /^node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(input)?.[1];
}

function distinct(names: readonly (string | undefined)[]): string[] {
  return [...new Set(names.filter((name) => name !== undefined))].sort();
}

const KiB = 1024;

describe('the start of a command', () => {
  it.each(Object.entries(COMMANDS))('%s loads no package and little of Node before it knows what to do', (_, own) => {
    const { packages, builtins, bytes } = loadedBy([...START, ...own]);
    expect(packages).toEqual([]);
    // node:net loads node:stream in any case.
    const usual = ['buffer', 'crypto', 'fs', 'net', 'path', 'stream'];
    expect(builtins.filter((name) => !usual.includes(name))).toEqual([]);
    expect(bytes).toBeLessThan(120 * KiB);
  });

  it('only mqtt-bench needs node:crypto', () => {
    expect(loadedBy([...START, ...(COMMANDS['mqtt-pub'] ?? [])]).builtins).not.toContain('crypto');
    expect(loadedBy([...START, ...(COMMANDS['mqtt-sub'] ?? [])]).builtins).not.toContain('crypto');
  });

  it('has the parser and the client, and no more, when it runs', () => {
    const { packages, builtins, bytes } = loadedBy([...RUN]);
    expect(packages).toEqual(['bl', 'inherits', 'mqtt', 'mqtt-packet', 'process-nextick-args', 'rfdc', 'yargs-parser']);
    expect(builtins).toEqual(['buffer', 'events', 'net', 'path', 'stream', 'util']);
    expect(bytes).toBeLessThan(230 * KiB);
  });

  it('loads what is rarely needed only when it is', () => {
    const always = Object.values(COMMANDS).flatMap((own) => staticClosure(metafile, [...START, ...own, ...RUN]));
    const loaded = always.flatMap((path) => Object.keys(metafile.outputs[path]?.inputs ?? {}));
    for (const source of [
      'src/broker/embedded.ts',
      'src/mqtt/tls.ts',
      'src/mqtt/web-socket.ts',
      'src/bench/scenario/run.ts',
      'src/bench/report/html.ts',
    ]) {
      expect(Object.keys(metafile.inputs)).toContain(source);
      expect(loaded).not.toContain(source);
    }
  });
});

describe('the bundle', () => {
  const packages = distinct(Object.keys(metafile.inputs).map(packageOf));

  it('has shims in place of what costs start-up time', () => {
    const replaced = [
      'debug',
      'readable-stream',
      'worker-timers',
      'lru-cache',
      'cliui',
      'string-width',
      'y18n',
      'escalade',
    ];
    // ora, which is never loaded without a terminal, brings a string-width of its own.
    const others = packages.filter((name) => name !== 'string-width' || !packages.includes('ora'));
    expect(others.filter((name) => replaced.includes(name))).toEqual([]);
  });

  it('stays small', () => {
    const bytes = Object.values(metafile.outputs).reduce((sum, output) => sum + output.bytes, 0);
    expect(bytes).toBeLessThan(1400 * KiB);
  });

  it('asks for nothing but its own files and Node', () => {
    const external = Object.values(metafile.outputs).flatMap(({ imports }) =>
      imports.filter((entry) => entry.external),
    );
    const strangers = external.filter(({ path }) => !builtinModules.includes(path.replace(/^node:/, '')));
    expect(strangers).toEqual([]);
  });
});
