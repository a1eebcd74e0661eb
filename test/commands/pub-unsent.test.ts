/** What mqtt-pub keeps of lines that were not accepted, and how it notices a broker that accepts none. */
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FakeClock, settle } from '../support/fake-clock.ts';
import { FakeBroker, type FakeScript, type FakeSession } from '../support/fake-session.ts';
import { MemoryInput } from '../support/memory-streams.ts';
import { type RunningCli, runCli, startCli } from '../support/run-cli.ts';
import { makeTempFolder, type TempFolder } from '../support/temp-folder.ts';

const LINES = ['-t', 'a', '-l', '-q', '1'];
const lost = { kind: 'lost', reason: 'the broker reset it' } as const;

let folder: TempFolder;
beforeAll(() => {
  folder = makeTempFolder();
});
afterAll(() => folder.remove());

interface Feeding extends RunningCli {
  readonly stdin: MemoryInput;
  readonly session: FakeSession;
  readonly clock: FakeClock;
}

async function feed(argv: readonly string[], ...scripts: FakeScript[]): Promise<Feeding> {
  const stdin = new MemoryInput();
  const clock = new FakeClock();
  const broker = new FakeBroker(...scripts);
  const cli = startCli('mqtt-pub', [...LINES, ...argv], { stdin, clock, broker });
  return { ...cli, stdin, clock, session: await broker.session() };
}

function isPublished(count: number): (session: FakeSession) => boolean {
  return ({ published }) => published.length >= count;
}

describe('--unsent', () => {
  it('keeps what has no answer, what was read, and what still comes, in order', async () => {
    const path = folder.file('all');
    const script: FakeScript = { publish: (_message, index) => (index === 1 ? { reasonCode: 0 } : 'never') };
    const { session, stdin, result } = await feed(['--unsent', path, '--retry', '0', '-M', '3'], script);
    stdin.feed('0\n1\n2\n\n4\n5\n6');
    await session.waitUntil(isPublished(4));
    session.end(lost);
    await settle();
    stdin.feed('6\n7\n8');
    stdin.finish();
    const { exitCode, stderr } = await result;
    expect(stderr).toContain(`mqtt-pub: 8 lines not accepted: see ${path}\n`);
    expect(stderr).toContain('mqtt-pub: the connection was lost (the broker reset it): 1 of 4 messages accepted\n');
    expect(exitCode).toBe(7);
    expect(readFileSync(path, 'latin1')).toBe('0\n2\n\n4\n5\n66\n7\n8');
    // They may be as secret as the broker's messages.
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('does not wait for an input that stands still', async () => {
    const path = folder.file('still');
    const { session, stdin, clock, result } = await feed(['--unsent', path, '--retry', '0'], {
      publish: () => 'never',
    });
    stdin.feed('0\n1\n');
    await session.waitUntil(isPublished(2));
    session.end(lost);
    await clock.waitForTimer((delayMs) => delayMs === 1000);
    await clock.advance(999);
    stdin.feed('2\n3');
    await clock.advance(999);
    expect(existsSync(path)).toBe(false);
    await clock.advance(1);
    const { stderr } = await result;
    expect(stderr).toContain(`4 lines not accepted: see ${path}; standard input was not read to its end\n`);
    expect(readFileSync(path, 'latin1')).toBe('0\n1\n2\n3');
    expect(clock.pendingMs).toEqual([]);
    expect(stdin.destroyed).toBe(true);
  });

  it('does not wait for ever for one that goes on', async () => {
    const path = folder.file('endless');
    const { session, stdin, clock, result } = await feed(['--unsent', path, '--retry', '0'], {
      publish: () => 'never',
    });
    stdin.feed('x\n');
    await session.waitUntil(isPublished(1));
    session.end(lost);
    await clock.waitForTimer((delayMs) => delayMs === 10_000);
    for (let second = 0; second < 20; second += 1) {
      if (!stdin.destroyed) stdin.feed('y\n');
      await clock.advance(500);
    }
    expect((await result).exitCode).toBe(7);
    expect(readFileSync(path, 'latin1')).toMatch(/^x\n(y\n){19,20}$/);
  });

  it('keeps the lines that the broker refused', async () => {
    const path = folder.file('refused');
    const publish: FakeScript['publish'] = ({ payload }) => ({ reasonCode: payload.toString() === 'b' ? 0x97 : 0 });
    const broker = new FakeBroker({ publish });
    const { exitCode, stderr } = await runCli('mqtt-pub', [...LINES, '--unsent', path], {
      broker,
      stdin: 'a\nb\nc\nb\n',
    });
    expect(stderr).toBe(
      `mqtt-pub: 2 lines not accepted: see ${path}\nmqtt-pub: the broker refused 2 of 4 messages: a: Quota exceeded (0x97)\n`,
    );
    expect(exitCode).toBe(9);
    expect(readFileSync(path, 'latin1')).toBe('b\nb\n');
  });

  it('keeps a line that the broker takes none of that size of, and those after it', async () => {
    const path = folder.file('large');
    const broker = new FakeBroker({ info: { maximumPacketSize: 20 } });
    const long = 'x'.repeat(20);
    const stdin = `a\n${long}\nb\n`;
    const { exitCode } = await runCli('mqtt-pub', [...LINES, '--unsent', path], { broker, stdin });
    expect(exitCode).toBe(9);
    expect((await broker.session()).published.map(({ payload }) => payload.toString())).toEqual(['a']);
    expect(readFileSync(path, 'latin1')).toBe(`${long}\nb\n`);
  });

  it('keeps what a signal leaves, and ends soon', async () => {
    const path = folder.file('stopped');
    const { session, stdin, clock, result, stop } = await feed(['--unsent', path], { publish: () => 'never' });
    stdin.feed('0\n1\n');
    await session.waitUntil(isPublished(2));
    stop('SIGINT');
    await clock.waitForTimer((delayMs) => delayMs === 500);
    await clock.advance(500);
    expect((await result).exitCode).toBe(130);
    expect(readFileSync(path, 'latin1')).toBe('0\n1\n');
    expect(session.closedWith).toBe(4);
  });

  it('is no file where every line was accepted', async () => {
    const path = folder.file('none');
    expect((await runCli('mqtt-pub', [...LINES, '--unsent', path], { stdin: 'a\nb\n' })).exitCode).toBe(0);
    expect(existsSync(path)).toBe(false);
  });

  it.each([
    ['there is one already', [...LINES], () => folder.file('old')],
    ['no such folder', [...LINES], () => folder.file('no/such')],
    ['needs an answer to each line, and at QoS 0 there is none', ['-t', 'a', '-l'], () => folder.file('new')],
    ['is for lines', ['-t', 'a', '-m', 'x', '-q', '1'], () => folder.file('new')],
  ])('is refused before anything is connected: %s', async (why, argv, path) => {
    writeFileSync(folder.file('old'), 'kept');
    const broker = new FakeBroker();
    const { exitCode, stderr } = await runCli('mqtt-pub', [...argv, '--unsent', path()], { broker });
    expect(stderr).toContain('mqtt-pub: --unsent ');
    expect(stderr).toContain(why);
    expect({ exitCode, plans: broker.plans }).toEqual({ exitCode: 2, plans: [] });
    expect(readFileSync(folder.file('old'), 'latin1')).toBe('kept');
  });
});

describe('a broker that answers PINGREQ but acknowledges nothing', () => {
  it('ends one message with 7', async () => {
    const clock = new FakeClock();
    const broker = new FakeBroker({ publish: () => 'never' });
    const cli = startCli('mqtt-pub', ['-t', 'a', '-m', 'x', '-q', '2'], { broker, clock });
    await (await broker.session()).waitUntil(isPublished(1));
    await clock.advance(29_999);
    let isOver = false;
    void cli.result.then(() => {
      isOver = true;
    });
    await settle();
    expect(isOver).toBe(false);
    await clock.advance(1);
    const { exitCode, stderr } = await cli.result;
    expect(stderr).toBe(
      'mqtt-pub: the connection was lost (the broker answers PINGREQ, but acknowledged nothing for 30 s): 0 of 1 message accepted\n',
    );
    expect(exitCode).toBe(7);
    expect(clock.pendingMs).toEqual([]);
  });

  it('is left for a new connection, on which lines go on', async () => {
    const { session, stdin, clock, result, broker } = await feed(
      ['--ack-timeout', '2s'],
      { publish: (_message, index) => (index === 0 ? { reasonCode: 0 } : 'never') },
      {},
    );
    stdin.feed('0\n1\n2\n');
    stdin.finish();
    await session.waitUntil(isPublished(3));
    await settle();
    await clock.advance(5000);
    const again = await broker.session(2);
    expect(await result).toMatchObject({ exitCode: 0 });
    expect(again.published.map(({ payload }) => payload.toString())).toEqual(['1', '2']);
  });
});

describe('messages at QoS 0', () => {
  it('are confirmed a second after the last one, so that few are in doubt', async () => {
    const stdin = new MemoryInput();
    const clock = new FakeClock();
    const broker = new FakeBroker({}, {});
    const cli = startCli('mqtt-pub', ['-t', 'a', '-l'], { stdin, clock, broker });
    const session = await broker.session();
    stdin.feed('0\n1\n2\n');
    await session.waitUntil(isPublished(3));
    await clock.advance(1000);
    session.end(lost);
    await settle();
    await clock.advance(200);
    stdin.finish();
    expect((await cli.result).exitCode).toBe(0);
    expect(clock.pendingMs).toEqual([]);
  });
});
