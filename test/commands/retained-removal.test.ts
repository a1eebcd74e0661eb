/** `--remove-retained`: what is deleted, what is not, and that the exit code knows. */
import { describe, expect, it } from 'vitest';
import type { PublishOutcome, ReceivedMessage } from '../../src/mqtt/session.ts';
import { FakeClock, settle } from '../support/fake-clock.ts';
import { FakeBroker, type FakeScript, type FakeSession } from '../support/fake-session.ts';
import { type CliResult, type RunningCli, runCli, startCli, type World } from '../support/run-cli.ts';

interface Removing extends RunningCli {
  readonly session: FakeSession;
}

/** Starts it; resolves when it has subscribed. */
async function remove(argv: readonly string[], script: FakeScript = {}, world: World = {}): Promise<Removing> {
  const broker = new FakeBroker(script);
  const cli = startCli('mqtt-sub', ['-t', '#', '-v', '--remove-retained', ...argv], { broker, ...world });
  const session = await cli.broker.session();
  await session.waitUntil(({ subscribed }) => subscribed.length > 0);
  await settle();
  return { ...cli, session };
}

function retained(topic: string, payload = 'x'): Partial<Omit<ReceivedMessage, 'payload'>> & { payload: string } {
  return { topic, payload, retain: true };
}

function deleted({ published }: FakeSession): string[] {
  return published.map(({ topic }) => topic);
}

function outcome(exitCode: number, stdout: string, ...lines: string[]): CliResult {
  return { exitCode, stdout: Buffer.from(stdout), stderr: lines.map((line) => `${line}\n`).join('') } as CliResult;
}

const lost = { kind: 'lost', reason: 'the broker reset it' } as const;

describe('--remove-retained', () => {
  it('publishes an empty retained message at QoS 1 to the topic of each retained one', async () => {
    const cli = await remove([]);
    await cli.session.deliver(retained('a/b'));
    await cli.session.deliver({ topic: 'c', payload: 'live' });
    await cli.session.deliver(retained('d'));
    cli.stop('SIGINT');
    expect(await cli.result).toEqual(outcome(0, 'a/b x\nc live\nd x\n'));
    const empty = { payload: Buffer.alloc(0), qos: 1, retain: true };
    expect(cli.session.published).toEqual([
      { topic: 'a/b', ...empty },
      { topic: 'd', ...empty },
    ]);
  });

  it('does so at QoS 0 where the broker takes no more [MQTT-3.2.2-11]', async () => {
    const cli = await remove(['-C', '1'], { info: { maximumQoS: 0 } });
    await cli.session.deliver(retained('a'));
    expect(await cli.result).toEqual(outcome(0, 'a x\n'));
    expect(cli.session.published).toMatchObject([{ topic: 'a', qos: 0, retain: true }]);
  });

  it('spares what -T leaves out', async () => {
    const cli = await remove(['-T', 'keep/#', '-T', '+/b']);
    for (const topic of ['keep/a', 'a/b', 'a/c']) await cli.session.deliver(retained(topic));
    cli.stop('SIGINT');
    expect(await cli.result).toEqual(outcome(0, 'a/c x\n'));
    expect(deleted(cli.session)).toEqual(['a/c']);
  });

  it('deletes what --random-filter does not print too', async () => {
    const cli = await remove(['--random-filter', '0.1', '-C', '2']);
    await cli.session.deliver(retained('a'));
    await cli.session.deliver(retained('b'));
    expect((await cli.result).exitCode).toBe(0);
    expect(deleted(cli.session)).toEqual(['a', 'b']);
  });

  it('ends with -C, when the deletions were answered', async () => {
    const cli = await remove(['-C', '2']);
    for (const topic of ['a', 'b', 'c']) void cli.session.deliver(retained(topic));
    expect(await cli.result).toEqual(outcome(0, 'a x\nb x\n'));
    expect(deleted(cli.session)).toEqual(['a', 'b']);
    expect(cli.session.closedWith).toBe(0);
  });

  it('ends with --retained-only at the first live message, and takes no echo for one', async () => {
    const cli = await remove(['--retained-only']);
    await cli.session.deliver(retained('a'));
    await cli.session.deliver({ topic: 'a' });
    await cli.session.deliver(retained('b'));
    await cli.session.deliver({ topic: 'b' });
    void cli.session.deliver({ topic: 'c', payload: 'live' });
    expect(await cli.result).toEqual(outcome(0, 'a x\nb x\n'));
    expect(deleted(cli.session)).toEqual(['a', 'b']);
  });

  it('keeps to --max-inflight, and to the Receive Maximum of the broker [MQTT-3.3.4-9]', async () => {
    for (const [argv, receiveMaximum, window] of [
      [['-M', '2'], 65_535, 2],
      [['-M', '9'], 3, 3],
      [[], 65_535, 20],
    ] as const) {
      const cli = await remove(argv, { info: { receiveMaximum }, publish: () => 'never' });
      for (let number = 0; number < 50; number += 1) await cli.session.deliver(retained(`a/${number}`));
      expect(cli.session.published.length).toBe(window);
      cli.stop('SIGINT');
      expect((await cli.result).exitCode).toBe(0);
    }
  });

  it('gets through many, however small the window', async () => {
    const cli = await remove(['-M', '1', '-C', '200']);
    for (let number = 0; number < 200; number += 1) await cli.session.deliver(retained(`a/${number}`));
    expect((await cli.result).exitCode).toBe(0);
    expect(new Set(deleted(cli.session)).size).toBe(200);
  });
});

describe('the echo of a deletion', () => {
  it('is not printed and does not count; a second one, and a message of somebody else, do', async () => {
    const cli = await remove(['-C', '4']);
    await cli.session.deliver(retained('a'));
    await cli.session.deliver({ topic: 'a' });
    await cli.session.deliver({ topic: 'a' });
    await cli.session.deliver({ topic: 'b' });
    await cli.session.deliver({ topic: 'a', payload: 'new' });
    expect(await cli.result).toEqual(outcome(0, 'a x\na (null)\nb (null)\na new\n'));
  });

  it('is known with RETAIN set too, as it comes with --retain-as-published', async () => {
    const cli = await remove(['--retain-as-published', '-C', '2']);
    await cli.session.deliver(retained('a'));
    await cli.session.deliver(retained('a', ''));
    await cli.session.deliver(retained('b'));
    expect(await cli.result).toEqual(outcome(0, 'a x\nb x\n'));
    expect(deleted(cli.session)).toEqual(['a', 'b']);
  });

  it('is acknowledged', async () => {
    const cli = await remove(['-q', '1']);
    await cli.session.deliver({ ...retained('a'), qos: 1, packetId: 1 });
    await cli.session.deliver({ topic: 'a', qos: 1, packetId: 2 });
    expect(cli.session.acknowledged.map(({ packetId }) => packetId)).toEqual([1, 2]);
    cli.stop('SIGINT');
    await cli.result;
  });

  it('does not come of a deletion that was refused', async () => {
    const cli = await remove(['-C', '2'], { publish: () => ({ reasonCode: 0x87 }) });
    await cli.session.deliver(retained('a'));
    await settle();
    await cli.session.deliver({ topic: 'a' });
    expect(await cli.result).toMatchObject({ exitCode: 9, stdout: Buffer.from('a x\na (null)\n') });
  });
});

describe('--dry-run', () => {
  it('says what would be deleted, and deletes nothing', async () => {
    const cli = await remove(['--dry-run', '-C', '2']);
    await cli.session.deliver(retained('a/b'));
    await cli.session.deliver(retained('c d'));
    expect(await cli.result).toEqual(
      outcome(
        0,
        'a/b x\nc d x\n',
        'mqtt-sub: would delete the retained message of a/b',
        'mqtt-sub: would delete the retained message of "c d"',
      ),
    );
    expect(cli.session.published).toEqual([]);
  });

  it('takes every empty message for what it is', async () => {
    const cli = await remove(['--dry-run', '-C', '2']);
    await cli.session.deliver(retained('a'));
    await cli.session.deliver({ topic: 'a' });
    expect((await cli.result).stdout.toString()).toBe('a x\na (null)\n');
  });

  it('shows what a topic holds without letting it act', async () => {
    const cli = await remove(['--dry-run', '-C', '1'], {}, { terminal: true });
    await cli.session.deliver(retained('\u001b[2J\n'));
    expect((await cli.result).stderr).toContain('would delete the retained message of "\\e[2J\\n"\n');
  });

  it('counts on a terminal, as the deletion does', async () => {
    const dry = await remove(['--dry-run', '-C', '1'], {}, { terminal: true });
    await dry.session.deliver(retained('a'));
    expect((await dry.result).stderr).toContain('\n1 retained message would be deleted\n');
    const wet = await remove(['-C', '2'], {}, { terminal: true });
    await wet.session.deliver(retained('a'));
    await wet.session.deliver(retained('b'));
    expect((await wet.result).stderr).toContain('\n2 retained messages deleted\n');
  });

  it('needs --remove-retained', async () => {
    expect(await runCli('mqtt-sub', ['-t', 'a', '--dry-run'])).toEqual(
      outcome(2, '', 'mqtt-sub: --dry-run needs --remove-retained'),
    );
  });
});

describe('a deletion that did not happen', () => {
  it.each([['-C', '1'], ['--retained-only'], ['-W', '1']])('was refused: exit code 9, with %j %s', async (...goal) => {
    const clock = new FakeClock();
    const refused = { reasonCode: 0x87, reasonString: 'not yours' };
    const cli = await remove(goal, { publish: () => refused }, { clock });
    await cli.session.deliver(retained('a/b'));
    void cli.session.deliver({ topic: 'c' });
    await clock.advance(1000);
    expect(await cli.result).toMatchObject({
      exitCode: 9,
      stderr: 'mqtt-sub: the broker refused to delete the retained message of a/b: Not authorized (0x87): not yours\n',
    });
    expect(cli.session.closedWith).toBe(goal[0] === '-W' ? 4 : 0);
  });

  it('was one of several, each counted once', async () => {
    const cli = await remove(['-C', '3'], {
      publish: ({ topic }) => ({ reasonCode: topic === 'a' ? 0 : 0x97 }),
    });
    for (const topic of ['a', 'b', 'c']) await cli.session.deliver(retained(topic));
    expect(await cli.result).toEqual(
      outcome(
        9,
        'a x\nb x\nc x\n',
        'mqtt-sub: the broker refused to delete 2 of 3 retained messages: b: Quota exceeded (0x97)',
      ),
    );
  });

  it('was refused, and that is known when a signal ends the command', async () => {
    const cli = await remove([], { publish: () => ({ reasonCode: 0x87 }) });
    await cli.session.deliver(retained('a'));
    await settle();
    cli.stop('SIGINT');
    expect((await cli.result).exitCode).toBe(9);
    expect(cli.session.closedWith).toBe(4);
  });

  it('was not confirmed in time: exit code 7', async () => {
    const clock = new FakeClock();
    const cli = await remove(['-C', '2'], { publish: () => 'never' }, { clock });
    await cli.session.deliver(retained('a'));
    await cli.session.deliver(retained('b'));
    await clock.waitForTimer((delayMs) => delayMs === 10_000);
    await clock.advance(10_000);
    expect(await cli.result).toEqual(
      outcome(
        7,
        'a x\nb x\n',
        'mqtt-sub: the broker did not confirm within 10 s that it had deleted 2 retained messages',
      ),
    );
    expect(cli.session.closedWith).toBe(0);
    expect(clock.pendingMs).toEqual([]);
  });

  it('was on its way when the connection was lost at the end: exit code 7', async () => {
    const cli = await remove(['-C', '1'], { publish: () => 'never' });
    await cli.session.deliver(retained('a'));
    await settle();
    cli.session.end(lost);
    expect(await cli.result).toEqual(
      outcome(7, 'a x\n', 'mqtt-sub: the connection was lost before the broker had deleted 1 retained message'),
    );
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('is not waited for after %s, which comes while it is', async (signal, exitCode) => {
    const clock = new FakeClock();
    const cli = await remove(['-C', '1'], { publish: () => 'never' }, { clock });
    await cli.session.deliver(retained('a'));
    await clock.waitForTimer((delayMs) => delayMs === 10_000);
    cli.stop(signal);
    expect(await cli.result).toEqual(
      outcome(exitCode, 'a x\n', `mqtt-sub: stopped by ${signal}: 1 retained message not deleted yet`),
    );
    expect(cli.session.closedWith).toBe(0);
    expect(clock.pendingMs).toEqual([]);
  });

  it('is made up for over the next connection, when the message comes again', async () => {
    const clock = new FakeClock();
    const late = async (): Promise<PublishOutcome> => {
      await settle();
      return { reasonCode: 0 };
    };
    const broker = new FakeBroker({ publish: () => 'never' }, { publish: late });
    const cli = await remove(['-C', '2'], {}, { clock, broker });
    await cli.session.deliver(retained('a'));
    cli.session.end(lost);
    await clock.advance(await clock.waitForTimer(() => true));
    const second = await broker.session(2);
    await second.waitUntil(({ subscribed }) => subscribed.length > 0);
    await settle();
    await second.deliver(retained('a'));
    await second.deliver({ topic: 'a' });
    expect(await cli.result).toMatchObject({ exitCode: 0, stdout: Buffer.from('a x\na x\n') });
    expect(deleted(second)).toEqual(['a']);
  });

  it('makes way for an output that failed', async () => {
    const cli = await remove([], { publish: () => 'never' });
    cli.stdout.failWith('ENOSPC');
    void cli.session.deliver(retained('a'));
    expect(await cli.result).toEqual(
      outcome(1, '', 'mqtt-sub: cannot write to standard output: no space left on the device'),
    );
  });
});
