/** `--message-rate`: how many messages came in each second, on a clock that the test moves. */
import { describe, expect, it } from 'vitest';
import { FakeClock, settle } from '../support/fake-clock.ts';
import type { FakeSession } from '../support/fake-session.ts';
import { type RunningCli, runCli, startCli } from '../support/run-cli.ts';

async function rate(...argv: string[]): Promise<{ cli: RunningCli; clock: FakeClock; session: FakeSession }> {
  const clock = new FakeClock();
  const cli = startCli('mqtt-sub', ['-t', '#', '--message-rate', ...argv], { clock });
  const session = await cli.broker.session();
  await session.waitUntil(({ subscribed }) => subscribed.length > 0);
  await settle();
  return { cli, clock, session };
}

describe('--message-rate', () => {
  it('prints a number each second, 0 too, and acknowledges what it counts', async () => {
    const { cli, clock, session } = await rate();
    for (let number = 1; number <= 3; number += 1) await session.deliver({ qos: 1, packetId: number });
    expect(session.acknowledged.length).toBe(3);
    await clock.advance(999);
    expect(cli.stdout.text).toBe('');
    await clock.advance(1);
    expect(cli.stdout.text).toBe('3 msgs/s\n');
    await clock.advance(1000);
    await session.deliver({});
    await clock.advance(1000);
    cli.stop('SIGINT');
    const { exitCode, stdout } = await cli.result;
    expect(stdout.toString()).toBe('3 msgs/s\n0 msgs/s\n1 msgs/s\n');
    expect(exitCode).toBe(0);
    expect(clock.pendingMs).toEqual([]);
  });

  it('counts everything: no filter leaves anything out, and no number is enough', async () => {
    const { cli, clock, session } = await rate('-T', 'a', '-R', '-C', '1', '--random-filter', '0.1');
    await session.deliver({ topic: 'a' });
    await session.deliver({ topic: 'b', retain: true });
    await session.deliver({ topic: 'c', payload: 'x' });
    await clock.advance(1000);
    expect(cli.stdout.text).toBe('3 msgs/s\n');
    cli.stop('SIGINT');
    expect((await cli.result).exitCode).toBe(0);
  });

  it('has --retained-only without an effect too', async () => {
    const { cli, clock, session } = await rate('--retained-only');
    await session.deliver({});
    await session.deliver({});
    await clock.advance(1000);
    expect(cli.stdout.text).toBe('2 msgs/s\n');
    cli.stop('SIGINT');
    expect((await cli.result).exitCode).toBe(0);
  });

  it('ends with -W all the same', async () => {
    const { cli, clock, session } = await rate('-W', '2.5');
    await session.deliver({});
    await clock.advance(2500);
    expect(await cli.result).toMatchObject({
      exitCode: 27,
      stdout: Buffer.from('1 msgs/s\n0 msgs/s\n'),
      stderr: 'mqtt-sub: time ran out after 2.5 s (-W): 1 message\n',
    });
    expect(clock.pendingMs).toEqual([]);
  });

  it('takes no value', async () => {
    expect(await runCli('mqtt-sub', ['-t', 'a', '--message-rate=1'])).toMatchObject({
      exitCode: 2,
      stderr: 'mqtt-sub: --message-rate takes no value\n',
    });
  });
});
