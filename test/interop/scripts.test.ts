/** Scripts written for mosquitto's clients run with ours when nothing but the commands' names is changed. */
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { type ChildExit, runChild } from '../support/child.ts';
import { startMosquitto } from '../support/mosquitto.ts';
import { describeWith } from '../support/needs.ts';
import { binOf } from '../support/spawn-cli.ts';
import { makeTempFolder } from '../support/temp-folder.ts';

const FOLDER = fileURLToPath(new URL('scripts', import.meta.url));
const { PATH = '' } = process.env;
const SCRIPTS = readdirSync(FOLDER).filter((name) => name.endsWith('.sh'));

describeWith(['bash', 'mosquitto', 'mosquitto_pub', 'mosquitto_sub', 'mosquitto_rr'], 'Scripts', () => {
  it.each(SCRIPTS)('%s says and returns the same', async (name) => {
    const script = readFileSync(join(FOLDER, name), 'utf8');
    expect(script).not.toMatch(/\bsleep\b/);
    const renamed = script.replaceAll(/\bmosquitto_(pub|sub|rr)\b/g, 'mqtt-$1');
    const [theirs, ours] = await Promise.all([run(script), run(renamed)]);
    expect(outcomeOf(ours), ours.stderr).toEqual(outcomeOf(theirs));
    expect(theirs.stdout.length).toBeGreaterThan(20);
  });
});

function outcomeOf({ exitCode, signal, stdout }: ChildExit): object {
  return { failed: exitCode !== 0, signal, stdout: stdout.toString() };
}

/** Each run has a broker of its own, and the commands of ours on the PATH by their names. */
async function run(script: string): Promise<ChildExit> {
  const folder = makeTempFolder();
  const broker = await startMosquitto();
  try {
    mkdirSync(folder.file('bin'));
    for (const command of ['mqtt-pub', 'mqtt-sub', 'mqtt-rr'])
      symlinkSync(binOf(command), folder.file(`bin/${command}`));
    symlinkSync(process.execPath, folder.file('bin/node'));
    writeFileSync(folder.file('script.sh'), script);
    const words = [folder.file('script.sh'), '127.0.0.1', String(broker.port)];
    return await runChild('bash', words, { env: { PATH: `${folder.file('bin')}:${PATH}:/usr/sbin` } });
  } finally {
    await broker.remove();
    folder.remove();
  }
}
