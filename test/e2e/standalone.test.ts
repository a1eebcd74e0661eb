/** The executable of `npm run build:standalone`: the same commands, without Node beside them. */
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ROOT } from '../../scripts/bundle.mjs';
import { type ChildExit, runChild, startChild } from '../support/child.ts';
import { findClosedPort } from '../support/free-port.ts';
import { describeWith } from '../support/needs.ts';
import { shareMosquitto } from '../support/shared-mosquitto.ts';
import { makeTempFolder } from '../support/temp-folder.ts';

describeWith(['mosquitto'], 'The standalone executable', () => {
  const mosquitto = shareMosquitto();
  const folder = makeTempFolder();

  beforeAll(async () => {
    const builder = startChild(process.execPath, [join(ROOT, 'scripts/standalone.mjs'), folder.file('built')]);
    expect((await builder.exit(170_000)).exitCode).toBe(0);
  }, 180_000);

  afterAll(() => folder.remove());

  function run(name: string, ...words: string[]): Promise<ChildExit> {
    return runChild(folder.file(`built/${name}`), words);
  }

  it.each(['mqtt-pub', 'mqtt-sub', 'mqtt-rr', 'mqtt-bench'])('is %s when it is called so', async (name) => {
    const { exitCode, stdout, stderr } = await run(name, '--version');
    expect(stdout.toString()).toMatch(new RegExp(`^${name} \\d+\\.\\d+\\.\\d+\n$`));
    expect([exitCode, stderr]).toEqual([0, '']);
    expect((await run('mqtt-toolkit', name, '--version')).stdout).toEqual(stdout);
    expect((await run(name, '--help')).stdout.toString()).toContain(`usage: ${name} `);
  });

  it('says which commands there are when it is called otherwise', async () => {
    expect(await run('mqtt-toolkit', 'pub')).toMatchObject({
      exitCode: 2,
      stderr: 'usage: mqtt-toolkit COMMAND ...; the commands: mqtt-pub, mqtt-sub, mqtt-rr, mqtt-bench\n',
    });
  });

  it.each(['0', '1', '2'])('publishes and subscribes, QoS %s', async (qos) => {
    const words = [...mosquitto.at, '-t', `kept/${qos}`, '-q', qos];
    expect(await run('mqtt-pub', ...words, '-m', 'ä b', '-r')).toMatchObject({ exitCode: 0, stderr: '' });
    const { exitCode, stdout } = await run('mqtt-sub', ...words, '-C', '1', '-v');
    expect([exitCode, stdout.toString()]).toEqual([0, `kept/${qos} ä b\n`]);
  });

  it('has the exit codes of the commands', async () => {
    expect(await run('mqtt-pub', '-t', 'a')).toMatchObject({ exitCode: 2 });
    const port = String(await findClosedPort());
    expect(await run('mqtt-pub', '-h', '127.0.0.1', '-p', port, '-t', 'a', '-m', 'x')).toMatchObject({ exitCode: 3 });
    expect(await run('mqtt-sub', ...mosquitto.at, '-t', 'nothing', '-W', '1', '-C', '1')).toMatchObject({
      exitCode: 27,
    });
  });

  it('has the embedded broker in it', async () => {
    const words = ['--broker', 'embedded', '-t', 'a', '-m', 'b', '-q', '1', '--quiet'];
    expect(await run('mqtt-pub', ...words)).toMatchObject({ exitCode: 0, stderr: '' });
  });

  it('has threads: mqtt-bench --workers', async () => {
    const words = [
      ...mosquitto.at,
      '--publishers',
      '2',
      '-n',
      '2000',
      '-q',
      '1',
      '--workers',
      '2',
      '--quiet',
      '--json',
    ];
    const { exitCode, stdout } = await run('mqtt-bench', ...words);
    expect(exitCode).toBe(0);
    expect(stdout.toString()).toContain('"workers"');
  });
});
