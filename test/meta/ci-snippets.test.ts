/** Runs the steps that README and docs/bench.md show for CI, as a runner does. */
import { cpSync, existsSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { assemble } from '../../scripts/assemble.mjs';
import { ROOT } from '../../scripts/bundle.mjs';
import type { BenchResult } from '../../src/bench/result/result.ts';
import { type ChildExit, runChild } from '../support/child.ts';
import { type Mosquitto, startMosquitto } from '../support/mosquitto.ts';
import { describeWith } from '../support/needs.ts';
import { makeTempFolder } from '../support/temp-folder.ts';

interface Step {
  readonly name: string;
  readonly script: string;
}

/** The `run` of each step below the mark: on the line itself, or indented below it. */
function readSteps(path: string): Step[] {
  const text = readFileSync(join(ROOT, path), 'utf8');
  const [, yaml = ''] = /<!-- tried by a test -->\s*```yaml\n([\s\S]*?)```/.exec(text) ?? [];
  return yaml.split(/^ *- (?=\w+:)/m).flatMap((step) => {
    const [, name = ''] = /^name: (.*)$/m.exec(step) ?? [];
    const [, indent = '', block = '', line = ''] =
      /^( *)run: (?:\|\n((?:\1 +.*\n|\n)*)|(.+))$/m.exec(`${step}\n`) ?? [];
    const script = block === '' ? line : block.replaceAll(new RegExp(`^${indent}  `, 'gm'), '');
    return script === '' ? [] : [{ name, script }];
  });
}

describeWith(['mosquitto'], 'the steps for CI', () => {
  const folder = makeTempFolder();
  let broker: Mosquitto;

  beforeAll(async () => {
    cpSync(join(ROOT, 'bin'), folder.file('bin'), { recursive: true });
    await assemble(folder.file('dist'));
    symlinkSync(folder.file('bin/mqtt-bench.js'), folder.file('bin/mqtt-bench'));
    broker = await startMosquitto();
  });

  afterAll(async () => {
    await broker?.remove();
    folder.remove();
  });

  function runStep({ script }: Step): Promise<ChildExit> {
    const env = {
      MQTT_HOST: '127.0.0.1',
      MQTT_PORT: String(broker.port),
      PATH: `${folder.file('bin')}:${process.env['PATH']}`,
      GITHUB_STEP_SUMMARY: folder.file('summary.md'),
    };
    return runChild('bash', ['-e', '-o', 'pipefail', '-c', script], { env, cwd: folder.path });
  }

  /** A result whose runs delivered `factor` times as much. */
  function storeBaseline(factor: number): void {
    const result = JSON.parse(readFileSync(folder.file('result.json'), 'utf8')) as BenchResult;
    const repeats = result.repeats.map((repeat) => ({
      ...repeat,
      rates: { ...repeat.rates, deliveredPerSecond: repeat.rates.deliveredPerSecond * factor },
    }));
    writeFileSync(folder.file('baseline.json'), JSON.stringify({ ...result, repeats }));
  }

  it('of docs/bench.md measure, compare and keep the result', async () => {
    const [measure, compare, keep, ...others] = readSteps('docs/bench.md');
    if (measure === undefined || compare === undefined || keep === undefined) throw new Error('steps are missing');
    expect(others).toEqual([]);
    const measured = await runStep(measure);
    expect(measured.exitCode, measured.stderr).toBe(0);
    expect(measured.stdout.toString()).toMatch(/^threshold +lost == 0 +held: 0$/m);
    storeBaseline(1);
    const same = await runStep(compare);
    expect(same.exitCode, same.stderr).toBe(0);
    storeBaseline(100);
    const slower = await runStep(compare);
    expect([slower.exitCode, slower.stderr]).toEqual([11, expect.stringContaining('is slower than baseline.json')]);
    expect((await runStep(keep)).exitCode).toBe(0);
    expect(readFileSync(folder.file('summary.md'), 'utf8')).toContain('lost == 0');
    expect(existsSync(folder.file('result.html'))).toBe(true);
  });

  it('of the README measure, and fail when what is asked does not hold', async () => {
    const [measure, ...others] = readSteps('README.md');
    if (measure === undefined) throw new Error('the step is missing');
    expect(others).toEqual([]);
    const measured = await runStep(measure);
    expect(measured.exitCode, measured.stderr).toBe(0);
    const stricter = { ...measure, script: measure.script.replace(/p99 < \w+/, 'p99 < 1us') };
    const failed = await runStep(stricter);
    expect(failed.exitCode).toBe(11);
    expect(failed.stderr).toMatch(/^mqtt-bench: p99 was [\d.]+ ms, not < 1us$/m);
  });
});
