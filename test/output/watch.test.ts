/** `-w`: which row each message goes to, and that no message can leave its row. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ReceivedMessage } from '../../src/mqtt/session.ts';
import { settle } from '../support/fake-clock.ts';
import { runCli, startCli, type World } from '../support/run-cli.ts';

type Message = Partial<Omit<ReceivedMessage, 'payload'>> & { readonly payload?: Buffer | string };

const TERMINAL: World = { terminal: { stdout: true } };
const START = '\u001b[2J\u001b[1;1HBroker: localhost\n';

/**
 * What `-w` prints for one message: to its row, the text, cut at the edge, the rest of the row cleared, and the cursor
 * below all rows.
 */
function cell(row: number, text: string, last: number): string {
  return `\u001b[${row};1H\u001b[?7l${text}\u001b[K\u001b[?7h\u001b[${last + 1};1H`;
}

async function watch(argv: readonly string[], messages: readonly Message[], world: World = TERMINAL): Promise<string> {
  const cli = startCli('mqtt-sub', ['-t', '#', '-w', ...argv], world);
  const session = await cli.broker.session();
  await session.waitUntil(({ subscribed }) => subscribed.length > 0);
  await settle();
  for (const message of messages) await session.deliver(message);
  cli.stop('SIGINT');
  const { exitCode, stdout } = await cli.result;
  expect(exitCode).toBe(0);
  return stdout.toString();
}

describe('--watch', () => {
  it('gives each topic a row, in the order of first arrival', async () => {
    const messages = [
      { topic: 'b', payload: '1' },
      { topic: 'a', payload: '2' },
      { topic: 'b', payload: '3' },
      { topic: 'c', payload: '4', qos: 1, packetId: 1 },
      { topic: 'a', payload: '' },
    ] as const;
    expect(await watch(['-v'], messages)).toBe(
      START + cell(2, 'b 1', 2) + cell(3, 'a 2', 3) + cell(2, 'b 3', 3) + cell(4, 'c 4', 4) + cell(3, 'a (null)', 4),
    );
  });

  it('leaves a row empty for an empty payload without -v, as the line of it would be', async () => {
    expect(await watch([], [{ topic: 'a', payload: 'x' }, { topic: 'a' }])).toBe(
      START + cell(2, 'x', 2) + cell(2, '', 2),
    );
    expect(await watch(['-v', '-N'], [{ topic: 'a' }])).toBe(START + cell(2, '', 2));
  });

  it('prints formats, on one line', async () => {
    const payload = '{"a":1}';
    const shown = await watch(['-F', '\\e[1m%t\\e[0m=%p'], [{ topic: 'a', payload: 'x\ny' }]);
    expect(shown).toBe(START + cell(2, '\u001b[1ma\u001b[0m=x\\ny', 2));
    const json = await watch(['-F', '%J', '--pretty'], [{ topic: 'a', payload }]);
    expect(json.slice(START.length)).toMatch(
      /^\u001b\[2;1H\u001b\[\?7l\{"tst":.*"payload":\{"a":1\}\}\u001b\[K\u001b\[\?7h\u001b\[3;1H$/,
    );
  });

  it('shows bytes by their size, and everything with --raw', async () => {
    const payload = Buffer.from([0xff, 0x00]);
    expect(await watch(['-v'], [{ topic: 'a', payload }])).toBe(START + cell(2, 'a <binary, 2 B> ff 00', 2));
    expect(await watch(['--raw'], [{ topic: 'a', payload: '\u001b[31m' }])).toBe(START + cell(2, '\u001b[31m', 2));
  });

  it('names the broker at the top, whatever its name', async () => {
    const argv = ['mqtt-sub', ['-t', 'a', '-w', '-W', '1', '-h', 'broker.lan']] as const;
    const cli = startCli(...argv, TERMINAL);
    await cli.clock.advance(1000);
    expect((await cli.result).stdout.toString()).toBe('\u001b[2J\u001b[1;1HBroker: broker.lan\n');
  });

  it('prints no number for its own sake with --message-rate, which turns it off', async () => {
    expect(await watch(['--message-rate'], [{ topic: 'a', payload: 'x' }])).toBe('');
  });

  it('does not go with JSON', async () => {
    expect(await runCli('mqtt-sub', ['-t', 'a', '-w', '--json'])).toMatchObject({
      exitCode: 2,
      stderr: 'mqtt-sub: -w is for text, and --json prints JSON\n',
    });
  });

  it('lets no message out of its row', async () => {
    const hostile = fc.string({
      unit: fc.oneof(fc.constantFrom('\u001b', '\n', '\r', '\u009b', '\u2028', '[H'), fc.string()),
    });
    const format = fc.constantFrom(
      ['-v'],
      [],
      ['-F', '%t %p'],
      ['-F', '%J%j'],
      ['-F', '%j', '--pretty'],
      ['-F', '%C %P'],
    );
    await fc.assert(
      fc.asyncProperty(hostile, hostile, format, async (topic, payload, argv) => {
        const properties = { contentType: payload, userProperties: [[topic, payload]] as const };
        const shown = await watch(argv, [{ topic, payload, properties }]);
        const inRow = /^\u001b\[2;1H\u001b\[\?7l(.*)\u001b\[K\u001b\[\?7h\u001b\[3;1H$/s.exec(
          shown.slice(START.length),
        )?.[1];
        expect(inRow).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/);
      }),
      { numRuns: 50 },
    );
  });
});
