/** Sessions that are only held: the same as the others in what they say and in how they end. */
import { describe, expect, it } from 'vitest';
import { KeepAliveWheel } from '../../src/mqtt/keep-alive-wheel.ts';
import type { Session } from '../../src/mqtt/session.ts';
import { FakeClock, settle } from '../support/fake-clock.ts';
import { acceptConnect, acceptSubscribe } from '../support/liar.ts';
import type { Peer } from '../support/peer.ts';
import { deferred, talk } from './talking.ts';

/** An idle session and the broker's end of it; `plan` differs from the usual one. */
async function hold(plan: Parameters<typeof talk>[1] = {}, connack: object = {}) {
  const peer = deferred<Peer>();
  const talking = await talk(async (one) => {
    await acceptConnect(one, connack);
    peer.resolve(one);
  }, plan);
  const idle = new KeepAliveWheel(talking.clock);
  const session = await talking.connect({ idle });
  return { ...talking, session, peer: await peer.promise };
}

/** The bytes of CONNECT, by the session of either kind. */
async function connectBytes(plan: Parameters<typeof talk>[1], isIdle: boolean): Promise<string> {
  const bytes = deferred<Buffer>();
  const { clock, connect } = await talk(async (peer) => {
    peer.socket.once('data', bytes.resolve);
    await acceptConnect(peer);
  }, plan);
  await connect(isIdle ? { idle: new KeepAliveWheel(clock) } : {});
  return (await bytes.promise).toString('hex');
}

describe('an idle session', () => {
  it.each([
    { version: 3 as const },
    { version: 4 as const, username: 'me', password: Buffer.from('secret') },
    {
      version: 5 as const,
      sessionExpiryInterval: 7,
      will: {
        topic: 'w',
        payload: Buffer.from('gone'),
        qos: 1 as const,
        retain: true,
        properties: { willDelayInterval: 3 },
      },
    },
  ])('says the same in CONNECT as any other: %j', async (plan) => {
    expect(await connectBytes(plan, true)).toBe(await connectBytes(plan, false));
  });

  it('knows what CONNACK said', async () => {
    const { session } = await hold({}, { properties: { serverKeepAlive: 30, receiveMaximum: 7 } });
    expect(session.info).toMatchObject({ version: 5, clientId: 'x', keepAliveSeconds: 30, receiveMaximum: 7 });
  });

  it('is refused as any other', async () => {
    const { clock, connect } = await talk((peer) => acceptConnect(peer, { reasonCode: 0x97 }));
    await expect(connect({ idle: new KeepAliveWheel(clock) })).rejects.toThrow('Quota exceeded');
  });

  it('is asked for again by MQTT 3.1.1 where the broker refuses MQTT 5', async () => {
    const { clock, connect, liar } = await talk(
      (peer, connection) => acceptConnect(peer, connection === 1 ? { reasonCode: 0x84 } : {}),
      { version: 'auto' },
    );
    const session = await connect({ idle: new KeepAliveWheel(clock) });
    expect([session.info.version, liar.connections]).toEqual([4, 2]);
  });

  it('ends within the connect time-out where nothing answers', async () => {
    const asked = deferred<void>();
    const { clock, connect } = await talk(async (peer) => {
      await peer.receive('connect');
      asked.resolve();
    });
    const opening = connect({ idle: new KeepAliveWheel(clock) });
    opening.catch(() => undefined);
    await asked.promise;
    await clock.advance(10_000);
    await expect(opening).rejects.toThrow('no answer from 127.0.0.1');
  });

  it('sends PINGREQ within each Keep Alive interval, for as long as it is answered [MQTT-3.1.2-20]', async () => {
    const { clock, peer, session } = await hold({ keepAliveSeconds: 10 });
    for (let ping = 0; ping < 5; ping += 1) {
      await clock.advance(5000);
      await peer.receive('pingreq');
      peer.send({ cmd: 'pingresp' });
      // Whatever is sent after it: the next PINGREQ shows that the answer to this one was taken.
      await settle();
    }
    expect(await isOpen(session)).toBe(true);
  });

  it('is lost when PINGREQ is not answered', async () => {
    const { clock, session } = await hold({ keepAliveSeconds: 10 });
    await clock.advance(14_000);
    expect(await isOpen(session)).toBe(true);
    await clock.advance(2000);
    expect(await session.ended).toEqual({
      kind: 'lost',
      reason: 'the broker did not answer PINGREQ for 10 s',
    });
  });

  it('is lost when the broker closes it', async () => {
    const { peer, session } = await hold();
    peer.end();
    expect(await session.ended).toEqual({ kind: 'lost', reason: 'the broker closed it' });
  });

  it('is ended by DISCONNECT, and says why [MQTT5 3.14]', async () => {
    const { peer, session } = await hold();
    peer.send({ cmd: 'disconnect', reasonCode: 0x8b });
    expect(await session.ended).toMatchObject({ kind: 'disconnected', reasonCode: 0x8b });
  });

  it('is lost when the broker sends what it may not, in two pieces', async () => {
    const { peer, session } = await hold();
    peer.send(Buffer.from([0xc0]));
    peer.send(Buffer.from([0x00]));
    expect(await session.ended).toEqual({ kind: 'lost', reason: 'the broker sent PINGREQ' });
  });

  it('subscribes, and acknowledges what comes [MQTT5 4.3]', async () => {
    const { peer, session } = await hold();
    const asking = session.subscribe([
      { filter: 'a/#', qos: 2 },
      { filter: 'b', qos: 1 },
    ]);
    await acceptSubscribe(peer, [2, 0x87], 'not b');
    expect(await asking).toEqual([
      { filter: 'a/#', reasonCode: 2, reasonString: 'not b' },
      { filter: 'b', reasonCode: 0x87, reasonString: 'not b' },
    ]);
    const message = { cmd: 'publish', topic: 'a/b', payload: 'x', dup: false, retain: false } as const;
    peer.send({ ...message, qos: 0 });
    peer.send({ ...message, qos: 1, messageId: 7 });
    expect(await peer.receive('puback')).toMatchObject({ messageId: 7 });
    peer.send({ ...message, qos: 2, messageId: 8 });
    expect(await peer.receive('pubrec')).toMatchObject({ messageId: 8 });
    peer.send({ cmd: 'pubrel', messageId: 8 });
    expect(await peer.receive('pubcomp')).toMatchObject({ messageId: 8 });
    expect(peer.packets.map(({ cmd }) => cmd)).toEqual(['connect', 'subscribe', 'puback', 'pubrec', 'pubcomp']);
  });

  it('that subscribes when the connection is lost learns of it', async () => {
    const { peer, session } = await hold();
    const asking = session.subscribe([{ filter: 'a', qos: 0 }]);
    await peer.receive('subscribe');
    peer.end();
    await expect(asking).rejects.toThrow('the connection was lost: the broker closed it');
  });

  it('closes with DISCONNECT', async () => {
    const { peer, session } = await hold();
    const closing = session.close();
    await peer.receive('disconnect');
    await closing;
    expect(await session.ended).toEqual({ kind: 'closed', reason: 'closed' });
  });

  it('closes in time when the broker keeps its side open', async () => {
    const { clock, session, peer } = await hold();
    peer.socket.pause();
    const closing = session.close(0, undefined, 100);
    await clock.advance(100);
    await closing;
  });

  it('closes at once where there is no time: DISCONNECT is sent all the same', async () => {
    const { peer, session } = await hold();
    await session.close(0, undefined, 0);
    await peer.receive('disconnect');
    await peer.closed;
  });
});

describe('a session that is cut', () => {
  it.each([false, true])('resets the connection, without DISCONNECT; idle: %s', async (isIdle) => {
    const failure = deferred<NodeJS.ErrnoException>();
    const peers: Peer[] = [];
    const { clock, connect } = await talk(async (peer) => {
      peers.push(peer);
      peer.socket.once('error', failure.resolve);
      await acceptConnect(peer);
    });
    const session = await connect(isIdle ? { idle: new KeepAliveWheel(clock) } : {});
    session.cut();
    expect(await session.ended).toMatchObject({ kind: 'closed' });
    expect((await failure.promise).code).toBe('ECONNRESET');
    expect(peers[0]?.packets.map(({ cmd }) => cmd)).toEqual(['connect']);
    session.cut();
    await session.close();
  });
});

describe('KeepAliveWheel', () => {
  it('wakes each in its own rhythm, by one timer, and stops with the last one', async () => {
    const clock = new FakeClock();
    const wheel = new KeepAliveWheel(clock);
    const woken: string[] = [];
    const make = (name: string) => ({ tick: () => void woken.push(`${name}${clock.monotonicMs() / 1000}`) });
    const [a, b] = [make('a'), make('b')];
    const spoke = wheel.add(a, 2500);
    await clock.advance(1000);
    const other = wheel.add(b, 3000);
    await clock.advance(5000);
    expect(woken).toEqual(['a2', 'a4', 'b4', 'a6']);
    wheel.remove(a, spoke);
    wheel.remove(b, other);
    wheel.remove(b, other);
    await clock.advance(10_000);
    expect(woken.length).toBe(4);
    wheel.add(a, 1000);
    await clock.advance(1000);
    expect(woken.at(-1)).toBe('a17');
  });

  it('leaves out those that are removed while others are woken', async () => {
    const clock = new FakeClock();
    const wheel = new KeepAliveWheel(clock);
    const woken: number[] = [];
    const spokes = [0, 1, 2].map((index) => {
      const one = { tick: () => onTick(index) };
      return { one, spoke: wheel.add(one, 1000) };
    });
    const onTick = (index: number): void => {
      woken.push(index);
      const next = spokes[index + 1];
      if (next) wheel.remove(next.one, next.spoke);
    };
    await clock.advance(1000);
    expect(woken).toEqual([0, 2]);
  });
});

async function isOpen(session: Session): Promise<boolean> {
  return Promise.race([session.ended.then(() => false), settle().then(() => true)]);
}
