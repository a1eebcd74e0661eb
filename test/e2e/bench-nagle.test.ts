/** The built mqtt-bench on a mosquitto that holds packets back, as it does by default, and on one that does not. */
import { expect, it } from 'vitest';
import { parseResult } from '../../src/bench/result/read-result.ts';
import { describeWith } from '../support/needs.ts';
import { shareMosquitto } from '../support/shared-mosquitto.ts';
import { runSpawnedCli } from '../support/spawn-cli.ts';

/** As many runs as a busy machine may need for one in which the pause is seen. */
const MOST_RUNS = 20;

async function findNote(...words: string[]): Promise<string | undefined> {
  const { stdout } = await runSpawnedCli('mqtt-bench', [...words, '--json']);
  return parseResult(stdout, 'result').diagnosis.find(({ code }) => code === 'nagle-plateau')?.sentence;
}

describeWith(['mosquitto'], 'on a mosquitto with its defaults', () => {
  const mosquitto = shareMosquitto();

  // How long an ACK is delayed, and when, is the system's.
  it.runIf(process.platform === 'linux').each([
    ['-q', '0'],
    ['-q', '1'],
    ['pub', '-q', '1'],
  ])('a run of ten messages tells why they took 40 ms: %s %s', async (...words) => {
    let note: string | undefined;
    for (let run = 0; run < MOST_RUNS && note === undefined; run += 1) {
      note = await findNote(...words, ...mosquitto.at, '-n', '10');
    }
    expect(note).toMatch(/about \d\d ms.*Nagle's algorithm and delayed ACK.* set_tcp_nodelay true ends it\.$/);
  });
});

describeWith(['mosquitto'], 'on a mosquitto that sends at once', () => {
  const mosquitto = shareMosquitto({ settings: ['set_tcp_nodelay true'] });

  it.each([
    ['-q', '0'],
    ['-q', '1'],
    ['pub', '-q', '1'],
    ['rr', '-q', '1'],
  ])('there is no such note: %s %s', async (...words) => {
    for (let run = 0; run < 3; run += 1) expect(await findNote(...words, ...mosquitto.at, '-n', '10')).toBeUndefined();
  });
});
