/** Which source may import which: main -> cli -> commands -> options, input, output, bench, mqtt, broker -> errors. */
import { readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from '../../scripts/bundle.mjs';

interface Import {
  readonly from: string;
  /** A source below src, or the name of a package or built-in module. */
  readonly to: string;
  /** Gone after compilation. */
  readonly typeOnly: boolean;
  /** `import()`. */
  readonly dynamic: boolean;
}

const IMPORT =
  /^(?:import|export)\s+(type\s)?(\{[^}]*\}|\*(?:\s+as\s+\w+)?|\w+(?:,\s*\{[^}]*\})?)\s+from\s+'([^']+)'/gm;

/** The library itself; the manifest, which names its version, is no code. */
const MQTT_JS = /^mqtt(-packet)?(\/(?!package\.json$)|$)/;

const SRC = join(ROOT, 'src');
const sources = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.ts'));
const imports = sources.flatMap(readImports);

function readImports(from: string): Import[] {
  const text = readFileSync(join(SRC, from), 'utf8');
  const target = (specifier: string): string =>
    specifier.startsWith('.') ? resolve(SRC, dirname(from), specifier).slice(SRC.length + 1) : specifier;
  const statements = [...text.matchAll(IMPORT)];
  const calls = [...text.matchAll(/\bimport\(\s*'([^']+)'\s*\)/g)];
  return [
    ...statements.map(([, type, names = '', specifier = '']) => ({
      from,
      to: target(specifier),
      typeOnly: type !== undefined || namesOnlyTypes(names),
      dynamic: false,
    })),
    ...calls.map(([, specifier = '']) => ({ from, to: target(specifier), typeOnly: false, dynamic: true })),
  ];
}

function namesOnlyTypes(names: string): boolean {
  const list = /^\{([\s\S]*)\}$/
    .exec(names.trim())?.[1]
    ?.split(',')
    .filter((name) => name.trim() !== '');
  return list?.every((name) => /^\s*type\s/.test(name)) ?? false;
}

/** 0 is the top. Some tables of `cli` stand at the bottom: everyone may name an exit code, a signal, the version. */
function layerOf(source: string): number {
  if (
    ['errors.ts', ...['exit-codes', 'packages', 'signals', 'version'].map((name) => `cli/${name}.ts`)].includes(source)
  )
    return 4;
  const layer = { 'main.ts': 0, cli: 1, commands: 2 }[source.split('/')[0] ?? ''];
  return layer ?? 3;
}

const show = ({ from, to }: Import): string => `${from} imports ${to}`;
const values = imports.filter(({ typeOnly }) => !typeOnly);

describe('imports in src', () => {
  it('are found at all', () => {
    expect(sources.length).toBeGreaterThan(30);
    expect(values.map(show)).toContain('main.ts imports cli/run.ts');
    expect(imports.some(({ dynamic }) => dynamic)).toBe(true);
  });

  it('point one way', () => {
    const upwards = values.filter(({ from, to }) => sources.includes(to) && layerOf(to) < layerOf(from));
    expect(upwards.map(show)).toEqual([]);
  });

  it('never lead back to where they started', () => {
    const graph = new Map(
      sources.map((source) => [source, values.filter(({ from, dynamic }) => from === source && !dynamic)]),
    );
    const cycles: string[] = [];
    const done = new Set<string>();
    const visit = (source: string, path: readonly string[]): void => {
      if (path.includes(source)) cycles.push([...path.slice(path.indexOf(source)), source].join(' -> '));
      if (path.includes(source) || done.has(source)) return;
      for (const { to } of graph.get(source) ?? []) visit(to, [...path, source]);
      done.add(source);
    };
    for (const source of sources) visit(source, []);
    expect(cycles).toEqual([]);
  });

  it.each([
    ['yargs', /^yargs(-parser)?(\/|$)/, ['options/parse.ts']],
    [
      'MQTT.js',
      MQTT_JS,
      ['mqtt/mqttjs.ts', 'mqtt/mqttjs-client.ts', 'mqtt/mqttjs-idle.ts', 'mqtt/lane/publish-packet.ts'],
    ],
    ['aedes', /^aedes/, ['broker/embedded.ts', 'broker/aedes-delivery.ts']],
    ['chalk', /^chalk/, ['output/style.ts']],
    ['ora', /^ora/, ['output/progress.ts']],
    ['the process', /^(node:)?process$/, ['main.ts', 'cli/system-context.ts']],
    ['the timers', /^(node:)?timers/, ['cli/system-context.ts']],
  ])('load %s in one place', (_, library, places) => {
    const elsewhere = values.filter(
      ({ from, to }) => library.test(to) && !sources.includes(to) && !places.includes(from),
    );
    expect(elsewhere.map(show)).toEqual([]);
  });

  it('name types of MQTT.js only in its adapter', () => {
    const elsewhere = imports.filter(
      ({ from, to }) => MQTT_JS.test(to) && !sources.includes(to) && !/^mqtt\/(mqttjs|lane\/publish-packet)/.test(from),
    );
    expect(elsewhere.map(show)).toEqual([]);
  });

  it('name built-in modules with node:', () => {
    expect(imports.filter(({ to }) => builtinModules.includes(to)).map(show)).toEqual([]);
  });
});

describe('src', () => {
  it('ends the process in one place', () => {
    const enders = sources.filter((source) => /\bprocess\.exit\(/.test(readFileSync(join(SRC, source), 'utf8')));
    expect(enders).toEqual(['main.ts']);
  });
});
