/** A broker that answers PINGREQ, and nothing else. */
import { describe, expect, it } from 'vitest';
import { ConnectionLostError } from '../../src/errors.ts';
import type { Session } from '../../src/mqtt/session.ts';
import { withDeadline } from '../support/deadline.ts';
import { settle } from '../support/fake-clock.ts';
import { converse } from './talking.ts';

const LIMIT_MS = 30_000;
const SUBSCRIPTIONS = [{ filter: 'a', qos: 0 }] as const;
const MESSAGE = { topic: 'a', payload: Buffer.from('x'), retain: false } as const;

describe('a broker that answers PINGREQ', () => {
  it.each<[string, (session: Session) => Promise<unknown>]>([
    ['SUBSCRIBE', (session) => session.subscribe(SUBSCRIPTIONS)],
    ['UNSUBSCRIBE', (session) => session.unsubscribe(['a'])],
    ['PUBLISH', (session) => session.publish({ ...MESSAGE, qos: 1 })],
    ['PUBLISH', (session) => session.publish({ ...MESSAGE, qos: 2 })],
  ])('but not %s loses the connection after 30 s', async (name, ask) => {
    const { peer, session, clock } = await converse({ plan: { keepAliveSeconds: 0 } });
    const outcome = ask(session).catch((error: unknown) => error);
    for (let pings = 0; pings < 2; pings += 1) {
      await clock.advance(LIMIT_MS / 2);
      await peer.receive('pingreq');
      peer.send({ cmd: 'pingresp' });
      // The last one ends it.
      if (pings === 0) await pongHandled(session, peer);
    }
    const reason = `the broker answers PINGREQ, but not ${name} for 30 s`;
    expect(await withDeadline(session.ended, 'the end')).toEqual({ kind: 'lost', reason });
    expect(await outcome).toEqual(new ConnectionLostError(`the connection was lost: ${reason}`));
    expect(clock.pendingMs).toEqual([]);
  });

  it('to another Packet Identifier than that of SUBSCRIBE has not answered it', async () => {
    const { peer, session, clock } = await converse({ plan: { keepAliveSeconds: 0 } });
    const outcome = session.subscribe(SUBSCRIPTIONS).catch((error: unknown) => error);
    const { messageId = 0 } = await peer.receive('subscribe');
    peer.send({ cmd: 'suback', messageId: messageId + 1, granted: [0] });
    await pongHandled(session, peer);
    await clock.advance(LIMIT_MS / 2);
    await peer.receive('pingreq');
    peer.send({ cmd: 'pingresp' });
    await pongHandled(session, peer);
    await clock.advance(LIMIT_MS / 2);
    await peer.receive('pingreq');
    peer.send({ cmd: 'pingresp' });
    expect(await outcome).toBeInstanceOf(Error);
  });

  it('and SUBSCRIBE late, but before the second PINGRESP, has answered it', async () => {
    const { peer, session, clock } = await converse({ plan: { keepAliveSeconds: 0 } });
    const outcome = session.subscribe(SUBSCRIPTIONS);
    const { messageId = 0 } = await peer.receive('subscribe');
    await clock.advance(LIMIT_MS / 2);
    await peer.receive('pingreq');
    // Nothing comes from a broker, or is read of it, for an hour.
    await clock.advance(3_600_000);
    peer.send({ cmd: 'pingresp' });
    await pongHandled(session, peer);
    await clock.advance(LIMIT_MS / 2);
    await peer.receive('pingreq');
    peer.send({ cmd: 'suback', messageId, granted: [0] });
    peer.send({ cmd: 'pingresp' });
    expect(await outcome).toEqual([{ filter: 'a', reasonCode: 0 }]);
    await pongHandled(session, peer);
    expect(clock.pendingMs).toEqual([]);
    await session.close();
  });
});

/** Resolves when the session has read what the broker sent before. */
async function pongHandled(session: Session, peer: Awaited<ReturnType<typeof converse>>['peer']): Promise<void> {
  const pong = session.ping();
  await peer.receive('pingreq');
  peer.send({ cmd: 'pingresp' });
  await pong;
  await settle();
}
