/**
 * Mends to how aedes 1.2 delivers, each found by sending bursts through it and counting. They reach below its
 * documented interface, so test/broker/ holds each of them by the fault it prevents.
 */
import type { Aedes, AedesPublishPacket, Client } from 'aedes';
import type { QoS } from '../mqtt/session.ts';
import { topicMatches } from '../mqtt/topic.ts';

type Done = () => void;
type Deliver = (packet: Delivery, done: Done) => void;

/** A packet on its way to one subscription; each subscription gets a copy of its own. */
interface Delivery {
  brokerId: string | null;
  readonly brokerCounter: number;
  readonly topic: string;
  qos: QoS;
  /** Who published it. */
  readonly clientId?: string;
}

interface Subscriptions {
  readonly [filter: string]: { readonly qos?: QoS };
}

/** The parts of a client that aedes' types leave out. */
interface ClientInside {
  deliver0: Deliver;
  deliverQoS: Deliver;
  readonly subscriptions: Subscriptions;
}

interface AedesInside {
  readonly clients: Readonly<Record<string, ClientInside>>;
  readonly persistence: {
    storeRetained(packet: object): PromiseLike<void>;
    outgoingUpdate(client: Client, packet: { cmd: string; messageId: number; brokerId?: string }): Promise<unknown>;
  };
}

/**
 * QoS 1 and 2 messages that one subscriber may owe acknowledgements for. aedes has no limit and counts its Packet
 * Identifiers round, so that from 65,536 on a message would take the identifier of one still in flight.
 */
const MAX_IN_FLIGHT = 10_000;

/** Mends a broker; returns what mends each client, to be called when its connection was handed to aedes. */
export function mendDelivery(aedes: Aedes): (client: Client) => void {
  mendPubrel(aedes);
  mendRetained(aedes);
  const onAck = new WeakMap<Client, () => void>();
  aedes.on('ack', (_packet, client) => onAck.get(client)?.());
  return (client) => {
    const inside = client as unknown as ClientInside;
    const { deliver0, deliverQoS } = inside;
    const window = makeWindow(aedes, deliverQoS);
    const isSecondCopy = makeCopyFilter();
    onAck.set(client, window.acknowledge);
    client.conn.once('close', window.close);
    inside.deliver0 = (packet, done) => (isSecondCopy(packet) ? done() : deliver0(packet, done));
    inside.deliverQoS = (packet, done) => {
      if (isSecondCopy(packet)) return done();
      capQoS(client, packet);
      if (packet.qos === 0) deliver0(packet, done);
      else window.deliver(packet, done);
    };
  };
}

/** Delivers at no more than the QoS granted; aedes looks only at a filter equal to the topic. [MQTT-3.8.4-8] */
export function capQoS(client: Client, packet: Delivery | AedesPublishPacket): void {
  const { subscriptions } = client as unknown as ClientInside;
  const exact = subscriptions[packet.topic];
  let granted: QoS = exact?.qos ?? 0;
  if (exact === undefined) {
    for (const [filter, { qos = 0 }] of Object.entries(subscriptions)) {
      if (qos > granted && topicMatches(filter, packet.topic)) granted = qos;
    }
  }
  if (granted < packet.qos) packet.qos = granted;
}

/**
 * Keeps stored PUBRELs apart. In aedes' memory store a PUBREL has no identity but undefined, which equals that of any
 * other: the second one writes its Packet Identifier into the first, whose exchange then never ends.
 */
function mendPubrel(aedes: Aedes): void {
  const { persistence } = aedes as unknown as AedesInside;
  const update = persistence.outgoingUpdate.bind(persistence);
  persistence.outgoingUpdate = (client, packet) => {
    if (packet.cmd === 'pubrel') packet.brokerId = `pubrel ${packet.messageId}`;
    return update(client, packet);
  };
}

/**
 * Keeps a retained message in its place. aedes waits a moment for its store, and the messages behind it do not; the
 * memory store is done when the call returns, so nothing has to be waited for. [MQTT-4.6.0-6]
 */
function mendRetained(aedes: Aedes): void {
  const { persistence } = aedes as unknown as AedesInside;
  const store = persistence.storeRetained.bind(persistence);
  // biome-ignore lint/suspicious/noThenProperty: a promise calls back later, and that is the fault.
  const done = { then: (callBack: () => void) => callBack() } as PromiseLike<void>;
  persistence.storeRetained = (packet) => {
    store(packet);
    return done;
  };
}

/**
 * A message that matches two subscriptions of a client is delivered once. aedes tells a copy by a number not above
 * the last one seen, and so would also drop a message that waited in the window below while one of QoS 0 passed it.
 * The copies of one message come directly after each other, so comparing with the last one is enough.
 */
function makeCopyFilter(): (packet: Delivery) => boolean {
  let lastCounter = -1;
  return (packet) => {
    // aedes' own mark for what is never a copy: a retained message sent at SUBSCRIBE.
    if (packet.brokerId === null) return false;
    if (packet.brokerCounter === lastCounter) return true;
    lastCounter = packet.brokerCounter;
    packet.brokerId = null;
    return false;
  };
}

/** The deliveries to one client that are in flight, at most {@link MAX_IN_FLIGHT}, and those that wait. */
function makeWindow(aedes: Aedes, deliver: Deliver): { deliver: Deliver; acknowledge: Done; close: Done } {
  const waiting: { readonly packet: Delivery; readonly done: Done }[] = [];
  let inFlight = 0;
  let open = true;
  return {
    deliver(packet, done) {
      if (!open || inFlight < MAX_IN_FLIGHT) {
        inFlight++;
        deliver(packet, done);
      } else if (isSubscriber(aedes, packet.clientId)) {
        // Its acknowledgements stand behind what it publishes: two such clients, not read on, would wait for ever.
        waiting.push({ packet, done: () => undefined });
        done();
      } else {
        // The publisher is not read on until `done`.
        waiting.push({ packet, done });
      }
    },
    acknowledge() {
      const next = waiting.shift();
      if (next !== undefined) deliver(next.packet, next.done);
      else if (inFlight > 0) inFlight--;
    },
    close() {
      open = false;
      for (const { done } of waiting.splice(0)) done();
    },
  };
}

function isSubscriber(aedes: Aedes, clientId: string | undefined): boolean {
  const { clients } = aedes as unknown as AedesInside;
  const publisher = clientId === undefined ? undefined : clients[clientId];
  return publisher !== undefined && Object.keys(publisher.subscriptions).length > 0;
}
