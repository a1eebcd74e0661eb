/** Ten thousand connections from one process. */
import { describe, expect, it } from 'vitest';
import {
  bytesPerConnection,
  MOST_BYTES_PER_CONNECTION,
  mostConnections,
  startAcceptingBroker,
} from '../support/connection-memory.ts';
import { describeWith } from '../support/needs.ts';
import { shareMosquitto } from '../support/shared-mosquitto.ts';

const COUNT = 10_000;

describe.skipIf(mostConnections() < COUNT)('10,000 connections, each in 25 KiB', () => {
  it('on a broker that takes next to nothing itself', async () => {
    const port = await startAcceptingBroker();
    expect(await bytesPerConnection(port, COUNT)).toBeLessThan(MOST_BYTES_PER_CONNECTION);
  });

  describeWith(['mosquitto'], 'on mosquitto', () => {
    const mosquitto = shareMosquitto();

    it.each([
      ['that do nothing', []],
      ['that are subscribed', ['--subscribe', 'held/{connection}']],
      ['that were cut once and opened again', ['--storm', '1']],
    ])('%s', async (_, words) => {
      expect(await bytesPerConnection(mosquitto.broker.port, COUNT, words)).toBeLessThan(MOST_BYTES_PER_CONNECTION);
    });
  });
});
