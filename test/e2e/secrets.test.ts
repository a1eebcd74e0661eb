/** A password that is a sentinel: it reaches the broker, and nothing that anybody can read. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startEmbeddedBroker } from '../../src/broker/embedded.ts';
import { acceptConnect, acceptSubscribe, startLiar } from '../support/liar.ts';
import type { Peer } from '../support/peer.ts';
import { runCli, type World } from '../support/run-cli.ts';
import { startServer } from '../support/server.ts';
import { makeTempFolder, type TempFolder } from '../support/temp-folder.ts';

const SECRET = 'sentinel-7Qz';
const HEX = Buffer.from(SECRET).toString('hex');
/** Every form in which it could be told. */
const FORMS: readonly string[] = [
  SECRET,
  encodeURIComponent(SECRET),
  HEX,
  HEX.replace(/..(?!$)/g, '$& '),
  Buffer.from(SECRET).toString('base64').slice(0, 12),
  Buffer.from(`u:${SECRET}`).toString('base64').slice(3, 14),
];

function check(text: string, where: string): void {
  for (const form of FORMS) expect(text.toLowerCase(), where).not.toContain(form.toLowerCase());
}

interface Given {
  readonly argv: readonly string[];
  readonly world?: World;
}

/** Each way to give it; `at` is where the broker is, for URLs. */
const WAYS: Readonly<Record<string, (at: string, folder: TempFolder) => Given>> = {
  'a flag': () => ({ argv: ['-u', 'u', '-P', SECRET] }),
  'a file': (_at, folder) => {
    writeFileSync(folder.file('password'), `${SECRET}\n`, { mode: 0o600 });
    return { argv: ['-u', 'u', '--password-file', folder.file('password')] };
  },
  'the environment': () => ({ argv: ['-u', 'u'], world: { env: { MQTT_PASSWORD: SECRET } } }),
  'a command': () => ({ argv: ['-u', 'u', '--password-command', `echo ${SECRET}`] }),
  'the prompt': () => ({
    argv: ['-u', 'u', '--ask-password'],
    world: { context: { askSecret: () => Promise.resolve(SECRET) } },
  }),
  'a URL': (at) => ({ argv: [`mqtt://u:${SECRET}@${at}`] }),
  'a URL with the topic': (at) => ({ argv: ['-L', `mqtt://u:${SECRET}@${at}/a`] }),
  MQTT_URL: (at) => ({ argv: [], world: { env: { MQTT_URL: `mqtt://u:${SECRET}@${at}` } } }),
  'an options file': (_at, folder) => {
    writeFileSync(folder.file('options'), `-u u\n-P ${SECRET}\n`, { mode: 0o600 });
    return { argv: ['-o', folder.file('options')] };
  },
};

const COMMANDS: readonly (readonly string[])[] = [
  ['mqtt-pub', '-t', 'a', '-m', 'x', '-q', '1', '-r'],
  ['mqtt-sub', '-t', 'a', '-C', '1', '--json'],
  ['mqtt-rr', '-t', 'a', '-e', 'a', '-m', 'x', '-V', '311'],
  ['mqtt-bench', '-n', '5', '-q', '1'],
];

/** What the broker does with the login. */
const ANSWERS: Readonly<Record<string, (peer: Peer) => Promise<void> | void>> = {
  refuses: (peer) => acceptConnect(peer, { reasonCode: 0x86, returnCode: 4 }),
  closes: (peer) => peer.receive('connect').then(() => peer.end()),
  'breaks off later': async (peer) => {
    await acceptConnect(peer);
    await Promise.race([peer.receive('publish'), acceptSubscribe(peer)]);
    peer.send(Buffer.from('f0ff', 'hex'));
    peer.end();
  },
};

describe.each(Object.entries(WAYS))('a password from %s', (_way, give) => {
  function makeFolder(): TempFolder {
    const folder = makeTempFolder();
    onTestFinished(() => folder.remove());
    return folder;
  }

  it.each(COMMANDS)('is in nothing that %s prints, whatever comes of it', async (name, ...words) => {
    const folder = makeFolder();
    for (const [answer, script] of Object.entries(ANSWERS)) {
      const passwords: (string | undefined)[] = [];
      const liar = await startLiar(async (peer) => {
        await script(peer);
        for (const packet of peer.packets) if (packet.cmd === 'connect') passwords.push(packet.password?.toString());
      });
      const { argv, world } = give(`127.0.0.1:${liar.port}`, folder);
      const to = argv.some((word) => word.startsWith('mqtt://')) || world?.env?.['MQTT_URL'];
      const at = to ? [] : ['-h', '127.0.0.1', '-p', String(liar.port)];
      const all = [...words, ...at, ...argv, '-dd', ...(name === 'mqtt-sub' ? ['--retry', '0'] : [])];
      const { exitCode, stdout, stderr } = await runCli(name, all, { real: true, ...world });
      await liar.close().catch(() => undefined);
      expect([3, 5, 7], stderr).toContain(exitCode);
      expect(new Set(passwords)).toEqual(new Set([SECRET]));
      check(stdout.toString() + stderr, `${name}: the broker ${answer}`);
    }
  });

  it('is in no listing of the configuration, no result, no report', async () => {
    const folder = makeFolder();
    const broker = await startEmbeddedBroker({});
    onTestFinished(() => broker.close());
    const { argv, world } = give(`${broker.host}:${broker.port}`, folder);
    const at = ['-h', broker.host, '-p', String(broker.port)].filter(
      () => !argv.some((word) => word.startsWith('mqtt://')) && world?.env?.['MQTT_URL'] === undefined,
    );
    for (const [name = '', ...words] of COMMANDS) {
      const { exitCode, stdout, stderr } = await runCli(name, [...words, ...at, ...argv, '--show-config'], world);
      expect(exitCode).toBe(0);
      check(stdout.toString() + stderr, `${name} --show-config`);
    }
    const out = folder.file('result.json');
    const bench = ['-n', '20', '-q', '1', ...at, ...argv, '-dd', '--out', out];
    const run = await runCli('mqtt-bench', bench, { real: true, ...world });
    expect(run.exitCode, run.stderr).toBe(0);
    check(run.stdout.toString() + run.stderr, 'mqtt-bench');
    const json = await runCli('mqtt-bench', [...bench.slice(0, -2), '--json'], { real: true, ...world });
    check(json.stdout.toString(), 'mqtt-bench --json');
    for (const format of ['text', 'csv', 'markdown', 'html']) {
      await runCli('mqtt-bench', ['report', out, '--format', format, '-O', folder.file(`report.${format}`)]);
    }
    const written = readdirSync(folder.path).filter((file) => /result|report/.test(file));
    expect(written).toHaveLength(5);
    for (const file of written) check(readFileSync(join(folder.path, file), 'utf8'), file);
  });
});

describe('the login of a proxy', () => {
  /** What it says first, and in answer to the login: it refuses that, or the way on. */
  const PROXIES: readonly (readonly [string, string, readonly string[]])[] = [
    ['an HTTP proxy that refuses it', 'http-proxy http', ['HTTP/1.1 407 Authentication Required\r\n\r\n']],
    ['an HTTP proxy that knows no way', 'http-proxy http', ['HTTP/1.1 502 Bad Gateway\r\n\r\n']],
    ['a SOCKS proxy that refuses it', 'proxy socks5h', ['\u0005\u0002', '\u0001\u0001']],
    ['a SOCKS proxy that knows no way', 'proxy socks5h', ['\u0005\u0002', '\u0001\u0000', '\u0005\u0004\u0000\u0001']],
    ['a SOCKS proxy that breaks off', 'proxy socks5h', ['\u0005\u0002']],
  ];

  it.each(PROXIES)('is in nothing that is said of %s', async (_what, option, answers) => {
    const [name = '', scheme = ''] = option.split(' ');
    for (const [command = '', ...words] of COMMANDS) {
      const heard: Buffer[] = [];
      const proxy = await startServer((socket) => {
        let turn = 0;
        socket.on('data', (bytes: Buffer) => {
          heard.push(bytes);
          const answer = answers[turn];
          turn += 1;
          if (answer === undefined) socket.destroy();
          else socket.write(answer, 'latin1');
          if (turn === answers.length && scheme === 'http') socket.end();
        });
        socket.on('error', () => undefined);
      });
      const login = [`--${name}`, `${scheme}://u:${SECRET}@127.0.0.1:${proxy.port}`];
      const all = [...words, '-h', 'broker.example', ...login, '-dd', '--connect-timeout', '300ms'];
      const { exitCode, stdout, stderr } = await runCli(command, all, { real: true });
      await proxy.close();
      expect(exitCode, stderr).toBe(3);
      check(stdout.toString() + stderr, `${command}: ${_what}`);
      const shown = await runCli(command, [...all, '--show-config']);
      expect(shown.exitCode).toBe(0);
      check(shown.stdout.toString() + shown.stderr, `${command} --show-config`);
      expect(heard.length).toBeGreaterThan(0);
    }
  });
});

describe('credentials stay with their host', () => {
  /** A server that must not be connected to. */
  async function startOther(): Promise<{ readonly port: number; readonly connections: () => number }> {
    let connections = 0;
    const server = await startServer(() => {
      connections += 1;
    });
    onTestFinished(() => server.close());
    return { port: server.port, connections: () => connections };
  }

  it.each([0x9c, 0x9d])('a Server Reference is told, and not followed: CONNACK %i', async (reasonCode) => {
    const other = await startOther();
    const properties = { serverReference: `127.0.0.1:${other.port}` };
    const liar = await startLiar((peer) => acceptConnect(peer, { reasonCode, properties }));
    onTestFinished(() => liar.close());
    for (const [name = '', ...words] of COMMANDS.filter(([command]) => command !== 'mqtt-rr')) {
      const argv = [...words, `mqtt://u:${SECRET}@127.0.0.1:${liar.port}`];
      const { exitCode, stderr } = await runCli(name, argv, { real: true });
      expect(exitCode).toBe(6);
      expect(stderr).toContain(`Connect there: -h 127.0.0.1 -p ${other.port}`);
    }
    expect(other.connections()).toBe(0);
  });

  it('nor in the DISCONNECT of a broker that moves', async () => {
    const other = await startOther();
    const properties = { serverReference: `127.0.0.1:${other.port}` };
    const liar = await startLiar(async (peer) => {
      await acceptConnect(peer);
      await acceptSubscribe(peer);
      peer.send({ cmd: 'disconnect', reasonCode: 0x9d, properties });
      peer.end();
    });
    onTestFinished(() => liar.close());
    const argv = ['-t', 'a', `mqtt://u:${SECRET}@127.0.0.1:${liar.port}`];
    expect((await runCli('mqtt-sub', argv, { real: true })).exitCode).toBe(7);
    expect({ here: liar.connections, there: other.connections() }).toEqual({ here: 1, there: 0 });
  });

  it('a redirection of HTTP is told, and not followed', async () => {
    const other = await startOther();
    const server = createServer().on('upgrade', (_request, socket) => {
      socket.end(`HTTP/1.1 302 Found\r\nLocation: ws://127.0.0.1:${other.port}/mqtt\r\nContent-Length: 0\r\n\r\n`);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const { port } = server.address() as { port: number };
    const argv = ['-t', 'a', '-m', 'x', `ws://u:${SECRET}@127.0.0.1:${port}/mqtt`, '--ws-header', `X: ${SECRET}`];
    const { exitCode, stderr } = await runCli('mqtt-pub', argv, { real: true });
    expect(exitCode).toBe(3);
    expect(stderr).toContain(`It says to go to ws://127.0.0.1:${other.port}/mqtt`);
    check(stderr, 'a redirection');
    expect(other.connections()).toBe(0);
  });

  it('a connection that is lost is made again to the same place, with the same login', async () => {
    const logins: string[] = [];
    const liar = await startLiar(async (peer, connection) => {
      const { username, password } = await peer.receive('connect');
      logins.push(`${username}:${password?.toString()}`);
      peer.send({ cmd: 'connack', reasonCode: 0, sessionPresent: false });
      await acceptSubscribe(peer);
      if (connection === 1) return void peer.socket.resetAndDestroy();
      peer.send({ cmd: 'publish', topic: 'a', payload: 'x', qos: 0, dup: false, retain: false });
    });
    onTestFinished(() => liar.close());
    const argv = ['-t', 'a', '-C', '1', `mqtt://u:${SECRET}@127.0.0.1:${liar.port}`];
    const { exitCode, stderr } = await runCli('mqtt-sub', argv, { real: true });
    expect(exitCode).toBe(0);
    check(stderr, 'a reconnect');
    expect(logins).toEqual([`u:${SECRET}`, `u:${SECRET}`]);
  });
});
