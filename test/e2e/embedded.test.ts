/** The embedded broker of `--broker embedded`, with the built commands. */
import { describe, expect, it } from 'vitest';
import { runSpawnedCli, spawnCli } from '../support/spawn-cli.ts';

const SAYS = /^mqtt-sub: embedded broker at (mqtt:\/\/127\.0\.0\.1:\d+) for this run$/m;

describe('--broker embedded', () => {
  it('serves mqtt-sub and whoever connects to it', async () => {
    const subscriber = spawnCli('mqtt-sub', ['--broker', 'embedded', '-t', '#', '-v', '-q', '2', '-d']);
    const [, url = ''] = await subscriber.stderr.waitFor(SAYS);
    await subscriber.stderr.waitFor('received SUBACK');
    for (const qos of ['0', '1', '2']) {
      const published = await runSpawnedCli('mqtt-pub', [url, '-t', `qos/${qos}`, '-m', 'x', '-q', qos]);
      expect(published).toMatchObject({ exitCode: 0, stderr: '' });
    }
    // It has the broker in it: it must not end before the last acknowledgement was sent.
    await subscriber.stdout.waitFor('qos/2 x\n');
    subscriber.kill('SIGINT');
    const { exitCode, stdout } = await subscriber.exit();
    expect({ exitCode, stdout: stdout.toString() }).toEqual({ exitCode: 0, stdout: 'qos/0 x\nqos/1 x\nqos/2 x\n' });
  });

  it('passes 20,000 lines through in order', async () => {
    const lines = Array.from({ length: 20_000 }, (_, index) => `line ${index}\n`).join('');
    const words = ['--broker', 'embedded', '-t', 'lines', '-q', '1', '-d'];
    const subscriber = spawnCli('mqtt-sub', words);
    const [, url = ''] = await subscriber.stderr.waitFor(SAYS);
    await subscriber.stderr.waitFor('received SUBACK');
    const published = await runSpawnedCli('mqtt-pub', [url, '-t', 'lines', '-l', '-q', '1'], { input: lines });
    expect(published).toMatchObject({ exitCode: 0, stderr: '' });
    await subscriber.stdout.waitForBytes(lines.length);
    subscriber.kill('SIGINT');
    expect((await subscriber.exit()).stdout.toString() === lines).toBe(true);
  });

  it('serves mqtt-pub, which is then alone with it', async () => {
    const { exitCode, stderr } = await runSpawnedCli('mqtt-pub', [
      '--broker',
      'embedded',
      '-t',
      'a',
      '-m',
      'x',
      '-q',
      '2',
    ]);
    expect(stderr).toMatch(/^mqtt-pub: embedded broker at mqtt:\/\/127\.0\.0\.1:\d+ for this run\n$/);
    expect(exitCode).toBe(0);
  });

  it('speaks no MQTT 5, which -V 5 insists on', async () => {
    const { exitCode, stderr } = await runSpawnedCli('mqtt-pub', [
      '--broker',
      'embedded',
      '-t',
      'a',
      '-m',
      'x',
      '-V',
      '5',
    ]);
    expect(stderr).toContain('mqtt-pub: the broker refused the connection: Unacceptable protocol version (0x01)\n');
    expect(exitCode).toBe(6);
  });

  it.each([
    ['-x', '-x', '10'],
    ['-D', '-D', 'publish', 'content-type', 'text/plain'],
  ])('says which option needs MQTT 5: %s', async (option, ...words) => {
    const message = ['--broker', 'embedded', '-t', 'a', '-m', 'x'];
    const { exitCode, stderr } = await runSpawnedCli('mqtt-pub', [...message, ...words]);
    expect(stderr).toContain(`(0x01)\n  ${option} needs MQTT 5: leave it away.\n`);
    expect(exitCode).toBe(6);
  });

  it('ends with its command, at Ctrl-C too', async () => {
    const subscriber = spawnCli('mqtt-sub', ['--broker', 'embedded', '-t', '#']);
    const [, url = ''] = await subscriber.stderr.waitFor(SAYS);
    subscriber.kill('SIGINT');
    // 0 once it was connected, which may have been in time or not.
    const { exitCode } = await subscriber.exit(5000);
    expect([0, 130]).toContain(exitCode);
    expect((await runSpawnedCli('mqtt-pub', [url, '-t', 'a', '-m', 'x'])).exitCode).toBe(3);
  });
});
