import { describe, expect, it } from 'vitest';
import { withDeadline } from '../support/deadline.ts';
import { settle } from '../support/fake-clock.ts';
import { converse } from './talking.ts';

describe('closing a session', () => {
  it.each([
    [5, 0x00, 'e000'],
    [5, 0x04, 'e0020400'],
    [4, 0x00, 'e000'],
    [4, 0x04, 'e000'],
    [3, 0x04, 'e000'],
  ] as const)(
    'of version %d sends DISCONNECT with reason code %d [MQTT5 3.14.2.1]',
    async (version, reasonCode, hex) => {
      const { peer, session } = await converse({ plan: { version } });
      const chunks: Buffer[] = [];
      peer.socket.on('data', (chunk: Buffer) => chunks.push(chunk));
      const closed = session.close(reasonCode);
      await peer.receive('disconnect');
      await closed;
      expect(['e000', 'e0020000', 'e0020400']).toContain(Buffer.concat(chunks).toString('hex'));
      // A success may be left out altogether. [MQTT5 3.14.2.1]
      expect(Buffer.concat(chunks).toString('hex').replace('e0020000', 'e000')).toBe(hex);
      expect(await session.ended).toEqual({ kind: 'closed', reason: 'closed' });
    },
  );

  it('carries properties', async () => {
    const { peer, session } = await converse();
    void session.close(0x04, { sessionExpiryInterval: 7 });
    expect(await peer.receive('disconnect')).toMatchObject({ reasonCode: 4, properties: { sessionExpiryInterval: 7 } });
  });

  it('comes after all that was published before', async () => {
    const { peer, session } = await converse();
    for (let index = 0; index < 100; index += 1) {
      session
        .publish({ topic: String(index), payload: Buffer.alloc(10_000), qos: 0, retain: false })
        .catch(() => undefined);
    }
    const closed = session.close();
    await peer.receive('disconnect');
    await closed;
    expect(peer.packets).toHaveLength(102);
    expect(peer.packets.at(-1)?.cmd).toBe('disconnect');
  });

  it('does not wait for ever for a broker that never closes', async () => {
    const { peer, session, clock } = await converse({ handlers: {} });
    // A half-open server keeps its side as long as it likes.
    peer.socket.allowHalfOpen = true;
    let isClosed = false;
    const closed = session.close().then(() => {
      isClosed = true;
    });
    await peer.receive('disconnect');
    await clock.advance(799);
    expect(isClosed).toBe(false);
    await clock.advance(1);
    await withDeadline(closed, 'the end of the session');
  });

  it('does not wait for ever for a broker that does not read', async () => {
    const { peer, session, clock } = await converse();
    peer.socket.pause();
    while (session.drained() === undefined) {
      session.publish({ topic: 'a', payload: Buffer.alloc(1_000_000), qos: 0, retain: false }).catch(() => undefined);
      await settle();
    }
    const closed = session.close();
    await clock.advance(800);
    await withDeadline(closed, 'the end of the session');
  });

  it('happens once, and is no mistake after the end', async () => {
    const { peer, session } = await converse();
    await Promise.all([session.close(), session.close(0x04)]);
    await session.close();
    expect(peer.packets.filter(({ cmd }) => cmd === 'disconnect')).toHaveLength(1);
  });
});

describe('the end of a session', () => {
  it.each([
    [0x8b, 'the broker disconnected us: Server shutting down (0x8B)'],
    [0x8e, 'another client connected with the same Client Identifier: Session taken over (0x8E)'],
    [0x8d, 'the broker disconnected us: Keep Alive timeout (0x8D)'],
    [0x00, 'the broker disconnected us: Success (0x00)'],
  ])('by DISCONNECT with reason code %d is told in words [MQTT5 3.14.2.1]', async (reasonCode, reason) => {
    const { peer, session } = await converse();
    peer.send({ cmd: 'disconnect', reasonCode });
    peer.end();
    expect(await session.ended).toEqual({ kind: 'disconnected', reason, reasonCode });
  });

  it('tells the Reason String and the Server Reference [MQTT5 3.14.2.2]', async () => {
    const { peer, session } = await converse();
    const properties = { reasonString: 'moving', serverReference: 'other:1884' };
    peer.send({ cmd: 'disconnect', reasonCode: 0x9d, properties });
    peer.end();
    expect(await session.ended).toEqual({
      kind: 'disconnected',
      reason: 'the broker disconnected us: Server moved (0x9D): moving',
      reasonCode: 0x9d,
      serverReference: 'other:1884',
    });
  });

  it('comes with DISCONNECT even if the broker leaves it to us to close [MQTT5 3.14.4]', async () => {
    const { peer, session } = await converse();
    peer.send({ cmd: 'disconnect', reasonCode: 0x8b });
    expect(await withDeadline(session.ended, 'the end of the session')).toMatchObject({ reasonCode: 0x8b });
  });

  it('is closed by us when we said so first, whatever the broker says then', async () => {
    const { peer, session } = await converse();
    const closed = session.close();
    peer.socket.resetAndDestroy();
    await closed;
    expect((await session.ended).kind).toBe('closed');
  });

  it.each([
    ['closes', 'the broker closed it'],
    ['resets', 'the broker reset it'],
  ])('where the broker %s the connection is a loss', async (how, reason) => {
    const { peer, session } = await converse();
    if (how === 'closes') peer.end();
    else peer.socket.resetAndDestroy();
    expect(await session.ended).toEqual({ kind: 'lost', reason });
  });

  it('leaves no timer behind', async () => {
    const { peer, session, clock } = await converse();
    peer.end();
    await session.ended;
    expect(clock.pendingMs).toEqual([]);
  });
});

describe('Keep Alive [MQTT5 3.1.2.10]', () => {
  it('keeps an idle connection by PINGREQ and PINGRESP', async () => {
    const { peer, session, clock } = await converse({ plan: { keepAliveSeconds: 10 } });
    for (let ping = 0; ping < 5; ping += 1) {
      await clock.advance(5000);
      await peer.receive('pingreq');
      peer.send({ cmd: 'pingresp' });
      await settle();
      await settle();
    }
    await session.close();
    expect((await session.ended).kind).toBe('closed');
  });

  it('ends a connection whose broker has gone silent', async () => {
    const { session, clock } = await converse({ plan: { keepAliveSeconds: 10 } });
    await clock.advance(14_999);
    let end: unknown;
    void session.ended.then((reason) => {
      end = reason;
    });
    await settle();
    expect(end).toBe(undefined);
    await clock.advance(1);
    expect(await session.ended).toEqual({ kind: 'lost', reason: 'the broker did not answer PINGREQ for 10 s' });
  });

  it('takes whatever the broker sends for a sign of life', async () => {
    const { peer, session, clock } = await converse({ plan: { keepAliveSeconds: 10 }, handlers: {} });
    for (let half = 0; half < 8; half += 1) {
      peer.send({ cmd: 'publish', topic: 'a', payload: '', qos: 0, dup: false, retain: false });
      await settle();
      await clock.advance(5000);
      await peer.receive('pingreq');
    }
    await session.close();
    expect((await session.ended).kind).toBe('closed');
  });

  it('is as long as the broker wants it [MQTT-3.2.2-21]', async () => {
    const { peer, clock, session } = await converse({
      plan: { keepAliveSeconds: 60 },
      connack: { properties: { serverKeepAlive: 20 } },
    });
    await clock.advance(10_000);
    await peer.receive('pingreq');
    await session.close();
  });

  it('of 0 is none', async () => {
    const { clock, session } = await converse({ plan: { keepAliveSeconds: 0 } });
    expect(clock.pendingMs).toEqual([]);
    await session.close();
  });
});
