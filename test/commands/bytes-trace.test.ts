/** `-dd`: the bytes of packets on stderr, and never those of a password. */
import { expect, it } from 'vitest';
import { startEmbeddedBroker } from '../../src/broker/embedded.ts';
import { runCli } from '../support/run-cli.ts';

const SECRET = 'sentinel';

function hexOf(bytes: Buffer): string {
  return bytes.toString('hex').replace(/..(?!$)/g, '$& ');
}

it.each(['311', 'auto'])('shows PUBLISH and DISCONNECT as they are sent, -V %s', async (version) => {
  const broker = await startEmbeddedBroker({});
  const at = ['-h', broker.host, '-p', String(broker.port), '-u', 'me', '-P', SECRET, '-V', version];
  const shown = await runCli('mqtt-pub', [...at, '-t', 'a', '-m', 'hi', '-dd'], { real: true });
  const hidden = await runCli('mqtt-pub', [...at, '-t', 'a', '-m', 'hi', '-d'], { real: true });
  await broker.close();
  expect(shown.exitCode).toBe(0);
  const publish = hexOf(Buffer.from([0x30, 5, 0, 1, ...Buffer.from('ahi')]));
  expect(shown.stderr).toMatch(new RegExp(`^mqtt-pub: sent ${publish}`, 'm'));
  expect(shown.stderr).toMatch(/^mqtt-pub: received d0 00$/m);
  expect(shown.stderr).toMatch(/^mqtt-pub: sent e0 00$/m);
  expect(shown.stderr).not.toContain(hexOf(Buffer.from(SECRET)));
  expect(shown.stderr).not.toContain(SECRET);
  expect(hidden.stderr).not.toContain(publish);
});
