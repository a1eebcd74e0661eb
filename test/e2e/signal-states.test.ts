/** A signal in every state of every command: an end within a second, the code of the signal, one line. */
import { closeSync, openSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Child, runChild, startInTest } from '../support/child.ts';
import { findClosedPort } from '../support/free-port.ts';
import { acceptConnect, acceptSubscribe, startLiar } from '../support/liar.ts';
import { mosquittoPub, waitForSubscription } from '../support/mosquitto-clients.ts';
import { describeWith } from '../support/needs.ts';
import type { Peer } from '../support/peer.ts';
import { shareMosquitto } from '../support/shared-mosquitto.ts';
import { binOf, runSpawnedCli, spawnCli } from '../support/spawn-cli.ts';

const SIGNALS = [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const;

/** A second is promised; the rest is for a machine that has much else to do. */
const END_WITHIN_MS = 3000;

const PUB = ['mqtt-pub', '-t', 'a', '-m', 'x', '-q', '1'];
const PUB_LINES = ['mqtt-pub', '-t', 'a', '-l', '-q', '1'];
const SUB = ['mqtt-sub', '-t', 'a', '-C', '1'];
const RR = ['mqtt-rr', '-t', 'a', '-e', 'b', '-m', 'x', '-q', '1'];
const BENCH = ['mqtt-bench', 'pub', '-n', '100000', '-q', '1'];

interface State {
  /** Tells that the state has been reached. */
  readonly script: (peer: Peer, connection: number, reached: () => void) => Promise<void> | void;
  readonly commands: readonly (readonly string[])[];
}

const STATES: Readonly<Record<string, State>> = {
  connecting: {
    script: (peer, _connection, reached) => peer.receive('connect').then(reached),
    commands: [PUB, PUB_LINES, SUB, RR, BENCH],
  },
  'in the midst of CONNACK': {
    async script(peer, _connection, reached) {
      await peer.receive('connect');
      peer.send(Buffer.from('20ffff', 'hex'));
      reached();
    },
    commands: [PUB, SUB, RR, BENCH],
  },
  subscribing: {
    async script(peer, _connection, reached) {
      await acceptConnect(peer);
      await peer.receive('subscribe');
      reached();
    },
    commands: [SUB, RR, ['mqtt-bench', '-n', '10']],
  },
  'waiting for messages': {
    async script(peer, _connection, reached) {
      await acceptConnect(peer);
      await acceptSubscribe(peer);
      reached();
    },
    commands: [SUB],
  },
  publishing: {
    async script(peer, _connection, reached) {
      await acceptConnect(peer);
      void acceptSubscribe(peer).catch(() => undefined);
      await peer.receive('publish');
      reached();
    },
    commands: [PUB, ['mqtt-pub', '-t', 'a', '-m', 'x', '-q', '2'], PUB_LINES, RR, BENCH],
  },
  reconnecting: {
    async script(peer, connection, reached) {
      if (connection > 1) return peer.receive('connect').then(reached);
      await acceptConnect(peer);
      await Promise.race([peer.receive('publish'), acceptSubscribe(peer)]);
      peer.socket.resetAndDestroy();
    },
    commands: [PUB_LINES, SUB, [...PUB, '--retry', '9']],
  },
};

/** Nothing tells of it. */
async function untilStopped(child: Child): Promise<void> {
  const isStopped = (): boolean => / T /.test(readFileSync(`/proc/${child.pid}/stat`, 'latin1'));
  while (!isStopped()) await new Promise((resolve) => setTimeout(resolve, 10));
}

/** Ends a command by this signal; what came of it. */
async function endBy(child: Child, signal: NodeJS.Signals) {
  const startedMs = performance.now();
  child.kill(signal);
  const { exitCode, stderr } = await child.exit();
  const tookMs = performance.now() - startedMs;
  return { exitCode, stderr, isInTime: tookMs < END_WITHIN_MS };
}

type Start = (name: string, words: readonly string[]) => Child;

/** Closes standard output and standard error, and standard input where nothing is to come from it. */
const startClosed: Start = (name, words) => {
  const closing = words.includes('-l') ? '1>&- 2>&-' : '0<&- 1>&- 2>&-';
  return startInTest('bash', ['-c', `exec "$0" "$@" ${closing}`, process.execPath, binOf(name), ...words]);
};

describe.each(Object.entries(STATES))('%s', (_state, { script, commands }) => {
  /** Starts a command, and does this with it once it is in that state. */
  async function inState(words: readonly string[], start: Start, act: (child: Child) => Promise<void>): Promise<void> {
    let reached: () => void = () => undefined;
    const arrival = new Promise<void>((resolve) => {
      reached = resolve;
    });
    const liar = await startLiar((peer, connection) => script(peer, connection, reached));
    const [name = '', ...others] = words;
    const child = start(name, [...others, '-h', '127.0.0.1', '-p', String(liar.port)]);
    child.stdin.write('line\n');
    await Promise.race([arrival, child.exit()]);
    await act(child);
    await liar.close().catch(() => undefined);
  }

  it.each(commands.map((words) => [words.join(' '), words] as const))('%s', async (_line, words) => {
    const outcomes = SIGNALS.map(([signal, exitCode]) =>
      inState(words, spawnCli, async (child) => {
        const { stderr, ...end } = await endBy(child, signal);
        expect(end).toEqual({ exitCode, isInTime: true });
        const lines = stderr.split('\n').filter((line) => /stopped by/.test(line));
        expect(lines, stderr).toHaveLength(1);
        expect(lines[0]).toContain(signal);
        expect(stderr).not.toMatch(/^ {4}at |internal error/m);
      }),
    );
    await Promise.all(outcomes);
  });

  it.each(commands.map((words) => [words.join(' '), words] as const))(
    '%s, held and let go, or with closed streams',
    async (_line, words) => {
      await Promise.all([
        inState(words, spawnCli, async (child) => {
          child.kill('SIGSTOP');
          await untilStopped(child);
          child.kill('SIGCONT');
          expect(await endBy(child, 'SIGINT')).toMatchObject({ exitCode: 130, isInTime: true });
        }),
        inState(words, startClosed, async (child) => {
          expect(await endBy(child, 'SIGINT')).toEqual({ exitCode: 130, isInTime: true, stderr: '' });
        }),
      ]);
    },
  );
});

describe('waiting for a broker', () => {
  it.each([PUB, PUB_LINES, SUB, RR, BENCH].map((words) => [words.join(' '), words] as const))(
    '%s',
    async (_line, [name = '', ...words]) => {
      const port = await findClosedPort();
      const outcomes = SIGNALS.map(async ([signal, exitCode]) => {
        const child = spawnCli(name, [...words, '-h', '127.0.0.1', '-p', String(port), '--wait-for-broker', '1h']);
        await child.stderr.waitFor('; waiting up to ');
        expect(await endBy(child, signal)).toMatchObject({
          exitCode,
          isInTime: true,
          stderr: expect.stringMatching(`stopped by ${signal}`),
        });
      });
      await Promise.all(outcomes);
    },
  );
});

describe('a second SIGINT', () => {
  it.each([PUB, PUB_LINES, SUB, RR, BENCH].map((words) => [words.join(' '), words] as const))(
    'ends %s at once, whatever the broker does not do',
    // What the first one does takes 0.8 s: a machine that stands still for longer has another try.
    { retry: 2 },
    async (_line, [name = '', ...words]) => {
      let left: () => void = () => undefined;
      const departure = new Promise<void>((resolve) => {
        left = resolve;
      });
      let reached: () => void = () => undefined;
      const arrival = new Promise<void>((resolve) => {
        reached = resolve;
      });
      const liar = await startLiar(async (peer) => {
        peer.socket.allowHalfOpen = true;
        await acceptConnect(peer);
        await Promise.race([peer.receive('publish'), peer.receive('subscribe')]);
        reached();
        await peer.receive('disconnect');
        left();
      });
      const child = spawnCli(name, [...words, '-h', '127.0.0.1', '-p', String(liar.port)]);
      child.stdin.write('line\n');
      await arrival;
      child.kill('SIGINT');
      // Two that come together are one for the system.
      await departure;
      const { stderr, ...end } = await endBy(child, 'SIGINT');
      expect(end).toEqual({ exitCode: 130, isInTime: true });
      // The last word of the others comes when the broker has closed, or has had its time.
      expect(stderr).toBe(name === 'mqtt-bench' ? 'mqtt-bench: stopped by SIGINT\n' : '');
      await liar.close().catch(() => undefined);
    },
  );
});

describe('a signal', () => {
  it('ends mqtt-pub -l -q 0 to a broker that has stopped reading', async () => {
    let connected: (peer: Peer) => void = () => undefined;
    const arrival = new Promise<Peer>((resolve) => {
      connected = resolve;
    });
    const liar = await startLiar(async (peer) => {
      await acceptConnect(peer);
      peer.socket.pause();
      connected(peer);
    });
    const child = spawnCli('mqtt-pub', ['-t', 'a', '-l', '-h', '127.0.0.1', '-p', String(liar.port)]);
    const block = Buffer.from(`${'x'.repeat(999)}\n`.repeat(1000));
    await arrival;
    // Until the pipe is full because mqtt-pub reads no more: the sockets on the way hold a few megabytes.
    let isStuck = false;
    while (!isStuck) {
      isStuck = await new Promise<boolean>((resolve) => {
        const timer = setTimeout(() => resolve(true), 500);
        child.stdin.write(block, () => {
          clearTimeout(timer);
          resolve(false);
        });
      });
    }
    expect(await endBy(child, 'SIGINT')).toMatchObject({ exitCode: 130, isInTime: true });
    await liar.close().catch(() => undefined);
  });

  it.each([['-s'], ['--each-line']])('ends mqtt-rr %s that waits for its input', async (source) => {
    let reached: () => void = () => undefined;
    const arrival = new Promise<void>((resolve) => {
      reached = resolve;
    });
    const liar = await startLiar(async (peer) => {
      await acceptConnect(peer);
      await acceptSubscribe(peer);
      reached();
    });
    const child = spawnCli('mqtt-rr', ['-t', 'a', '-e', 'b', source, '-h', '127.0.0.1', '-p', String(liar.port)]);
    // With -s it connects when it has read all: that the pipe is empty again shows that it reads.
    await new Promise((resolve) => child.stdin.write(Buffer.alloc(source === '-s' ? 1_000_000 : 0), resolve));
    if (source !== '-s') await arrival;
    expect(await endBy(child, 'SIGTERM')).toMatchObject({ exitCode: 143, isInTime: true });
    await liar.close().catch(() => undefined);
  });
});

describeWith(['mosquitto', 'mosquitto_pub'], 'Pipes and stops', () => {
  const mosquitto = shareMosquitto();

  it.each([
    ['-W', '3'],
    ['--idle', '300ms'],
  ])('a signal ends mqtt-sub %s %s whose reader does not read', async (...limit) => {
    const id = `stuck${limit[0]}`;
    await runSpawnedCli('mqtt-pub', [...mosquitto.at, '-t', id, '-s', '-r', '-q', '1'], {
      input: 'x'.repeat(2_000_000),
    });
    const child = spawnCli('mqtt-sub', [...mosquitto.at, '-t', id, '-i', id, ...limit]);
    child.process.stdout?.pause();
    // Its time has run out, and it waits for nothing but its reader.
    await mosquitto.broker.log.waitFor(`Received DISCONNECT from ${id}\n`);
    expect(await endBy(child, 'SIGINT')).toMatchObject({ isInTime: true });
    expect([130, 27]).toContain(child.process.exitCode);
  });

  // What SIGTSTP does as well, but not to a process group without a shell that watches over it, such as that of CI.
  it('SIGSTOP holds mqtt-sub, and SIGCONT lets it go on where it was', async () => {
    const child = spawnCli('mqtt-sub', [...mosquitto.at, '-t', 'held', '-i', 'held', '-q', '1', '-C', '2']);
    await waitForSubscription(mosquitto.broker, 'held', child);
    await mosquittoPub(mosquitto.broker, '-t', 'held', '-m', 'before', '-q', '1');
    await child.stdout.waitFor('before\n');
    child.kill('SIGSTOP');
    await untilStopped(child);
    await mosquittoPub(mosquitto.broker, '-t', 'held', '-m', 'meanwhile', '-q', '1');
    child.kill('SIGCONT');
    expect(await child.exit()).toMatchObject({ exitCode: 0, stdout: Buffer.from('before\nmeanwhile\n'), stderr: '' });
  });

  it('SIGTSTP holds mqtt-pub -l, and SIGCONT lets it go on where it was', async () => {
    const reader = spawnCli('mqtt-sub', [...mosquitto.at, '-t', 'held/l', '-i', 'held-l', '-C', '2']);
    await waitForSubscription(mosquitto.broker, 'held-l', reader);
    const child = spawnCli('mqtt-pub', [...mosquitto.at, '-t', 'held/l', '-l', '-q', '1']);
    child.stdin.write('one\n');
    await reader.stdout.waitFor('one\n');
    child.kill('SIGTSTP');
    child.stdin.end('two\n');
    child.kill('SIGCONT');
    expect((await child.exit()).exitCode).toBe(0);
    expect((await reader.exit()).stdout.toString()).toBe('one\ntwo\n');
  });

  it.each([
    ['mqtt-pub', ['-t', 'closed', '-m', 'x', '-q', '1', '-r', '-d'], '0'],
    ['mqtt-pub', ['-t', 'closed/l', '-l', '-q', '1'], '0'],
    ['mqtt-sub', ['-t', 'closed', '-C', '1', '-W', '5', '-d'], '0'],
    ['mqtt-rr', ['-t', 'closed', '-e', 'nobody', '-m', 'x', '-W', '300ms'], '27'],
    ['mqtt-bench', ['-n', '10', '-t', 'closed/bench'], '0'],
  ])('%s %j works with stdin, stdout and stderr closed, each and all', async (name, words, exitCode) => {
    await mosquittoPub(mosquitto.broker, '-t', 'closed', '-m', 'x', '-r');
    const outcomes = ['0<&-', '1>&-', '2>&-', '0<&- 1>&- 2>&-'].map(async (closing) => {
      // What is printed on a standard output that is open goes nowhere.
      const script = `"$0" "$@" ${closing.includes('1>') ? closing : `${closing} >/dev/null`}; echo "exit $?"`;
      const { stdout } = await runChild('bash', [
        '-c',
        script,
        process.execPath,
        binOf(name),
        ...mosquitto.at,
        ...words,
      ]);
      return stdout.toString();
    });
    for (const outcome of await Promise.all(outcomes)) expect(outcome).toBe(`exit ${exitCode}\n`);
  });

  it.each([
    ['mqtt-pub', ['-s', '-r']],
    ['mqtt-pub', ['-l']],
    ['mqtt-rr', ['-s', '-e', 'b']],
    ['mqtt-rr', ['--each-line', '-e', 'b']],
  ])('%s %j says that standard input is a folder', async (name, words) => {
    const folder = openSync(tmpdir(), 'r');
    onTestFinished(() => closeSync(folder));
    const argv = [...mosquitto.at, '-t', 'a', ...words];
    const { exitCode, stderr } = await spawnCli(name, argv, { stdio: [folder, 'pipe', 'pipe'] }).exit();
    expect(stderr).toMatch(new RegExp(`^${name}: cannot read standard input: it is a folder\n$`));
    expect(exitCode).toBe(1);
  });
});
