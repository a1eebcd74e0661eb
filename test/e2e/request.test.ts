/** The built mqtt-rr when its output or its input stands in the way. A request to its own Response Topic is answered. */
import { expect, it } from 'vitest';
import { runChild } from '../support/child.ts';
import { describeWith } from '../support/needs.ts';
import { shareMosquitto } from '../support/shared-mosquitto.ts';
import { binOf, spawnCli } from '../support/spawn-cli.ts';

describeWith(['mosquitto'], 'mqtt-rr', () => {
  const mosquitto = shareMosquitto({});

  function shell(script: string): ReturnType<typeof runChild> {
    const words = [...mosquitto.at, '-t', 'echo', '-e', 'echo'].join(' ');
    const rr = `${process.execPath} ${binOf('mqtt-rr')} ${words}`;
    return runChild('bash', ['-c', `rr() { ${rr} "$@"; }; ${script}`]);
  }

  it.each(['0', '1'])('ends when its output is full, QoS %s', async (qos) => {
    const { stderr, stdout } = await shell(`rr -m hi -q ${qos} >/dev/full; echo $?`);
    expect(stdout.toString()).toBe('1\n');
    expect(stderr).toBe('mqtt-rr: cannot write to standard output: no space left on the device\n');
  });

  it('is done when the reader of the answers has gone', async () => {
    const { stderr, stdout } = await shell(`seq 100000 | rr --each-line -q 1 | head -n 2; echo "\${PIPESTATUS[1]}"`);
    expect(stdout.toString()).toBe('1\n2\n0\n');
    expect(stderr).toBe('');
  });

  it('ends at the first signal while it waits for a line', async () => {
    const child = spawnCli('mqtt-rr', [...mosquitto.at, '-t', 'echo', '-e', 'echo', '--each-line', '-d']);
    await child.stderr.waitFor('SUBACK');
    child.kill('SIGINT');
    expect((await child.exit()).exitCode).toBe(130);
  });
});
