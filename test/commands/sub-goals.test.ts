/** When mqtt-sub has enough: -E, -U, --idle, -W, -C, --retained-only, signals in each state. */
import { describe, expect, it } from 'vitest';
import { UnreachableError } from '../../src/errors.ts';
import { FakeClock, settle } from '../support/fake-clock.ts';
import { FakeBroker, type FakeScript, type FakeSession } from '../support/fake-session.ts';
import { type CliResult, type RunningCli, runCli, startCli, type World } from '../support/run-cli.ts';

interface Listening extends RunningCli {
  readonly session: FakeSession;
}

/** Starts it; resolves when it has sent SUBSCRIBE. */
async function listen(argv: readonly string[], script: FakeScript = {}, world: World = {}): Promise<Listening> {
  const cli = startCli('mqtt-sub', argv, { broker: new FakeBroker(script), ...world });
  const session = await cli.broker.session();
  await session.waitUntil(({ subscribed }) => subscribed.length > 0);
  await settle();
  return { ...cli, session };
}

function outcome(exitCode: number, stdout: string, ...lines: string[]): CliResult {
  return { exitCode, stdout: Buffer.from(stdout), stderr: lines.map((line) => `${line}\n`).join('') } as CliResult;
}

const lost = { kind: 'lost', reason: 'the broker reset it' } as const;

describe('-E', () => {
  it('ends when the broker has answered SUBSCRIBE, and leaves the session', async () => {
    const cli = startCli('mqtt-sub', ['-t', 'a', '-t', 'b', '-E', '-c', '-i', 'me', '-q', '1']);
    expect(await cli.result).toEqual(outcome(0, ''));
    const session = await cli.broker.session();
    expect(session.subscribed).toMatchObject([[{ filter: 'a', qos: 1 }, { filter: 'b' }]]);
    expect(session.closedWith).toBe(0);
    expect(cli.broker.plans).toMatchObject([{ cleanStart: false, clientId: 'me' }]);
  });

  it('ends when UNSUBSCRIBE too was answered', async () => {
    const broker = new FakeBroker();
    expect(await runCli('mqtt-sub', ['-t', 'a', '-U', 'b', '-U', 'c/#', '-E'], { broker })).toEqual(outcome(0, ''));
    const session = await broker.session();
    expect(session.subscribed.length).toBe(1);
    expect(session.unsubscribed).toEqual([['b', 'c/#']]);
  });

  it('does not hide that the subscription was denied', async () => {
    const broker = new FakeBroker({ subscribe: () => ({ reasonCode: 0x87 }) });
    expect((await runCli('mqtt-sub', ['-t', 'a', '-E'], { broker })).exitCode).toBe(8);
  });

  it('is a goal: a signal before the answer is no success', async () => {
    const cli = await listen(['-t', 'a', '-E'], { subscribe: () => 'never' });
    cli.stop('SIGINT');
    expect(await cli.result).toEqual(outcome(130, '', 'mqtt-sub: stopped by SIGINT: the broker had not answered yet'));
  });

  it('is bounded by -W', async () => {
    const clock = new FakeClock();
    const cli = await listen(['-t', 'a', '-E', '-W', '5'], { subscribe: () => 'never' }, { clock });
    await clock.advance(5000);
    expect(await cli.result).toEqual(
      outcome(27, '', 'mqtt-sub: time ran out after 5 s (-W): the broker had not answered yet'),
    );
    expect(cli.session.closedWith).toBe(4);
  });

  it('tries again when the connection was lost before the answer, and no more than once connected', async () => {
    const broker = new FakeBroker({ subscribe: () => 'never' });
    const cli = startCli('mqtt-sub', ['-t', 'a', '-E'], { broker });
    const session = await broker.session();
    await session.waitUntil(({ subscribed }) => subscribed.length > 0);
    session.end(lost);
    cli.stop('SIGTERM');
    expect((await cli.result).exitCode).toBe(143);
  });
});

describe('-U', () => {
  it('alone sends no SUBSCRIBE, and ends when it was answered', async () => {
    const broker = new FakeBroker();
    expect(await runCli('mqtt-sub', ['-U', 'a/#', '-i', 'me', '-c'], { broker })).toEqual(outcome(0, ''));
    const session = await broker.session();
    expect(session.subscribed).toEqual([]);
    expect(session.unsubscribed).toEqual([['a/#']]);
    expect(session.closedWith).toBe(0);
  });

  it.each([
    ['-W', '2', 27],
    ['--idle', '2', 0],
  ])('alone listens on for what the session still has, with %s %s', async (option, value, exitCode) => {
    const clock = new FakeClock();
    const cli = startCli('mqtt-sub', ['-U', 'a', '-i', 'me', '-c', option, value], { clock });
    const session = await cli.broker.session();
    await session.waitUntil(({ unsubscribed }) => unsubscribed.length > 0);
    await settle();
    await session.deliver({ payload: 'x' });
    await clock.advance(2000);
    expect(await cli.result).toMatchObject({ exitCode, stdout: Buffer.from('x\n') });
  });

  it('alone listens until -C messages came', async () => {
    const cli = startCli('mqtt-sub', ['-U', 'a', '-C', '1']);
    const session = await cli.broker.session();
    await session.waitUntil(({ unsubscribed }) => unsubscribed.length > 0);
    await settle();
    await session.deliver({ payload: 'x' });
    expect(await cli.result).toEqual(outcome(0, 'x\n'));
  });

  it('with -E alone ends too', async () => {
    expect(await runCli('mqtt-sub', ['-U', 'a', '-E'])).toEqual(outcome(0, ''));
  });

  it('beside -t does not end anything', async () => {
    const cli = await listen(['-t', 'b', '-U', 'a']);
    await cli.session.deliver({ payload: 'x' });
    cli.stop('SIGINT');
    expect(await cli.result).toEqual(outcome(0, 'x\n'));
  });

  it.each(['', 'a/#/b', 'a+'])('%j is refused before anything is connected', async (filter) => {
    const broker = new FakeBroker();
    const { exitCode, stderr } = await runCli('mqtt-sub', ['-U', filter], { broker });
    expect(stderr).toMatch(/^mqtt-sub: -U .+: .+\n/);
    expect({ exitCode, plans: broker.plans }).toEqual({ exitCode: 2, plans: [] });
  });
});

describe('--idle', () => {
  it('ends with 0 when nothing came for so long after the last message', async () => {
    const clock = new FakeClock();
    const cli = await listen(['-t', 'a', '--idle', '500ms'], {}, { clock });
    await clock.advance(400);
    await cli.session.deliver({ payload: '1' });
    await clock.advance(499);
    await cli.session.deliver({ payload: '2' });
    await clock.advance(499);
    expect(cli.session.closedWith).toBe(undefined);
    await clock.advance(1);
    expect(await cli.result).toEqual(outcome(0, '1\n2\n'));
    expect(cli.session.closedWith).toBe(0);
    expect(clock.pendingMs).toEqual([]);
  });

  it('ends with 0 when nothing came at all', async () => {
    const clock = new FakeClock();
    const cli = await listen(['-t', 'a', '--idle', '3'], {}, { clock });
    await clock.advance(3000);
    expect(await cli.result).toEqual(outcome(0, ''));
  });

  it('begins when the subscription was answered', async () => {
    const clock = new FakeClock();
    const cli = await listen(['-t', 'a', '--idle', '1'], { subscribe: () => 'never' }, { clock });
    await clock.advance(5000);
    expect(cli.session.closedWith).toBe(undefined);
    cli.stop('SIGINT');
    expect((await cli.result).exitCode).toBe(130);
  });

  it('counts messages that are not printed as well: the broker is not silent', async () => {
    const clock = new FakeClock();
    const cli = await listen(['-t', '#', '-T', 'b', '--idle', '1'], {}, { clock });
    await clock.advance(900);
    await cli.session.deliver({ topic: 'b', payload: 'x' });
    await clock.advance(900);
    expect(cli.session.closedWith).toBe(undefined);
    await clock.advance(100);
    expect(await cli.result).toEqual(outcome(0, ''));
  });

  it('stands still while there is no connection, and begins again with the next', async () => {
    const clock = new FakeClock();
    const unreachable = new UnreachableError('nothing is listening on localhost:1883');
    const failures = Array.from({ length: 6 }, () => unreachable);
    const broker = new FakeBroker({}, ...failures, {});
    const cli = await listen(['-t', 'a', '--idle', '1'], {}, { clock, broker });
    cli.session.end(lost);
    await settle();
    for (let attempt = 2; attempt <= 8; attempt += 1) {
      await clock.advance(await clock.waitForTimer(() => true));
      await broker.attempts(attempt);
    }
    const second = await broker.session(2);
    await second.waitUntil(({ subscribed }) => subscribed.length > 0);
    await clock.advance(999);
    expect(second.closedWith).toBe(undefined);
    await clock.advance(1);
    expect((await cli.result).exitCode).toBe(0);
  });

  it('is a goal: stopped by a signal before, that is no success', async () => {
    const cli = await listen(['-t', 'a', '--idle', '1']);
    await cli.session.deliver({ payload: 'x' });
    cli.stop('SIGTERM');
    expect(await cli.result).toEqual(outcome(143, 'x\n', 'mqtt-sub: stopped by SIGTERM: 1 message'));
  });

  it('gives way to -W, which says that time ran out', async () => {
    const clock = new FakeClock();
    const cli = await listen(['-t', 'a', '--idle', '2', '-W', '1'], {}, { clock });
    await clock.advance(1000);
    expect((await cli.result).exitCode).toBe(27);
    expect(clock.pendingMs).toEqual([]);
  });

  it.each(['0', '-1', 'x', ''])('%j is refused', async (value) => {
    const { exitCode, stderr } = await runCli('mqtt-sub', ['-t', 'a', '--idle', value]);
    expect(stderr).toMatch(/^mqtt-sub: --idle .*: must be a duration .*\n$/);
    expect(exitCode).toBe(2);
  });
});

describe('--retained-only', () => {
  it('prints retained messages and ends at the first that is not, which stays unacknowledged', async () => {
    const cli = await listen(['-t', '#', '--retained-only', '-v', '-q', '1']);
    await cli.session.deliver({ topic: 'a', payload: '1', retain: true, qos: 1, packetId: 1 });
    await cli.session.deliver({ topic: 'b', payload: '2', retain: true, qos: 1, packetId: 2 });
    void cli.session.deliver({ topic: 'c', payload: '3', qos: 1, packetId: 3 });
    void cli.session.deliver({ topic: 'd', payload: '4', retain: true, qos: 1, packetId: 4 });
    expect(await cli.result).toEqual(outcome(0, 'a 1\nb 2\n'));
    expect(cli.session.acknowledged.map(({ packetId }) => packetId)).toEqual([1, 2]);
    expect(cli.session.closedWith).toBe(0);
  });

  it('ends at a live message that -T would leave out as well, as with mosquitto', async () => {
    const cli = await listen(['-t', '#', '--retained-only', '-T', 'noise']);
    void cli.session.deliver({ topic: 'noise', payload: 'x' });
    expect(await cli.result).toEqual(outcome(0, ''));
  });

  it('ends with -C and --idle too', async () => {
    const clock = new FakeClock();
    const counted = await listen(['-t', '#', '--retained-only', '-C', '1']);
    await counted.session.deliver({ payload: 'x', retain: true });
    expect(await counted.result).toEqual(outcome(0, 'x\n'));
    const idle = await listen(['-t', '#', '--retained-only', '--idle', '1'], {}, { clock });
    await clock.advance(1000);
    expect(await idle.result).toEqual(outcome(0, ''));
  });

  it('leaves no message together with -R', async () => {
    const broker = new FakeBroker();
    expect(await runCli('mqtt-sub', ['-t', '#', '--retained-only', '-R'], { broker })).toEqual(
      outcome(2, '', 'mqtt-sub: -R and --retained-only together leave no message'),
    );
    expect(broker.plans).toEqual([]);
  });
});

describe('a signal', () => {
  it.each([
    ['SIGINT', [], 130],
    ['SIGTERM', [], 143],
    ['SIGHUP', [], 129],
    ['SIGINT', ['--wait-for-broker', '9'], 130],
    ['SIGINT', ['-C', '1'], 130],
    ['SIGTERM', ['-W', '9'], 143],
    ['SIGINT', ['--idle', '9'], 130],
    ['SIGINT', ['-E'], 130],
  ] as const)('%s before CONNACK, with %j, ends with %d at once', async (signal, goal, exitCode) => {
    const clock = new FakeClock();
    const cli = startCli('mqtt-sub', ['-t', 'a', ...goal], { clock, broker: new FakeBroker('never') });
    await cli.broker.attempts(1);
    cli.stop(signal);
    expect(await cli.result).toEqual(
      outcome(exitCode, '', `mqtt-sub: stopped by ${signal}: before the broker was there`),
    );
    expect(clock.pendingMs).toEqual([]);
  });

  it('before anything was begun connects to nothing', async () => {
    const controller = new AbortController();
    controller.abort({ signal: 'SIGINT' });
    const broker = new FakeBroker('never');
    const { exitCode } = await runCli('mqtt-sub', ['-t', 'a'], { broker, context: { stop: controller.signal } });
    expect(exitCode).toBe(130);
    expect(broker.sessions).toEqual([]);
  });

  it('while SUBSCRIBE waits for its answer disconnects, and has the Will published [MQTT5 3.14.2.1]', async () => {
    const cli = await listen(['-t', 'a'], { subscribe: () => 'never' });
    cli.stop('SIGINT');
    expect(await cli.result).toEqual(outcome(0, ''));
    expect(cli.session.closedWith).toBe(4);
  });

  it('while the broker is waited for ends that', async () => {
    const clock = new FakeClock();
    const broker = new FakeBroker(new UnreachableError('nothing is listening on localhost:1883'));
    const cli = startCli('mqtt-sub', ['-t', 'a', '--wait-for-broker', '1m', '-C', '1'], { clock, broker });
    await clock.waitForTimer((delayMs) => delayMs <= 100);
    cli.stop('SIGINT');
    expect((await cli.result).exitCode).toBe(130);
    expect(clock.pendingMs).toEqual([]);
  });

  it('while a slow reader holds a message back leaves it unacknowledged', async () => {
    const cli = await listen(['-t', 'a', '-q', '1', '-C', '2']);
    cli.stdout.hold();
    void cli.session.deliver({ payload: 'x', qos: 1, packetId: 1 });
    await settle();
    cli.stop('SIGINT');
    expect((await cli.result).exitCode).toBe(130);
    expect(cli.session.acknowledged).toEqual([]);
  });
});

describe('-C and -W', () => {
  it('take the first of the two that comes', async () => {
    const clock = new FakeClock();
    const cli = await listen(['-t', 'a', '-C', '2', '-W', '10'], {}, { clock });
    await cli.session.deliver({ payload: '1' });
    await cli.session.deliver({ payload: '2' });
    expect(await cli.result).toEqual(outcome(0, '1\n2\n'));
    expect(clock.pendingMs).toEqual([]);
  });

  it('counts what --random-filter hides, and nothing that a filter leaves out', async () => {
    const cli = await listen(['-t', '#', '-T', 'no', '-R', '-C', '2', '--random-filter', '100']);
    await cli.session.deliver({ topic: 'no', payload: 'x' });
    await cli.session.deliver({ topic: 'a', payload: 'x', retain: true });
    await cli.session.deliver({ topic: 'a', payload: '1' });
    await cli.session.deliver({ topic: 'a', payload: '2' });
    expect(await cli.result).toEqual(outcome(0, '1\n2\n'));
  });

  it('runs while the connection is lost as well', async () => {
    const clock = new FakeClock();
    const broker = new FakeBroker({}, new UnreachableError('nothing is listening on localhost:1883'));
    const cli = await listen(['-t', 'a', '-W', '60'], {}, { clock, broker });
    cli.session.end(lost);
    await clock.advance(60_000);
    const { exitCode, stderr } = await cli.result;
    expect(stderr).toContain('time ran out after 60 s (-W): 0 messages');
    expect(exitCode).toBe(27);
    expect(clock.pendingMs).toEqual([]);
  });
});
