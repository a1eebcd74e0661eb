/** mqtt-pub when things go wrong on the way: windows, lost connections, patience, signals, input that fails. */
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { UnauthorizedError, UnreachableError } from '../../src/errors.ts';
import type { PublishOutcome } from '../../src/mqtt/session.ts';
import { FakeClock, settle } from '../support/fake-clock.ts';
import { FakeBroker, type FakeScript, type FakeSession } from '../support/fake-session.ts';
import { MemoryInput } from '../support/memory-streams.ts';
import { type CliResult, type RunningCli, runCli, startCli, type World } from '../support/run-cli.ts';

const LINES = ['-t', 'a', '-l'];
const lost = { kind: 'lost', reason: 'the broker reset it' } as const;
const unreachable = new UnreachableError('nothing is listening on localhost:1883');

function outcome(exitCode: number, ...lines: string[]): CliResult {
  return { exitCode, stdout: Buffer.alloc(0), stderr: lines.map((line) => `${line}\n`).join('') } as CliResult;
}

function payloads({ published }: FakeSession): string[] {
  return published.map(({ payload }) => payload.toString());
}

interface Feeding extends RunningCli {
  readonly stdin: MemoryInput;
  readonly session: FakeSession;
  readonly clock: FakeClock;
}

/** mqtt-pub -l with an input in the hands of the test; resolves when it is connected. */
async function feed(argv: readonly string[], broker: FakeBroker, world: World = {}): Promise<Feeding> {
  const stdin = new MemoryInput();
  const clock = new FakeClock();
  const cli = startCli('mqtt-pub', [...LINES, ...argv], { stdin, clock, broker, ...world });
  return { ...cli, stdin, clock, session: await broker.session() };
}

function isPublished(count: number): (session: FakeSession) => boolean {
  return ({ published }) => published.length >= count;
}

/** Moves the clock to the next attempt to connect. */
async function nextAttempt(clock: FakeClock): Promise<number> {
  await settle();
  const delayMs = await clock.waitForTimer(() => true);
  await clock.advance(delayMs);
  return delayMs;
}

/** Answers that a test gives one by one. */
function withheld(): { script: FakeScript; answer(index: number, outcome?: PublishOutcome): void; count(): number } {
  const answers: ((outcome: PublishOutcome) => void)[] = [];
  return {
    script: { publish: () => new Promise((resolve) => answers.push(resolve)) },
    answer: (index, given = { reasonCode: 0 }) => answers[index]?.(given),
    count: () => answers.length,
  };
}

describe('the window', () => {
  it.each([
    [['-M', '2'], {}, 2],
    [['-M', '1'], {}, 1],
    [['-M', '9'], { receiveMaximum: 4 }, 4],
    [[], { receiveMaximum: 3 }, 3],
  ] as const)('of %j and %j is never more than %d in flight', async (argv, info, window) => {
    let inFlight = 0;
    let most = 0;
    const publish = async (): Promise<PublishOutcome> => {
      inFlight += 1;
      most = Math.max(most, inFlight);
      await settle();
      inFlight -= 1;
      return { reasonCode: 0 };
    };
    const broker = new FakeBroker({ info, publish });
    const stdin = Array.from({ length: 20 }, (_, number) => `${number}\n`).join('');
    expect(await runCli('mqtt-pub', [...LINES, '-q', '1', ...argv], { stdin, broker })).toEqual(outcome(0));
    expect(most).toBe(window);
    expect(payloads(await broker.session())).toEqual(Array.from({ length: 20 }, (_, number) => `${number}`));
  });

  it('opens with each answer, in whatever order they come', async () => {
    const { script, answer, count } = withheld();
    const { session, stdin, result } = await feed(['-q', '1', '-M', '2'], new FakeBroker(script));
    stdin.feed('0\n1\n2\n3\n');
    stdin.finish();
    await session.waitUntil(isPublished(2));
    answer(1);
    await session.waitUntil(isPublished(3));
    await settle();
    expect(payloads(session)).toEqual(['0', '1', '2']);
    answer(0);
    await session.waitUntil(isPublished(4));
    answer(2);
    answer(3);
    expect(await result).toEqual(outcome(0));
    expect(count()).toBe(4);
  });

  it('does not hold QoS 0 back', async () => {
    const broker = new FakeBroker({ info: { receiveMaximum: 1 } });
    const stdin = '1\n2\n3\n';
    expect(await runCli('mqtt-pub', [...LINES, '-M', '1'], { stdin, broker })).toEqual(outcome(0));
    expect(payloads(await broker.session())).toEqual(['1', '2', '3']);
  });

  it('is kept to when messages are sent again, also to a broker that takes fewer than before', async () => {
    const second = withheld();
    const broker = new FakeBroker({ publish: () => 'never' }, { ...second.script, info: { receiveMaximum: 2 } });
    const { session, stdin, clock, result } = await feed(['-q', '1'], broker);
    stdin.feed('0\n1\n2\n3\n4\n');
    await session.waitUntil(isPublished(5));
    session.end(lost);
    stdin.feed('5\n');
    stdin.finish();
    await nextAttempt(clock);
    const again = await broker.session(2);
    await settle();
    expect(payloads(again)).toEqual(['0', '1']);
    for (let index = 0; index < 6; index += 1) {
      second.answer(index);
      await settle();
      expect(payloads(again).length).toBe(Math.min(6, index + 3));
    }
    expect(payloads(again)).toEqual(['0', '1', '2', '3', '4', '5']);
    expect((await result).exitCode).toBe(0);
  });
});

describe('-l, when the connection is lost,', () => {
  it.each(['1', '2'])('sends unacknowledged messages of QoS %s again, in order and before any new one', async (qos) => {
    const first: FakeScript = { publish: (_message, index) => (index === 1 ? { reasonCode: 0 } : 'never') };
    const broker = new FakeBroker(first, {});
    const { session, stdin, clock, result } = await feed(['-q', qos], broker);
    stdin.feed('0\n1\n2\n3\n');
    await session.waitUntil(isPublished(4));
    await settle();
    session.end(lost);
    stdin.feed('4\n5\n');
    stdin.finish();
    await nextAttempt(clock);
    const { exitCode, stderr } = await result;
    const again = await broker.session(2);
    expect(payloads(again)).toEqual(['0', '2', '3', '4', '5']);
    expect(again.closedWith).toBe(0);
    expect(stderr).toBe(
      'mqtt-pub: connection lost (the broker reset it), trying again ...\nmqtt-pub: connected again after 0.1 s\n',
    );
    expect(exitCode).toBe(0);
  });

  it('loses no line that comes meanwhile, at QoS 0 neither', async () => {
    const broker = new FakeBroker({}, unreachable, {});
    const { session, stdin, clock, result } = await feed([], broker);
    stdin.feed('0\n');
    await session.waitUntil(isPublished(1));
    session.end(lost);
    await settle();
    stdin.feed('1\n2\n');
    await nextAttempt(clock);
    stdin.feed('3\n');
    await nextAttempt(clock);
    stdin.finish();
    const { exitCode, stderr } = await result;
    expect(payloads(await broker.session(2))).toEqual(['1', '2', '3']);
    expect(stderr).toContain('may not have arrived');
    expect(exitCode).toBe(7);
  });

  it('counts the messages of QoS 0 that are in doubt', async () => {
    const broker = new FakeBroker({}, {});
    const { session, stdin, clock, result } = await feed([], broker);
    stdin.feed('0\n1\n2\n');
    await session.waitUntil(isPublished(3));
    await settle();
    session.end(lost);
    await nextAttempt(clock);
    stdin.feed('3\n');
    stdin.finish();
    const { exitCode, stderr } = await result;
    expect(stderr.split('\n').slice(-3)).toEqual([
      'mqtt-pub: the connection was lost and found again: up to 3 of 4 messages at QoS 0 may not have arrived',
      '  At QoS 1 (-q 1) they are sent again.',
      '',
    ]);
    expect(exitCode).toBe(7);
  });

  it('has no doubt of what was confirmed before', async () => {
    // A PINGREQ follows every thousandth message.
    const broker = new FakeBroker({}, {});
    const { session, stdin, clock, result } = await feed([], broker);
    stdin.feed('x\n'.repeat(1010));
    await session.waitUntil(isPublished(1010));
    await settle();
    session.end(lost);
    await nextAttempt(clock);
    stdin.finish();
    expect((await result).stderr).toContain('up to 10 of 1,010 messages at QoS 0 may not have arrived');
  });

  it('counts a message once that was refused after it was sent again', async () => {
    const broker = new FakeBroker({ publish: () => 'never' }, { publish: () => ({ reasonCode: 0x97 }) });
    const { session, stdin, clock, result } = await feed(['-q', '1'], broker);
    stdin.feed('0\n1\n');
    stdin.finish();
    await session.waitUntil(isPublished(2));
    session.end(lost);
    await nextAttempt(clock);
    const { exitCode, stderr } = await result;
    expect(stderr).toContain('mqtt-pub: the broker refused 2 of 2 messages: a: Quota exceeded (0x97)\n');
    expect(exitCode).toBe(9);
  });

  it('goes through one loss after the other', async () => {
    const never: FakeScript = { publish: () => 'never' };
    const broker = new FakeBroker(never, never, never, {});
    const { session, stdin, clock, result } = await feed(['-q', '1'], broker);
    stdin.feed('0\n1\n');
    stdin.finish();
    await session.waitUntil(isPublished(2));
    for (let number = 1; number <= 3; number += 1) {
      (await broker.session(number)).end(lost);
      await nextAttempt(clock);
      const next = await broker.session(number + 1);
      await next.waitUntil(isPublished(2));
      expect(payloads(next)).toEqual(['0', '1']);
    }
    expect((await result).exitCode).toBe(0);
  });

  it('keeps the version that was agreed on', async () => {
    const broker = new FakeBroker({ info: { version: 4 } }, { info: { version: 4 } });
    const { session, stdin, clock, result } = await feed(['-q', '1'], broker);
    session.end(lost);
    await nextAttempt(clock);
    stdin.finish();
    expect((await result).exitCode).toBe(0);
    expect(broker.plans.map(({ version }) => version)).toEqual(['auto', 4]);
  });

  it('does not fight with another client of the same name', async () => {
    const broker = new FakeBroker({ publish: () => 'never' });
    const { session, stdin, result } = await feed(['-q', '1'], broker);
    stdin.feed('0\n1\n');
    await session.waitUntil(isPublished(2));
    session.end({ kind: 'disconnected', reason: 'Session taken over (0x8E)', reasonCode: 0x8e });
    expect(await result).toEqual(
      outcome(
        7,
        'mqtt-pub: another client connected with the same Client Identifier: Session taken over (0x8E): 0 of 2 messages accepted',
        '  Give each client its own: -i NAME',
      ),
    );
    expect(broker.plans.length).toBe(1);
    expect(stdin.destroyed).toBe(true);
  });

  it('ends when the broker no longer lets it in', async () => {
    const refused = new UnauthorizedError('the broker refused the login: Not authorized (0x87)');
    const { session, clock, result } = await feed([], new FakeBroker({}, refused));
    session.end(lost);
    await nextAttempt(clock);
    expect((await result).exitCode).toBe(5);
  });
});

describe('patience', () => {
  it('is none for one message: exit code 7, and how far it came', async () => {
    const broker = new FakeBroker({ publish: (_message, index) => (index === 0 ? { reasonCode: 0 } : 'never') });
    const cli = startCli('mqtt-pub', ['-t', 'a', '-m', 'x', '-q', '1', '--repeat', '3'], { broker });
    const session = await broker.session();
    await session.waitUntil(isPublished(2));
    session.end(lost);
    expect(await cli.result).toEqual(
      outcome(7, 'mqtt-pub: the connection was lost (the broker reset it): 1 of 2 messages accepted'),
    );
    expect(broker.plans.length).toBe(1);
  });

  it('is none with --retry 0, for lines too', async () => {
    const broker = new FakeBroker();
    const { session, result, clock } = await feed(['--retry', '0'], broker);
    session.end(lost);
    expect(await result).toEqual(
      outcome(7, 'mqtt-pub: the connection was lost (the broker reset it): 0 of 0 messages accepted'),
    );
    expect(broker.plans.length).toBe(1);
    expect(clock.pendingMs).toEqual([]);
  });

  it('is so many attempts with --retry, until one succeeds', async () => {
    const failures = [unreachable, unreachable, unreachable];
    const broker = new FakeBroker({}, ...failures.slice(1), {}, ...failures);
    const { session, clock, result } = await feed(['--retry', '3'], broker);
    session.end(lost);
    for (let attempt = 1; attempt <= 3; attempt += 1) await nextAttempt(clock);
    (await broker.session(2)).end(lost);
    for (let attempt = 1; attempt <= 3; attempt += 1) await nextAttempt(clock);
    const { exitCode, stderr } = await result;
    expect(stderr).toContain(
      'mqtt-pub: the connection was lost (the broker reset it) and not recovered: nothing is listening on localhost:1883: 0 of 0 messages accepted\n',
    );
    expect(exitCode).toBe(7);
    expect(broker.plans.length).toBe(7);
    expect(clock.pendingMs).toEqual([]);
  });

  it('is so long with --retry-for, to the millisecond', async () => {
    const broker = new FakeBroker({}, unreachable);
    const { session, clock, result } = await feed(['--retry-for', '10'], broker);
    session.end(lost);
    await clock.advance(9999);
    const before = broker.plans.length;
    let isOver = false;
    void result.then(() => {
      isOver = true;
    });
    await settle();
    expect(isOver).toBe(false);
    await clock.advance(1);
    expect((await result).exitCode).toBe(7);
    // The last attempt is made at the very end.
    expect(broker.plans.length).toBe(before + 1);
  });

  it('makes one message survive a loss when it is asked for', async () => {
    const clock = new FakeClock();
    const broker = new FakeBroker({ publish: () => 'never' }, {});
    const cli = startCli('mqtt-pub', ['-t', 'a', '-m', 'x', '-q', '1', '--retry', '1'], { broker, clock });
    const session = await broker.session();
    await session.waitUntil(isPublished(1));
    session.end(lost);
    await nextAttempt(clock);
    expect((await cli.result).exitCode).toBe(0);
    expect(payloads(await broker.session(2))).toEqual(['x']);
  });

  it('at first is --wait-for-broker, and not a moment longer', async () => {
    const clock = new FakeClock();
    const broker = new FakeBroker(unreachable);
    const cli = startCli('mqtt-pub', ['-t', 'a', '-m', 'x', '--wait-for-broker', '2s'], { broker, clock });
    await clock.advance(2000);
    expect(await cli.result).toEqual(
      outcome(
        3,
        'mqtt-pub: nothing is listening on localhost:1883; waiting up to 2 s for it',
        'mqtt-pub: nothing is listening on localhost:1883',
      ),
    );
    expect(clock.monotonicMs()).toBe(2000);
  });

  it('at first is none for a login that is refused', async () => {
    const broker = new FakeBroker(new UnauthorizedError('the broker refused the login'));
    const argv = ['-t', 'a', '-m', 'x', '--wait-for-broker', '1h'];
    expect((await runCli('mqtt-pub', argv, { broker })).exitCode).toBe(5);
    expect(broker.plans.length).toBe(1);
  });
});

describe('a signal', () => {
  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)('%s while the broker is waited for', async (signal, exitCode) => {
    const clock = new FakeClock();
    const broker = new FakeBroker(unreachable);
    const cli = startCli('mqtt-pub', ['-t', 'a', '-m', 'x', '--wait-for-broker', '1h'], { broker, clock });
    await clock.waitForTimer(() => true);
    cli.stop(signal);
    const { exitCode: code, stderr } = await cli.result;
    expect(stderr).toContain(`mqtt-pub: stopped by ${signal}: before the broker was there\n`);
    expect(code).toBe(exitCode);
    expect(clock.pendingMs).toEqual([]);
  });

  it('between two attempts to connect again', async () => {
    const { session, stdin, clock, result, stop } = await feed(['-q', '1'], new FakeBroker({ publish: () => 'never' }));
    stdin.feed('0\n1\n');
    await session.waitUntil(isPublished(2));
    session.end(lost);
    await clock.waitForTimer(() => true);
    stop('SIGINT');
    expect(await result).toEqual(
      outcome(
        130,
        'mqtt-pub: connection lost (the broker reset it), trying again ...',
        'mqtt-pub: stopped by SIGINT: 0 of 2 messages accepted',
      ),
    );
    expect(clock.pendingMs).toEqual([]);
  });

  it('while PINGRESP is waited for', async () => {
    const clock = new FakeClock();
    const broker = new FakeBroker({ ping: 'never' });
    const cli = startCli('mqtt-pub', ['-t', 'a', '-m', 'x'], { broker, clock });
    await clock.waitForTimer((delayMs) => delayMs === 10_000);
    cli.stop('SIGTERM');
    expect(await cli.result).toEqual(outcome(143, 'mqtt-pub: stopped by SIGTERM: 1 message sent, not confirmed'));
  });

  it('in the delay of --repeat-delay', async () => {
    const clock = new FakeClock();
    const argv = ['-t', 'a', '-m', 'x', '-q', '1', '--repeat', '9', '--repeat-delay', '60'];
    const cli = startCli('mqtt-pub', argv, { clock });
    await clock.waitForTimer((delayMs) => delayMs === 60_000);
    cli.stop('SIGINT');
    expect(await cli.result).toEqual(outcome(130, 'mqtt-pub: stopped by SIGINT: 1 of 1 message accepted'));
    expect(clock.pendingMs).toEqual([]);
  });

  it('before anything was sent, sends nothing', async () => {
    const controller = new AbortController();
    controller.abort({ signal: 'SIGINT' });
    const broker = new FakeBroker();
    const world = { broker, context: { stop: controller.signal } };
    const { exitCode } = await runCli('mqtt-pub', ['-t', 'a', '-m', 'x'], world);
    expect(exitCode).toBe(130);
    expect(broker.sessions.flatMap(({ published }) => published)).toEqual([]);
  });
});

describe('standard input', () => {
  it('that ends without a line is no message, and no mistake', async () => {
    const broker = new FakeBroker();
    expect(await runCli('mqtt-pub', LINES, { broker })).toEqual(outcome(0));
    expect((await broker.session()).published).toEqual([]);
  });

  it('keeps NUL bytes and carriage returns, and needs no newline at its end', async () => {
    const broker = new FakeBroker();
    expect(await runCli('mqtt-pub', LINES, { broker, stdin: 'a\0b\r\n\0\nlast' })).toEqual(outcome(0));
    expect(payloads(await broker.session())).toEqual(['a\0b\r', '\0', 'last']);
  });

  it.each([
    ['EISDIR', 'it is a folder'],
    ['EIO', 'EIO: i/o error, read'],
  ])('that fails with %s is named as such: exit code 1', async (code, reason) => {
    const fail = (): Readable =>
      new Readable({
        read() {
          this.destroy(Object.assign(new Error(`${code}: i/o error, read`), { code }));
        },
      });
    const broker = new FakeBroker();
    const expected = outcome(1, `mqtt-pub: cannot read standard input: ${reason}`);
    expect(await runCli('mqtt-pub', ['-t', 'a', '-s'], { broker, stdin: fail() })).toEqual(expected);
    expect(broker.plans).toEqual([]);
    expect(await runCli('mqtt-pub', LINES, { broker, stdin: fail() })).toEqual(expected);
    expect((await broker.session()).closedWith).toBe(0);
  });

  it('that fails in the middle does not keep the lines before it from being acknowledged', async () => {
    const { script, answer } = withheld();
    const { session, stdin, result } = await feed(['-q', '1'], new FakeBroker(script));
    stdin.feed('1\n2\nthr');
    await session.waitUntil(isPublished(2));
    stdin.destroy(new Error('gone'));
    await settle();
    expect(session.closedWith).toBe(undefined);
    answer(0);
    answer(1);
    expect(await result).toEqual(outcome(1, 'mqtt-pub: cannot read standard input: gone'));
    expect(session.closedWith).toBe(0);
  });

  it('is not read before there is a connection, as with mosquitto_pub', async () => {
    const stdin = new MemoryInput();
    stdin.feed('x\n');
    const broker = new FakeBroker(unreachable);
    expect((await runCli('mqtt-pub', LINES, { broker, stdin })).exitCode).toBe(3);
    expect(stdin.read()?.toString()).toBe('x\n');
  });
});
