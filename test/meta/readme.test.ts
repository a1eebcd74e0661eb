/** Runs every example of the README as typed, and compares what is printed with what the README says. */
import { cpSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { assemble } from '../../scripts/assemble.mjs';
import { ROOT } from '../../scripts/bundle.mjs';
import { runChild } from '../support/child.ts';
import { type Mosquitto, startMosquitto } from '../support/mosquitto.ts';
import { describeWith } from '../support/needs.ts';
import { makeTempFolder } from '../support/temp-folder.ts';

interface Example {
  /** The lines after `$`. */
  readonly script: string;
  readonly output: string;
}

const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');

/** A marked block is a terminal: what is typed stands after `$`, what is printed below it. */
const examples: Example[] = [...readme.matchAll(/<!-- example -->\s*```console\n([\s\S]*?)```/g)].map(
  ([, block = '']) => {
    const lines = block.trimEnd().split('\n');
    const typed = lines.filter((line) => line.startsWith('$ ')).map((line) => line.slice(2));
    return { script: typed.join('\n'), output: lines.filter((line) => !line.startsWith('$ ')).join('\n') };
  },
);

/** Addresses, times, rates and latencies differ from run to run, and with them the notes of a benchmark. */
function withoutMeasurements(text: string): string {
  return text
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME')
    .replace(/[\d,.]+ (ms|msg\/s|s|MB\/s|kB\/s)\b/g, 'N $1')
    .replace(/mosquitto [\d.]+ at \S+:\d+/g, 'mosquitto at ADDRESS')
    .replace(/^note .*\n?/gm, '')
    .replace(/ +/g, ' ')
    .trimEnd();
}

describeWith(['mosquitto'], 'the examples of the README', () => {
  const folder = makeTempFolder();
  let broker: Mosquitto;

  beforeAll(async () => {
    cpSync(join(ROOT, 'bin'), folder.file('bin'), { recursive: true });
    await assemble(folder.file('dist'));
    for (const name of ['mqtt-pub', 'mqtt-sub', 'mqtt-rr', 'mqtt-bench']) {
      symlinkSync(folder.file(`bin/${name}.js`), folder.file(`bin/${name}`));
    }
    writeFileSync(folder.file('picture.jpg'), Buffer.from(Array.from({ length: 70_000 }, (_, index) => index & 0xff)));
    broker = await startMosquitto();
  });

  afterAll(async () => {
    await broker?.remove();
    folder.remove();
  });

  it('are the six most useful', () => {
    expect(examples).toHaveLength(6);
  });

  it.each(examples.map((example) => [example.script, example] as const))('%s', async (_, { script, output }) => {
    const env = {
      MQTT_HOST: '127.0.0.1',
      MQTT_PORT: String(broker.port),
      PATH: `${folder.file('bin')}:${process.env['PATH']}`,
    };
    const run = await runChild('bash', ['-e', '-o', 'pipefail', '-c', script], { env, cwd: folder.path });
    expect(run.exitCode, run.stderr).toBe(0);
    expect(withoutMeasurements(run.stdout.toString())).toBe(withoutMeasurements(output));
  });
});

it('the README has the two commands that set up a clone', () => {
  const commands = [...readme.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, command = '']) => command.trim());
  expect(commands).toEqual(['npm install && npx mqtt-bench --broker embedded -n 10000', 'npm test']);
});
