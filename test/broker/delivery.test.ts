/** That the embedded broker loses nothing, whatever comes at once. */
import { describe, expect, it, onTestFinished } from 'vitest';
import { startEmbeddedBroker } from '../../src/broker/embedded.ts';
import { openRawClient, type RawClient } from '../support/raw-client.ts';

const BURST = 20_000;

async function startBroker(): Promise<number> {
  const broker = await startEmbeddedBroker({});
  onTestFinished(() => broker.close());
  return broker.port;
}

function delivered(client: RawClient, count: number): Promise<void> {
  return client.peer.until(() => client.deliveries.length >= count, `delivery ${count}`);
}

function accepted(client: RawClient, count: number): Promise<void> {
  return client.peer.until(() => client.accepted >= count, `acknowledgement ${count}`);
}

/** The numbers of the messages, in the order in which they came. */
function indices(client: RawClient): number[] {
  return client.deliveries.map(({ index }) => index);
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

describe('the embedded broker delivers', () => {
  const levels = [0, 1, 2] as const;
  it.each(levels.flatMap((qos) => [true, false].map((clean) => ({ qos, clean }))))(
    'a burst of 20,000 in order, QoS $qos, clean session $clean',
    async ({ qos, clean }) => {
      const port = await startBroker();
      const subscriber = await openRawClient(port, { clientId: 'subscriber', clean });
      await subscriber.subscribe('burst', qos);
      const publisher = await openRawClient(port);
      publisher.burst('burst', qos, BURST);
      await delivered(subscriber, BURST);
      if (qos > 0) await accepted(publisher, BURST);
      const released = new Set<number>();
      if (qos === 2) await subscriber.peer.until(() => subscriber.released.length >= BURST, 'the last PUBREL');
      for (const packetId of subscriber.released) released.add(packetId);
      expect(released.size).toBe(qos === 2 ? BURST : 0);
      expect(indices(subscriber)).toEqual(upTo(BURST));
      expect(new Set(subscriber.deliveries.map((delivery) => delivery.qos))).toEqual(new Set([qos]));
    },
  );

  it('what came for a session while its client was away', async () => {
    const port = await startBroker();
    const first = await openRawClient(port, { clientId: 'subscriber', clean: false });
    await first.subscribe('burst', 2);
    await first.end();
    const publisher = await openRawClient(port);
    publisher.burst('burst', 2, 2_000);
    await accepted(publisher, 2_000);
    const second = await openRawClient(port, { clientId: 'subscriber', clean: false });
    await delivered(second, 2_000);
    expect(indices(second)).toEqual(upTo(2_000));
  });

  it.each(levels)('retained messages in their place, QoS %d [MQTT-4.6.0-6]', async (qos) => {
    const port = await startBroker();
    const subscriber = await openRawClient(port);
    await subscriber.subscribe('a', qos);
    const publisher = await openRawClient(port);
    publisher.burst('a', qos, 300, 0, (index) => index % 3 === 0);
    await delivered(subscriber, 300);
    expect(indices(subscriber)).toEqual(upTo(300));
  });

  it('messages of QoS 1 that others of QoS 0 overtake inside it', async () => {
    const port = await startBroker();
    const subscriber = await openRawClient(port, { holds: true });
    await subscriber.subscribe('a/#', 1);
    const publisher = await openRawClient(port);
    publisher.burst('a/1', 1, 10_010);
    await delivered(subscriber, 10_000);
    // Ten wait for the first acknowledgement; these do not.
    const other = await openRawClient(port);
    other.burst('a/1', 0, 10, 10_010);
    await delivered(subscriber, 10_010);
    subscriber.acknowledge();
    await delivered(subscriber, 10_020);
    expect(indices(subscriber).sort((a, b) => a - b)).toEqual(upTo(10_020));
  });

  it('once what matches two subscriptions of a client', async () => {
    const port = await startBroker();
    const subscriber = await openRawClient(port);
    await subscriber.subscribe('a/#', 1);
    await subscriber.subscribe('a/+', 1);
    const publisher = await openRawClient(port);
    publisher.burst('a/b', 1, 100);
    publisher.burst('a/b/c', 1, 1, 100);
    await delivered(subscriber, 101);
    expect(indices(subscriber)).toEqual(upTo(101));
  });

  it('at no more than the granted QoS [MQTT-3.8.4-8]', async () => {
    const port = await startBroker();
    const subscriber = await openRawClient(port);
    await subscriber.subscribe('a/#', 1);
    const publisher = await openRawClient(port);
    publisher.burst('a/b', 2, 2);
    await delivered(subscriber, 2);
    expect(subscriber.deliveries).toMatchObject([{ qos: 1 }, { qos: 1 }]);
  });

  it('at no more than the granted QoS what came while its client was away [MQTT-3.8.4-8]', async () => {
    const port = await startBroker();
    const first = await openRawClient(port, { clientId: 'subscriber', clean: false });
    await first.subscribe('a/#', 1);
    await first.end();
    const publisher = await openRawClient(port);
    publisher.burst('a/b', 2, 2);
    await accepted(publisher, 2);
    const second = await openRawClient(port, { clientId: 'subscriber', clean: false });
    await delivered(second, 2);
    expect(second.deliveries).toMatchObject([{ qos: 1 }, { qos: 1 }]);
  });

  it('without end where two subscriptions of a client differ in QoS', async () => {
    const port = await startBroker();
    const subscriber = await openRawClient(port);
    await subscriber.subscribe('a/#', 1);
    await subscriber.subscribe('a/b', 0);
    const publisher = await openRawClient(port);
    publisher.burst('a/b', 1, BURST);
    publisher.burst('a/c', 1, 1, BURST);
    await delivered(subscriber, BURST + 1);
    expect(indices(subscriber)).toEqual(upTo(BURST + 1));
  });

  it('with a window, so that no Packet Identifier is in flight twice', async () => {
    const port = await startBroker();
    const subscriber = await openRawClient(port, { holds: true });
    await subscriber.subscribe('burst', 2);
    const publisher = await openRawClient(port);
    // More than there are identifiers, the publisher's own included: in two halves.
    for (const first of [0, 40_000]) publisher.burst('burst', 1, 40_000, first);
    await delivered(subscriber, 10_000);
    const inFlight = subscriber.deliveries.map(({ packetId }) => packetId);
    expect(new Set(inFlight).size).toBe(inFlight.length);
    expect(inFlight.length).toBe(10_000);
    subscriber.acknowledge();
    await delivered(subscriber, 80_000);
    expect(indices(subscriber)).toEqual(upTo(80_000));
  });

  it('to two clients that publish to each other before they read', async () => {
    const port = await startBroker();
    const ann = await openRawClient(port, { clientId: 'ann', holds: true });
    const bob = await openRawClient(port, { clientId: 'bob', holds: true });
    await ann.subscribe('to/ann', 1);
    await bob.subscribe('to/bob', 1);
    ann.burst('to/bob', 1, BURST);
    bob.burst('to/ann', 1, BURST);
    await Promise.all([delivered(ann, 10_000), delivered(bob, 10_000)]);
    ann.acknowledge();
    bob.acknowledge();
    await Promise.all([delivered(ann, BURST), delivered(bob, BURST)]);
    expect(indices(ann)).toEqual(upTo(BURST));
    expect(indices(bob)).toEqual(upTo(BURST));
  });

  it('to the others when a subscriber with a full window goes', async () => {
    const port = await startBroker();
    const stalled = await openRawClient(port, { holds: true });
    const healthy = await openRawClient(port);
    await stalled.subscribe('burst', 1);
    await healthy.subscribe('burst', 1);
    const publisher = await openRawClient(port);
    publisher.burst('burst', 1, BURST);
    await delivered(stalled, 10_000);
    stalled.peer.socket.destroy();
    await delivered(healthy, BURST);
    expect(indices(healthy)).toEqual(upTo(BURST));
  });
});
