import { createServer } from 'node:net';
import type { Packet } from 'mqtt-packet';
import { describe, expect, it, onTestFinished } from 'vitest';
import { InterruptedError, RefusedError, UnauthorizedError, UnreachableError } from '../../src/errors.ts';
import type { ConnectionPlan } from '../../src/mqtt/connection-plan.ts';
import type { Session } from '../../src/mqtt/session.ts';
import { withDeadline } from '../support/deadline.ts';
import { acceptConnect } from '../support/liar.ts';
import type { Peer } from '../support/peer.ts';
import { makeTempFolder } from '../support/temp-folder.ts';
import { converse, deferred, talk } from './talking.ts';

/** The bytes of the CONNECT of a plan, as hexadecimal digits. */
async function connectBytes(plan: Partial<ConnectionPlan>): Promise<string> {
  const bytes = deferred<Buffer>();
  const { connect } = await talk(async (peer) => {
    peer.socket.once('data', bytes.resolve);
    await acceptConnect(peer);
  }, plan);
  await connect();
  return (await bytes.promise).toString('hex');
}

function hexOf(text: string): string {
  const bytes = Buffer.from(text);
  return bytes.length.toString(16).padStart(4, '0') + bytes.toString('hex');
}

describe('CONNECT', () => {
  it('of MQTT 3.1 is as in 2010 [MQTT3.1 3.1]', async () => {
    expect(await connectBytes({ version: 3 })).toBe(
      `10 0f 0006 4d5149736470 03 02 003c ${hexOf('x')}`.replaceAll(' ', ''),
    );
  });

  it('of MQTT 3.1.1 has flags, Keep Alive and Client Identifier [MQTT3.1.1 3.1]', async () => {
    expect(await connectBytes({ version: 4 })).toBe(`10 0d 0004 4d515454 04 02 003c ${hexOf('x')}`.replaceAll(' ', ''));
  });

  it('of MQTT 5 has properties too [MQTT5 3.1]', async () => {
    const plan = { sessionExpiryInterval: 0x01020304, receiveMaximum: 0x0506 };
    expect(await connectBytes({ version: 5 })).toBe(
      `10 0e 0004 4d515454 05 02 003c 00 ${hexOf('x')}`.replaceAll(' ', ''),
    );
    const withProperties = await connectBytes({ version: 5, ...plan, keepAliveSeconds: 5 });
    const [head, tail] = ['1016 0004 4d515454 05 02 0005 08', hexOf('x')].map((part) => part.replaceAll(' ', ''));
    // The order of properties is free.
    expect([`${head}2105061101020304${tail}`, `${head}1101020304210506${tail}`]).toContain(withProperties);
  });

  it('says what the broker keeps, and to whom [MQTT5 3.1.2.3]', async () => {
    const plan = {
      version: 4,
      cleanStart: false,
      username: 'é',
      password: Buffer.from([0x00, 0xff]),
      will: { topic: 'w', payload: Buffer.from([0xff, 0x00]), qos: 2, retain: true },
    } as const;
    // User name 0x80, password 0x40, Will Retain 0x20, Will QoS 2 0x10, Will 0x04.
    const expected = `10 1c 0004 4d515454 04 f4 003c ${hexOf('x')} ${hexOf('w')} 0002ff00 ${hexOf('é')} 000200ff`;
    expect(await connectBytes(plan)).toBe(expected.replaceAll(' ', ''));
  });

  it('sends an empty user name and password as such', async () => {
    expect(await connectBytes({ version: 4, username: '', password: Buffer.alloc(0) })).toBe(
      `10 11 0004 4d515454 04 c2 003c ${hexOf('x')} 0000 0000`.replaceAll(' ', ''),
    );
  });

  it('carries the properties of the plan [MQTT5 3.1.2.11] [MQTT5 3.1.3.2]', async () => {
    const connects: unknown[] = [];
    const { connect } = await talk(
      async (peer) => {
        connects.push(await peer.receive('connect'));
        peer.send({ cmd: 'connack', reasonCode: 0, sessionPresent: false });
      },
      {
        properties: {
          requestProblemInformation: 1,
          requestResponseInformation: 0,
          userProperties: [
            ['a', '1'],
            ['a', '2'],
            ['__proto__', 'x'],
          ],
        },
        will: { topic: 'w', payload: Buffer.alloc(0), qos: 0, retain: false, properties: { willDelayInterval: 7 } },
      },
    );
    await connect();
    const userProperties = Object.assign(Object.create(null), { a: ['1', '2'], ['__proto__']: 'x' });
    expect(connects[0]).toMatchObject({
      properties: { requestProblemInformation: true, requestResponseInformation: false },
      will: { properties: { willDelayInterval: 7 } },
    });
    expect(JSON.stringify((connects[0] as { properties: object }).properties)).toContain(
      JSON.stringify(userProperties.a),
    );
  });
});

describe('CONNACK', () => {
  it('says what was agreed [MQTT5 3.2.2.3]', async () => {
    const { session } = await converse({
      plan: { clientId: '' },
      connack: {
        sessionPresent: true,
        properties: {
          assignedClientIdentifier: 'given',
          serverKeepAlive: 30,
          receiveMaximum: 7,
          maximumQoS: 1,
          retainAvailable: false,
          maximumPacketSize: 1000,
          sharedSubscriptionAvailable: false,
        },
      },
    });
    expect(session.info).toMatchObject({
      version: 5,
      clientId: 'given',
      sessionPresent: true,
      keepAliveSeconds: 30,
      receiveMaximum: 7,
      maximumQoS: 1,
      retainAvailable: false,
      maximumPacketSize: 1000,
      sharedSubscriptionAvailable: false,
    });
  });

  it('leaves the defaults of the specification where it says nothing', async () => {
    const { session } = await converse();
    expect(session.info).toMatchObject({
      version: 5,
      clientId: 'x',
      sessionPresent: false,
      keepAliveSeconds: 60,
      receiveMaximum: 65_535,
      maximumQoS: 2,
      retainAvailable: true,
    });
    expect(session.info).not.toHaveProperty('maximumPacketSize');
    expect(session.info).not.toHaveProperty('sharedSubscriptionAvailable');
  });

  it.each([
    [5, 0x80, RefusedError, 'the broker refused the connection: Unspecified error (0x80)'],
    [5, 0x86, UnauthorizedError, 'the broker refused the login: Bad User Name or Password (0x86)'],
    [5, 0x87, UnauthorizedError, 'the broker refused the login: Not authorized (0x87)'],
    [5, 0x8a, UnauthorizedError, 'the broker refused the login: Banned (0x8A)'],
    [5, 0x89, RefusedError, 'the broker refused the connection: Server busy (0x89)'],
    [5, 0x84, RefusedError, 'the broker refused the connection: Unsupported Protocol Version (0x84)'],
    [5, 0xff, RefusedError, 'the broker refused the connection: unknown Reason Code (0xFF)'],
    [4, 0x01, RefusedError, 'the broker refused the connection: Unacceptable protocol version (0x01)'],
    [4, 0x03, RefusedError, 'the broker refused the connection: Server unavailable (0x03)'],
    [4, 0x04, UnauthorizedError, 'the broker refused the login: Bad user name or password (0x04)'],
    [4, 0x05, UnauthorizedError, 'the broker refused the login: Not authorized (0x05)'],
    [3, 0x05, UnauthorizedError, 'the broker refused the login: Not authorized (0x05)'],
  ] as const)('of version %d with code %d refuses', async (version, code, type, message) => {
    const { connect, liar } = await talk((peer) => acceptConnect(peer, { returnCode: code, reasonCode: code }), {
      version,
    });
    const failure = await connect().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(type);
    expect(failure).toMatchObject({ message });
    expect(liar.connections).toBe(1);
  });

  it('tells the Reason String and the Server Reference [MQTT5 3.2.2.3]', async () => {
    const properties = { reasonString: 'no such\u001b[2J tenant', serverReference: 'other:1884' };
    const { connect } = await talk((peer) => acceptConnect(peer, { reasonCode: 0x9c, properties }));
    await expect(connect()).rejects.toMatchObject({
      message: expect.stringContaining('Use another server (0x9C): no such'),
      hint: expect.stringContaining('-h other -p 1884'),
    });
  });

  it('ends the connection when it refuses', async () => {
    const closed = deferred();
    const { connect } = await talk(async (peer) => {
      await acceptConnect(peer, { reasonCode: 0x87 });
      await peer.closed;
      closed.resolve();
    });
    await expect(connect()).rejects.toThrow('refused the login');
    await withDeadline(closed.promise, 'the end of the refused connection');
  });
});

describe('version auto', () => {
  /** The versions that were tried, when the broker does this with CONNECT of MQTT 5. */
  async function tried(refuse: (peer: Peer) => void): Promise<[(number | undefined)[], Session]> {
    const versions: (number | undefined)[] = [];
    const { connect } = await talk(
      async (peer) => {
        const { protocolVersion } = await peer.receive('connect');
        versions.push(protocolVersion);
        if (protocolVersion === 5) refuse(peer);
        else peer.send({ cmd: 'connack', returnCode: 0, sessionPresent: false });
      },
      { version: 'auto' },
    );
    return [versions, await connect()];
  }

  it.each<[string, (peer: Peer) => void]>([
    // The old form, as aedes sends it.
    ['CONNACK 0x01', (peer) => peer.send(Buffer.from('20020001', 'hex'))],
    ['CONNACK 0x84', (peer) => peer.send({ cmd: 'connack', reasonCode: 0x84, sessionPresent: false })],
    ['closing, as RabbitMQ 3.10 does', (peer) => peer.end()],
    ['a reset', (peer) => void peer.socket.resetAndDestroy()],
  ])('falls back to MQTT 3.1.1 after %s', async (_what, refuse) => {
    const [versions, session] = await tried(refuse);
    expect(versions).toEqual([5, 4]);
    expect(session.info.version).toBe(4);
  });

  it('stays with MQTT 5 where the broker takes it', async () => {
    const { session, liar } = await converse({ plan: { version: 'auto' } });
    expect(session.info.version).toBe(5);
    expect(liar.connections).toBe(1);
  });

  it.each([
    ['closes', (peer: Peer) => peer.end(), 'closed the connection before CONNACK'],
    [
      'refuses',
      (peer: Peer) => peer.send(Buffer.from('20020001', 'hex')),
      'the broker refused the connection: Unacceptable protocol version (0x01)',
    ],
  ])('tries MQTT 3.1.1 once where the broker %s always', async (_what, refuse, message) => {
    const { connect, liar } = await talk(
      async (peer) => {
        await peer.receive('connect');
        refuse(peer);
      },
      { version: 'auto' },
    );
    await expect(connect()).rejects.toThrow(message);
    expect(liar.connections).toBe(2);
  });

  it('does not try again after any other refusal', async () => {
    const { connect, liar } = await talk((peer) => acceptConnect(peer, { reasonCode: 0x87 }), { version: 'auto' });
    await expect(connect()).rejects.toBeInstanceOf(UnauthorizedError);
    expect(liar.connections).toBe(1);
  });

  it.each([5, 4, 3] as const)('pinned to %d is never another', async (version) => {
    const { connect, liar } = await talk((peer) => peer.end(), { version });
    await expect(connect()).rejects.toBeInstanceOf(UnreachableError);
    expect(liar.connections).toBe(1);
  });
});

describe('an empty Client Identifier', () => {
  it.each([
    [4, 0x02],
    [5, 0x85],
  ] as const)(
    'of version %d that is refused with %d is replaced by one of ours [MQTT-3.1.3-8]',
    async (version, code) => {
      const clientIds: string[] = [];
      const { connect } = await talk(
        async (peer) => {
          const { clientId } = await peer.receive('connect');
          clientIds.push(clientId);
          const answer = clientId === '' ? code : 0;
          peer.send({ cmd: 'connack', returnCode: answer, reasonCode: answer, sessionPresent: false });
        },
        { version, clientId: '' },
      );
      const session = await connect();
      expect(clientIds).toHaveLength(2);
      expect(clientIds[1]).toMatch(/^mqtt-test-[0-9a-z]{1,13}$/);
      expect(session.info.clientId).toBe(clientIds[1]);
    },
  );

  it('is never sent with MQTT 3.1, which has none', async () => {
    const { session } = await converse({ plan: { version: 3, clientId: '' } });
    expect(session.info.clientId).toMatch(/^mqtt-test-[0-9a-z]{1,13}$/);
  });

  it('that was chosen by the user is not replaced', async () => {
    const { connect, liar } = await talk((peer) => acceptConnect(peer, { reasonCode: 0x85 }), { clientId: 'mine' });
    await expect(connect()).rejects.toMatchObject({
      message: 'the broker refused the connection: Client Identifier not valid (0x85)',
      hint: 'Choose another Client Identifier than mine: -i',
    });
    expect(liar.connections).toBe(1);
  });

  it('is not replaced after any other refusal', async () => {
    const { connect, liar } = await talk((peer) => acceptConnect(peer, { reasonCode: 0x87 }), { clientId: '' });
    await expect(connect()).rejects.toBeInstanceOf(UnauthorizedError);
    expect(liar.connections).toBe(1);
  });

  it('is replaced by one of 23 characters at most, as every broker takes them [MQTT-3.1.3-5]', async () => {
    const { session } = await converse({
      plan: { version: 3, clientId: '', generatedClientIdPrefix: 'a-prefix-of-many-words-' },
    });
    expect(session.info.clientId).toBe('a-prefix-of-many-words-');
  });

  it('may be refused after the version was', async () => {
    const { connect, liar } = await talk(
      async (peer) => {
        const { protocolVersion, clientId } = await peer.receive('connect');
        if (protocolVersion === 5) peer.end();
        else peer.send({ cmd: 'connack', returnCode: clientId === '' ? 2 : 0, sessionPresent: false });
      },
      { version: 'auto', clientId: '' },
    );
    expect((await connect()).info).toMatchObject({ version: 4, clientId: expect.stringMatching(/^mqtt-test-/) });
    expect(liar.connections).toBe(3);
  });
});

describe('AUTH before CONNACK [MQTT5 4.12]', () => {
  const challenge = { cmd: 'auth', reasonCode: 0x18, properties: { authenticationMethod: 'x' } } as const;

  it('is answered with the data that was given for it', async () => {
    const answers: unknown[] = [];
    const { connect } = await talk(
      async (peer) => {
        await peer.receive('connect');
        peer.send(challenge as never);
        answers.push(await peer.receive('auth'));
        peer.send({ cmd: 'connack', reasonCode: 0, sessionPresent: false });
      },
      {
        properties: { authenticationMethod: 'x', authenticationData: Buffer.from('first') },
        authProperties: { authenticationData: Buffer.from('second') },
      },
    );
    await connect();
    expect(answers).toMatchObject([
      { reasonCode: 0x18, properties: { authenticationMethod: 'x', authenticationData: Buffer.from('second') } },
    ]);
  });

  it('ends the attempt where none was given', async () => {
    const { connect } = await talk(
      async (peer) => {
        await peer.receive('connect');
        peer.send(challenge as never);
      },
      { properties: { authenticationMethod: 'x' } },
    );
    await expect(connect()).rejects.toThrow('-D auth gives none');
  });
});

describe('the connect time-out', () => {
  it('ends the wait for a CONNACK that never comes', async () => {
    const connected = deferred<Peer>();
    const { connect, clock, liar } = await talk(async (peer) => {
      await peer.receive('connect');
      connected.resolve(peer);
    });
    const failure = connect().catch((error: unknown) => error);
    const peer = await connected.promise;
    await clock.advance(10_000);
    expect(await failure).toBeInstanceOf(UnreachableError);
    expect(await failure).toMatchObject({
      message: `no answer from 127.0.0.1:${liar.port} in 10 s`,
      hint: 'Is a firewall between here and there? Is the port right?',
    });
    await withDeadline(peer.closed, 'the end of the connection');
    expect(clock.pendingMs).toEqual([]);
  });

  it('names a socket by its path', async () => {
    const folder = makeTempFolder();
    const connected = deferred();
    const server = createServer((socket) => void socket.once('data', () => connected.resolve()));
    await new Promise<void>((resolve) => server.listen(folder.file('b.sock'), resolve));
    onTestFinished(() => {
      server.close();
      folder.remove();
    });
    const { connect, clock } = await talk(() => undefined);
    const endpoint = { host: folder.file('b.sock'), port: 0, unix: true };
    const failure = connect({}, { endpoint }).catch((error: unknown) => error);
    await connected.promise;
    await clock.advance(10_000);
    expect(await failure).toMatchObject({ message: `no answer from ${folder.file('b.sock')} in 10 s` });
  });

  it('bounds all attempts together', async () => {
    const second = deferred();
    const { connect, clock, liar } = await talk(
      async (peer, connection) => {
        await peer.receive('connect');
        if (connection === 1) {
          await clock.advance(6000);
          peer.end();
        } else second.resolve();
      },
      { version: 'auto' },
    );
    const failure = connect().catch((error: unknown) => error);
    await second.promise;
    await clock.advance(4000);
    expect(await failure).toMatchObject({ message: expect.stringContaining('in 10 s') });
    expect(liar.connections).toBe(2);
  });

  it('is over when the session is open', async () => {
    const { clock, session, peer } = await converse({ plan: { keepAliveSeconds: 60 } });
    expect(clock.pendingMs).toEqual([30_000]);
    await session.close();
    await peer.closed;
    expect(clock.pendingMs).toEqual([]);
  });
});

describe('a signal', () => {
  it('ends the wait for CONNACK', async () => {
    const connected = deferred<Peer>();
    const { connect, clock, stop } = await talk(async (peer) => {
      await peer.receive('connect');
      connected.resolve(peer);
    });
    const failure = connect().catch((error: unknown) => error);
    const peer = await connected.promise;
    stop({ signal: 'SIGTERM' });
    expect(await failure).toBeInstanceOf(InterruptedError);
    expect(await failure).toMatchObject({ message: 'stopped by SIGTERM while connecting', exitCode: 143 });
    await withDeadline(peer.closed, 'the end of the connection');
    expect(clock.pendingMs).toEqual([]);
  });

  it('that came before keeps the connection from being opened', async () => {
    const { connect, stop, liar } = await talk(() => undefined);
    stop({ signal: 'SIGINT' });
    await expect(connect()).rejects.toMatchObject({ message: 'stopped by SIGINT while connecting', exitCode: 130 });
    expect(liar.connections).toBe(0);
  });
});

describe('what is no broker', () => {
  it.each<[string, (peer: Peer) => void, RegExp]>([
    ['HTTP', (peer) => peer.send(Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')), /did not answer as an MQTT broker/],
    ['SSH', (peer) => peer.send(Buffer.from('SSH-2.0-OpenSSH_9.2\r\n')), /did not answer as an MQTT broker/],
    ['zeros', (peer) => peer.send(Buffer.alloc(1000)), /did not answer as an MQTT broker/],
    ['a reset', (peer) => void peer.socket.resetAndDestroy(), /closed the connection before CONNACK/],
    ['nothing', (peer) => peer.end(), /closed the connection before CONNACK/],
  ])('is known by its answer: %s', async (_what, answer, message) => {
    const { connect } = await talk(async (peer) => {
      await peer.receive('connect');
      answer(peer);
    });
    const failure = await connect().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(UnreachableError);
    expect((failure as Error).message).toMatch(message);
  });

  it('may say something before it is asked', async () => {
    const { connect } = await talk((peer) => {
      peer.send(Buffer.from('220 mail.example.com ESMTP\r\n'));
      peer.end();
    });
    await expect(connect()).rejects.toBeInstanceOf(UnreachableError);
  });

  it.each<[string, Packet]>([
    ['PUBLISH', { cmd: 'publish', topic: 'a', payload: 'x', qos: 0, dup: false, retain: false }],
    ['PINGRESP', { cmd: 'pingresp' }],
    ['SUBACK', { cmd: 'suback', messageId: 1, granted: [0] }],
  ])('is known by a %s before CONNACK [MQTT-3.2.0-1]', async (name, packet) => {
    const received: unknown[] = [];
    const { connect, liar } = await talk(async (peer) => {
      await peer.receive('connect');
      peer.send(packet);
      peer.send({ cmd: 'connack', reasonCode: 0, sessionPresent: false });
    });
    const onMessage = (message: unknown): undefined => void received.push(message);
    await expect(connect({ onMessage })).rejects.toMatchObject({
      message: `127.0.0.1:${liar.port} did not answer as an MQTT broker: its first packet is ${name}`,
    });
    expect(received).toEqual([]);
  });
});
