import { connect as connectTcp } from 'node:net';
import mqttPacket, { type Packet } from 'mqtt-packet';
import { makePeer, type Peer } from './peer.ts';

interface Delivery {
  /** As {@link RawClient.burst} numbered it. */
  readonly index: number;
  readonly qos: number;
  /** 0 at QoS 0. */
  readonly packetId: number;
}

/** A client of MQTT 3.1.1 that does nothing on its own but acknowledge: no library between test and broker. */
export interface RawClient {
  readonly peer: Peer;
  readonly deliveries: readonly Delivery[];
  /** PUBACKs and PUBCOMPs that came. */
  readonly accepted: number;
  /** Packet Identifiers of the PUBRELs that came. */
  readonly released: readonly number[];
  subscribe(filter: string, qos: 0 | 1 | 2): Promise<void>;
  /** Sends `count` messages, numbered from `first` on in their payload, in one write. */
  burst(topic: string, qos: 0 | 1 | 2, count: number, first?: number, retains?: (index: number) => boolean): void;
  /** Sends the acknowledgements that were held back, and from now on each at once. */
  acknowledge(): void;
  /** DISCONNECT. */
  end(): Promise<void>;
}

/** Connects. With `holds` it acknowledges nothing until told. */
export async function openRawClient(
  port: number,
  { clientId = '', clean = true, holds = false } = {},
): Promise<RawClient> {
  const deliveries: Delivery[] = [];
  const released: number[] = [];
  const held: Packet[] = [];
  let isHolding = holds;
  let accepted = 0;
  let lastPacketId = 0;
  const nextPacketId = (): number => {
    lastPacketId = (lastPacketId % 65_535) + 1;
    return lastPacketId;
  };
  const socket = connectTcp({ port, host: '127.0.0.1', noDelay: true });
  const answer = (packet: Packet): void => {
    if (isHolding) held.push(packet);
    else peer.send(packet);
  };
  const peer = makePeer(socket, (packet) => {
    const { messageId = 0 } = packet;
    switch (packet.cmd) {
      case 'publish': {
        const payload = packet.payload as Buffer;
        deliveries.push({ index: payload.readUInt32BE(0), qos: packet.qos, packetId: messageId });
        if (packet.qos === 1) answer({ cmd: 'puback', messageId });
        if (packet.qos === 2) answer({ cmd: 'pubrec', messageId });
        break;
      }
      case 'pubrel':
        released.push(messageId);
        answer({ cmd: 'pubcomp', messageId });
        break;
      case 'pubrec':
        peer.send({ cmd: 'pubrel', messageId });
        break;
      case 'puback':
      case 'pubcomp':
        accepted++;
        break;
    }
  });
  peer.send({ cmd: 'connect', protocolId: 'MQTT', protocolVersion: 4, clean, clientId, keepalive: 0 });
  await peer.receive('connack');
  return {
    peer,
    deliveries,
    released,
    get accepted() {
      return accepted;
    },
    async subscribe(topic, qos) {
      peer.send({ cmd: 'subscribe', messageId: nextPacketId(), subscriptions: [{ topic, qos }] });
      await peer.receive('suback');
    },
    burst(topic, qos, count, first = 0, retains = () => false) {
      const packets: Buffer[] = [];
      for (let index = first; index < first + count; index++) {
        const payload = Buffer.alloc(4);
        payload.writeUInt32BE(index);
        const messageId = qos > 0 ? { messageId: nextPacketId() } : {};
        packets.push(
          mqttPacket.generate({
            cmd: 'publish',
            topic,
            payload,
            qos,
            retain: retains(index),
            dup: false,
            ...messageId,
          }),
        );
      }
      peer.send(Buffer.concat(packets));
    },
    acknowledge() {
      isHolding = false;
      for (const packet of held.splice(0)) peer.send(packet);
    },
    async end() {
      peer.send({ cmd: 'disconnect' });
      await peer.closed;
    },
  };
}
