/** A client of MQTT 5 that publishes whatever a case asks for, byte for byte, and can listen. */
import { connect as connectTcp } from 'node:net';
import mqttPacket, { type IPublishPacket, type Packet } from 'mqtt-packet';
import { withDeadline } from '../../support/deadline.ts';
import type { Message } from './case.ts';

export interface RawPublisher {
  /** Resolves when the broker has the message. */
  publish(message: Message): Promise<void>;
  /** Takes back what was retained. */
  clear(topics: Iterable<string>): Promise<void>;
  subscribe(filter: string): Promise<void>;
  /** The topics of retained messages, sorted. */
  retainedBelow(filter: string): Promise<readonly string[]>;
  /** Told of every message from now on; undefined: nobody is. */
  onMessage: ((packet: IPublishPacket) => void) | undefined;
  /** What came since it was asked last, up to a message that is published to `mark` now. */
  takeUntilMark(mark: string): Promise<readonly IPublishPacket[]>;
  close(): void;
}

export async function openRawPublisher(port: number): Promise<RawPublisher> {
  const socket = connectTcp({ port, host: '127.0.0.1', noDelay: true });
  socket.on('error', () => undefined);
  const messages: IPublishPacket[] = [];
  const waiting: { readonly cmd: Packet['cmd']; readonly resolve: () => void }[] = [];
  let lastPacketId = 0;
  const send = (packet: Packet): void => void socket.write(mqttPacket.generate(packet, { protocolVersion: 5 }));
  const parser = mqttPacket.parser({ protocolVersion: 5 });
  parser.on('packet', (packet) => {
    if (packet.cmd === 'publish') {
      messages.push(packet);
      publisher.onMessage?.(packet);
      if (packet.qos === 1) send({ cmd: 'puback', messageId: packet.messageId ?? 0 });
      if (packet.qos === 2) send({ cmd: 'pubrec', messageId: packet.messageId ?? 0 });
    }
    if (packet.cmd === 'pubrel') send({ cmd: 'pubcomp', messageId: packet.messageId ?? 0 });
    const at = waiting.findIndex(({ cmd }) => cmd === packet.cmd);
    if (at >= 0) waiting.splice(at, 1)[0]?.resolve();
  });
  socket.on('data', (chunk) => parser.parse(chunk));
  const answer = (cmd: Packet['cmd']): Promise<void> =>
    withDeadline(new Promise((resolve) => waiting.push({ cmd, resolve })), cmd);
  const nextPacketId = (): number => {
    lastPacketId += 1;
    return lastPacketId;
  };
  send({ cmd: 'connect', protocolId: 'MQTT', protocolVersion: 5, clean: true, clientId: 'author', keepalive: 0 });
  await answer('connack');
  const publish = async ({ topic, payload, qos = 0, retain = false, properties }: Message): Promise<void> => {
    const packet = {
      cmd: 'publish',
      topic,
      payload,
      qos,
      retain,
      dup: false,
      ...(properties && { properties }),
    } as const;
    if (qos === 0) return send(packet);
    const messageId = nextPacketId();
    send({ ...packet, messageId });
    if (qos === 1) return answer('puback');
    await answer('pubrec');
    send({ cmd: 'pubrel', messageId });
    return answer('pubcomp');
  };
  const publisher: RawPublisher = {
    publish,
    onMessage: undefined,
    async clear(topics) {
      for (const topic of topics) await publish({ topic, payload: '', qos: 1, retain: true });
    },
    async subscribe(filter) {
      send({ cmd: 'subscribe', messageId: nextPacketId(), subscriptions: [{ topic: filter, qos: 2, rap: true }] });
      await answer('suback');
    },
    async takeUntilMark(mark) {
      await publish({ topic: mark, payload: '', qos: 1 });
      while (messages.at(-1)?.topic !== mark) await answer('publish');
      return messages.splice(0).filter(({ topic }) => topic !== mark);
    },
    async retainedBelow(filter) {
      await publisher.takeUntilMark('w/before');
      await publisher.subscribe(filter);
      const found = await publisher.takeUntilMark('w/after');
      send({ cmd: 'unsubscribe', messageId: nextPacketId(), unsubscriptions: [filter] });
      await answer('unsuback');
      return found.map(({ topic }) => topic).sort();
    },
    close: () => void socket.destroy(),
  };
  return publisher;
}
