/** The catalogue of errors: each thing that goes wrong, in each command, with the very words and the exit code. */
import type { TlsOptions } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { describeConnectFailure } from '../../src/mqtt/connect-error.ts';
import type { ConnectionPlan } from '../../src/mqtt/connection-plan.ts';
import { type Certificates, type Identity, makeCertificates, readIdentity } from '../support/certificates.ts';
import { findClosedPort } from '../support/free-port.ts';
import { acceptConnect, acceptSubscribe, startLiar } from '../support/liar.ts';
import { describeWith } from '../support/needs.ts';
import type { Peer } from '../support/peer.ts';
import { runCli, type World } from '../support/run-cli.ts';
import { makeTempFolder } from '../support/temp-folder.ts';

type Command = 'mqtt-pub' | 'mqtt-sub' | 'mqtt-rr' | 'mqtt-bench';

/** One message each, at QoS 1. */
const COMMANDS: readonly (readonly [Command, readonly string[]])[] = [
  ['mqtt-pub', ['-t', 'a/b', '-m', 'x', '-q', '1']],
  ['mqtt-sub', ['-t', 'a/b', '-q', '1', '-C', '1']],
  ['mqtt-rr', ['-t', 'a/b', '-e', 'c/d', '-m', 'x', '-q', '1']],
  ['mqtt-bench', ['pub', '-n', '1', '-t', 'a/b', '-q', '1']],
];

async function lie(script: (peer: Peer) => Promise<void> | void, tls?: TlsOptions): Promise<number> {
  const liar = await startLiar(script, tls && { tls });
  onTestFinished(() => liar.close().catch(() => undefined));
  return liar.port;
}

/** Runs a command; what it says, without what it says before, such as a result. */
async function fail(command: Command, argv: readonly string[], world: World = {}) {
  const { exitCode, stderr } = await runCli(command, argv, { real: true, ...world });
  return { exitCode, lines: stderr.split('\n').slice(0, -1) };
}

function said(command: Command, exitCode: number, line: string, ...hints: string[]) {
  return { exitCode, lines: [`${command}: ${line}`, ...hints.map((hint) => `  ${hint}`)] };
}

describe.each(COMMANDS)('%s', (command, words) => {
  const at = (port: number, ...more: string[]): string[] => [...words, '-h', '127.0.0.1', '-p', String(port), ...more];

  it('nothing listens', async () => {
    const port = await findClosedPort();
    expect(await fail(command, at(port))).toEqual(
      said(
        command,
        3,
        `nothing is listening on 127.0.0.1:${port}`,
        'Is the broker running? TLS is usually port 8883: mqtts://127.0.0.1',
      ),
    );
  });

  it.each([
    ['ENOTFOUND', 'host name h.example not found', 'Is it spelled right?'],
    ['EAI_AGAIN', 'host name h.example not found: DNS does not answer', 'Is the network up?'],
    ['EHOSTUNREACH', 'no way to h.example:1883: network or host unreachable', 'Is the network up?'],
  ])('%s', async (code, line, hint) => {
    const openSession = ({ endpoint }: ConnectionPlan): Promise<never> =>
      Promise.reject(describeConnectFailure(Object.assign(new Error(code), { code }), endpoint));
    const argv = [...words, '-h', 'h.example'];
    expect(await fail(command, argv, { context: { openSession } })).toEqual(said(command, 3, line, hint));
  });

  it('no CONNACK comes', async () => {
    const port = await lie(() => undefined);
    expect(await fail(command, at(port, '--connect-timeout', '50ms'))).toEqual(
      said(
        command,
        3,
        `no answer from 127.0.0.1:${port} in 50 ms`,
        'Is a firewall between here and there? Is the port right?',
      ),
    );
  });

  it('the connection is closed before CONNACK', async () => {
    const port = await lie((peer) => peer.receive('connect').then(() => peer.end()));
    expect(await fail(command, at(port))).toEqual(
      said(
        command,
        3,
        `127.0.0.1:${port} closed the connection before CONNACK`,
        `Is it a TLS port? Try mqtts://127.0.0.1:${port}`,
      ),
    );
  });

  it('a CONNACK that never ends', async () => {
    // Its length says 268 million bytes, which come one by one.
    const port = await lie((peer) => {
      peer.send(Buffer.from('20ffffff7f', 'hex'));
      const drip = setInterval(() => peer.send(Buffer.alloc(1)), 5);
      void peer.closed.then(() => clearInterval(drip));
    });
    expect(await fail(command, at(port, '--connect-timeout', '100ms'))).toMatchObject({ exitCode: 3 });
  });

  it.each<[number, number, string, string?]>([
    [4, 5, 'the broker refused the login: Bad user name or password (0x04)', 'login'],
    [5, 5, 'the broker refused the login: Not authorized (0x05)', 'login'],
    [3, 6, 'the broker refused the connection: Server unavailable (0x03)'],
    [0x77, 6, 'the broker refused the connection: unknown return code (0x77)'],
  ])('MQTT 3.1.1: CONNACK %i', async (returnCode, exitCode, line, hint) => {
    const port = await lie((peer) => acceptConnect(peer, { returnCode }));
    const hints = hint === undefined ? [] : ['User ann was sent, with a password of 6 characters from -P.'];
    expect(await fail(command, at(port, '-V', '311', '-u', 'ann', '-P', 'secret'))).toEqual(
      said(command, exitCode, line, ...hints),
    );
  });

  it.each<[number, number, string, string?]>([
    [0x86, 5, 'the broker refused the login: Bad User Name or Password (0x86): why', 'login'],
    [0x87, 5, 'the broker refused the login: Not authorized (0x87): why', 'login'],
    [0x8a, 5, 'the broker refused the login: Banned (0x8A): why'],
    [0x88, 6, 'the broker refused the connection: Server unavailable (0x88): why'],
    [0xee, 6, 'the broker refused the connection: unknown Reason Code (0xEE): why'],
  ])('MQTT 5: CONNACK %i', async (reasonCode, exitCode, line, hint) => {
    const port = await lie((peer) => acceptConnect(peer, { reasonCode, properties: { reasonString: 'why' } }));
    const hints = hint === undefined ? [] : ['No user name was sent: give -u and a password.'];
    expect(await fail(command, at(port))).toEqual(said(command, exitCode, line, ...hints));
  });

  it.each([
    [0x9c, 'Use another server (0x9C)'],
    [0x9d, 'Server moved (0x9D)'],
  ])('CONNACK %i names another server', async (reasonCode, words) => {
    const properties = { serverReference: 'other.example.com:1884' };
    const port = await lie((peer) => acceptConnect(peer, { reasonCode, properties }));
    expect(await fail(command, at(port))).toEqual(
      said(
        command,
        6,
        `the broker says to use another server: ${words}`,
        'Connect there: -h other.example.com -p 1884',
      ),
    );
  });
});

/** A broker that sends this and closes as soon as a client has subscribed or published. */
async function afterFirst(packet: object): Promise<number> {
  return lie(async (peer) => {
    await acceptConnect(peer);
    await Promise.race([peer.receive('publish'), acceptSubscribe(peer)]);
    peer.send(packet as never);
    peer.end();
  });
}

describe('the broker ends the connection by DISCONNECT', () => {
  it.each<[Command, readonly string[], string]>([
    ['mqtt-pub', ['-t', 'a/b', '-m', 'x', '-q', '1'], ': 0 of 1 message accepted'],
    ['mqtt-pub', ['-t', 'a/b', '-l', '-q', '1'], ': 0 of 1 message accepted'],
    ['mqtt-sub', ['-t', 'a/b'], ''],
    ['mqtt-rr', ['-t', 'a/b', '-e', 'c/d', '-m', 'x'], ''],
  ])('another client took the session: %s %j says so once, and does not fight', async (command, words, count) => {
    const port = await afterFirst({ cmd: 'disconnect', reasonCode: 0x8e });
    const argv = ['-h', '127.0.0.1', '-p', String(port), ...words];
    expect(await fail(command, argv, { stdin: 'x\n' })).toEqual(
      said(
        command,
        7,
        `another client connected with the same Client Identifier: Session taken over (0x8E)${count}`,
        'Give each client its own: -i NAME',
      ),
    );
  });

  it('mqtt-bench says so too', async () => {
    const port = await afterFirst({ cmd: 'disconnect', reasonCode: 0x8e });
    const argv = ['pub', '-n', '1', '-q', '1', '-h', '127.0.0.1', '-p', String(port)];
    expect(await fail('mqtt-bench', argv)).toEqual(
      said(
        'mqtt-bench',
        7,
        'the connection of publisher 0 was lost after 1 of 1 message: another client connected with the same Client Identifier: Session taken over (0x8E)',
      ),
    );
  });

  it.each<[Command, readonly string[], string]>([
    ['mqtt-pub', ['-t', 'a/b', '-m', 'x', '-q', '1'], ': 0 of 1 message accepted'],
    ['mqtt-sub', ['-t', 'a/b'], ''],
    ['mqtt-rr', ['-t', 'a/b', '-e', 'c/d', '-m', 'x'], ''],
  ])('it has moved: %s %j says where', async (command, words, count) => {
    const properties = { serverReference: 'other.example.com', reasonString: 'for good' };
    const port = await afterFirst({ cmd: 'disconnect', reasonCode: 0x9d, properties });
    const argv = ['-h', '127.0.0.1', '-p', String(port), ...words];
    expect(await fail(command, argv)).toEqual(
      said(
        command,
        7,
        `the connection was lost: the broker disconnected us: Server moved (0x9D): for good${count}`,
        'Connect there: -h other.example.com',
      ),
    );
  });
});

describe('SUBACK', () => {
  const deny = (codes: readonly number[], reasonString?: string): Promise<number> =>
    lie(async (peer) => {
      await acceptConnect(peer);
      await acceptSubscribe(peer, codes, reasonString);
    });
  const sub = (port: number, ...words: string[]) => fail('mqtt-sub', ['-h', '127.0.0.1', '-p', String(port), ...words]);

  it('denies every filter: one line', async () => {
    expect(await sub(await deny([0x87, 0x8f], 'no'), '-t', 'a', '-t', 'b c')).toEqual(
      said(
        'mqtt-sub',
        8,
        'subscription not allowed: a: Not authorized (0x87): no; "b c": Topic Filter invalid (0x8F): no',
      ),
    );
  });

  it('denies one of two: said, and an end with --strict alone', async () => {
    const line = 'subscription not allowed: a: Not authorized (0x87)';
    expect(await sub(await deny([0x87, 0]), '-t', 'a', '-t', 'b', '--strict')).toEqual(said('mqtt-sub', 8, line));
    expect(await sub(await deny([0x87, 0]), '-t', 'a', '-t', 'b', '--idle', '50ms')).toEqual(said('mqtt-sub', 0, line));
  });

  it('has a code that does not exist', async () => {
    expect(await sub(await deny([0xc3]), '-t', 'a')).toEqual(
      said('mqtt-sub', 7, 'the connection was lost: Invalid suback code'),
    );
  });

  it('denies the Response Topic', async () => {
    const argv = ['-h', '127.0.0.1', '-p', String(await deny([0x87])), '-t', 'a', '-e', 'c/d', '-m', 'x'];
    expect(await fail('mqtt-rr', argv)).toEqual(
      said('mqtt-rr', 8, 'subscription not allowed: c/d: Not authorized (0x87)'),
    );
  });

  it('denies what mqtt-bench measures', async () => {
    const argv = ['-h', '127.0.0.1', '-p', String(await deny([0x87])), '-n', '1', '-t', 'load'];
    const { exitCode, lines } = await fail('mqtt-bench', argv);
    expect(lines.filter((line) => line.startsWith('mqtt-bench:'))).toHaveLength(1);
    expect(lines[0]).toContain('Not authorized (0x87)');
    expect(exitCode).toBe(8);
  });
});

describe('a message is refused', () => {
  const refuse = (cmd: 'puback' | 'pubrec', reasonCode: number): Promise<number> =>
    lie(async (peer) => {
      await acceptConnect(peer);
      void acceptSubscribe(peer).catch(() => undefined);
      const { messageId = 0 } = await peer.receive('publish');
      peer.send({ cmd, messageId, reasonCode, properties: { reasonString: 'too much' } });
    });

  it.each<[Command, 'puback' | 'pubrec', readonly string[], string]>([
    ['mqtt-pub', 'puback', ['-m', 'x', '-q', '1'], 'the broker refused the message: a/b: '],
    ['mqtt-pub', 'pubrec', ['-m', 'x', '-q', '2'], 'the broker refused the message: a/b: '],
    ['mqtt-pub', 'puback', ['-l', '-q', '1'], 'the broker refused the message: a/b: '],
    ['mqtt-pub', 'pubrec', ['-l', '-q', '2'], 'the broker refused the message: a/b: '],
    ['mqtt-rr', 'puback', ['-e', 'c/d', '-m', 'x', '-q', '1'], 'the broker refused the request: a/b: '],
    ['mqtt-rr', 'pubrec', ['-e', 'c/d', '-m', 'x', '-q', '2'], 'the broker refused the request: a/b: '],
  ])('by %s: %s, %j', async (command, cmd, words, line) => {
    const argv = ['-h', '127.0.0.1', '-p', String(await refuse(cmd, 0x97)), '-t', 'a/b', ...words];
    expect(await fail(command, argv, { stdin: 'x\n' })).toEqual(
      said(command, 9, `${line}Quota exceeded (0x97): too much`),
    );
  });

  it('with a code that does not exist', async () => {
    const words = ['-h', '127.0.0.1', '-t', 'a/b', '-m', 'x', '-q', '1', '-p'];
    expect(await fail('mqtt-pub', [...words, String(await refuse('puback', 0xd1))])).toEqual(
      said('mqtt-pub', 9, 'the broker refused the message: a/b: unknown Reason Code (0xD1): too much'),
    );
    expect(await fail('mqtt-rr', [...words, String(await refuse('puback', 0xd1)), '-e', 'c/d'])).toEqual(
      said('mqtt-rr', 7, 'the connection was lost before the answer came: Invalid puback reason code'),
    );
  });

  it('that mqtt-bench sent', async () => {
    const argv = ['pub', '-n', '1', '-q', '1', '-h', '127.0.0.1', '-p', String(await refuse('puback', 0x97))];
    const { exitCode, lines } = await fail('mqtt-bench', argv);
    expect(lines).toEqual(['mqtt-bench: 1 of 1 message was refused']);
    expect(exitCode).toBe(11);
  });
});

describeWith(['openssl'], 'TLS', () => {
  const folder = makeTempFolder();
  let certificates: Certificates;

  beforeAll(async () => {
    certificates = await makeCertificates(folder);
  });
  afterAll(() => folder.remove());

  describe.each(COMMANDS)('%s', (command, words) => {
    async function handshake(identity: Identity, options: TlsOptions, host: string, ...more: string[]) {
      const port = await lie(() => undefined, { ...readIdentity(identity), ...options });
      const argv = [...words, `mqtts://${host}:${port}`, '--connect-timeout', '5s', ...more];
      const { exitCode, lines } = await fail(command, argv);
      expect(lines.filter((line) => line.startsWith(`${command}:`))).toHaveLength(1);
      return { exitCode, text: lines.join('\n'), port };
    }
    const trust = (): string[] => ['--cafile', certificates.caFile];

    it('nobody trusts who signed the certificate', async () => {
      const { exitCode, text } = await handshake(certificates.server, {}, 'localhost');
      expect(text).toMatch(
        new RegExp(
          `^${command}: the certificate of localhost is signed by "Example Test CA", not trusted here \\(\\w+\\); it is for localhost, 127\\.0\\.0\\.1, [0:]+1, valid from .* to .*\n  Give the certificate of that CA: --cafile ca\\.crt$`,
        ),
      );
      expect(exitCode).toBe(4);
    });

    it('another authority is trusted', async () => {
      const { exitCode, text } = await handshake(
        certificates.server,
        {},
        'localhost',
        '--cafile',
        certificates.otherCaFile,
      );
      expect(text).toContain('is signed by "Example Test CA", which is none of the given CA certificates');
      expect(exitCode).toBe(4);
    });

    it('the store of a variable is another one', async () => {
      const port = await lie(() => undefined, readIdentity(certificates.server));
      const world = { env: { SSL_CERT_FILE: certificates.otherCaFile } };
      const { exitCode, lines } = await fail(command, [...words, `mqtts://localhost:${port}`], world);
      expect(lines[0]).toContain('is signed by "Example Test CA", which is none of those of SSL_CERT_FILE');
      expect(exitCode).toBe(4);
    });

    it('the certificate is for another name', async () => {
      const { exitCode, text } = await handshake(certificates.wrongName, {}, 'localhost', ...trust());
      expect(text).toBe(
        `${command}: the certificate of localhost is for broker.example.com, not localhost\n` +
          '  Connect with that name: -h broker.example.com, or where it leads elsewhere: --servername broker.example.com',
      );
      expect(exitCode).toBe(4);
    });

    it.each([
      ['expired', 'has expired: valid from Jan  1 00:00:00 2020 GMT to Jan  1 00:00:00 2021 GMT'],
      ['notYetValid', 'is not valid yet: valid from Jan  1 00:00:00 2099 GMT to Dec 31 00:00:00 2099 GMT'],
    ] as const)('the certificate: %s', async (identity, why) => {
      const { exitCode, text } = await handshake(certificates[identity], {}, 'localhost', ...trust());
      expect(text).toContain(why);
      expect(text).toContain('\n  Is the clock of this machine right?');
      expect(exitCode).toBe(4);
    });

    it('the broker wants a certificate of ours', async () => {
      const ask = { requestCert: true, rejectUnauthorized: true, ca: [readIdentity(certificates.server).cert] };
      const { exitCode, text, port } = await handshake(certificates.server, ask, 'localhost', ...trust());
      expect(text).toBe(`${command}: localhost:${port} wants a client certificate\n  Give --cert FILE and --key FILE.`);
      expect(exitCode).toBe(4);
    });

    it('TLS 1.1 is all that the broker speaks', async () => {
      const old: TlsOptions = { maxVersion: 'TLSv1.1', minVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0' };
      const { exitCode, text, port } = await handshake(certificates.server, old, 'localhost', ...trust());
      expect(text).toBe(
        `${command}: localhost:${port} speaks no TLS version that is allowed here\n  It must be TLS 1.2 or 1.3.`,
      );
      expect(exitCode).toBe(4);
    });

    it('the port does not speak TLS', async () => {
      const port = await lie((peer) => peer.send(Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')));
      expect(await fail(command, [...words, `mqtts://127.0.0.1:${port}`])).toEqual(
        said(command, 4, `127.0.0.1:${port} does not speak TLS`, `Try mqtt://127.0.0.1:${port}`),
      );
    });

    it('--insecure says so, each time', async () => {
      const port = await lie((peer) => acceptConnect(peer, { reasonCode: 0x89 }), readIdentity(certificates.wrongName));
      const { exitCode, lines } = await fail(command, [...words, `mqtts://localhost:${port}`, '--insecure']);
      expect(lines).toEqual([
        `${command}: --insecure: neither the certificate nor the host name of the broker is checked`,
        `${command}: the broker refused the connection: Server busy (0x89)`,
      ]);
      expect(exitCode).toBe(6);
    });
  });
});
