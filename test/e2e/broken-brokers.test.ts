/** Brokers that do what no broker should, and what is said of them. */
import { describe, expect, it, onTestFinished } from 'vitest';
import { findClosedPort } from '../support/free-port.ts';
import { acceptConnect, acceptSubscribe, type Liar, startLiar } from '../support/liar.ts';
import type { Peer } from '../support/peer.ts';
import { type CliResult, runCli } from '../support/run-cli.ts';

/** Starts the liar of a test. */
async function lie(script: (peer: Peer, connection: number) => Promise<void> | void): Promise<Liar> {
  const liar = await startLiar(script);
  onTestFinished(() => liar.close());
  return liar;
}

function publish(port: number, ...words: string[]): Promise<CliResult> {
  const argv = ['-h', '127.0.0.1', '-p', String(port), '-t', 'a/b', '-m', 'x', ...words];
  return runCli('mqtt-pub', argv, { real: true });
}

function subscribe(port: number, ...words: string[]): Promise<CliResult> {
  return runCli('mqtt-sub', ['-h', '127.0.0.1', '-p', String(port), '-t', 'a/b', ...words], { real: true });
}

function outcome(exitCode: number, ...lines: string[]): CliResult {
  return { exitCode, stdout: Buffer.alloc(0), stderr: lines.map((line) => `${line}\n`).join('') } as CliResult;
}

describe('no broker', () => {
  it('nothing listens', async () => {
    const port = await findClosedPort();
    expect(await publish(port)).toEqual(
      outcome(
        3,
        `mqtt-pub: nothing is listening on 127.0.0.1:${port}`,
        '  Is the broker running? TLS is usually port 8883: mqtts://127.0.0.1',
      ),
    );
    expect(await subscribe(port)).toMatchObject({ exitCode: 3 });
  });

  it('every address of a name is told', async () => {
    const port = await findClosedPort();
    const { exitCode, stderr } = await runCli('mqtt-pub', ['-p', String(port), '-t', 'a', '-m', 'x'], { real: true });
    expect(stderr).toMatch(
      new RegExp(`^mqtt-pub: nothing is listening on localhost:${port} \\(tried (::1 and )?127\\.0\\.0\\.1\\)\n`),
    );
    expect(exitCode).toBe(3);
  });

  it('nothing is said on stderr with --quiet; the exit code stays', async () => {
    expect(await publish(await findClosedPort(), '--quiet')).toEqual(outcome(3));
  });
});

describe('before CONNACK', () => {
  it('no answer', async () => {
    const liar = await lie(() => undefined);
    expect(await publish(liar.port, '--connect-timeout', '100ms')).toEqual(
      outcome(
        3,
        `mqtt-pub: no answer from 127.0.0.1:${liar.port} in 100 ms`,
        '  Is a firewall between here and there? Is the port right?',
      ),
    );
  });

  const closed = (port: number): CliResult =>
    outcome(
      3,
      `mqtt-pub: 127.0.0.1:${port} closed the connection before CONNACK`,
      `  Is it a TLS port? Try mqtts://127.0.0.1:${port}`,
    );

  it('closes, with MQTT 5 and then with 3.1.1', async () => {
    const versions: (number | undefined)[] = [];
    const liar = await lie(async (peer) => {
      versions.push((await peer.receive('connect')).protocolVersion);
      peer.end();
    });
    expect(await publish(liar.port)).toEqual(closed(liar.port));
    expect(versions).toEqual([5, 4]);
  });

  it('closes, and is not asked again when -V pins the version', async () => {
    const liar = await lie((peer) => peer.receive('connect').then(() => peer.end()));
    expect(await publish(liar.port, '-V', '5')).toEqual(closed(liar.port));
    expect(liar.connections).toBe(1);
  });

  it('resets', async () => {
    const liar = await lie((peer) => peer.receive('connect').then(() => void peer.socket.resetAndDestroy()));
    expect(await publish(liar.port)).toEqual(closed(liar.port));
  });

  it('speaks another protocol', async () => {
    const liar = await lie((peer) => peer.send(Buffer.from('SSH-2.0-OpenSSH_9.2\r\n')));
    const { exitCode, stderr } = await publish(liar.port);
    expect(stderr).toMatch(
      new RegExp(
        `^mqtt-pub: 127\\.0\\.0\\.1:${liar.port} did not answer as an MQTT broker: .*\n  Is another service on this port\\?\n$`,
      ),
    );
    expect(exitCode).toBe(3);
  });
});

describe('CONNACK refuses', () => {
  const refusals: readonly [reasonCode: number, exitCode: number, ...lines: string[]][] = [
    [0x80, 6, 'mqtt-pub: the broker refused the connection: Unspecified error (0x80): why'],
    [
      0x86,
      5,
      'mqtt-pub: the broker refused the login: Bad User Name or Password (0x86): why',
      '  No user name was sent: give -u and a password.',
    ],
    [
      0x87,
      5,
      'mqtt-pub: the broker refused the login: Not authorized (0x87): why',
      '  No user name was sent: give -u and a password.',
    ],
    [0x88, 6, 'mqtt-pub: the broker refused the connection: Server unavailable (0x88): why'],
    [0x89, 6, 'mqtt-pub: the broker refused the connection: Server busy (0x89): why'],
    [0x95, 6, 'mqtt-pub: the broker refused the connection: Packet too large (0x95): why'],
    [0x97, 6, 'mqtt-pub: the broker refused the connection: Quota exceeded (0x97): why'],
    [0x9f, 6, 'mqtt-pub: the broker refused the connection: Connection rate exceeded (0x9F): why'],
    [0xff, 6, 'mqtt-pub: the broker refused the connection: unknown Reason Code (0xFF): why'],
  ];
  it.each(refusals)('with Reason Code %i', async (reasonCode, exitCode, ...lines) => {
    const liar = await lie((peer) => acceptConnect(peer, { reasonCode, properties: { reasonString: 'why' } }));
    expect(await publish(liar.port)).toEqual(outcome(exitCode, ...lines));
    expect(liar.connections).toBe(1);
  });

  it('as banned', async () => {
    const liar = await lie((peer) => acceptConnect(peer, { reasonCode: 0x8a }));
    const { exitCode, stderr } = await publish(liar.port);
    expect(stderr).toContain('mqtt-pub: the broker refused the login: Banned (0x8A)\n');
    expect(exitCode).toBe(5);
  });

  it.each([0x9c, 0x9d])('and names another server, Reason Code %i', async (reasonCode) => {
    const properties = { serverReference: 'other.example.com [::1]:1884' };
    const liar = await lie((peer) => acceptConnect(peer, { reasonCode, properties }));
    const name = reasonCode === 0x9c ? 'Use another server (0x9C)' : 'Server moved (0x9D)';
    expect(await publish(liar.port)).toEqual(
      outcome(
        6,
        `mqtt-pub: the broker says to use another server: ${name}`,
        '  Connect there: -h other.example.com or -h ::1 -p 1884',
      ),
    );
  });

  it('MQTT 5 by code 0x84, and takes 3.1.1', async () => {
    const liar = await lie(async (peer, connection) => {
      await acceptConnect(peer, connection === 1 ? { reasonCode: 0x84 } : {});
      if (connection === 2) peer.send({ cmd: 'puback', messageId: (await peer.receive('publish')).messageId ?? 0 });
    });
    expect(await publish(liar.port, '-q', '1')).toEqual(outcome(0));
  });

  it('every version', async () => {
    const liar = await lie((peer, connection) =>
      acceptConnect(peer, { returnCode: 1, reasonCode: connection === 1 ? 0x84 : 1 }),
    );
    expect(await publish(liar.port, '-V', '311')).toEqual(
      outcome(
        6,
        'mqtt-pub: the broker refused the connection: Unacceptable protocol version (0x01)',
        '  Let the version be found out: leave -V away.',
      ),
    );
  });

  it('an empty Client Identifier, and takes a generated one', async () => {
    const clientIds: string[] = [];
    const liar = await lie(async (peer) => {
      const { clientId } = await peer.receive('connect');
      clientIds.push(clientId);
      peer.send({ cmd: 'connack', reasonCode: clientId === '' ? 0x85 : 0, sessionPresent: false });
      await peer.receive('publish');
      await peer.receive('pingreq');
      peer.send({ cmd: 'pingresp' });
    });
    expect(await publish(liar.port)).toEqual(outcome(0));
    expect(clientIds).toEqual(['', expect.stringMatching(/^mqtt-pub-[a-z0-9]{1,14}$/)]);
  });

  it('every Client Identifier of ours', async () => {
    const liar = await lie((peer) => acceptConnect(peer, { reasonCode: 0x85 }));
    expect(await publish(liar.port)).toEqual(
      outcome(
        6,
        'mqtt-pub: the broker refused the connection: Client Identifier not valid (0x85)',
        '  Choose a Client Identifier: -i NAME',
      ),
    );
    expect(liar.connections).toBe(2);
  });

  it('the Client Identifier that was given', async () => {
    const liar = await lie((peer) => acceptConnect(peer, { reasonCode: 0x85 }));
    expect(await publish(liar.port, '-i', 'mine')).toEqual(
      outcome(
        6,
        'mqtt-pub: the broker refused the connection: Client Identifier not valid (0x85)',
        '  Choose another Client Identifier than mine: -i',
      ),
    );
    expect(liar.connections).toBe(1);
  });
});

describe('while publishing', () => {
  it('the connection is reset before PUBACK', async () => {
    const liar = await lie(async (peer) => {
      await acceptConnect(peer);
      await peer.receive('publish');
      peer.socket.resetAndDestroy();
    });
    expect(await publish(liar.port, '-q', '1')).toEqual(
      outcome(7, 'mqtt-pub: the connection was lost (the broker reset it): 0 of 1 message accepted'),
    );
  });

  it('the connection is closed before QoS 0 was confirmed', async () => {
    const liar = await lie(async (peer) => {
      await acceptConnect(peer);
      await peer.receive('publish');
      peer.end();
    });
    expect(await publish(liar.port)).toEqual(
      outcome(7, 'mqtt-pub: the connection was lost (the broker closed it): 1 message sent, not confirmed'),
    );
  });

  it('the broker disconnects, with a reason', async () => {
    const liar = await lie(async (peer) => {
      await acceptConnect(peer);
      await peer.receive('publish');
      peer.send({ cmd: 'disconnect', reasonCode: 0x97, properties: { reasonString: 'too much' } });
      peer.end();
    });
    const { exitCode, stderr } = await publish(liar.port, '-q', '1');
    expect(stderr).toContain('the broker disconnected us: Quota exceeded (0x97): too much');
    expect(exitCode).toBe(7);
  });

  it('PUBACK refuses, with a reason', async () => {
    const liar = await lie(async (peer) => {
      await acceptConnect(peer);
      const { messageId = 0 } = await peer.receive('publish');
      peer.send({ cmd: 'puback', messageId, reasonCode: 0x97, properties: { reasonString: 'too much' } });
      await peer.receive('disconnect');
    });
    expect(await publish(liar.port, '-q', '1')).toEqual(
      outcome(9, 'mqtt-pub: the broker refused the message: a/b: Quota exceeded (0x97): too much'),
    );
  });

  it('PUBREC refuses', async () => {
    const liar = await lie(async (peer) => {
      await acceptConnect(peer);
      const { messageId = 0 } = await peer.receive('publish');
      peer.send({ cmd: 'pubrec', messageId, reasonCode: 0x87 });
      await peer.receive('disconnect');
    });
    expect(await publish(liar.port, '-q', '2')).toEqual(
      outcome(9, 'mqtt-pub: the broker refused the message: a/b: Not authorized (0x87)'),
    );
  });

  it('"No matching subscribers" is no refusal', async () => {
    const liar = await lie(async (peer) => {
      await acceptConnect(peer);
      peer.send({ cmd: 'puback', messageId: (await peer.receive('publish')).messageId ?? 0, reasonCode: 0x10 });
    });
    expect(await publish(liar.port, '-q', '1')).toEqual(outcome(0));
  });

  it('PINGREQ is not answered, so QoS 0 is not confirmed', async () => {
    const liar = await lie((peer) => acceptConnect(peer));
    const { exitCode, stderr } = await publish(liar.port, '--connect-timeout', '100ms');
    expect(stderr).toContain('the broker did not confirm within 100 ms');
    expect(exitCode).toBe(7);
  });

  it('the limits of CONNACK are kept', async () => {
    const properties = { maximumQoS: 1, retainAvailable: false, maximumPacketSize: 12 };
    const liar = await lie(async (peer) => {
      await acceptConnect(peer, { properties });
      const { messageId = 0 } = await peer.receive('publish');
      peer.send({ cmd: 'puback', messageId });
    });
    expect(await publish(liar.port, '-q', '2')).toEqual(
      outcome(9, 'mqtt-pub: the broker takes messages up to QoS 1, not 2', '  Use -q 1.'),
    );
    expect(await publish(liar.port, '-q', '1', '-r')).toEqual(
      outcome(9, 'mqtt-pub: the broker does not retain messages', '  Leave -r away.'),
    );
    // 2 bytes of fixed header, 5 of topic, 2 of identifier, 1 of properties, and the payload. [MQTT5 3.2.2.3.6]
    expect(await runCli('mqtt-pub', at(liar, '-m', 'xx', '-q', '1'), { real: true })).toEqual(outcome(0));
    expect(await runCli('mqtt-pub', at(liar, '-m', 'xxx', '-q', '1'), { real: true })).toEqual(
      outcome(9, 'mqtt-pub: a message of 3 bytes is too large for the broker (packets up to 12 bytes)'),
    );
  });
});

function at(liar: Liar, ...words: string[]): string[] {
  return ['-h', '127.0.0.1', '-p', String(liar.port), '-t', 'a/b', ...words];
}

describe('while subscribing', () => {
  it('SUBACK denies, with a reason', async () => {
    const liar = await lie(async (peer) => {
      await acceptConnect(peer);
      await acceptSubscribe(peer, [0x87], 'not you');
    });
    expect(await subscribe(liar.port)).toEqual(
      outcome(8, 'mqtt-sub: subscription not allowed: a/b: Not authorized (0x87): not you'),
    );
  });

  it('SUBACK grants less QoS than asked for', async () => {
    const liar = await lie(async (peer) => {
      await acceptConnect(peer);
      await acceptSubscribe(peer, [0]);
      peer.send({ cmd: 'publish', topic: 'a/b', payload: 'x', qos: 0, dup: false, retain: false });
    });
    expect(await subscribe(liar.port, '-q', '1', '-C', '1')).toEqual({
      exitCode: 0,
      stdout: Buffer.from('x\n'),
      stderr: 'mqtt-sub: the broker granted a/b at QoS 0, not 1\n',
    });
  });

  it('another client takes the session over: no fight', async () => {
    const liar = await lie(async (peer) => {
      await acceptConnect(peer);
      await acceptSubscribe(peer);
      peer.send({ cmd: 'disconnect', reasonCode: 0x8e });
      peer.end();
    });
    expect(await subscribe(liar.port)).toEqual(
      outcome(
        7,
        'mqtt-sub: another client connected with the same Client Identifier: Session taken over (0x8E)',
        '  Give each client its own: -i NAME',
      ),
    );
    expect(liar.connections).toBe(1);
  });

  it('the broker moves away', async () => {
    const liar = await lie(async (peer) => {
      await acceptConnect(peer);
      await acceptSubscribe(peer);
      peer.send({ cmd: 'disconnect', reasonCode: 0x9d, properties: { serverReference: 'other.example.com' } });
      peer.end();
    });
    const { exitCode, stderr } = await subscribe(liar.port);
    expect(stderr).toContain('Server moved (0x9D)');
    expect(stderr).toContain('\n  Connect there: -h other.example.com\n');
    expect(exitCode).toBe(7);
  });

  it.each([
    ['shuts down', 0x8b, 'the broker disconnected us: Server shutting down (0x8B)'],
    ['resets', undefined, 'the broker reset it'],
  ])('the broker %s and is back: said twice, and every message after it is there', async (_how, reasonCode, reason) => {
    const liar = await lie(async (peer, connection) => {
      await acceptConnect(peer);
      await acceptSubscribe(peer);
      const payload = `from connection ${connection}`;
      peer.send({ cmd: 'publish', topic: 'a/b', payload, qos: 1, messageId: 1, dup: false, retain: false });
      await peer.receive('puback');
      if (connection > 1) return;
      if (reasonCode !== undefined) peer.send({ cmd: 'disconnect', reasonCode });
      if (reasonCode !== undefined) peer.end();
      else peer.socket.resetAndDestroy();
    });
    const { exitCode, stdout, stderr } = await subscribe(liar.port, '-q', '1', '-C', '2');
    expect(stdout.toString()).toBe('from connection 1\nfrom connection 2\n');
    expect(stderr).toMatch(
      /^mqtt-sub: connection lost \(.*\), trying again \.\.\.\nmqtt-sub: connected again after \d\.\d s\n$/,
    );
    expect(stderr).toContain(`(${reason})`);
    expect(exitCode).toBe(0);
  });
});
